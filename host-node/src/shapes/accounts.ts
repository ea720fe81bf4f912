// Accounts, their passwords and the mails to their owners.

import type { DeriveCosts, HashParameters } from "../options.js";

/** A person who can sign in, kept by the engine. */
export interface Account {
  readonly id: string;
  readonly login: string;
  readonly name: string | null;
  readonly disabled: boolean;
  readonly createdAt: number;
  /** What applications may be told beside `name` and `login` (OpenID Connect Core section 5.1). */
  readonly claims: Readonly<Record<string, unknown>>;
}

export interface NewAccount {
  login: string;
  /** Nobody can sign in with a password when absent. */
  password?: string;
  /** In its place what another system made of it: argon2, bcrypt, scrypt or pbkdf2, in one of the forms of docs/contract.md. */
  passwordHash?: string;
  name?: string;
  /** What applications may be told, by name: `{ email: "ada@example.com", email_verified: true }`. */
  claims?: Readonly<Record<string, unknown>>;
}

export interface AccountChanges {
  name?: string;
  disabled?: boolean;
  /** Each takes the place of the one with its name; `null` takes it away. */
  claims?: Readonly<Record<string, unknown>>;
}

/** A password to set: itself, or what another system made of it. */
export type NewPassword = { password: string } | { passwordHash: string };

/** What a change of a password does to sessions. */
export interface PasswordChange {
  current: string;
  new: string;
  /** Whether the person is signed out; `true` when absent. */
  endSessions?: boolean;
  /** The id of the session that goes on. */
  keepSession?: string;
  /** The address that it comes from: wrong guesses count for it. */
  remote?: string;
}

/** A guess at a person's password. */
export type PasswordGuess = ({ id: string } | { login: string }) & {
  password: string;
  /** The address that it comes from: wrong guesses count for it. */
  remote?: string;
};

/** What a hash was made with. */
export interface InspectedHash {
  readonly algorithm: DeriveCosts["algorithm"];
  /** Those of the algorithm, and `length` in bytes. */
  readonly parameters: HashParameters;
  /** The id of the pepper, if there is one. */
  readonly pepper: string | null;
  /** Whether a new hash would be better. */
  readonly needsRehash: boolean;
}

/** What a mail is about. Later versions may know more: let them pass. */
export type MailKind =
  | "verify_email"
  | "change_email"
  | "email_changed"
  | "reset_password"
  | "sign_in_link"
  | "sign_in_code"
  | "already_registered"
  | "password_changed"
  | "new_sign_in"
  | "factor_added"
  | "factor_removed"
  | "recovery_codes_regenerated";

/** A mail to send. `link` and `code` are secrets: log neither. */
export interface Mail {
  readonly kind: MailKind;
  /** The one address it goes to. */
  readonly to: string;
  /** The id of the account whose address it is. */
  readonly subject: string;
  /** Only where the address is known to be theirs: whoever signs up may choose a name for somebody else to read. */
  readonly name?: string;
  /** The language that they read, if that is known. */
  readonly locale?: string;
  /** What is to be opened. */
  readonly link?: string;
  /** What is to be typed. */
  readonly code?: string;
  /** Milliseconds since 1970, until when the link and the code are good. */
  readonly expiresAt?: number;
  /** Of which issuer, where it is not the engine's first. */
  readonly issuer?: string;
  /** The engine's own words, in plain English: one line, */
  readonly subjectLine: string;
  /** and the whole mail as plain text. */
  readonly text: string;
}

/** Somebody who makes an account for themselves. */
export interface Registration {
  /** Their login, too. It is sent a link that verifies it. */
  email: string;
  password: string;
  name?: string;
  /** The address of the peer: one may ask sixty times in an hour. Without it mails are counted for the person alone. */
  remote?: string;
}

/** What became of asking for a mail: the same whether or not there is anybody who gets it. */
export interface MailSent<Status extends string = "sent" | "throttled" | "verified"> {
  /** `throttled`: one was sent so short a while ago that none is now; `verified`: there is nothing left to verify. */
  readonly status: Status;
  /** Seconds until another may be asked for. */
  readonly retryAfter?: number;
}

/** What became of a link that verifies an address. */
export interface EmailVerified {
  /** `token`: the link is over; `taken`: the address is another account's login. */
  readonly status: "verified" | "token" | "taken";
  readonly subject?: string;
  readonly email?: string;
}

/** What became of a link to choose a new password. */
export interface PasswordReset {
  /** `token`: the link is over; `user`: there is no such account any more, or it is disabled. */
  readonly status: "reset" | "token" | "user";
  readonly subject?: string;
}
