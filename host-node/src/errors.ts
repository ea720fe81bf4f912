import type { Told } from "./contract.js";

/** Every code of an error, stable for programs. New ones may be added, so keep a default branch. */
export type ErrorCode = RefusalCode | FaultCode | "configuration";

/** Somebody's request is refused. Registered codes are those of RFC 6749, 6750, 7591, 8628, 8707, 9126, 9449 and OpenID Connect Core. */
export type RefusalCode =
  | "access_denied"
  | "already_exists"
  | "authorization_pending"
  | "consent_required"
  | "email_not_verified"
  | "expired_token"
  | "forbidden"
  | "insufficient_scope"
  | "insufficient_user_authentication"
  | "interaction_ended"
  | "invalid_argument"
  | "invalid_client"
  | "invalid_client_metadata"
  | "invalid_dpop_proof"
  | "invalid_grant"
  | "invalid_redirect_uri"
  | "invalid_request"
  | "invalid_request_uri"
  | "invalid_scope"
  | "invalid_target"
  | "invalid_token"
  | "link_ended"
  | "login_required"
  | "method_not_allowed"
  | "not_found"
  | "request_not_supported"
  | "registration_not_supported"
  | "unmet_authentication_requirements"
  | "request_uri_not_supported"
  | "slow_down"
  | "temporarily_unavailable"
  | "too_many_requests"
  | "unauthenticated"
  | "unapproved_software_statement"
  | "unauthorized_client"
  | "unknown_user_code"
  | "unsupported_grant_type"
  | "unsupported_response_type"
  | "use_dpop_nonce"
  | "wrong_code"
  | "wrong_credentials"
  | (string & {});

/** Why a JWT is refused. New ones may be added. */
export type JwtRefusalReason =
  | "malformed"
  | "signature"
  | "type"
  | "issuer"
  | "audience"
  | "claim"
  | "expired"
  | "not_yet_valid"
  | "denied"
  | (string & {});

/** The engine or its host is at fault. */
export type FaultCode =
  | "bad_answer"
  | "bad_call"
  | "bad_row"
  | "busy"
  | "contended"
  | "cryptography"
  | "engine_failed"
  | "engine_trapped"
  | "host_failed"
  | "not_open"
  | "store_failed"
  | (string & {});

/** What every error of this package is. */
export abstract class ClavigerError extends Error {
  /** Stable, for programs. */
  readonly code: ErrorCode;
  /** The HTTP status that fits. */
  readonly status: number;
  /** What to do about it. */
  readonly help: string;

  constructor(told: Told, options?: ErrorOptions) {
    super(told.message, options);
    this.name = new.target.name;
    this.code = told.code;
    this.status = told.status;
    this.help = told.help;
  }

  /** The response that tells the requester what it may know. */
  abstract toResponse(): Response;
}

/** Somebody's request is refused. The message is safe to show to anyone. */
export class Refused extends ClavigerError {
  declare readonly code: RefusalCode;
  /** Of a JWT, why: for your program and log, and never told to the requester. */
  readonly reason: JwtRefusalReason | undefined;
  readonly #headers: readonly (readonly [string, string])[];

  constructor(told: Told) {
    super(told);
    this.reason = told.reason;
    this.#headers = told.headers ?? [];
  }

  /** The status, an `error` object, and the challenge of a request that was not let through (RFC 6750 section 3). */
  toResponse(): Response {
    const headers = new Headers({ "cache-control": "no-store" });
    for (const [name, value] of this.#headers) headers.append(name, value);
    return problem(this.code, this.message, this.status, headers);
  }
}

/** The engine or its host is at fault. The message is for the log and is never sent to a requester. */
export class Fault extends ClavigerError {
  declare readonly code: FaultCode;

  /** The status and nothing that an outsider could use: what the engine says of a fault that it renders itself. */
  toResponse(): Response {
    const headers = new Headers({ "cache-control": "no-store" });
    if (this.status !== 503) return problem("server_error", "The server failed", this.status, headers);
    headers.set("retry-after", "1");
    return problem("temporarily_unavailable", "The server cannot answer now; try again", this.status, headers);
  }
}

/** An option is wrong or missing; the message names it. */
export class ConfigurationError extends Fault {
  constructor(message: string, help: string, options?: ErrorOptions) {
    super({ code: "configuration", status: 500, message, help }, options);
  }
}

function problem(error: string, description: string, status: number, headers: Headers): Response {
  return Response.json({ error, error_description: description }, { status, headers });
}
