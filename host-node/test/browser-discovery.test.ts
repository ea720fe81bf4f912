// claviger/browser: how a client finds out who gives tokens for a resource, and what it does not believe.
import assert from "node:assert/strict";
import { test } from "node:test";
import { discoverResource, handleCallback, registerClient, signIn } from "claviger/browser";
import { formOf, issuer, keeper, metadata, network, redirectUri, resource, wellKnown, world } from "./scripted.ts";

const inPath = "https://api.example.com/.well-known/oauth-protected-resource/mcp";
const atRoot = "https://api.example.com/.well-known/oauth-protected-resource";
const document = { resource, authorization_servers: [issuer], scopes_supported: ["read", "write"] };

/** A 401 with this challenge. */
const refusal = (challenge: string) => new Response(null, { status: 401, headers: { "www-authenticate": challenge } });

test("PR3-18 the document that a resource's refusal names is the one that counts", async (context) => {
  const elsewhere = "https://docs.example.com/mcp.json";
  const challenge = `Basic realm="a, b=\\"c\\"", Bearer realm=x , resource_metadata="${elsewhere}", DPoP algs="ES256"`;
  const net = network(context, { [resource]: refusal(challenge), [elsewhere]: document, [inPath]: {}, [atRoot]: {} });
  const found = await discoverResource(resource);
  assert.deepEqual(net.asked(), [resource, elsewhere]);
  assert.deepEqual([found.resource, found.issuers, found.scope], [resource, [issuer], "read write"]);
  assert.deepEqual(await discoverResource(resource, refusal(challenge)), found);
  assert.deepEqual(net.asked(), [resource, elsewhere, elsewhere], "a refusal at hand needs no other");
});

test("PR3-18 where no document is named, that of the path comes before that of the origin", async (context) => {
  const net = network(context, { [resource]: refusal("Bearer"), [inPath]: document });
  await discoverResource(resource);
  assert.deepEqual(net.asked(), [resource, inPath]);
  net.clear();
  Object.assign(net.answers, { [inPath]: undefined, [atRoot]: document });
  await discoverResource(new URL(resource));
  assert.deepEqual(net.asked(), [resource, inPath, atRoot]);
  net.clear();
  delete net.answers[atRoot];
  await assert.rejects(discoverResource(resource), { code: "server_failed", message: new RegExp(inPath) });
  net.clear();
  await assert.rejects(discoverResource("https://api.example.com/mcp?tenant=1"), { code: "server_failed" });
  assert.deepEqual(net.asked().slice(1), [`${inPath}?tenant=1`, atRoot]);
});

test("PR3-18 a document that is named and not there is not looked for elsewhere", async (context) => {
  const gone = refusal('Bearer resource_metadata="https://api.example.com/gone"');
  const net = network(context, { [resource]: gone, [inPath]: document });
  await assert.rejects(discoverResource(resource), { code: "server_failed" });
  assert.deepEqual(net.asked(), [resource, "https://api.example.com/gone"]);
});

test("MD-007 the document of another resource is refused, wherever it was found", async (context) => {
  const wrong = [
    "https://api.example.com",
    "https://api.example.com/mcp/",
    `${resource}?a`,
    "https://evil.example/mcp",
  ];
  const net = network(context, {});
  for (const named of [...wrong, undefined, 7]) {
    const bent = { ...document, resource: named };
    net.answers[inPath] = bent;
    await assert.rejects(discoverResource(resource, refusal("Bearer")), { code: "configuration" }, String(named));
    net.answers["https://docs.example.com/"] = bent;
    const naming = refusal('Bearer resource_metadata="https://docs.example.com/"');
    await assert.rejects(discoverResource(resource, naming), { code: "configuration" }, String(named));
  }
});

test("MD-007 a resource that is its origin is the same with the slash that every client adds", async (context) => {
  const origin = "https://api.example.com";
  network(context, { [atRoot]: { ...document, resource: origin } });
  assert.equal((await discoverResource(new URL(origin), refusal("Bearer"))).resource, origin);
  assert.equal((await discoverResource(origin, refusal("Bearer"))).resource, origin);
});

