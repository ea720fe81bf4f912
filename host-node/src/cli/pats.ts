import type { Claviger } from "../claviger.js";
import { ClavigerError } from "../errors.js";
import type { NewPat, PatChanges } from "../shapes.js";
import { type Command, Failure, Mistyped, notFound, type Options } from "./command.js";
import { plan, readWanted, type Step } from "./pats-sync.js";
import { all, command, given, seconds, truth } from "./typed.js";

const again = "See what each says; the others are done. It may be run again as often as needed.";

const columns = ["id", "owner", "admin", "roles", "lastUsedAt", "revokedAt", "expiresAt"];

const patOptions = {
  owner: { type: "string", value: "TEXT", help: "Whose it is: a name, and nobody's account" },
  role: { type: "string", multiple: true, value: "ROLE", help: "What it may; may be repeated" },
  "expires-at": { type: "string", value: "TIME", help: "When it ends, such as 2030-01-02T03:04:05Z" },
} as const satisfies Options;

const newOptions = {
  ...patOptions,
  admin: { type: "boolean", help: "It may administer the others" },
} as const satisfies Options;

/** Personal access tokens. */
export const patCommands: readonly Command[] = [
  command(
    "pats generate",
    "Make up a personal access token, and store nothing; it is shown once",
    [],
    { id: { type: "string", value: "ID", help: "An id of your choice: 21 letters and digits" } },
    async (auth, { values, output }) => {
      output.record(await auth.pats.generate(given(values, { id: "id" })));
    },
  ),
  command(
    "pats issue",
    "Make a personal access token; it is shown once",
    [],
    { ...newOptions, id: { type: "string", value: "ID", help: "An id of your choice: 21 letters and digits" } },
    async (auth, { values, output }) => {
      const { token, pat } = await auth.pats.issue(newPat(values, "claviger pats issue --help"));
      output.record({ ...pat, token });
    },
  ),
  command(
    "pats register",
    "Take a personal access token that was made elsewhere",
    ["id"],
    { ...newOptions, hash: { type: "string", value: "HASH", help: "What `pats generate` printed beside the token" } },
    async (auth, { values, output }, id) => {
      const see = "claviger pats register --help";
      const pat = newPat(values, see);
      if (typeof values.hash !== "string") throw new Mistyped("pats register needs --hash", see);
      output.record(await auth.pats.register({ ...pat, id, hash: values.hash }));
    },
  ),
  command(
    "pats list",
    "List personal access tokens",
    [],
    {
      owner: { type: "string", value: "TEXT", help: "Of this owner alone" },
      role: { type: "string", value: "ROLE", help: "With this role alone" },
      "include-revoked": { type: "boolean", help: "Revoked ones too" },
      "include-expired": { type: "boolean", help: "Expired ones too" },
    },
    async (auth, { values, output }) => {
      const filter = given(values, {
        owner: "owner",
        role: "hasRole",
        "include-revoked": "includeRevoked",
        "include-expired": "includeExpired",
      });
      output.table(await all(auth.pats.list(filter)), columns);
    },
  ),
  command("pats show", "Show a personal access token", ["id"], {}, async (auth, { output }, id) => {
    const pat = await auth.pats.find(id);
    if (!pat) throw notFound("personal access token", id, "pats list");
    output.record(pat);
  }),
  command(
    "pats update",
    "Change a personal access token",
    ["id"],
    {
      ...patOptions,
      role: { type: "string", multiple: true, value: "ROLE", help: "All that it may from now on; may be repeated" },
      "add-role": { type: "string", multiple: true, value: "ROLE", help: "What it may, too; may be repeated" },
      "remove-role": { type: "string", multiple: true, value: "ROLE", help: "What it may no more; may be repeated" },
      "no-roles": { type: "boolean", help: "It has no roles" },
      admin: { type: "string", value: "BOOL", help: "Whether it may administer the others" },
      "expires-at": { type: "string", value: "TIME", help: "When it ends, or null" },
    },
    async (auth, { values, output }, id) => {
      const see = "claviger pats update --help";
      const changes: PatChanges = {
        ...given(values, { owner: "owner" }),
        ...truth(values, "admin", "admin", see),
        ...rolesOf(values, see),
        ...expiryOf(values, see),
      };
      output.record(await auth.pats.update(id, changes));
    },
  ),
  command("pats revoke", "Refuse a personal access token", ["id"], {}, async (auth, { output }, id) => {
    output.record(await auth.pats.revoke(id));
  }),
  command("pats restore", "Take a revoked one again", ["id"], {}, async (auth, { output }, id) => {
    output.record(await auth.pats.restore(id));
  }),
  command("pats delete", "Remove a personal access token", ["id"], {}, async (auth, { output }, id) => {
    if (!(await auth.pats.delete(id))) throw notFound("personal access token", id, "pats list");
    output.line("deleted");
  }),
  command(
    "pats sync",
    "Make personal access tokens what a file says: those that it does not name are revoked",
    ["file"],
    {
      "dry-run": { type: "boolean", help: "Only say what would be done" },
      "orphan-expires-in": {
        type: "string",
        value: "SECONDS",
        help: "When those that the file does not name end, too; they are purged 30 days later",
      },
    },
    async (auth, { values, output }, file) => {
      const wanted = await readWanted(file);
      const typed = values["orphan-expires-in"] !== undefined;
      const orphansEndIn = typed ? seconds(values, "orphan-expires-in", "claviger pats sync --help") : undefined;
      const everything = { includeRevoked: true, includeExpired: true, includeHash: true };
      const steps = plan(wanted, await all(auth.pats.list(everything)), Date.now(), orphansEndIn);
      const { rows, failed } = values["dry-run"] ? { rows: steps.map(told), failed: 0 } : await takeAll(auth, steps);
      if (steps.length === 0 && !output.json) output.line("nothing to do");
      else output.table(rows, ["action", "id", "owner", "what"]);
      if (failed > 0) throw new Failure("incomplete", `${failed} of ${steps.length} steps failed`, again);
    },
  ),
];

