// claviger/browser, the small tools: checked against other implementations and against the engine.
import assert from "node:assert/strict";
import { createHash, createPublicKey, verify } from "node:crypto";
import { mock, suite, test } from "node:test";
import {
  createDpopKey,
  createPkce,
  createPortableDpopKey,
  type DpopAlgorithm,
  type DpopKey,
  importDpopKey,
  openDpopKey,
  seal,
  unseal,
  verifyJwt,
} from "claviger/browser";
import { testing } from "claviger/testing";
import { Browser, makeApp, tokens } from "./browser.ts";

const secret = "3f9c1a7be04d5862b1c9e7d0f6a8345b";
const issuer = "https://auth.example.com";

test("PKCE: the challenge is the digest of a verifier that is never the same", async () => {
  const [one, other] = await Promise.all([createPkce(), createPkce()]);
  assert.match(one.verifier, /^[\w-]{43}$/);
  assert.equal(one.challenge, createHash("sha256").update(one.verifier).digest("base64url"));
  assert.equal(one.method, "S256");
  assert.notEqual(one.verifier, other.verifier);
});

/** What RFC 9449 section 4.3 checks, by node:crypto. */
function checked(proof: string) {
  const [header, claims, signature] = proof.split(".") as [string, string, string];
  const { jwk, alg, typ } = JSON.parse(Buffer.from(header, "base64url").toString());
  const key = { key: createPublicKey({ key: jwk, format: "jwk" }), dsaEncoding: "ieee-p1363" } as const;
  const digest = alg === "ES256" ? "sha256" : null;
  const made = verify(digest, Buffer.from(`${header}.${claims}`), key, Buffer.from(signature, "base64url"));
  assert.ok(made, "the signature does not verify");
  assert.deepEqual([typ, "d" in jwk], ["dpop+jwt", false]);
  return { jwk, alg, ...JSON.parse(Buffer.from(claims, "base64url").toString()) };
}

const kinds: Record<string, (options: { algorithm: DpopAlgorithm }) => Promise<DpopKey>> = {
  "kept by the runtime": createDpopKey,
  portable: createPortableDpopKey,
};
for (const [kind, create] of Object.entries(kinds)) {
  for (const algorithm of ["ES256", "EdDSA"] as const) {
    test(`DPoP: a proof of a key of ${algorithm}, ${kind}, passes RFC 9449 section 4.3`, async () => {
      const key = await create({ algorithm });
      const proof = await key.proof({
        method: "POST",
        url: "https://api.example.com/things?page=2#top",
        accessToken: "token",
        nonce: "n-1",
        clock: () => 1_790_000_000_999,
      });
      const { jwk, alg, jti, ...claims } = checked(proof);
      assert.equal(alg, algorithm);
      assert.deepEqual(jwk, key.publicJwk);
      assert.match(jti, /^[\w-]{22}$/);
      assert.deepEqual(claims, {
        htm: "POST",
        htu: "https://api.example.com/things",
        iat: 1_790_000_000,
        ath: createHash("sha256").update("token").digest("base64url"),
        nonce: "n-1",
      });
    });
  }
}

test("DPoP: a key is the same when it is opened again, and no two proofs are", async () => {
  const stored = await createDpopKey();
  assert.equal(stored.keyPair.privateKey.extractable, false);
  assert.equal((await openDpopKey(structuredClone(stored.keyPair))).thumbprint, stored.thumbprint);
  const portable = await createPortableDpopKey({ algorithm: "EdDSA" });
  const again = await importDpopKey(portable.privateJwk());
  assert.equal(again.thumbprint, portable.thumbprint);
  const [one, other] = await Promise.all([again, again].map((key) => key.proof({ url: "https://api.example.com" })));
  assert.notEqual(checked(one!).jti, checked(other!).jti);
});

test("DPoP: a key of another algorithm, or a mismatched one, is refused", async () => {
  const key = (await createPortableDpopKey()).privateJwk();
  const other = (await createPortableDpopKey()).publicJwk;
  await assert.rejects(importDpopKey({ ...key, ...other }), { code: "invalid_key" });
  await assert.rejects(createPortableDpopKey({ algorithm: "RS256" as DpopAlgorithm }), { code: "invalid_key" });
});

