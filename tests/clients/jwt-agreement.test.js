// What `jose` takes is taken here, and what it refuses is refused here, over tokens that are good, bent, and bad in every member; each
// intended difference is named, and in every one of them it is Claviger that refuses.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { before, suite, test } from "node:test";
import { verifyJwt } from "claviger/browser";
import { testing } from "claviger/testing";
import { CompactSign, createLocalJWKSet, exportJWK, generateKeyPair, jwtVerify } from "jose";

const issuer = "https://issuer.example.com";
const audience = "https://api.example.com";
const now = 1_790_000_000;
const algorithms = ["EdDSA", "ES256", "ES384", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
const good = { iss: issuer, aud: audience, sub: "ada", exp: now + 60, iat: now };

/** Claims as they are signed, and whether they should be good; each name says what is changed. */
const claims = {
  "as they should be": good,
  "several audiences": { ...good, aud: ["other", audience] },
  "no audience": { ...good, aud: undefined },
  "another audience": { ...good, aud: "https://api.example.com/" },
  "no audiences": { ...good, aud: [] },
  "a number as audience": { ...good, aud: 7 },
  "a list of issuers": { ...good, iss: [issuer] },
  "another issuer": { ...good, iss: `${issuer}/` },
  "an issuer in other letters": { ...good, iss: "https://ISSUER.example.com" },
  "no exp": { ...good, exp: undefined },
  "exp as text": { ...good, exp: String(now + 60) },
  "exp is null": { ...good, exp: null },
  "exp with a fraction": { ...good, exp: now + 0.5 },
  "exp is now": { ...good, exp: now },
  "exp a second ago": { ...good, exp: now - 1 },
  "exp below zero": { ...good, exp: -1 },
  "nbf is now": { ...good, nbf: now },
  "nbf in a second": { ...good, nbf: now + 1 },
  "nbf as text": { ...good, nbf: "0" },
  "iat as text": { ...good, iat: String(now) },
  "iat ahead": { ...good, iat: now + 3600 },
  "claims of others": { ...good, __proto__: 7, constructor: { x: [1, 2.5, null, true] }, "\u{1f600}": "\u00fc" },
};

/** Payloads that no library writes. */
const payloads = {
  "a list": "[]",
  null: "null",
  "a text": '"text"',
  "no JSON": "{",
  nothing: "",
  "two texts": `${JSON.stringify(good)}{}`,
  "blanks around": ` \t\n${JSON.stringify(good)}\r\n`,
  "no Unicode": Buffer.from(JSON.stringify(good).replace("ada", "\u00ff"), "latin1"),
  "an escaped name": JSON.stringify(good).replace('"iss"', '"\\u0069ss"'),
};

/** What jose takes and Claviger refuses, and why. */
const intended = {
  "exp far beyond what a number holds": [
    { ...good, exp: 1e300 },
    "RFC 7519 section 2: a time is a number of seconds that every reader understands alike",
  ],
  "iat below zero": [{ ...good, iat: -1 }, "the same"],
  "sub is a number": [{ ...good, sub: 7 }, "RFC 7519 section 4.1.2: StringOrURI"],
  "jti is a number": [{ ...good, jti: 7 }, "RFC 7519 section 4.1.7: a text"],
  "an audience that is none beside one": [{ ...good, aud: [7, audience] }, "RFC 7519 section 4.1.3: texts"],
  "a name twice": [`{"sub":"eve",${JSON.stringify(good).slice(1)}`, "RFC 7519 section 4: two readers see two people"],
  "a byte order mark": [`\ufeff${JSON.stringify(good)}`, "RFC 8259 section 8.1"],
  "half a character": [JSON.stringify(good).replace("ada", "\\ud800"), "RFC 8259 section 8.2"],
  "forty levels": [{ ...good, deep: JSON.parse("[".repeat(40) + "]".repeat(40)) }, "bounded depth"],
  "more than 16 kB": [{ ...good, long: "x".repeat(16_384) }, "bounded length"],
};

/** Headers with a true signature. */
const headers = {
  "as it should be": {},
  "a longer type": { typ: "application/at+jwt" },
  "a type in other letters": { typ: "AT+JWT" },
  "another type": { typ: "JWT" },
  "no type": { typ: undefined },
  "no name of a key": { kid: undefined },
  "another name of a key": { kid: "another" },
  "a key of its own": { jwk: { kty: "oct", k: "AAAA" } },
  "an address of a key": { jku: "https://evil.example.com/jwks", x5u: "https://evil.example.com/" },
  "what is not known": { unheard: { of: [1] } },
};

/** A generator that gives the same in every run. */
function sequence(seed) {
  let [state, left] = [createHash("sha256").update(seed).digest(), 0];
  return (below) => {
    if (left + 4 > state.length) [state, left] = [createHash("sha256").update(state).digest(), 0];
    left += 4;
    return state.readUInt32BE(left - 4) % below;
  };
}

const sides = {};
let engine;

before(async () => {
  const keys = [];
  for (const alg of algorithms) {
    const pair = await generateKeyPair(alg, { extractable: true, ...(alg === "EdDSA" && { crv: "Ed25519" }) });
    keys.push({ ...(await exportJWK(pair.publicKey)), alg, kid: alg, use: "sig" });
    sides[alg] = pair.privateKey;
  }
  const set = { keys };
  const theirs = createLocalJWKSet(set);
  sides.jose = (token) =>
    jwtVerify(token, theirs, {
      issuer,
      audience,
      typ: "at+jwt",
      requiredClaims: ["exp"],
      currentDate: new Date(now * 1000),
    });
  const expected = { jwks: set, issuer, audience, typ: "at+jwt", clock: () => now * 1000 };
  sides.browser = (token) => verifyJwt(token, expected);
  const { auth, clock } = testing({});
  clock.advance(now * 1000 - clock.now());
  engine = auth;
  sides.engine = (token) => auth.jwts.verify(token, { jwks: set, issuer, audience, typ: "at+jwt" });
});

const takes = async (side, token) => {
  try {
    await sides[side](token);
    return true;
  } catch (error) {
    // Whatever is wrong, it is told as a refusal, and never as a fault.
    assert.ok(
      side === "jose" ? /^ERR_J/.test(error.code) || error instanceof TypeError : error.code === "invalid_token",
      error,
    );
    return false;
  }
};

const bytesOf = (payload) =>
  typeof payload === "string" || Buffer.isBuffer(payload) ? Buffer.from(payload) : Buffer.from(JSON.stringify(payload));

const sign = (payload, alg, header = {}) => {
  const protectedHeader = { alg, kid: alg, typ: "at+jwt", ...header };
  for (const [name, value] of Object.entries(protectedHeader)) if (value === undefined) delete protectedHeader[name];
  return new CompactSign(bytesOf(payload)).setProtectedHeader(protectedHeader).sign(sides[alg]);
};

/** All three say the same; what they say. */
async function agreed(token, what) {
  const [jose, browser, own] = [
    await takes("jose", token),
    await takes("browser", token),
    await takes("engine", token),
  ];
  assert.deepEqual({ browser, own }, { browser: jose, own: jose }, `${what}: jose ${jose ? "takes" : "refuses"} it`);
  return jose;
}

suite("agreement with jose", () => {
  for (const alg of algorithms) {
    test(`every member of a token of ${alg}`, async () => {
      for (const [what, value] of Object.entries({ ...claims, ...payloads }))
        await agreed(await sign(value, alg), what);
      for (const [what, header] of Object.entries(headers)) await agreed(await sign(good, alg, header), what);
      assert.ok(await agreed(await sign(good, alg), "a good one"));
    });

    test(`what is refused beyond jose, of ${alg}`, async () => {
      for (const [what, [value, why]] of Object.entries(intended)) {
        const token = await sign(value, alg);
        const all = [await takes("jose", token), await takes("browser", token), await takes("engine", token)];
        assert.deepEqual(all, [true, false, false], `${what} (${why})`);
      }
    });

    test(`four hundred tokens of ${alg}, each bent somewhere`, async () => {
      const [random, whole] = [sequence(alg), await sign(good, alg)];
      const made = Buffer.from(whole.split(".")[2], "base64url");
      const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ ";
      for (let count = 0; count < 400; count++) {
        const [at, letter] = [random(whole.length), letters[random(letters.length)]];
        const bent = [
          whole.slice(0, at) + letter + whole.slice(at + 1),
          whole.slice(0, at) + letter + whole.slice(at),
          whole.slice(0, at) + whole.slice(at + 1 + random(8)),
          whole
            .split(".")
            .toSpliced(random(3), 1, whole.split(".")[random(3)] ?? "")
            .join("."),
        ][random(4)];
        const [head, body, signature = ""] = bent.split(".");
        const another = bent !== whole && `${head}.${body}` === whole.slice(0, whole.lastIndexOf("."));
        // RFC 4648 section 3.5 and RFC 7515 section 2: the same bytes in another writing are no second token.
        if (another && Buffer.from(signature, "base64").equals(made)) {
          assert.deepEqual([await takes("browser", bent), await takes("engine", bent)], [false, false], bent);
        } else {
          assert.equal(await agreed(bent, bent), bent === whole);
        }
      }
    });
  }

  test("no algorithm, another one, and one that takes the public key for a secret", async () => {
    for (const alg of algorithms) {
      const [, body, signature] = (await sign(good, alg)).split(".");
      for (const other of ["none", "None", "", "HS256", "ES512", "rs256", ...algorithms.filter((one) => one !== alg)]) {
        const header = Buffer.from(JSON.stringify({ alg: other, kid: alg, typ: "at+jwt" })).toString("base64url");
        for (const sealed of [signature, ""]) assert.equal(await agreed(`${header}.${body}.${sealed}`, other), false);
      }
      for (const header of ['{"alg":7}', "{}", "[]", "null", `{"alg":"${alg}","crit":["exp"],"exp":1}`]) {
        const forged = `${Buffer.from(header).toString("base64url")}.${body}.${signature}`;
        assert.equal(await agreed(forged, header), false);
      }
    }
  });

  test("symmetric tokens, by a key that the engine has", async () => {
    for (const [alg, length] of [
      ["HS256", 32],
      ["HS384", 48],
      ["HS512", 64],
    ]) {
      const secret = createHash("sha512").update(alg).digest().subarray(0, length);
      await engine.keys.import({ kty: "oct", k: secret.toString("base64url") }, { algorithm: alg });
      for (const [what, value] of Object.entries({ ...claims, ...payloads })) {
        const token = await new CompactSign(bytesOf(value)).setProtectedHeader({ alg, typ: "at+jwt" }).sign(secret);
        const options = { issuer, audience, typ: "at+jwt", requiredClaims: ["exp"], currentDate: new Date(now * 1000) };
        const theirs = await jwtVerify(token, secret, options).then(
          () => true,
          () => false,
        );
        const ours = await engine.jwts.verify(token, { issuer, audience, typ: "at+jwt", algorithms: [alg] }).then(
          () => true,
          () => false,
        );
        assert.equal(ours, theirs, what);
      }
    }
  });
});
