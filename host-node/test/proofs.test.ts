// Clients that show a key: DPoP proofs (RFC 9449) and assertions in the place of secrets (RFC 7523), through this host.
import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, type KeyObject, randomUUID, sign } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { suite, test } from "node:test";
import { type Claviger, ClavigerError } from "claviger";
import { testing } from "claviger/testing";

const issuer = "https://auth.example.com";
const scopes = { read: "See your things" };
const things = `${issuer}/api/things`;

class Key {
  readonly #private: KeyObject;
  readonly jwk: JsonWebKey;

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    this.#private = privateKey;
    this.jwk = publicKey.export({ format: "jwk" });
  }

  sign(header: object, claims: object): string {
    const encoded = [{ alg: "ES256", ...header }, claims].map((part) =>
      Buffer.from(JSON.stringify(part)).toString("base64url"),
    );
    const input = encoded.join(".");
    return `${input}.${sign("sha256", Buffer.from(input), { key: this.#private, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
  }

  proof(now: number, htm: string, htu: string, more: object = {}): string {
    const claims = { jti: randomUUID(), htm, htu, iat: Math.floor(now / 1000), ...more };
    return this.sign({ typ: "dpop+jwt", jwk: this.jwk }, claims);
  }

  assertion(now: number, client: string): string {
    const at = Math.floor(now / 1000);
    return this.sign({}, { iss: client, sub: client, aud: issuer, jti: randomUUID(), iat: at, exp: at + 60 });
  }
}

/** A service whose token is bound to its key. */
async function bound(config: { dpop?: { requireNonce: boolean } } = {}) {
  const { auth, clock } = testing({ scopes, defaultScopes: ["read"], ...config });
  const key = new Key();
  const service = { name: "Job", redirectUris: [], grantTypes: ["client_credentials"], dpopBoundAccessTokens: true };
  const { client, secret } = await auth.clients.create(service);
  const authorization = `Basic ${btoa(`${client.id}:${secret}`)}`;
  const ask = (proof?: string) =>
    auth.fetch(
      new Request(`${issuer}/token`, {
        method: "POST",
        body: new URLSearchParams({ grant_type: "client_credentials" }),
        headers: { authorization, ...(proof && { dpop: proof }) },
      }),
    );
  const use = (token: string, proof: string, scheme = "DPoP") =>
    new Request(`${things}?a=b`, { headers: { authorization: `${scheme} ${token}`, dpop: proof } });
  const ath = (token: string) => ({ ath: createHash("sha256").update(token).digest("base64url") });
  return { auth, clock, key, client, ask, use, ath };
}

async function token(response: Response): Promise<string> {
  const body = (await response.json()) as { access_token: string; token_type: string };
  assert.equal(body.token_type, "DPoP", JSON.stringify(body));
  return body.access_token;
}

const refusedAs = (code: string) => (error: unknown) => error instanceof ClavigerError && error.code === code;

suite("DPoP", () => {
  test("a bound token is good with a proof for each request, which several guards may ask about", async () => {
    const { auth, clock, key, ask, use, ath } = await bound();
    assert.equal((await ask()).status, 400, "the client must send proofs");
    const issued = await token(await ask(key.proof(clock.now(), "POST", `${issuer}/token`)));
    const request = use(issued, key.proof(clock.now(), "GET", things, ath(issued)));
    const who = await auth.authenticate(request);
    assert.equal(who.jkt?.length, 43);
    const all = [{ scopes: ["read"] }, { only: "token" as const }, { anyScopes: ["read", "x"] }];
    for (const again of await Promise.all(all.map((requirement) => auth.authenticate(request, requirement)))) {
      assert.deepEqual(again, who);
    }
    await assert.rejects(auth.authenticate(request, { scopes: ["write"] }), refusedAs("insufficient_scope"));
    const replay = new Request(request.url, request);
    const refused = await auth.authenticate(replay).catch((error: ClavigerError) => error.toResponse());
    assert.ok(refused instanceof Response);
    assert.equal(refused.status, 401);
    assert.match(
      refused.headers.get("www-authenticate") ?? "",
      /^DPoP .*error="invalid_dpop_proof".*algs="ES256 EdDSA"/,
    );
  });

  test("guards that ask at the same time spend the proof once", async () => {
    const { auth, clock, key, ask, use, ath } = await bound();
    const issued = await token(await ask(key.proof(clock.now(), "POST", `${issuer}/token`)));
    const request = use(issued, key.proof(clock.now(), "GET", things, ath(issued)));
    const results = await Promise.allSettled([
      auth.authenticate(request, { scopes: ["write"] }),
      auth.authenticate(request),
      auth.authenticate(request, { scopes: ["read"] }),
    ]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ["rejected", "fulfilled", "fulfilled"],
    );
  });

  test("without its proof, or as a bearer token, it is good for nothing", async () => {
    const { auth, clock, key, ask, use, ath } = await bound();
    const issued = await token(await ask(key.proof(clock.now(), "POST", `${issuer}/token`)));
    const good = () => key.proof(clock.now(), "GET", things, ath(issued));
    await assert.rejects(auth.authenticate(use(issued, good(), "Bearer")), refusedAs("invalid_token"));
    const other = key.proof(clock.now(), "GET", things, ath("another"));
    await assert.rejects(auth.authenticate(use(issued, other)), refusedAs("invalid_dpop_proof"));
    await assert.rejects(auth.tokens.verify(issued), refusedAs("invalid_token"));
    assert.equal((await auth.tokens.introspect(issued)).token_type, "DPoP");
  });

  test("node:http and Express requests are known by their method and path", async () => {
    const { auth, clock, key, ask, ath } = await bound();
    const issued = await token(await ask(key.proof(clock.now(), "POST", `${issuer}/token`)));
    const server = createServer((request, response) => {
      // As Express does inside a router.
      const asked =
        request.url === "/api/things" ? request : Object.assign(request, { originalUrl: request.url, url: "/" });
      auth.authenticate(asked).then(
        (who) => response.end(who.clientId),
        (error: ClavigerError) => response.writeHead(error.status).end(error.code),
      );
    }).listen(0);
    const { port } = server.address() as AddressInfo;
    for (const path of ["/api/things", "/api/things?x=y"]) {
      const headers = { authorization: `DPoP ${issued}`, dpop: key.proof(clock.now(), "GET", things, ath(issued)) };
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
      assert.equal(response.status, 200, await response.text());
    }
    server.close();
  });

  test("where nonces are required they are told, and exposed to scripts", async () => {
    const { auth, clock, key, ask, use, ath } = await bound({ dpop: { requireNonce: true } });
    const first = await ask(key.proof(clock.now(), "POST", `${issuer}/token`));
    assert.equal(((await first.json()) as { error: string }).error, "use_dpop_nonce");
    assert.match(first.headers.get("access-control-expose-headers") ?? "", /dpop-nonce/);
    const nonce = first.headers.get("dpop-nonce");
    const issued = await token(await ask(key.proof(clock.now(), "POST", `${issuer}/token`, { nonce })));
    const without = use(issued, key.proof(clock.now(), "GET", things, ath(issued)));
    const refused = await auth.authenticate(without).catch((error: ClavigerError) => error.toResponse());
    assert.ok(refused instanceof Response);
    assert.deepEqual([refused.status, refused.headers.get("dpop-nonce")], [401, nonce]);
    await auth.authenticate(use(issued, key.proof(clock.now(), "GET", things, { ...ath(issued), nonce })));
  });
});

suite("private_key_jwt", () => {
  const jwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
  const ask = (auth: Claviger, assertion: string) =>
    auth.fetch(
      new Request(`${issuer}/token`, {
        method: "POST",
        body: new URLSearchParams({
          grant_type: "client_credentials",
          client_assertion_type: jwtBearer,
          client_assertion: assertion,
        }),
      }),
    );

  test("a client authenticates by an assertion of its key, once", async () => {
    const { auth, clock } = testing({ scopes });
    const key = new Key();
    const { client, secret } = await auth.clients.create({
      name: "Job",
      redirectUris: [],
      grantTypes: ["client_credentials"],
      authMethod: "private_key_jwt",
      jwks: { keys: [key.jwk] },
    });
    const none: null = secret;
    assert.equal(none, null);
    assert.equal(client.jwks?.keys[0]?.x, key.jwk.x);
    const assertion = key.assertion(clock.now(), client.id);
    assert.equal((await ask(auth, assertion)).status, 200);
    assert.equal((await ask(auth, assertion)).status, 401);
    assert.equal((await ask(auth, new Key().assertion(clock.now(), client.id))).status, 401);
    const rotated = new Key();
    await auth.clients.update(client.id, { jwks: { keys: [rotated.jwk] } });
    assert.equal((await ask(auth, key.assertion(clock.now(), client.id))).status, 401);
    assert.equal((await ask(auth, rotated.assertion(clock.now(), client.id))).status, 200);
  });

  test("its keys may be at an address, which the host fetches", async () => {
    let key = new Key();
    const asked: { url: string; publicOnly: boolean; redirect: string }[] = [];
    const { auth, clock } = testing({
      scopes,
      fetch: ({ url, publicOnly, redirect }) => {
        asked.push({ url, publicOnly, redirect });
        return Response.json({ keys: [key.jwk] });
      },
    });
    const jwksUri = "https://client.example.com/jwks";
    const { client } = await auth.clients.create({
      name: "Job",
      redirectUris: [],
      grantTypes: ["client_credentials"],
      authMethod: "private_key_jwt",
      jwksUri,
    });
    assert.equal((await ask(auth, key.assertion(clock.now(), client.id))).status, 200);
    assert.equal((await ask(auth, key.assertion(clock.now(), client.id))).status, 200);
    assert.deepEqual(asked, [{ url: jwksUri, publicOnly: true, redirect: "manual" }]);
    key = new Key();
    clock.advance("10s");
    assert.equal((await ask(auth, key.assertion(clock.now(), client.id))).status, 200);
    assert.equal(asked.length, 2);
  });
});
