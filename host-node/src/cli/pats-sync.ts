import { readFileSync } from "node:fs";
import type { NewPat, Pat, PatChanges } from "../shapes.js";
import { Failure } from "./command.js";

/** A token as a file wants it. */
interface Wanted {
  readonly id: string;
  readonly owner: string;
  readonly hash?: string;
  readonly admin: boolean;
  readonly roles: readonly string[];
  readonly revoked: boolean;
  /** Milliseconds since 1970. A file that says nothing takes no end away. */
  readonly expiresAt?: number | null;
}

/** What is to be done with one token, and how. */
export type Step = { readonly id: string; readonly owner: string } & (
  | { readonly action: "register"; readonly token: NewPat & { id: string; hash: string } }
  | { readonly action: "update"; readonly what: string; readonly changes: PatChanges }
  | { readonly action: "revoke"; readonly what?: string; readonly expiresAt?: number }
  | { readonly action: "restore" }
  | { readonly action: "skip"; readonly what: string }
);

const names = { tokenId: "id", secretPhc: "hash", isAdmin: "admin" } as Record<string, string>;
const help = "Write `tokens:` and a list of `id`, `owner`, `hash`, `admin`, `roles`, `revoked` and `expiresAt`.";

/** The tokens that a file wants, in YAML or JSON. */
export async function readWanted(file: string): Promise<Wanted[]> {
  const said = await parse(file);
  const { tokens, ...others } = isObject(said) ? said : { tokens: undefined };
  const [other] = Object.keys(others);
  if (other !== undefined) throw unfit(file, `\`${other}\` is not known`);
  if (!Array.isArray(tokens)) throw unfit(file, "there is no list `tokens`");
  const wanted = tokens.map((token, at) => readOne(file, token, at));
  const twice = wanted.find(({ id }, at) => wanted.findIndex((other) => other.id === id) !== at);
  if (twice) throw unfit(file, `the token ${twice.id} is there twice`);
  return wanted;
}

/** What makes the stored tokens those that are wanted; nothing when they are. What ends access comes first. */
export function plan(wanted: readonly Wanted[], stored: readonly Pat[], now: number, orphansEndIn?: number): Step[] {
  const known = new Map(stored.map((pat) => [pat.id, pat]));
  const steps = wanted.flatMap((token) => stepsFor(token, known.get(token.id), now));
  const named = new Set(wanted.map(({ id }) => id));
  const isOver = ({ revokedAt, expiresAt }: Pat) => revokedAt !== null || (expiresAt !== null && expiresAt <= now);
  const orphans = stored.filter((pat) => !named.has(pat.id) && !isOver(pat));
  const ends = ({ action, id }: Step) => action === "revoke" && known.has(id);
  const ended = orphans.map((pat): Step => orphaned(pat, now, orphansEndIn));
  return [...steps.filter(ends), ...ended, ...steps.filter((step) => !ends(step))];
}

function stepsFor(token: Wanted, pat: Pat | undefined, now: number): Step[] {
  const { id, owner, hash, admin, roles, revoked, expiresAt } = token;
  const of = { id, owner };
  if (!pat) {
    if (hash === undefined) return [{ ...of, action: "skip", what: "it is not there, and the file has no hash" }];
    if (typeof expiresAt === "number" && expiresAt <= now) return [{ ...of, action: "skip", what: "it has expired" }];
    const end = expiresAt === undefined ? {} : { expiresAt };
    const register: Step = { ...of, action: "register", token: { id, hash, owner, admin, roles, ...end } };
    return revoked ? [register, { ...of, action: "revoke" }] : [register];
  }
  const changes: PatChanges = {
    ...(owner !== pat.owner && { owner }),
    ...(admin !== pat.admin && { admin }),
    ...(roles.join("\n") !== pat.roles.join("\n") && { roles }),
    ...(expiresAt !== undefined && expiresAt !== pat.expiresAt && { expiresAt }),
    ...(hash !== undefined && isOther(hash, pat.hash) && { hash }),
  };
  const what = Object.keys(changes).join(" ");
  const update: Step[] = what === "" ? [] : [{ ...of, action: "update", what, changes }];
  if (revoked === (pat.revokedAt !== null)) return update;
  return [...update, { ...of, action: revoked ? "revoke" : "restore" }];
}

