// Claviger with its memory store; the client is in the store. Three doors: `claviger/node` for node:http, `auth.fetch` with Request
// and Response objects, and the driver under both with the shapes of the host contract.

import { readFileSync } from "node:fs";
import { Driver } from "../../host-node/dist/driver.js";
import { EngineInstance } from "../../host-node/dist/engine.js";
import { Claviger } from "../../host-node/dist/index.js";
import { toNodeHandler } from "../../host-node/dist/node.js";
import { Random } from "../../host-node/dist/random.js";
import { capabilities, server } from "../../host-node/dist/serve.js";
import { memory } from "../../host-node/dist/stores/memory.js";
import { acting, basic, challenge, redemption, redirectUri, succeeded } from "./client.js";
import { post } from "./inject.js";

const issuer = "https://auth.example.com";
const configuration = {
  issuer,
  secret: "bench-5f0c6d1e8a7b49c2b3d4e5f60718293a",
  scopes: { read: "See your things" },
  rememberConsent: false,
  pages: { signIn: "/login", consent: "/allow" },
};

/** Counts the calls that the engine makes to a store. */
export class Counted {
  trips = 0;
  #store = memory();
  load(keys) {
    this.trips += 1;
    return this.#store.load(keys);
  }
  commit(commit) {
    this.trips += 1;
    return this.#store.commit(commit);
  }
  scan(prefix, after, limit) {
    this.trips += 1;
    return this.#store.scan(prefix, after, limit);
  }
}

/** As an OpenID provider; ID tokens are signed with EdDSA. */
export const provider = { ...configuration, openid: {} };

/** A server with one person signed in and one application whose access tokens are `"opaque"` or `"jwt"`. */
export async function claviger(accessToken, store = memory(), configured = configuration) {
  const auth = new Claviger({ ...configured, store });
  const account = await auth.accounts.create({ login: "ada" });
  const grantTypes = ["authorization_code", "refresh_token", "client_credentials"];
  const { client, secret } = await auth.clients.create({
    name: "App",
    redirectUris: [redirectUri],
    grantTypes,
    accessToken,
  });
  const authorization = basic(client.id, secret);
  const { begin, code } = await person(auth, client, account, configured.openid ? "openid read" : "read");
  // The first request to this makes the signing keys.
  await auth.fetch(new Request(`${issuer}/jwks`));
  return {
    auth,
    clientId: client.id,
    begin,
    code,
    redemption,
    acting,
    node: byNode(auth, authorization),
    fetch: byFetch(auth, authorization),
    driver: byDriver(store, authorization, configured),
  };
}

/** Signs a person in; gives `begin`, an authorization request, and `code`, which consents to one and returns the code. */
async function person(auth, client, account, scope) {
  const query = new URLSearchParams({
    response_type: "code",
    client_id: client.id,
    redirect_uri: redirectUri,
    scope,
    code_challenge: challenge,
    code_challenge_method: "S256",
  });
  const cookies = new Map();
  const cookie = () => [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  const accept = (headers) => {
    for (const line of headers.getSetCookie()) {
      const [pair] = line.split(";");
      cookies.set(pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1));
    }
  };
  const begin = async () => {
    const response = await auth.fetch(new Request(`${issuer}/authorize?${query}`, { headers: { cookie: cookie() } }));
    accept(response.headers);
    return interaction(response.headers.get("location"));
  };
  const interaction = (location) => ({
    handle: new URL(location, issuer).searchParams.get("interaction"),
    cookie: cookie(),
  });
  const signedIn = await auth.interactions.complete(await begin(), { subject: account.id, methods: ["pwd"] });
  accept(new Headers(signedIn.headers));
  const code = async () => {
    const { location } = await auth.interactions.consent(await begin());
    return new URL(location).searchParams.get("code");
  };
  return { begin, code };
}

function byNode(auth, authorization) {
  const handler = toNodeHandler(auth);
  return operations(async (path, form) => {
    const { status, body } = await post(handler, path, authorization, form);
    return succeeded(status, body);
  });
}

function byFetch(auth, authorization) {
  return operations(async (path, form) => {
    const headers = { authorization, "content-type": "application/x-www-form-urlencoded" };
    const response = await auth.fetch(new Request(issuer + path, { method: "POST", headers, body: form }));
    return succeeded(response.status, await response.text());
  });
}

function byDriver(store, authorization, configured) {
  const services = { store, deadline: 10_000, onError: console.error };
  const module = new WebAssembly.Module(readFileSync(new URL("../../host-node/dist/engine.wasm", import.meta.url)));
  const driver = new Driver({
    instantiate: () => {
      const engine = new EngineInstance(module);
      engine.open({ ...configured, capabilities: capabilities(services) });
      return engine;
    },
    serve: server(services),
    clock: Date.now,
    random: new Random().bytes,
  });
  return operations(async (path, body) => {
    const headers = [
      ["authorization", authorization],
      ["content-type", "application/x-www-form-urlencoded"],
    ];
    const http = { method: "POST", url: issuer + path, headers, body, remote: null };
    const { ok } = await driver.run({ http });
    return succeeded(ok.status, ok.body);
  });
}

function operations(send) {
  return {
    token: (form) => send("/token", form),
    introspect: (form) => send("/introspect", form),
    revoke: (form) => send("/revoke", form),
  };
}