test("a resource leads nobody to this machine's own services, nor to a server without TLS", async (context) => {
  const net = network(context, { "http://127.0.0.1:9/": document });
  const lured = refusal('Bearer resource_metadata="http://127.0.0.1:9/"');
  await assert.rejects(discoverResource(resource, lured), { code: "configuration" });
  assert.deepEqual(net.asked(), []);
  for (const server of ["http://localhost:9", "http://auth.example.com", "auth"]) {
    net.answers[inPath] = { ...document, authorization_servers: [server] };
    await assert.rejects(discoverResource(resource, refusal("Bearer")), { code: "configuration" }, server);
  }
  for (const servers of [undefined, [], "https://auth.example.com", [7]]) {
    net.answers[inPath] = { ...document, authorization_servers: servers };
    await assert.rejects(discoverResource(resource, refusal("Bearer")), { code: "configuration" }, String(servers));
  }
  await assert.rejects(discoverResource("http://api.example.com/mcp"), { code: "configuration" });
});

test("PR3-19 a server's metadata are looked for where RFC 8414 says, then where OpenID does, before and after the path", async (context) => {
  const tenant = `${issuer}/tenant`;
  const places = [
    `${issuer}/.well-known/oauth-authorization-server/tenant`,
    `${issuer}/.well-known/openid-configuration/tenant`,
    `${issuer}/tenant/.well-known/openid-configuration`,
  ];
  const openid = `${issuer}/.well-known/openid-configuration`;
  const answers: Record<string, object> = {};
  const net = network(context, answers);
  const options = { clientId: "app", redirectUri, storage: keeper(), navigate: () => {} };
  const askedUntil = async (issuer: string, place: string) => {
    net.clear();
    answers[place] = metadata({ issuer });
    await signIn({ ...options, issuer });
    delete answers[place];
    return net.asked();
  };
  for (const [index, place] of places.entries()) {
    assert.deepEqual(await askedUntil(tenant, place), places.slice(0, index + 1));
  }
  assert.deepEqual(await askedUntil(issuer, openid), [wellKnown, openid]);
  const first = { code: "server_failed", message: new RegExp(places[0]!) };
  await assert.rejects(signIn({ ...options, issuer: tenant }), first);
});

test("PR3-20 metadata that name another issuer, be it by a slash, are refused at once", async (context) => {
  const { answers, asked, clear, ...net } = world(context);
  const openid = `${issuer}/.well-known/openid-configuration`;
  answers[openid] = metadata();
  for (const named of [`${issuer}/`, "https://AUTH.example.com", "https://evil.example", undefined]) {
    clear();
    answers[wellKnown] = metadata({ issuer: named });
    await assert.rejects(asked(), { code: "configuration" }, named);
    assert.deepEqual(
      net.seen.map((one) => one.url),
      [wellKnown],
    );
  }
});

test("PR3-21 a server that does not promise PKCE with S256 gets nobody, also by OpenID", async (context) => {
  const { answers, asked } = world(context);
  const promise = "code_challenge_methods_supported";
  for (const methods of [undefined, [], ["plain"], "S256"]) {
    for (const place of [wellKnown, `${issuer}/.well-known/openid-configuration`]) {
      delete answers[wellKnown];
      answers[place] = metadata({ [promise]: methods });
      await assert.rejects(asked(), { code: "configuration", message: /S256/ }, String(methods));
    }
  }
});

test("PR3-23 the issuer is compared byte for byte before a code leaves, and before an error is believed", async (context) => {
  const { asked, answer, answers, seen, storage } = world(context);
  const strange = [
    `${issuer}/`,
    "https://AUTH.example.com",
    "https://auth.example.com:443",
    "https://evil.example",
    "",
  ];
  for (const iss of [...strange, undefined]) {
    for (const said of [{}, { code: undefined, error: "access_denied" }]) {
      const url = answer(await asked(), { ...said, iss });
      await assert.rejects(handleCallback({ url, storage }), { code: "invalid_callback" }, url.search);
    }
  }
  answers[wellKnown] = metadata({ authorization_response_iss_parameter_supported: undefined });
  const other = answer(await asked(), { iss: "https://evil.example" });
  await assert.rejects(handleCallback({ url: other, storage }), { code: "invalid_callback" });
  assert.equal(
    seen.some((one) => one.url === `${issuer}/token`),
    false,
  );
  await handleCallback({ url: answer(await asked(), { iss: undefined }), storage });
  const denied = answer(await asked(), { code: undefined, error: "access_denied" });
  await assert.rejects(handleCallback({ url: denied, storage }), { code: "access_denied" });
});

