// Who makes a request, and what may be asked of them.

import type { Lifetime } from "../options.js";
import type { PatHolder } from "./pats.js";

/** Who makes a request, by an access token or by a session, and what it may do. */
export type Principal = PrincipalFacts & Permission;

/** Who makes a request: by an access token, a session, a password in the request itself, or a personal access token. */
export type PrincipalFacts = TokenPrincipal | SessionPrincipal | PasswordPrincipal | PatPrincipal;

/**
 * Name your scopes here, and TypeScript refuses the others:
 * `declare module "claviger" { interface Scopes { "things:read": unknown; "things:write": unknown } }`.
 */
// biome-ignore lint/suspicious/noEmptyInterface: applications fill it
export interface Scopes {}

/** The name of a scope: one of yours or of the engine's own, or any text as long as `Scopes` is empty. */
export type Scope = keyof Scopes extends never ? string : (keyof Scopes & string) | EngineScope;

/** The scopes that the engine knows by itself (OpenID Connect Core sections 5.4 and 11). */
export type EngineScope = "openid" | "profile" | "email" | "address" | "phone" | "offline_access";

/** What a request may do. A person who is signed in may do anything: scopes bound what applications do for people. */
export interface Permission {
  /** Whether it may do what takes all of these scopes. */
  hasScope(...scopes: Scope[]): boolean;
  /** Whether it has one of these scopes at least. */
  hasAnyScope(...scopes: Scope[]): boolean;
}

export interface TokenPrincipal {
  readonly kind: "token";
  /** The person; `null` when a client acts for itself (`client_credentials`). */
  readonly subject: string | null;
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** The resources it is for: the issuer itself when none was asked for. */
  readonly audience: readonly string[];
  readonly sessionId: string | null;
  /** `null` for a JWT, which is not looked up. */
  readonly grantId: string | null;
  /** Who acts for the subject, where a token was exchanged. */
  readonly actor: Actor | null;
  /** The thumbprint of the key that the token is bound to (RFC 9449 section 6); `null` for a bearer token. */
  readonly jkt: string | null;
  readonly expiresAt: number;
  /** When the person signed in; `null` where there is none. */
  readonly authTime: number | null;
}

/** RFC 8693 section 4.1. */
export interface Actor {
  /** A person's subject, or a client's id. */
  readonly sub: string;
  /** Who acted before. */
  readonly act?: Actor;
}

export interface SessionPrincipal {
  readonly kind: "session";
  readonly subject: string;
  readonly clientId: null;
  readonly scopes: readonly string[];
  readonly audience: readonly string[];
  readonly sessionId: string;
  readonly grantId: null;
  readonly actor: null;
  readonly jkt: null;
  readonly expiresAt: number;
  /** When the person signed in. */
  readonly authTime: number;
  /** How they did (RFC 8176): `pwd`, `otp`, `mfa`, ... */
  readonly methods?: readonly string[];
  /** For the response, when the session goes on with another cookie; `auth.guard` sets them by itself. */
  readonly headers?: readonly (readonly [string, string])[];
}

/** Who sent a login and a password with the request (RFC 7617), where `basic` lets them. */
export interface PasswordPrincipal extends Omit<SessionPrincipal, "kind" | "sessionId"> {
  readonly kind: "password";
  readonly sessionId: null;
}

/** A personal access token, or the JWT that one was exchanged for: nobody's account, whoever its owner is said to be. */
export interface PatPrincipal
  extends Omit<SessionPrincipal, "kind" | "subject" | "sessionId" | "authTime" | "methods" | "headers"> {
  readonly kind: "pat";
  readonly subject: null;
  readonly sessionId: null;
  readonly authTime: null;
  readonly pat: PatHolder;
}

/** What a token must be good for. */
export interface TokenRequirement {
  /** The resource that is asked, as in `resources`; the issuer when absent. */
  audience?: string;
  /** All of them. */
  scopes?: readonly Scope[];
  /** One of them at least. */
  anyScopes?: readonly Scope[];
  /**
   * What becomes of a JWT that was revoked before it expired: `expiry` (the default) takes it, without a trip to the store;
   * `check` refuses it, in one.
   */
  revocation?: "expiry" | "check";
  /**
   * How long ago the person may have signed in. Otherwise it is refused with `insufficient_user_authentication` (401, RFC 9470): send
   * them to sign in again, an application with `max_age`.
   */
  maxAge?: Lifetime;
  /** It must be an administrator's personal access token. Otherwise it is refused with `insufficient_scope` (403). */
  admin?: boolean;
  /** It must be a personal access token with all of these roles; the same otherwise. */
  roles?: readonly string[];
  /** By all of these they must have (RFC 8176), such as `["mfa"]`. Only a session tells how; a token is refused with any. */
  methods?: readonly string[];
  /**
   * The person's email address must be verified: one trip to the store more. Otherwise it is refused with `email_not_verified` (403), as
   * is a client that acts for itself.
   */
  requireVerifiedEmail?: boolean;
}

/** What a request must be good for. */
export interface Requirement extends TokenRequirement {
  /** `token`: a session is not let through. */
  only?: "token";
  /**
   * Takes a login and a password in the request itself, too (RFC 7617): for tools, behind TLS. Each is hashed and counted as at the
   * sign-in page; say `remote`, the peer's address, so that it is counted there too. Whoever has a second factor is refused.
   */
  basic?: boolean;
  remote?: string | null;
}

/** Protected resource metadata (RFC 9728 section 2). */
export interface ResourceMetadata {
  readonly resource: string;
  readonly authorization_servers: readonly string[];
  readonly scopes_supported?: readonly string[];
  readonly bearer_methods_supported: readonly string[];
  readonly resource_name?: string;
  readonly [member: string]: unknown;
}

/** RFC 7662 section 2.2. */
export interface Introspection {
  readonly active: boolean;
  readonly scope?: string;
  readonly client_id?: string;
  readonly username?: string;
  readonly token_type?: string;
  /** Seconds since 1970. */
  readonly exp?: number;
  /** Seconds since 1970. */
  readonly iat?: number;
  readonly sub?: string;
  readonly aud?: string | readonly string[];
  readonly iss?: string;
  readonly jti?: string;
  readonly act?: Actor;
  readonly [member: string]: unknown;
}
