// The vectors of Project Wycheproof, of the RFCs and of the RFC 7520 cookbook on the modules that ship: they compute with other limbs than
// the native engine, whose tests these are too (core/tests/key_wycheproof.rs, core/tests/key_rfc.rs).
//
// `CLAVIGER_VECTORS` names the folder of the files that are in no package. Where they are absent, the tests say so and count what they did not run.
import assert from "node:assert/strict";
import nodeCrypto from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mock, type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { verifyJwt } from "claviger/browser";
import { testing } from "claviger/testing";
import { verify } from "claviger/webcrypto";

type Jwk = Record<string, unknown>;
type Opens = (token: string) => Promise<boolean>;

/** A `typ` that no vector has. It is looked at right after the signature, before the payload, which is seldom a JSON object in these files. */
const typ = "vectors+jwt";

/** Whether a signature is good: then, and only then, a token is refused for its `typ`. */
async function isGood(refused: Promise<unknown>): Promise<boolean> {
  try {
    await refused;
  } catch (error) {
    const { code, reason } = error as { code?: string; reason?: string };
    if (code !== "invalid_token" || reason === undefined) throw error;
    return reason === "type";
  }
  throw new Error("a vector has the typ of this test");
}

/** Who checks signatures with a set of public keys. */
const doors: Record<string, (keys: readonly Jwk[]) => Opens> = {
  "engine.wasm": (keys) => throughEngine(keys, {}),
  "engine.wasm, where Node checks": (keys) => throughEngine(keys, { verify }),
  "browser.wasm": (keys) => {
    const opens = throughBrowser(keys);
    return async (token) => {
      // Without the runtime's own cryptography the module checks them all.
      Object.defineProperty(crypto, "subtle", { value: undefined, configurable: true });
      try {
        return await opens(token);
      } finally {
        Reflect.deleteProperty(crypto, "subtle");
      }
    };
  },
  "browser.wasm, where Node checks": throughBrowser,
};

function throughEngine(keys: readonly Jwk[], options: Parameters<typeof testing>[0]): Opens {
  const { auth } = testing(options);
  const policy = { jwks: { keys }, issuer: null, audience: null, typ, required: [] };
  return (token) => isGood(auth.jwts.verify(token, policy));
}

function throughBrowser(keys: readonly Jwk[]): Opens {
  // An object of its own: what checks with a key is chosen once for each.
  const expected = { jwks: { keys: [...keys] }, issuer: "", audience: "", typ, required: [] };
  return (token) => isGood(verifyJwt(token, expected));
}

/** Secrets are no one else's: the engine has them as keys of its own. A set with one malformed key is refused as a whole. */
async function throughOwnKeys(secrets: readonly Jwk[]): Promise<Opens> {
  const { auth } = testing({});
  for (const secret of secrets) {
    try {
      await auth.keys.import(secret);
    } catch (error) {
      assert.ok(["invalid_argument", "already_exists"].includes((error as { code: string }).code), String(error));
      return async () => false;
    }
  }
  const policy = { issuer: null, audience: null, typ, required: [], algorithms: ["HS256", "HS384", "HS512"] } as const;
  return (token) => isGood(auth.jwts.verify(token, policy));
}

const isSecret = (jwk: Jwk) => jwk.kty === "oct";

/** All that may check with these keys, by name. Sets that hold secrets are given to those that take public keys alone, too. */
async function doorsFor(keys: readonly Jwk[]): Promise<{ name: string; opens: Opens; takes(jwk: Jwk): boolean }[]> {
  const open = Object.entries(doors).map(([name, door]) => ({
    name,
    opens: door(keys),
    takes: (jwk: Jwk) => !isSecret(jwk),
  }));
  if (!keys.every(isSecret)) return open;
  return [...open, { name: "engine.wasm, keys of its own", opens: await throughOwnKeys(keys), takes: isSecret }];
}

/** The algorithms of the files that the engine does not offer: with those, even a valid token must be refused. */
function isOffered({ kty, crv, alg }: Jwk): boolean {
  const named = (...beginnings: string[]) => beginnings.some((beginning) => String(alg).startsWith(beginning));
  if (kty === "RSA") return alg === undefined || named("RS", "PS");
  if (kty === "EC" && crv === "P-256") return alg === undefined || named("ES256");
  if (kty === "EC" && crv === "P-384") return alg === undefined || named("ES384");
  return kty === "oct" && named("HS");
}

interface Group {
  comment: string;
  public?: Jwk & { keys?: Jwk[] };
  private?: Jwk & { keys?: Jwk[] };
  tests: { tcId: number; comment: string; result: "valid" | "invalid" | "acceptable"; jws?: string }[];
}

async function checkGroup(group: Group): Promise<void> {
  const set = group.public ?? group.private ?? {};
  const keys = set.keys ?? [set];
  const valid = group.tests.filter(({ result }) => result === "valid").map(({ jws }) => jws);
  for (const { name, opens, takes } of await doorsFor(keys)) {
    for (const { jws, result, ...test } of group.tests) {
      if (typeof jws !== "string") continue;
      const said = `${name}: ${group.comment} ${test.tcId}: ${test.comment}`;
      const opened = await opens(jws);
      // The key of RFC 7520 section 4.2 is said to be for PS256, its token is PS384: the key decides (RFC 7517 section 4.4).
      const isFor = (jwk: Jwk) => jwk.alg === undefined || jwk.alg === headerOf(jws).alg;
      const offered = keys.some((jwk) => takes(jwk) && isOffered(jwk) && isFor(jwk));
      // Two tests call tokens with a question mark inside valid; RFC 7515 section 2 knows no such base64url.
      if (result === "valid" && jws.includes("?")) assert.ok(!opened, `invalid by RFC 7515, ${said}`);
      else if (result === "valid") assert.equal(opened, offered, `valid, ${said}`);
      // Two tests call a token invalid that another of the same group calls valid, character for character.
      else if (result === "invalid") assert.ok(!opened || valid.includes(jws), `invalid, ${said}`);
    }
  }
}

