// Host keys by WebCrypto: what the host signs, jose and the engine verify; what the engine verifies, the host does.
import assert from "node:assert/strict";
import { createPrivateKey, generateKeyPairSync, sign } from "node:crypto";
import { suite, test } from "node:test";
import { Claviger, type Options, type Verify } from "claviger";
import { memory } from "claviger/stores/memory";
import { type OwnKey, signingKeys, verify } from "claviger/webcrypto";
import { calculateJwkThumbprint, createLocalJWKSet, type JSONWebKeySet, type JWK, jwtVerify } from "jose";
import { makeApp, serverOn, tokens } from "./browser.ts";

const issuer = "https://auth.example.com";
const scopes = { read: "See your things" };

/** A key of each algorithm, in each of the forms that people have. */
const pem = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs8", format: "pem" });
const jwkOf = (key: ReturnType<typeof createPrivateKey>) => key.export({ format: "jwk" }) as JsonWebKey;
const ec = (namedCurve: string) => crypto.subtle.generateKey({ name: "ECDSA", namedCurve }, false, ["sign", "verify"]);
const keys: Record<string, () => Promise<OwnKey>> = {
  RS256: async () => jwkOf(createPrivateKey(pem)),
  ES256: async () => ({ kid: "p256", ...(await ec("P-256")) }),
  ES384: async () => ({ kid: "p384", ...(await ec("P-384")) }),
  EdDSA: async () => ({ ...jwkOf(generateKeyPairSync("ed25519").privateKey), kid: "ed" }),
};

/** A server that signs with this key, and how often its host was asked to verify. */
async function scene(key: OwnKey, options: Partial<Options> = {}) {
  const { hostKeys, sign } = await signingKeys(key);
  const store = memory({ clock: () => 0 });
  const { auth, clock } = serverOn(store, { scopes, signing: { hostKeys }, sign, ...options });
  await auth.accounts.create({ login: "ada", password: "correct horse battery" });
  const app = await makeApp(auth);
  const jwks = (await (await auth.fetch(new Request(`${issuer}/jwks`))).json()) as JSONWebKeySet;
  return { auth, clock, app, jwks, hostKeys, sign, store };
}

for (const [algorithm, make] of Object.entries(keys)) {
  suite(algorithm, () => {
    test("jose verifies what the host signed, by the keys that are published", async () => {
      const { auth, app, jwks, hostKeys, clock } = await scene(await make());
      const { access_token } = await tokens(auth, app);
      const currentDate = new Date(clock.now());
      const { protectedHeader, payload } = await jwtVerify(access_token, createLocalJWKSet(jwks), {
        issuer,
        currentDate,
      });
      assert.equal(protectedHeader.alg, algorithm);
      assert.equal(protectedHeader.kid, hostKeys[0]!.kid);
      assert.equal(payload.client_id, app.client.id);
    });

    test("the engine and the host agree on what verifies", async () => {
      const { auth, app, hostKeys, sign, store, clock } = await scene(await make());
      const { access_token } = await tokens(auth, app);
      let asked = 0;
      const counting: Verify = (request) => {
        asked += 1;
        return verify(request);
      };
      const { auth: byHost } = serverOn(store, { scopes, signing: { hostKeys }, sign, verify: counting }, clock);
      const outcome = (server: Claviger, token: string) =>
        server.tokens.verify(token).then(
          ({ subject }) => subject,
          ({ code }) => code,
        );
      const whole = await outcome(auth, access_token);
      assert.notEqual(whole, "invalid_token");
      for (const token of [access_token, ...damaged(access_token)]) {
        const expected = token === access_token ? whole : "invalid_token";
        assert.deepEqual([await outcome(auth, token), await outcome(byHost, token)], [expected, expected], token);
      }
      // The engine is faster at Ed25519 and asks nobody; a signature of the wrong length is refused before anyone is asked.
      assert.equal(asked > 0, algorithm !== "EdDSA");
    });
  });
}

/** A token with a bit changed in its signature, in its claims, and with another's signature. */
function damaged(token: string): string[] {
  const [header, claims, signature] = token.split(".") as [string, string, string];
  const flipped = Buffer.from(signature, "base64url");
  flipped[flipped.length >> 1]! ^= 1;
  const other = Buffer.from(claims, "base64url").toString().replace('"read"', '"rea_"');
  return [
    `${header}.${claims}.${flipped.toString("base64url")}`,
    `${header}.${Buffer.from(other).toString("base64url")}.${signature}`,
    `${header}.${claims}.${Buffer.alloc(flipped.length).toString("base64url")}`,
    `${header}.${claims}.${signature.slice(0, -4)}`,
  ];
}

