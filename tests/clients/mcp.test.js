// The MCP TypeScript SDK's own client against the example MCP server: it finds the authorization server by itself, registers or is
// known, sends a person there, calls tools, asks for more when it is told to, and refreshes.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { start } from "../../examples/mcp/server.ts";
import { allow, launch, signIn } from "./support/browser.js";
import { Callback } from "./support/callback.js";

const person = { login: "ada", password: "correct horse battery" };
let server;
let callback;
let browser;

before(async () => {
  [server, callback, browser] = await Promise.all([start(0), Callback.listen(), launch()]);
  await server.auth.accounts.create(person);
});
after(async () => {
  await browser?.close();
  callback?.close();
  server?.close();
});

/** What an MCP application keeps: who it is, its tokens, and where it sends a person. */
class Provider {
  redirectUrl = callback.uri;
  #verifier;
  /** The addresses that a person was sent to. */
  sent = [];

  constructor({ client, keepsRefreshTokens = true, scope } = {}) {
    this.client = client;
    this.keepsRefreshTokens = keepsRefreshTokens;
    this.clientMetadata = {
      client_name: "MCP client of others",
      redirect_uris: [callback.uri],
      grant_types: ["authorization_code", "refresh_token"],
      token_endpoint_auth_method: "none",
      ...(scope && { scope }),
    };
  }

  state = () => "a-state";
  clientInformation = () => this.client;
  saveClientInformation = (client) => {
    this.client = client;
  };
  tokens = () => this.kept;
  saveTokens = ({ refresh_token, ...tokens }) => {
    this.kept = this.keepsRefreshTokens ? { ...tokens, refresh_token } : tokens;
  };
  codeVerifier = () => this.#verifier;
  saveCodeVerifier = (verifier) => {
    this.#verifier = verifier;
  };
  redirectToAuthorization = (url) => {
    this.sent.push(url);
  };
}

function transportFor(provider) {
  return new StreamableHTTPClientTransport(new URL(server.url), { authProvider: provider });
}

/** A person goes where the client sent them, allows it, and comes back with a code. */
async function consent(provider) {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(String(provider.sent.at(-1)));
    await signIn(page, person);
    await allow(page);
    await page.waitForURL(`${callback.uri}?**`);
    const { searchParams } = callback.arrived;
    assert.equal(searchParams.get("state"), "a-state");
    assert.equal(searchParams.get("iss"), new URL(server.url).origin);
    return searchParams.get("code");
  } finally {
    await context.close();
  }
}

/** Connects as an application does: refused at first, then with the code that a person brought. */
async function connected(provider) {
  const first = transportFor(provider);
  await assert.rejects(new Client({ name: "test", version: "1" }).connect(first), UnauthorizedError);
  await first.finishAuth(await consent(provider));
  return reconnected(provider);
}

async function reconnected(provider) {
  const client = new Client({ name: "test", version: "1" });
  await client.connect(transportFor(provider));
  return client;
}

async function call(client, name, args = {}) {
  const { content } = await client.callTool({ name, arguments: args });
  return content[0].text;
}

test("a client that nobody knows finds the server, registers, and calls a tool for a person", async () => {
  const provider = new Provider();
  const client = await connected(provider);
  assert.ok(provider.client.client_id, "it is registered");
  const { searchParams } = provider.sent[0];
  assert.equal(searchParams.get("resource"), server.url);
  assert.equal(searchParams.get("code_challenge_method"), "S256");
  // The challenge says what is needed, and the client asks for that and no more.
  assert.equal(searchParams.get("scope"), "read");
  assert.equal(await call(client, "list_notes"), "");
  const told = await server.auth.tokens.verify(provider.kept.access_token, { audience: server.url });
  assert.deepEqual([told.audience, told.scopes], [[server.url], ["read"]]);
  await client.close();
});

