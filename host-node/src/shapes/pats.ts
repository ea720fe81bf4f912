// Personal access tokens.

import type { Paging } from "./lists.js";

/** What a personal access token may. */
export interface PatHolder {
  readonly id: string;
  readonly owner: string;
  readonly admin: boolean;
  readonly roles: readonly string[];
}

/** A personal access token; times in milliseconds since 1970. */
export interface Pat extends PatHolder {
  readonly createdAt: number;
  /** To the minute. */
  readonly lastUsedAt: number | null;
  readonly revokedAt: number | null;
  readonly expiresAt: number | null;
  /** What stands in place of its secret, where that was asked for. */
  readonly hash?: string;
}

/** What a new personal access token is. */
export interface NewPat {
  /** From 1 to 100 characters: a name, and nobody's account. */
  owner: string;
  /** Whether it may administer the others. */
  admin?: boolean;
  /** At most 50. */
  roles?: readonly string[];
  /** Milliseconds since 1970; none when absent. */
  expiresAt?: number | null;
  /** 21 letters and digits; of the engine's own choice when absent. */
  id?: string;
}

/** One that was made elsewhere: by `generate`, or by another system. */
export interface RegisteredPat extends NewPat {
  id: string;
  /** What `generate` gave; or `$scrypt$ln=..,r=..,p=..$salt$hash` of another system, for `pats.imported`. */
  hash: string;
}

/** What becomes of a personal access token. */
export interface PatChanges {
  owner?: string;
  admin?: boolean;
  /** All of them; or those to add, or those to remove, of which none is lost when others change them at the same time. */
  roles?: readonly string[] | { add: readonly string[] } | { remove: readonly string[] };
  /** `null`: it does not expire. */
  expiresAt?: number | null;
  /** That of another secret. */
  hash?: string;
}

/** Which personal access tokens are listed. Those that are revoked or expired are left out, unless you say otherwise. */
export interface PatFilter extends Paging {
  owner?: string;
  hasRole?: string;
  includeRevoked?: boolean;
  includeExpired?: boolean;
  includeHash?: boolean;
}

/** Why a personal access token is not good: for your log, and not for whoever presented it. */
export type PatReason =
  | "invalid_prefix"
  | "invalid_format"
  | "not_found"
  | "invalid_phc"
  | "unsupported_algorithm"
  | "invalid_parameters"
  | "invalid_secret"
  | "revoked"
  | "expired";

/** Whether a personal access token is good. `pat` of one that is not is there only where its secret was right. */
export type PatVerified =
  | { readonly valid: true; readonly pat: Pat; readonly reason?: undefined }
  | { readonly valid: false; readonly reason: PatReason; readonly pat?: Pat };
