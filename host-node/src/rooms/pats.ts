import type { Call, Takes } from "../commands.js";
import { List } from "../list.js";
import type { NewPat, Pat, PatChanges, PatFilter, PatVerified, RegisteredPat } from "../shapes.js";

/** Personal access tokens: what somebody lets a program act with. They need `pats` in the options; an empty object will do. */
export class Pats {
  readonly #call: Call;

  constructor(call: Call) {
    this.#call = call;
  }

  /** The token is shown this once. */
  issue(pat: NewPat): Promise<{ token: string; pat: Pat }> {
    return this.#call("pats.issue", pat);
  }

  /** A token that was made elsewhere: its secret never comes here. Rejects with `already_exists`. */
  register(pat: RegisteredPat): Promise<Pat> {
    return this.#call("pats.register", pat);
  }

  /** A token for `register`, here or at another server. Nothing is stored. */
  generate(options: { id?: string } = {}): Promise<{ token: string; id: string; hash: string }> {
    return this.#call("pats.generate", options);
  }

  /** Whether a token is good, and why it is not. `auth.authenticate` takes tokens by itself. */
  verify(token: string): Promise<PatVerified> {
    return this.#call("pats.verify", { token });
  }

  find(id: string): Promise<Pat | null> {
    return this.#call("pats.find", { id });
  }

  /** Many at once, a hundred in each trip. */
  async load(
    ids: Iterable<string>,
    options: { includeHash?: boolean } = {},
  ): Promise<{ found: Pat[]; notFound: string[] }> {
    const wanted = [...new Set(ids)];
    const all: { found: Pat[]; notFound: string[] } = { found: [], notFound: [] };
    for (let at = 0; at < wanted.length; at += 100) {
      const { found, notFound } = await this.#call("pats.load", { ids: wanted.slice(at, at + 100), ...options });
      all.found.push(...found);
      all.notFound.push(...notFound);
    }
    return all;
  }

  /** In the order of their ids. */
  list(filter: PatFilter = {}): List<Pat> {
    return new List((page) => this.#call("pats.list", { ...filter, ...page }), filter);
  }

  /** Rejects with `not_found`, as the following do. */
  update(id: string, changes: PatChanges): Promise<Pat> {
    return this.#call("pats.update", { id, ...flat(changes) });
  }

  /** Its expiry stays what it was, unless you say another. */
  revoke(id: string, options: { expiresAt?: number | null } = {}): Promise<Pat> {
    return this.#call("pats.revoke", { id, ...options });
  }

  /** With the expiry that it had. */
  restore(id: string): Promise<Pat> {
    return this.#call("pats.restore", { id });
  }

  /** Whether there was one. */
  async delete(id: string): Promise<boolean> {
    return (await this.#call("pats.delete", { id })).deleted;
  }
}

function flat({ roles, ...changes }: PatChanges): Omit<Takes<"pats.update">, "id"> {
  if (roles === undefined) return changes;
  if ("add" in roles) return { ...changes, addRoles: roles.add };
  if ("remove" in roles) return { ...changes, removeRoles: roles.remove };
  return { ...changes, roles };
}