suite("JWTs", async () => {
  const { auth } = testing({ scopes: { read: "", write: "" }, issuer });
  await auth.accounts.create({ login: "ada", password: "correct horse battery" });
  const clock = () => 1_790_000_000_000;
  const app = await makeApp(auth);
  const { access_token } = await tokens(auth, app, new Browser(auth));
  const jwks = await (await auth.fetch(new Request(`${issuer}/jwks`))).json();
  const good = { jwks, issuer, audience: issuer, typ: "at+jwt", clock };

  test("an access token of the engine is verified", async () => {
    const claims = await verifyJwt(access_token, good);
    assert.deepEqual([claims.iss, claims.client_id, claims.scope], [issuer, app.client.id, "read"]);
  });

  test("one that is not as expected is refused, and help says why", async () => {
    for (const [changes, why] of [
      [{ audience: ["https://other"] }, /aud/],
      [{ issuer: "https://other" }, /iss/],
      [{ typ: "JWT" }, /typ/],
      [{ required: ["nonce"] }, /claim/],
      [{ algorithms: ["RS256"] }, /key set/],
      [{ clock: () => 1_790_000_901_000 }, /expired/],
      [{ jwks: { keys: [] } }, /key set/],
    ] as const) {
      await assert.rejects(verifyJwt(access_token, { ...good, ...changes }), { code: "invalid_token", help: why });
    }
    const bent = access_token.replace(/.$/, (last) => (last === "A" ? "B" : "A"));
    await assert.rejects(verifyJwt(bent, good), { code: "invalid_token", status: 401 });
    await assert.rejects(verifyJwt(access_token, { ...good, jwks: {} as never }), { code: "invalid_argument" });
  });

  test("a claim named __proto__ is a claim and nothing else", async () => {
    const key = await createPortableDpopKey({ algorithm: "EdDSA" });
    const part = (text: string) => Buffer.from(text).toString("base64url");
    const message = `${part('{"alg":"EdDSA"}')}.${part('{"iss":"i","aud":"a","exp":1790000001,"__proto__":{"admin":true}}')}`;
    const { subtle } = globalThis.crypto;
    const signing = await subtle.importKey("jwk", { ...key.privateJwk(), alg: "Ed25519" }, "Ed25519", false, ["sign"]);
    const signature = Buffer.from(await subtle.sign("Ed25519", signing, Buffer.from(message))).toString("base64url");
    const expected = { jwks: { keys: [key.publicJwk] }, issuer: "i", audience: "a", clock };
    const claims = await verifyJwt(`${message}.${signature}`, expected);
    assert.equal(claims.admin, undefined);
    assert.equal(Object.getPrototypeOf(claims), Object.prototype);
  });

  test("keys at an address are fetched once, and again, though seldom, for a key that is not among them", async (context) => {
    let now = clock();
    const served = [{ keys: [] }, jwks];
    const caches: string[] = [];
    const requests = mock.method(globalThis, "fetch", async (request: Request) => {
      caches.push(request.cache);
      return Response.json(served.shift() ?? jwks);
    });
    context.after(() => requests.mock.restore());
    const expected = { ...good, jwks: "https://keys.example.com/jwks", clock: () => now };
    await assert.rejects(verifyJwt(access_token, expected), { code: "invalid_token" });
    assert.equal(requests.mock.callCount(), 1, "one that was just fetched is not fetched again");
    now += 30_000;
    await verifyJwt(access_token, expected);
    await verifyJwt(access_token, expected);
    assert.equal(requests.mock.callCount(), 2);
    // What a browser kept of the first answer would be the first answer.
    assert.deepEqual(caches, ["default", "no-store"]);
  });

  for (const [headers, seconds] of [
    [{}, 600],
    [{ "cache-control": "public, max-age=1200" }, 1200],
    [{ "cache-control": "public, max-age=1200", age: "900" }, 300],
    [{ "cache-control": "no-store" }, 60],
    [{ "cache-control": "max-age=31536000" }, 86_400],
  ] as [Record<string, string>, number][]) {
    test(`keys at an address serve as long as it says, within bounds: ${JSON.stringify(headers)}`, async (context) => {
      let now = clock();
      const caches: string[] = [];
      const requests = mock.method(globalThis, "fetch", async ({ cache }: Request) => {
        caches.push(cache);
        return Response.json(jwks, { headers });
      });
      context.after(() => requests.mock.restore());
      const address = `https://keys-${seconds}.example.com/jwks`;
      const expected = { ...good, jwks: address, leeway: 1e6, clock: () => now };
      await verifyJwt(access_token, expected);
      now += seconds * 1000 - 1;
      await verifyJwt(access_token, expected);
      assert.equal(requests.mock.callCount(), 1);
      now += 1;
      await verifyJwt(access_token, expected);
      // What a browser kept would be as old.
      assert.deepEqual(caches, ["default", "no-store"]);
    });
  }
});