function headerOf(token: string): Jwk {
  try {
    return JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString());
  } catch {
    return {};
  }
}

/** Beside the project. */
const folder = process.env.CLAVIGER_VECTORS ?? fileURLToPath(new URL("../../../shared/vectors", import.meta.url));

function isThere(context: TestContext, path: string, tests: number): boolean {
  if (existsSync(`${folder}/${path}`)) return true;
  context.diagnostic(`${path} is not in ${folder}: ${tests} tests were not run (set CLAVIGER_VECTORS)`);
  return false;
}

const read = (path: string | URL) => JSON.parse(readFileSync(path, "utf8"));

/** What each file shows, and how many tests it has, to count what was not run. */
const files = {
  wycheproof_json_web_signature: { shows: "JW-004 JW-043 JW-048", tests: 401 },
  wycheproof_json_web_key: { shows: "JW-002 JW-046 JW-048", tests: 26 },
  wycheproof_json_web_crypto: { shows: "JW-010", tests: 83 },
};

for (const [name, { shows, tests }] of Object.entries(files)) {
  test(`${shows} ${name}, on the modules that ship`, async (context) => {
    const file = `${name}.json`;
    if (!isThere(context, file, tests)) return;
    const groups: Group[] = read(`${folder}/${file}`).testGroups;
    assert.equal(groups.flatMap((group) => group.tests).length, tests);
    for (const group of groups) await checkGroup(group);
  });
}

/** The public members: what is asked of others' keys must not be a private one. */
function publicHalf({ kty, kid, use, alg, crv, x, y, n, e, k }: Jwk): Jwk {
  return JSON.parse(JSON.stringify({ kty, kid, use, alg, crv, x, y, n, e, k }));
}

/** A token that its key has signed, and one that it has not: another bit in the middle of the signature. */
async function checkSigned(name: string, key: Jwk, token: string, offered: boolean): Promise<void> {
  const middle = token.length - 20;
  const bent = `${token.slice(0, middle)}${token[middle] === "A" ? "B" : "A"}${token.slice(middle + 1)}`;
  for (const { name: door, opens, takes } of await doorsFor([publicHalf(key)])) {
    assert.equal(await opens(token), offered && takes(key), `${door}: ${name}`);
    assert.ok(!(await opens(bent)), `${door}: ${name}, with another signature`);
  }
}

test("the examples of RFC 7515, RFC 7520 and RFC 8037, on the modules that ship", async () => {
  const examples = read(new URL("../../core/tests/vectors/rfc.json", import.meta.url));
  assert.equal(examples.length, 6);
  for (const { name, key, jws } of examples) await checkSigned(name, key, jws, true);
});

test("the modules that ship check signatures by themselves where these tests say so", async () => {
  const { auth } = testing({});
  // Node's own, and its WebCrypto where it is older than `navigator`.
  const verifiers = [mock.method(nodeCrypto, "verify"), mock.method(crypto.subtle, "verify")];
  const count = () => verifiers.reduce((sum, { mock }) => sum + mock.callCount(), 0);
  try {
    for (const algorithm of ["ES256", "ES384", "RS256"] as const) {
      await auth.keys.rotate(algorithm);
      const { token } = await auth.jwts.sign({}, { algorithm });
      for (const { name, opens } of await doorsFor((await auth.keys.jwks()).keys as Jwk[])) {
        const before = count();
        assert.ok(await opens(token));
        assert.equal(count() - before, name.endsWith("where Node checks") ? 1 : 0, `${name}: ${algorithm}`);
      }
    }
  } finally {
    for (const { mock } of verifiers) mock.restore();
  }
});

/** Of eight examples five have the compact form. ES512 and a detached payload (RFC 7515 appendix F) are not offered. */
const cookbook = { examples: 5, notOffered: ["jws-4_3.", "jws-4_5."] };

test("the cookbook of RFC 7520, on the modules that ship", async (context) => {
  if (!isThere(context, "jose_cookbook", cookbook.examples)) return;
  const names = readdirSync(`${folder}/jose_cookbook`).filter((name) => name.startsWith("jws-"));
  const examples = names.map((name) => ({ name, ...read(`${folder}/jose_cookbook/${name}`) }));
  const compact = examples.filter(({ output }) => output.compact !== undefined);
  assert.equal(compact.length, cookbook.examples);
  for (const { name, input, output } of compact) {
    const offered = !cookbook.notOffered.some((beginning) => name.startsWith(beginning));
    // A key without an algorithm is for the usual one of such keys, and not for PS384.
    await checkSigned(name, { ...input.key, alg: input.alg }, output.compact, offered);
  }
});

test("the thumbprint of RFC 8037 A.3 is the kid of a key without one, in engine.wasm", async () => {
  const examples = read(new URL("../../core/tests/vectors/rfc.json", import.meta.url));
  const { key } = examples.find(({ name }: { name: string }) => name === "RFC 8037 A.4");
  assert.equal((await testing({}).auth.keys.import(key)).kid, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
});