test("a client that was registered before needs no registration, and asks for more when a tool needs it", async () => {
  const { client: known } = await server.auth.clients.create({
    name: "Known MCP client",
    redirectUris: [callback.uri],
    authMethod: "none",
  });
  // The SDK refreshes rather than to ask anew, when it can; a refresh gives no scope that was not granted.
  const provider = new Provider({ client: { client_id: known.id }, keepsRefreshTokens: false });
  const client = await connected(provider);
  assert.equal(await call(client, "list_notes"), "");
  await assert.rejects(call(client, "add_note", { text: "first" }), UnauthorizedError);
  assert.equal(provider.sent.at(-1).searchParams.get("scope"), "read write");
  await client.transport.finishAuth(await consent(provider));
  assert.equal(await call(client, "add_note", { text: "first" }), "There are 1 notes");
  assert.equal(await call(client, "list_notes"), "first");
  assert.equal(provider.client.client_id, known.id);
  await client.close();
});

test("a token that is lost is replaced by refreshing, and nobody is asked", async () => {
  const provider = new Provider();
  const client = await connected(provider);
  await client.close();
  const { refresh_token } = provider.kept;
  provider.kept = { ...provider.kept, access_token: "lost" };
  const again = await reconnected(provider);
  await call(again, "list_notes");
  assert.equal(provider.sent.length, 1);
  assert.notEqual(provider.kept.refresh_token, refresh_token, "refresh tokens of public clients rotate");
  await again.close();
});

test("a grant that was revoked sends the person to the server again", async () => {
  const provider = new Provider();
  const client = await connected(provider);
  await client.close();
  await server.auth.tokens.revoke(provider.kept.refresh_token);
  provider.kept = { ...provider.kept, access_token: "lost" };
  provider.invalidateCredentials = () => {
    provider.kept = undefined;
  };
  await assert.rejects(reconnected(provider), UnauthorizedError);
  assert.equal(provider.sent.length, 2);
});

test("what is no token for this server is refused as the specification says", async () => {
  const ask = (headers, body = '{"jsonrpc":"2.0","id":1,"method":"ping"}') =>
    fetch(server.url, { method: "POST", headers: { "content-type": "application/json", ...headers }, body });
  const metadata = `resource_metadata="${new URL(server.url).origin}/.well-known/oauth-protected-resource/mcp"`;
  const nothing = await ask({});
  assert.equal(nothing.status, 401);
  assert.equal(nothing.headers.get("www-authenticate"), `Bearer ${metadata}, scope="read"`);
  assert.equal((await ask({ authorization: "Bearer a b" })).status, 400);
  const service = await server.auth.clients.create({
    name: "Service",
    redirectUris: [],
    grantTypes: ["client_credentials"],
  });
  const token = async (fields) => {
    const response = await fetch(`${new URL(server.url).origin}/token`, {
      method: "POST",
      headers: { authorization: `Basic ${btoa(`${service.client.id}:${service.secret}`)}` },
      body: new URLSearchParams({ grant_type: "client_credentials", scope: "read", ...fields }),
    });
    return `Bearer ${(await response.json()).access_token}`;
  };
  const elsewhere = await ask({ authorization: await token({}) });
  assert.equal(elsewhere.status, 401, "a token for the server itself is none for this resource");
  assert.match(elsewhere.headers.get("www-authenticate"), /error="invalid_token"/);
  const query = new URL(`?access_token=${(await token({ resource: server.url })).slice(7)}`, server.url);
  assert.equal((await fetch(query, { method: "POST", body: "{}" })).status, 401, "a token in the address is none");
  assert.equal((await ask({ authorization: await token({ resource: server.url }) })).status, 403, "nobody's notes");
});

test("a message that is too long is answered so, and the connection is not cut off before", async () => {
  const provider = new Provider();
  const client = await connected(provider);
  const { access_token } = provider.kept;
  const headers = { "content-type": "application/json", authorization: `Bearer ${access_token}` };
  const chunk = new Uint8Array(65_536).fill(32);
  const body = new ReadableStream({ start: (to) => void [to.enqueue(chunk), to.enqueue(chunk)] });
  const response = await fetch(server.url, { method: "POST", headers, body, duplex: "half" });
  assert.equal(response.status, 413);
  await client.close();
});
