// `claviger keys`, where files and other systems come in.
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Claviger } from "../index.js";
import type { KeyPair, SigningAlgorithm, SigningKey } from "../shapes.js";
import { MemoryStore } from "../stores/memory.js";
import { type Context, Failure, Mistyped, type Options } from "./command.js";

export const algorithms: readonly string[] =
  "EdDSA ES256 ES384 RS256 RS384 RS512 PS256 PS384 PS512 HS256 HS384 HS512".split(" ");

export const generateOptions = {
  print: { type: "boolean", help: "Print a key set for another system, and keep it nowhere" },
  out: {
    type: "string",
    value: "DIR",
    help: "Write private-key.pem and public-key.pem there for another system, and keep them nowhere else",
  },
} as const satisfies Options;

export const importOptions = {
  algorithm: { type: "string", value: "ALGORITHM", help: "What an RSA or a symmetric key is for" },
  activate: { type: "boolean", help: "It signs from now on, in place of waiting for its turn" },
} as const satisfies Options;

/** Whether the key is for elsewhere: neither settings nor a store are needed then. */
export function isForElsewhere({ values }: Context): boolean {
  return values.print === true || values.out !== undefined;
}

/** A key for elsewhere, printed or written to files. */
export async function makeForElsewhere({ values, output }: Context, algorithm: SigningAlgorithm): Promise<void> {
  const secret = randomBytes(32).toString("base64url");
  const nowhere = new Claviger({ issuer: "http://localhost", secret, store: new MemoryStore() });
  const pair = await nowhere.keys.pair(algorithm);
  if (typeof values.out === "string") return output.record(writeFiles(values.out, pair));
  const { kid, privateJwk, publicJwk } = pair;
  const set = {
    active_kid: kid,
    private_keys: [{ ...privateJwk, use: "sig" }],
    public_keys: publicJwk ? [publicJwk] : [],
  };
  output.text(JSON.stringify(set, null, 2));
}

/** Where the files are, by the names that their readers look for in the environment. */
function writeFiles(folder: string, { privatePem, publicPem }: KeyPair): Record<string, string> {
  if (privatePem === undefined || publicPem === undefined) {
    throw new Mistyped("a symmetric key has no PEM: use --print", "claviger keys generate --help");
  }
  const paths = { JWT_PRIVATE_KEY: join(folder, "private-key.pem"), JWT_PUBLIC_KEY: join(folder, "public-key.pem") };
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(paths.JWT_PRIVATE_KEY, privatePem, { mode: 0o600, flag: "wx" });
    writeFileSync(paths.JWT_PUBLIC_KEY, publicPem, { flag: "wx" });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure("failed", `the key files cannot be written: ${why}`, "A file that is there is left as it is.");
  }
  return paths;
}

/** Brings along a PEM, a JWK, or a key set as `keys generate --print` prints it, whose active key signs from now on. */
export async function importFile(auth: Claviger, { values }: Context, typed: string): Promise<SigningKey[]> {
  const file = typed || process.env.JWT_PRIVATE_KEY;
  if (!file) throw new Mistyped("keys import needs <file>, or JWT_PRIVATE_KEY", "claviger keys import --help");
  const options = {
    ...(values.activate === true && { activate: true }),
    ...(typeof values.algorithm === "string" && { algorithm: values.algorithm }),
  };
  const content = readText(file);
  if (!content.startsWith("{")) return [await auth.keys.import(content, options)];
  const read = parsed(content, file);
  if (!Array.isArray(read.private_keys)) return [await auth.keys.import(read as JsonWebKey, options)];
  const imported: SigningKey[] = [];
  for (const jwk of read.private_keys) {
    const activate = jwk.kid === read.active_kid || values.activate === true;
    imported.push(await auth.keys.import(jwk, { ...options, activate }));
  }
  return imported;
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure("failed", `the key cannot be read: ${why}`, "Name a file with a PEM of PKCS #8, or a JWK.");
  }
}

function parsed(content: string, file: string): { active_kid?: unknown; private_keys?: unknown } {
  try {
    return JSON.parse(content);
  } catch {
    throw new Failure("failed", `${file} is no JSON`, "Name a file with a PEM of PKCS #8, or a JWK.");
  }
}