/** What another system made of the secret gives way to a digest of it at its first use, which cannot be compared with it. */
function isOther(hash: string, stored: string | undefined): boolean {
  const own = "$sha256$";
  return hash !== stored && (hash.startsWith(own) || !stored?.startsWith(own));
}

/** With an end that is the earlier one of its own and what is said. */
function orphaned({ id, owner, expiresAt }: Pat, now: number, endIn: number | undefined): Step {
  const end = endIn === undefined ? undefined : Math.min(now + endIn * 1000, expiresAt ?? Number.POSITIVE_INFINITY);
  return { id, owner, action: "revoke", what: "it is not in the file", ...(end !== undefined && { expiresAt: end }) };
}

function readOne(file: string, said: unknown, at: number): Wanted {
  if (!isObject(said)) throw unfit(file, `token ${at + 1} is no object`);
  const token = Object.fromEntries(Object.entries(said).map(([name, value]) => [names[name] ?? name, value]));
  const { id, owner, hash, admin = false, roles = [], revoked = false, expiresAt, ...others } = token;
  const wrong = (name: string, what: string) => unfit(file, `token ${at + 1}: \`${name}\` ${what}`);
  const [other] = Object.keys(others);
  if (other !== undefined) throw wrong(other, "is not known");
  if (typeof id !== "string") throw wrong("id", "must be text");
  if (typeof owner !== "string") throw wrong("owner", "must be text");
  if (hash !== undefined && typeof hash !== "string") throw wrong("hash", "must be text");
  if (typeof admin !== "boolean") throw wrong("admin", "must be true or false");
  if (typeof revoked !== "boolean") throw wrong("revoked", "must be true or false");
  if (!isTexts(roles)) throw wrong("roles", "must be a list of texts");
  const end = instant(expiresAt);
  if (Number.isNaN(end)) throw wrong("expiresAt", "must be a time such as 2030-01-02T03:04:05Z, seconds, or null");
  const distinct = [...new Set(roles)].sort(byBytes);
  return {
    id,
    owner,
    admin,
    revoked,
    roles: distinct,
    ...(hash !== undefined && { hash }),
    ...(end !== undefined && { expiresAt: end }),
  };
}

/** Milliseconds since 1970 of a time or of seconds; `NaN` of anything else. */
function instant(said: unknown): number | null | undefined {
  if (said === null || said === undefined) return said;
  if (typeof said === "number") return Number.isSafeInteger(said) ? said * 1000 : Number.NaN;
  return typeof said === "string" ? Date.parse(said) : Number.NaN;
}

/** As the engine has them in order. */
function byBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

async function parse(file: string): Promise<unknown> {
  const text = read(file);
  try {
    if (file.endsWith(".json")) return JSON.parse(text);
    return (await yaml()).parse(text);
  } catch (error) {
    throw error instanceof Failure ? error : unfit(file, String((error as Error).message).split("\n")[0] ?? "");
  }
}

/** It is nobody's dependency but that of whoever has such files. */
async function yaml(): Promise<{ parse(text: string): unknown }> {
  try {
    return await import("yaml" as string);
  } catch (cause) {
    const why = "to read YAML, the package `yaml` must be there";
    throw new Failure("missing_package", why, "Run `npm install yaml`; or name a .json file.", { cause });
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new Failure("no_file", `${file} cannot be read`, "See that the file is there, and may be read.", { cause });
  }
}

function unfit(file: string, why: string): Failure {
  return new Failure("bad_file", `${file}: ${why}`, help);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((text) => typeof text === "string");
}