const deleted = "it was deleted";
const left = "failed: a step before it failed";

/**
 * What became of each step, and how many failed. None keeps those of other tokens back; what follows a failed one of the same token is left
 * undone, so that no token is taken again with a secret that should have been replaced, unless it ends what the token may.
 */
async function takeAll(auth: Claviger, steps: readonly Step[]): Promise<{ rows: object[]; failed: number }> {
  const unfinished = new Map<string, string>();
  const rows: object[] = [];
  let failed = 0;
  for (const step of steps) {
    const before = unfinished.get(step.id);
    const isLeft = before === deleted || (before === left && step.action !== "revoke");
    const what = isLeft ? before : await outcome(auth, step);
    rows.push({ ...told(step), ...(what === deleted && { action: "skip" }), ...(what !== undefined && { what }) });
    if (what === undefined) continue;
    unfinished.set(step.id, what === deleted ? deleted : left);
    if (what !== deleted) failed++;
  }
  return { rows, failed };
}

/** Nothing where a step is done. */
async function outcome(auth: Claviger, step: Step): Promise<string | undefined> {
  try {
    await take(auth, step);
    return undefined;
  } catch (error) {
    return (await wasDeleted(auth, step, error)) ? deleted : `failed: ${(error as Error).message}`;
  }
}

/** The configuration's own token stays deleted: it is not listed, and it is not made again. */
async function wasDeleted(auth: Claviger, { action, id }: Step, error: unknown): Promise<boolean> {
  if (action !== "register" || !(error instanceof ClavigerError) || error.code !== "already_exists") return false;
  return auth.pats.find(id).then(
    (pat) => !pat,
    () => false,
  );
}

async function take(auth: Claviger, step: Step): Promise<void> {
  if (step.action === "register") await auth.pats.register(step.token);
  if (step.action === "update") await auth.pats.update(step.id, step.changes);
  if (step.action === "restore") await auth.pats.restore(step.id);
  if (step.action === "revoke") {
    const { id, expiresAt } = step;
    await auth.pats.revoke(id, expiresAt === undefined ? {} : { expiresAt });
  }
}

function told(step: Step): object {
  const { action, id, owner } = step;
  return { action, id, owner, what: "what" in step ? step.what : null };
}

function newPat(values: Record<string, unknown>, see: string): NewPat {
  const { owner, ...rest } = given(values, { owner: "owner", role: "roles", admin: "admin", id: "id" });
  if (owner === undefined) throw new Mistyped("a personal access token needs --owner", see);
  return { owner, ...rest, ...expiryOf(values, see) };
}

function expiryOf(values: Record<string, unknown>, see: string): { expiresAt?: number | null } {
  const typed = values["expires-at"];
  if (typed === undefined) return {};
  if (typed === "null") return { expiresAt: null };
  const time = Date.parse(String(typed));
  if (Number.isNaN(time)) throw new Mistyped("--expires-at is a time, such as 2030-01-02T03:04:05Z, or null", see);
  return { expiresAt: time };
}

function rolesOf(values: Record<string, unknown>, see: string): Pick<PatChanges, "roles"> {
  const typed = ["role", "add-role", "remove-role", "no-roles"].filter((option) => values[option] !== undefined);
  if (typed.length > 1) throw new Mistyped(`--${typed[0]} and --${typed[1]} exclude each other`, see);
  const named = (option: string) => values[option] as string[];
  switch (typed[0]) {
    case "role":
      return { roles: named("role") };
    case "add-role":
      return { roles: { add: named("add-role") } };
    case "remove-role":
      return { roles: { remove: named("remove-role") } };
    case "no-roles":
      return { roles: [] };
    default:
      return {};
  }
}
