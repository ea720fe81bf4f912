// Sessions and their tokens.

/** One browser that is signed in. */
export interface Session {
  readonly id: string;
  readonly subject: string;
  /** When the person last proved to be that person. */
  readonly authTime: number;
  /** How (RFC 8176). */
  readonly methods: readonly string[];
  readonly createdAt: number;
  /** When it was last seen in use, as fine as a tenth of `lifetimes.sessionIdle`. */
  readonly lastSeenAt: number;
  readonly expiresAt: number;
  /** When it is over unless it is used before. */
  readonly idleUntil?: number;
  /** What the browser said of itself when the person signed in; at most 256 characters. */
  readonly userAgent?: string;
  /** Where it was then. */
  readonly address?: string;
}

/** Who is signed in in a browser; nobody when `subject` is `null`. */
export interface Resumed {
  readonly subject: string | null;
  readonly sessionId: string | null;
  /** For the response. */
  readonly headers: readonly (readonly [string, string])[];
}

/** Whose tokens: of the session with this id, or of one that begins, of somebody whom you signed in. */
export type SessionTokensOf = {
  /** Your own, in every access token of the session; none of the engine's names, such as `sub` or `exp`. At most 4 kB. */
  claims?: Readonly<Record<string, unknown>>;
} & (
  | { subject: string; sessionId: string }
  | { subject: string; methods: readonly string[]; userAgent?: string; remote?: string }
);

/** The tokens of one session. */
export interface SessionTokens {
  /** A JWT for `auth.authenticate`, good for `lifetimes.accessToken` and as long as its session. */
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly sessionId: string;
  /** Of the access token. */
  readonly expiresAt: number;
}

/** Whom your own sign-in page found. */
export interface SignedIn {
  subject: string;
  /** How the person proved it (RFC 8176), such as `["pwd"]`. */
  methods: readonly string[];
  /** The browser's `user-agent`, for the list of the person's sessions; that of the request when absent. */
  userAgent?: string;
  /** Where the browser is, for the same. */
  remote?: string;
  /** Whether the browser is to begin sessions by itself, for `signIn.rememberFor`. */
  remember?: boolean;
}