test("PR3-23 the issuer is the one of the sign-in, not of a later one", async (context) => {
  const { asked, answer, answers, storage, seen } = world(context);
  const evil = "https://evil.example";
  const first = await asked();
  answers[`${evil}/.well-known/oauth-authorization-server`] = metadata({
    issuer: evil,
    token_endpoint: `${evil}/token`,
  });
  answers[`${evil}/token`] = answers[`${issuer}/token`]!;
  const second = await asked({ issuer: evil });
  await assert.rejects(handleCallback({ url: answer(second), storage }), { code: "invalid_callback" });
  await handleCallback({ url: answer(first), storage });
  assert.deepEqual(
    seen.filter((one) => one.method === "POST").map((one) => one.url),
    [`${issuer}/token`],
  );
});

const registration = { registration_endpoint: `${issuer}/register` };
const about = { issuer, redirectUri, name: "App" };

test("PR3-24 a client is registered once at each server, and its id goes to no other", async (context) => {
  const other = "https://other.example";
  const net = network(context, {
    [wellKnown]: metadata(registration),
    [`${issuer}/register`]: { client_id: "here" },
    [`${other}/.well-known/oauth-authorization-server`]: metadata({
      issuer: other,
      registration_endpoint: `${other}/register`,
    }),
    [`${other}/register`]: { client_id: "there" },
  });
  const storage = keeper();
  const posted = () => net.seen.filter((one) => one.method === "POST").map((one) => one.url);
  const ids = await Promise.all([1, 2].map(() => registerClient({ ...about, storage })));
  assert.deepEqual(ids, ["here", "here"]);
  assert.equal(await registerClient({ ...about, storage, issuer: other }), "there");
  assert.equal(await registerClient({ ...about, storage }), "here");
  assert.deepEqual(posted(), [`${issuer}/register`, `${other}/register`]);
  assert.equal(
    net.seen.some((one) => one.url.startsWith(other) && one.body.includes("here")),
    false,
  );
  await registerClient({ ...about, storage, redirectUri: "https://app.example.com/elsewhere" });
  assert.equal(posted().length, 3, "another redirect URI is not registered yet");
});

test("PR3-25 the registration says what kind of application it is, and that it keeps no secret", async (context) => {
  const net = network(context, { [wellKnown]: metadata(registration), [`${issuer}/register`]: { client_id: "x" } });
  const kinds = {
    [redirectUri]: "web",
    "http://localhost:3000/callback": "native",
    "http://127.0.0.1/callback": "native",
    "com.example.app:/callback": "native",
  };
  for (const [redirectUri, kind] of Object.entries(kinds)) {
    await registerClient({ ...about, redirectUri, scope: "read", storage: keeper() });
    const sent = net.seen.at(-1)!;
    assert.equal(sent.headers.get("content-type"), "application/json");
    assert.deepEqual(JSON.parse(sent.body), {
      client_name: "App",
      redirect_uris: [redirectUri],
      application_type: kind,
      token_endpoint_auth_method: "none",
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      scope: "read",
    });
  }
});

test("a server that registers nobody, a client with a secret or with an error is told as such", async (context) => {
  const net = network(context, { [wellKnown]: metadata() });
  const storage = keeper();
  await assert.rejects(registerClient({ ...about, storage }), { code: "configuration" });
  net.answers[wellKnown] = metadata(registration);
  const secret = { client_id: "x", client_secret: "s", token_endpoint_auth_method: "client_secret_basic" };
  for (const answer of [secret, { client_id: 7 }, {}]) {
    net.answers[`${issuer}/register`] = answer;
    await assert.rejects(registerClient({ ...about, storage }), { code: "server_failed" });
  }
  const error = { error: "invalid_redirect_uri", error_description: "Not yours" };
  net.answers[`${issuer}/register`] = Response.json(error, { status: 400 });
  await assert.rejects(registerClient({ ...about, storage }), { code: "invalid_redirect_uri", message: "Not yours" });
  assert.equal(storage.items.size, 0);
});

