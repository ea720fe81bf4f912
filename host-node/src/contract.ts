// The messages between the engine and this host: docs/contract.md sections 2 to 4.
import type { DeriveCosts, HashParameters } from "./options.js";
import type { Mail } from "./shapes.js";
import type { Commit, Committed, Page, Row } from "./store.js";

/** What the engine gives back for a call: something to do, or the end. */
export type Step = { readonly flow: number; readonly ask: Ask } | { readonly done: Done };

export type Ask =
  | { readonly load: { readonly keys: readonly string[] } }
  | { readonly commit: Commit }
  | { readonly scan: { readonly prefix: string; readonly after: string | null; readonly limit: number } }
  | { readonly fetch: FetchAsk }
  | { readonly subject: SubjectAsk }
  | { readonly derive: DeriveAsk }
  | { readonly sign: SignAsk }
  | { readonly verify: VerifyAsk };

export type SubjectAsk =
  | { readonly signIn: { readonly login: string; readonly password: string } }
  | { readonly status: { readonly id: string } }
  | { readonly claims: { readonly id: string; readonly claims: readonly string[] } };

export interface FetchAsk {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly [name: string, value: string][];
  /** A byte string. */
  readonly body: string | null;
  readonly limits: {
    readonly bytes: number;
    readonly millis: number;
    readonly redirects: number;
    readonly publicOnly: boolean;
  };
}

export interface DeriveAsk {
  readonly algorithm: DeriveCosts["algorithm"];
  /** Those of the algorithm, and `length`. */
  readonly parameters: HashParameters;
  readonly secret: string;
  readonly salt: string;
}

export interface SignAsk {
  readonly key: string;
  readonly algorithm: string;
  readonly message: string;
}

export interface VerifyAsk {
  readonly jwk: JsonWebKey;
  readonly algorithm: string;
  readonly message: string;
  readonly signature: string;
}

export type Answer =
  | { rows: (Row | null)[] }
  | { commit: Committed }
  | { page: Page }
  | { response: { status: number; headers: [name: string, value: string][]; body: string } }
  | { subject: { id: string; name: string | null; claims?: Readonly<Record<string, unknown>> } | null }
  | { derived: string }
  | { signature: string }
  | { verified: boolean }
  | { busy: number }
  | { failed: string };

/** What tells a refusal or a fault. */
export interface Told {
  readonly code: string;
  readonly status: number;
  readonly message: string;
  readonly help: string;
  readonly reason?: string;
  /** Of the response that tells it. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
}

/** The end of a flow: `ok` (with `fault` beside it when a response renders one), `refused` or `fault`. */
export interface Done {
  readonly ok?: unknown;
  readonly refused?: Told;
  readonly fault?: Told;
  readonly events?: readonly { readonly name: string; readonly at: number }[];
  readonly mail?: readonly Mail[];
}
