// Signing in: how far somebody came, and by what.

/** How somebody leaves to sign in at another server. */
export interface NewJourney {
  /** Where on this site they go on; `/` when absent. */
  readonly redirectPath?: string;
  /** For an application on their device, which must give a `codeChallenge`. */
  readonly mobile?: boolean;
  /** Of a verifier that the application keeps to itself (RFC 7636, S256). */
  readonly codeChallenge?: string;
  /** The peer's address, from which at most 300 may begin in an hour. Without it nobody is counted. */
  readonly remote?: string;
}

/** Who came back: what they left with. */
export interface CompletedJourney {
  readonly handle: string;
  readonly redirectPath: string;
  /** Of a mobile application. */
  readonly codeChallenge: string | null;
}

/** How far somebody came in signing in. Set the `headers` in your response either way. */
export type Stage = FullStage | PendingStage;

/** Signed in. */
export interface FullStage {
  readonly stage: "full";
  readonly subject: string;
  readonly sessionId: string;
  readonly headers: [name: string, value: string][];
}

/** A second factor is wanted, of one of these kinds: see `auth.signIn.withCode`. */
export interface PendingStage {
  readonly stage: "pending";
  readonly pending: string;
  readonly kinds: readonly FactorKind[];
  readonly headers: [name: string, value: string][];
}

/** A mail is on its way, if there is anybody to get it. */
export interface SentMail {
  /** For `auth.signIn.withMail`; it says nothing about whether there is such an account. */
  readonly waiting: string;
  readonly headers: [name: string, value: string][];
}

/** What one person proves themselves with beside a password. */
export interface SecondFactors {
  /** What a sign-in may be asked for; with none, there is no second factor. */
  readonly kinds: readonly FactorKind[];
  /** At most five. */
  readonly authenticators: readonly Authenticator[];
  readonly recoveryCodesLeft: number;
}

/** What a second factor is proved by: a code of an authenticator app, or one for the day on which the app is gone. */
export type FactorKind = "totp" | "email_code" | "recovery_code";

/** An authenticator app. */
export interface Authenticator {
  readonly id: string;
  /** What its owner calls it. */
  readonly name: string | null;
  /** Whether it is a factor; until then it waits for its first code. */
  readonly confirmed: boolean;
  readonly createdAt: number;
  /** When a code of it was good last, to 30 seconds. */
  readonly lastUsedAt: number | null;
}

/** A key for an authenticator app, shown this once. */
export interface NewAuthenticator {
  readonly id: string;
  /** In base32, for typing. */
  readonly secret: string;
  /** `otpauth://…`, for a QR code. */
  readonly uri: string;
  /** The first code must come before. */
  readonly expiresAt: number;
}

/** By what somebody proved themselves. */
export interface VerifiedCode {
  readonly kind: FactorKind;
  readonly recoveryCodesLeft: number;
}