suite("keys at an address, under tokens that nobody signed", async () => {
  const { auth, clock } = testing({ scopes: { read: "", write: "" }, issuer });
  await auth.accounts.create({ login: "ada", password: "correct horse battery" });
  const app = await makeApp(auth);
  const { access_token } = await tokens(auth, app, new Browser(auth));
  const jwks = await (await auth.fetch(new Request(`${issuer}/jwks`))).json();
  const served = () => Response.json(jwks);
  const forged = access_token.replace(/^[^.]+/, Buffer.from('{"alg":"EdDSA","kid":"x"}').toString("base64url"));

  for (const [what, answer] of [
    ["is down", async () => Promise.reject(new TypeError("refused"))],
    ["is slow", async () => new Promise<Response>((done) => setTimeout(() => done(Response.json(jwks)), 20))],
  ] as const) {
    test(`an issuer that ${what} is asked once in half a minute, however many come`, async (context) => {
      let now = clock.now();
      const requests = mock.method(globalThis, "fetch", async () => Response.json(jwks));
      context.after(() => requests.mock.restore());
      const address = `https://${what.replace(" ", "-")}.example.com/jwks`;
      const expected = { jwks: address, issuer, audience: issuer, clock: () => now };
      await verifyJwt(access_token, expected);
      requests.mock.mockImplementation(answer);
      now += 30_000;
      await Promise.allSettled(Array.from({ length: 50 }, () => verifyJwt(forged, expected)));
      await assert.rejects(verifyJwt(forged, expected), { code: "invalid_token" });
      assert.equal(requests.mock.callCount(), 2);
      now += 600_000;
      await Promise.all(
        Array.from({ length: 50 }, () => verifyJwt(access_token, { ...expected, required: [], leeway: 1e6 })),
      );
      assert.equal(requests.mock.callCount(), 3);
    });
  }

  for (const [what, answer] of [
    ["an empty object", () => Response.json({})],
    ["a page", () => new Response("<!doctype html>")],
    ["too many keys", () => Response.json({ keys: Array.from({ length: 65 }, () => ({})) })],
    ["an error of its own", () => Response.json({ error: "invalid_token" }, { status: 404 })],
  ] as const) {
    test(`an issuer that answers with ${what} is at fault, and the keys that are known serve`, async (context) => {
      let now = clock.now();
      const requests = mock.method(globalThis, "fetch", async () => Response.json(jwks));
      context.after(() => requests.mock.restore());
      const host = `${what.replaceAll(" ", "-")}.example.com`;
      const expected = { issuer, audience: issuer, leeway: 1e6, clock: () => now };
      await verifyJwt(access_token, { ...expected, jwks: `https://${host}/jwks` });
      requests.mock.mockImplementation(async () => answer());
      now += 600_000;
      await verifyJwt(access_token, { ...expected, jwks: `https://${host}/jwks` });
      assert.equal(requests.mock.callCount(), 2);
      await assert.rejects(verifyJwt(access_token, { ...expected, jwks: `https://${host}/others` }), {
        name: "Fault",
        code: "server_failed",
      });
    });
  }

  test("an issuer whose keys nobody knows is asked once in half a minute, and never for what is no token", async (context) => {
    let now = clock.now();
    const requests = mock.method(globalThis, "fetch", async () => Promise.reject(new TypeError("refused")));
    context.after(() => requests.mock.restore());
    const jwks = "https://unknown.example.com/jwks";
    const expected = { jwks, issuer, audience: issuer, leeway: 1e6, clock: () => now };
    for (const garbage of [
      "",
      "garbage",
      "a.b",
      "a.b.c.d",
      `${access_token}=`,
      `${access_token} `,
      `.${access_token}`,
    ]) {
      await assert.rejects(verifyJwt(garbage, expected), { code: "invalid_token", reason: "malformed" }, garbage);
    }
    assert.equal(requests.mock.callCount(), 0);
    for (const count of [1, 2]) {
      for (const token of [forged, access_token, forged]) {
        await assert.rejects(verifyJwt(token, expected), { name: "Fault", code: "server_failed" });
      }
      assert.equal(requests.mock.callCount(), count);
      now += 30_000;
    }
    requests.mock.mockImplementation(async () => served());
    await verifyJwt(access_token, expected);
    now += 600_000 + 3_000_000;
    requests.mock.mockImplementation(async () => Promise.reject(new TypeError("refused")));
    for (const token of [access_token, forged]) {
      await assert.rejects(verifyJwt(token, expected), { name: "Fault" }, "their time is over");
    }
    assert.equal(requests.mock.callCount(), 4);
  });

  test("a clock that jumped and came back keeps no key longer", async (context) => {
    let now = clock.now() + 86_400_000;
    const served = [jwks, { keys: [] }];
    const requests = mock.method(globalThis, "fetch", async () => Response.json(served.shift()));
    context.after(() => requests.mock.restore());
    const expected = { jwks: "https://jump.example.com/jwks", issuer, audience: issuer, leeway: 1e6, clock: () => now };
    await verifyJwt(access_token, expected);
    now = clock.now();
    await assert.rejects(verifyJwt(access_token, expected), { code: "invalid_token" });
    assert.equal(requests.mock.callCount(), 2);
  });
});

