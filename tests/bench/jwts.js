// CPU time to verify a JWT: with jose, with the toolkit of `claviger/browser`, and with the engine, by itself and with signatures checked by the runtime; and one that was verified just before, with fast-jwt's cache.
import { createVerifier } from "fast-jwt";
import { createLocalJWKSet, jwtVerify } from "jose";
import { createJwtVerifier, verifyJwt } from "../../host-node/dist/browser/index.js";
import { Claviger } from "../../host-node/dist/index.js";
import { memory } from "../../host-node/dist/stores/memory.js";
import { verify } from "../../host-node/dist/webcrypto.js";
import { measure } from "./rounds.js";

const issuer = "https://auth.example.com";
const secret = "bench-5f0c6d1e8a7b49c2b3d4e5f60718293a";
const typ = "app+jwt";

/** Rows of a table: what, and microseconds with the ratio to the first of its kind. */
export async function jwtChecks() {
  const store = memory();
  const auth = new Claviger({ issuer, secret, store });
  const hosted = new Claviger({ issuer, secret, store, verify });
  const kinds = [];
  for (const algorithm of ["EdDSA", "ES256", "RS256"]) {
    await auth.keys.rotate(algorithm);
    const { token } = await auth.jwts.sign({ sub: "ada", role: "admin" }, { algorithm });
    const each = uncached(auth, await auth.keys.jwks(), token);
    if (algorithm !== "EdDSA")
      each["auth.jwts, with verify"] = async () => right((await hosted.jwts.verify(token)).claims);
    kinds.push([`verify, ${algorithm}`, each]);
    if (algorithm === "EdDSA") kinds.push(["verify again, EdDSA", await cached(auth, token)]);
  }
  const rows = [];
  for (const [kind, each] of kinds) {
    const nothing = async (count) => new Array(count).fill(undefined);
    const cases = Object.entries(each).map(([name, operate]) => ({ name, mint: nothing, operate }));
    rows.push(...compared(kind, await measure(cases)));
  }
  return rows;
}

function right({ sub }) {
  if (sub !== "ada") throw new Error("another token");
}

function uncached(auth, jwks, token) {
  const theirs = createLocalJWKSet(jwks);
  const expected = { jwks, issuer, audience: issuer, typ };
  return {
    jose: async () => right((await jwtVerify(token, theirs, { issuer, audience: issuer, typ })).payload),
    "claviger/browser": async () => right(await verifyJwt(token, expected)),
    "auth.jwts": async () => right((await auth.jwts.verify(token)).claims),
  };
}

/** The key is exported for fast-jwt, which wants a PEM. */
async function cached(auth, token) {
  const [header] = token.split(".");
  const { kid } = JSON.parse(Buffer.from(header, "base64url").toString());
  const { publicJwk, publicPem } = await auth.keys.export(kid);
  const options = { allowedIss: issuer, allowedAud: issuer, requiredClaims: ["exp"] };
  const theirs = createVerifier({ key: publicPem, cache: true, algorithms: ["EdDSA"], ...options });
  const toolkit = createJwtVerifier({ jwks: { keys: [publicJwk] }, issuer, audience: issuer, typ });
  const own = auth.jwts.verifier();
  return {
    "fast-jwt, its cache": async () => right(theirs(token)),
    createJwtVerifier: async () => right(await toolkit(token)),
    "auth.jwts.verifier": async () => right((await own(token)).claims),
  };
}

function compared(kind, times) {
  const [{ best, median }] = Object.values(times);
  const ratio = (time) => `(**${(time.best / best).toFixed(2)}** / ${(time.median / median).toFixed(2)})`;
  return Object.entries(times).map(([name, time], at) => [
    `${kind}: ${name}`,
    `${time.best.toFixed(2)} / ${time.median.toFixed(2)}${at === 0 ? "" : ` ${ratio(time)}`}`,
  ]);
}