test("a key is named by its thumbprint (RFC 7638), and only its public half is shown", async () => {
  for (const make of Object.values(keys)) {
    const { kid: _, ...unnamed } = await make();
    const { hostKeys } = await signingKeys(unnamed as OwnKey);
    const { kid, publicJwk } = hostKeys[0]!;
    assert.equal(kid, await calculateJwkThumbprint(publicJwk as JWK));
    const secret = ["d", "p", "q", "dp", "dq", "qi", "k"].filter((member) => member in publicJwk);
    assert.deepEqual(secret, []);
  }
});

test("the first key signs, all are published, and a retired one still verifies", async () => {
  const [old, next] = [{ ...jwkOf(generateKeyPairSync("ed25519").privateKey), kid: "old" }, await keys.ES256!()];
  const { auth, app, store, clock } = await scene(old);
  const { access_token } = await tokens(auth, app);
  const { hostKeys, sign } = await signingKeys(next, old);
  const { auth: rotated } = serverOn(store, { scopes, signing: { hostKeys }, sign }, clock);
  assert.equal((await rotated.tokens.verify(access_token)).clientId, app.client.id);
  const jwks = await (await rotated.fetch(new Request(`${issuer}/jwks`))).json();
  assert.deepEqual(
    jwks.keys.map(({ kid }: { kid: string }) => kid),
    ["p256", "old"],
  );
});

for (const [what, make, why] of [
  [
    "a curve that tokens are not signed on",
    async () => jwkOf(generateKeyPairSync("ec", { namedCurve: "P-521" }).privateKey),
    /P-521/,
  ],
  ["a symmetric key", async () => ({ kty: "oct", k: "AAAA" }), /EC, OKP or RSA/],
  ["an RSA key for another algorithm", async () => ({ ...jwkOf(createPrivateKey(pem)), alg: "PS256" }), /.*/],
  [
    "a pair for another algorithm",
    () =>
      crypto.subtle.generateKey(
        { name: "RSA-PSS", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" },
        false,
        ["sign", "verify"],
      ),
    /RSA-PSS/,
  ],
] as const) {
  test(`${what} is refused`, async () => {
    await assert.rejects(async () => signingKeys((await make()) as OwnKey), why);
  });
}

test("a key that the engine does not know of is not signed with", async () => {
  const { sign } = await signingKeys(await keys.EdDSA!());
  await assert.rejects(async () => sign({ kid: "other", algorithm: "EdDSA", message: new Uint8Array() }), /other/);
});

test("a key verifies under its own algorithm alone, whatever it was asked about before", async () => {
  const kinds = { ES256: "P-256", ES384: "P-384" } as const;
  const message = new TextEncoder().encode("message");
  for (const [algorithm, other] of [
    ["ES256", "ES384"],
    ["ES384", "ES256"],
  ] as const) {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: kinds[algorithm] });
    const publicJwk = publicKey.export({ format: "jwk" }) as JsonWebKey;
    const signed = (hash: string) =>
      new Uint8Array(sign(hash, message, { key: privateKey, dsaEncoding: "ieee-p1363" }));
    const hashes = { ES256: "sha256", ES384: "sha384" };
    const asked = (algorithm: string, hash: string) =>
      verify({ publicJwk, algorithm, message, signature: signed(hash) });
    for (const wrong of [other, "RS256", "EdDSA"]) {
      await assert.rejects(async () => asked(wrong, hashes[other]), TypeError, `${algorithm} as ${wrong}`);
    }
    assert.equal(await asked(algorithm, hashes[algorithm]), true);
    assert.equal(await asked(algorithm, hashes[other]), false);
    for (const inherited of ["constructor", "toString", "__proto__"]) {
      await assert.rejects(async () => asked(inherited, hashes[algorithm]), /is none of ES256/);
    }
  }
});

test("host keys without a sign are a mistake in the options", async () => {
  const { hostKeys } = await signingKeys(await keys.EdDSA!());
  const auth = new Claviger({
    issuer,
    secret: "f1d3a09c5b7e42688cb0de9417a6e35b",
    store: memory(),
    signing: { hostKeys },
  });
  await assert.rejects(auth.ready(), /hostKeys/);
});