test("a client is its document where the server reads documents of public clients, and registered where not", async (context) => {
  const document = "https://app.example.com/client.json";
  const reads = { client_id_metadata_document_supported: true, token_endpoint_auth_methods_supported: ["none"] };
  const net = network(context, { [`${issuer}/register`]: { client_id: "registered" } });
  const methods = ["client_secret_basic"];
  for (const [says, id] of [
    [reads, document],
    [{ ...reads, client_id_metadata_document_supported: undefined }, "registered"],
    [{ ...reads, token_endpoint_auth_methods_supported: methods }, "registered"],
  ] as const) {
    net.answers[wellKnown] = metadata({ ...registration, ...says });
    assert.equal(await registerClient({ ...about, document, storage: keeper() }), id);
  }
});

test("PR3-27 the scopes of a challenge are asked for, and those of the document only without", async (context) => {
  const { answers, asked } = world(context);
  answers[inPath] = document;
  const scopeFor = async (challenge: string) => {
    const found = await discoverResource(resource, refusal(challenge));
    return (await asked({ ...found })).searchParams.get("scope");
  };
  assert.equal(await scopeFor('Bearer scope="files:read files:write"'), "files:read files:write");
  assert.equal(await scopeFor("Bearer"), "read write");
  answers[inPath] = { ...document, scopes_supported: undefined };
  assert.equal(await scopeFor('Basic scope="not mine"'), null);
});

test("PR3-22 the resource is named when the person is sent away, for the code, and for each refresh", async (context) => {
  const { asked, answer, storage, clock, wait, seen } = world(context, { tokens: { refresh_token: "refresh-1" } });
  const request = await asked();
  assert.equal(request.searchParams.get("resource"), resource);
  const session = await handleCallback({ url: answer(request), storage, clock });
  wait(900_000);
  await session.accessToken();
  const forms = seen.filter((one) => one.method === "POST").map(formOf);
  assert.deepEqual(
    forms.map((form) => form.grant_type),
    ["authorization_code", "refresh_token"],
  );
  assert.deepEqual(
    forms.map((form) => form.resource),
    [resource, resource],
  );
});

test("a client is registered again for another scope, when asked to, and when its server knows it no more", async (context) => {
  let count = 0;
  const { answers, asked, answer, session, storage, clock, wait } = world(context, {
    server: registration,
    tokens: { refresh_token: "refresh-1" },
  });
  answers[`${issuer}/register`] = () => ({ client_id: `id-${++count}` });
  const id = (changes: object = {}) => registerClient({ ...about, storage, ...changes });
  assert.deepEqual([await id(), await id({ scope: "read" }), await id({ scope: "read" })], ["id-1", "id-2", "id-2"]);
  const elsewhere = "https://app.example.com/elsewhere";
  assert.equal(await id({ redirectUri: elsewhere }), "id-3");
  assert.equal(await id({ scope: "read" }), "id-2", "each redirect URI has its own");
  assert.equal(await id({ scope: "read", anew: true }), "id-4");
  assert.equal(await id({ scope: "read" }), "id-4");

  const me = await session({ clientId: "id-4" });
  const granted = answers[`${issuer}/token`]!;
  answers[`${issuer}/token`] = Response.json({ error: "invalid_client" }, { status: 401 });
  const request = await asked({ clientId: "id-4" });
  await assert.rejects(handleCallback({ url: answer(request), storage, clock }), { code: "invalid_client" });
  assert.equal(await id({ scope: "read" }), "id-5");
  wait(900_000);
  await assert.rejects(me.accessToken(), { code: "invalid_client" });
  assert.equal(await id({ scope: "read" }), "id-5", "another client's refusal is not this one's");
  answers[`${issuer}/token`] = granted;
  const other = await session({ clientId: "id-5" });
  answers[`${issuer}/token`] = Response.json({ error: "invalid_client" }, { status: 401 });
  wait(900_000);
  await assert.rejects(other.accessToken(), { code: "invalid_client" });
  assert.equal(await id({ scope: "read" }), "id-6");
});

test("an answer that is too large is read no further than it may be", async (context) => {
  let sent = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      sent += 1;
      controller.enqueue(new Uint8Array(65_536).fill(32));
    },
  });
  context.mock.method(globalThis, "fetch", async () => new Response(endless));
  await assert.rejects(discoverResource(resource, refusal(`Bearer resource_metadata="${atRoot}"`)), {
    code: "server_failed",
    message: /more than 262144 bytes/,
  });
  assert.ok(sent <= 8, `${sent} chunks of 64 KiB`);
});
