// JWTs that are signed here are verified by the libraries of others, and theirs here.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createPrivateKey, createPublicKey } from "node:crypto";
import { dirname, join } from "node:path";
import { suite, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { testing } from "claviger/testing";
import { importJWK, jwtVerify, SignJWT } from "jose";
import jsonwebtoken from "jsonwebtoken";

const python = process.env.CLAVIGER_PYTHON ?? "python3";
const folder = fileURLToPath(new URL(".", import.meta.url));
/** Beside the other client in Rust: `cargo xtask test` builds both. */
const built = join(folder, "rust/target/debug/claviger-openidconnect");
const rust = join(dirname(process.env.CLAVIGER_OPENIDCONNECT ?? built), "claviger-jsonwebtoken");

const audience = "https://api.example.com";
const symmetric = ["HS256", "HS384", "HS512"];
const asymmetric = ["EdDSA", "ES256", "ES384", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];

/** An engine with a key of each algorithm, with the clock that libraries have. */
async function scene() {
  const { auth, clock } = testing({});
  clock.advance(Date.now() - clock.now());
  const keys = {};
  for (const alg of [...asymmetric, ...symmetric]) {
    const pair = await auth.keys.pair(alg);
    await auth.keys.import(pair.privateJwk, { activate: true });
    keys[alg] = { own: pair.privateJwk, other: pair.publicJwk ?? pair.privateJwk, pem: pair };
  }
  return { auth, keys };
}

const scenes = scene();

/** A token of each algorithm, for a library that verifies it, and whose claims are compared. */
async function verifiedBy(algorithms, verify) {
  const { auth, keys } = await scenes;
  for (const algorithm of algorithms) {
    const { token, jti } = await auth.jwts.sign({ sub: "ada", n: [1, 2.5, "\u00fc"] }, { algorithm, audience });
    const { claims } = await auth.jwts.verify(token, { audience, algorithms: [algorithm] });
    const read = await verify(token, algorithm, keys[algorithm], claims.iss);
    assert.deepEqual(read, claims, algorithm);
    assert.equal(read.jti, jti);
    const bent = token.slice(0, -4) + (token.endsWith("AAAA") ? "BBBB" : "AAAA");
    await assert.rejects(async () => await verify(bent, algorithm, keys[algorithm], claims.iss), undefined, algorithm);
  }
}

/** Tokens of a library, which say neither what they are nor, some of them, who made them. */
async function verifiesThoseOf(algorithms, sign) {
  const { auth, keys } = await scenes;
  const iat = Math.floor(Date.now() / 1000);
  const claims = { sub: "ada", iss: "https://theirs.example.com", aud: audience, iat, exp: iat + 60 };
  for (const algorithm of algorithms) {
    const token = await sign(claims, algorithm, keys[algorithm]);
    const policy = { issuer: claims.iss, audience, typ: null, algorithms: [algorithm] };
    assert.deepEqual((await auth.jwts.verify(token, policy)).claims, claims, algorithm);
    await assert.rejects(auth.jwts.verify(token, { ...policy, typ: "app+jwt" }), { reason: "type" });
    const { other } = keys[algorithm];
    if (other.kty === "oct") continue;
    await auth.jwts.verify(token, { ...policy, jwks: { keys: [other] } });
  }
}

suite("JWTs and the libraries of others", () => {
  test("jose", async () => {
    await verifiedBy([...asymmetric, ...symmetric], async (token, alg, { other }, issuer) => {
      const options = { issuer, audience, typ: "app+jwt", requiredClaims: ["exp", "jti"] };
      return (await jwtVerify(token, await importJWK(other, alg), options)).payload;
    });
    await verifiesThoseOf([...asymmetric, ...symmetric], async (claims, alg, { own }) =>
      new SignJWT(claims).setProtectedHeader({ alg }).sign(await importJWK(own, alg)),
    );
  });

  test("jsonwebtoken", async () => {
    // It has no EdDSA.
    const algorithms = [...asymmetric.filter((alg) => alg !== "EdDSA"), ...symmetric];
    const secret = ({ k }) => Buffer.from(k, "base64url");
    await verifiedBy(algorithms, (token, alg, { other, pem }, issuer) =>
      jsonwebtoken.verify(token, pem.publicPem ? createPublicKey(pem.publicPem) : secret(other), {
        algorithms: [alg],
        issuer,
        audience,
      }),
    );
    await verifiesThoseOf(algorithms, (claims, algorithm, { own, pem }) =>
      jsonwebtoken.sign(claims, pem.privatePem ? createPrivateKey(pem.privatePem) : secret(own), { algorithm }),
    );
  });

  test("PyJWT", async () => {
    const run = async (ask) => (await program(python, [join(folder, "python/jwts.py")], ask)).trim();
    await verifiedBy([...asymmetric, ...symmetric], async (token, algorithm, { other }, issuer) =>
      JSON.parse(await run({ token, algorithm, jwk: other, issuer, audience })),
    );
    await verifiesThoseOf([...asymmetric, ...symmetric], (claims, algorithm, { own }) =>
      run({ claims, algorithm, jwk: own }),
    );
  });

  test("jsonwebtoken for Rust", async () => {
    await verifiedBy([...asymmetric, ...symmetric], async (token, algorithm, { other }, issuer) =>
      JSON.parse(await program(rust, [], { token, algorithm, jwk: other, issuer, audience })),
    );
  });
});

async function program(command, words, ask) {
  const child = promisify(execFile)(command, words);
  child.child.stdin.end(JSON.stringify(ask));
  return (await child).stdout;
}