suite("sealed values", () => {
  const sealing = { secret, purpose: "cart", expiresIn: "10m", clock: () => 1_790_000_000_000 };
  const value = { items: ["a", "ü"], count: 2, nothing: null };

  test("open to what they were, until their time is over", async () => {
    const sealed = await seal(value, sealing);
    assert.match(sealed, /^cvv_[\w-]+$/);
    assert.deepEqual(await unseal(sealed, sealing), value);
    const later = (by: number) => ({ ...sealing, clock: () => 1_790_000_000_000 + by });
    assert.deepEqual(await unseal(sealed, later(599_999)), value);
    await assert.rejects(unseal(sealed, later(600_000)), { code: "seal_expired" });
  });

  test("open for nobody and nothing else", async () => {
    const sealed = await seal(value, sealing);
    const bent = `${sealed.slice(0, 40)}${sealed[40] === "A" ? "B" : "A"}${sealed.slice(41)}`;
    for (const [text, changes] of [
      [bent, {}],
      [sealed.slice(0, -1), {}],
      ["", {}],
      [sealed, { purpose: "session" }],
      [sealed, { secret: secret.toUpperCase() }],
    ] as const) {
      await assert.rejects(unseal(text, { ...sealing, ...changes }), { code: "invalid_seal", status: 401 });
    }
    assert.deepEqual(await unseal(sealed, { ...sealing, secret: [secret.toUpperCase(), secret] }), value);
  });

  test("are never the same twice", async () => {
    assert.notEqual(await seal(value, sealing), await seal(value, sealing));
  });

  test("are refused when they would not fit into a cookie, with a secret that is none, or when JSON cannot hold them", async () => {
    await assert.rejects(seal("x".repeat(4000), sealing), { code: "too_large" });
    await assert.rejects(seal(1, { ...sealing, secret: "short" }), { code: "configuration" });
    await assert.rejects(seal(undefined, sealing), { code: "invalid_argument" });
    await assert.rejects(seal(1n, sealing), TypeError);
  });
});

test("SE-011 without randomness nothing is made", async (context) => {
  const { getRandomValues } = crypto;
  crypto.getRandomValues = () => {
    throw new Error("no entropy");
  };
  context.after(() => {
    crypto.getRandomValues = getRandomValues;
  });
  const sealing = { secret, purpose: "cart", expiresIn: 60 };
  for (const make of [() => createPkce(), () => createPortableDpopKey(), () => seal(1, sealing)]) {
    await assert.rejects(make, { code: "host_failed" });
  }
});
