import type { Told } from "./contract.js";

/** Every code of an error, stable for programs. New ones may be added, so keep a default branch. */
export type ErrorCode = RefusalCode | FaultCode | "configuration";

/** Somebody's request is refused. Registered codes are those of RFC 6749, 6750, 8707 and OpenID Connect Core. */
export type RefusalCode =
  | "access_denied"
  | "already_exists"
  | "consent_required"
  | "forbidden"
  | "insufficient_scope"
  | "interaction_ended"
  | "invalid_argument"
  | "invalid_client"
  | "invalid_grant"
  | "invalid_request"
  | "invalid_scope"
  | "invalid_target"
  | "invalid_token"
  | "login_required"
  | "method_not_allowed"
  | "not_found"
  | "request_not_supported"
  | "request_uri_not_supported"
  | "unauthenticated"
  | "unauthorized_client"
  | "unsupported_grant_type"
  | "unsupported_response_type"
  | "wrong_credentials"
  | (string & {});

/** The engine or its host is at fault. */
export type FaultCode =
  | "bad_answer"
  | "bad_call"
  | "bad_result"
  | "bad_row"
  | "busy"
  | "contended"
  | "cryptography"
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
  readonly #scopes: readonly string[];

  /** `scopes` are what the request would need; the challenge of an `insufficient_scope` names them. */
  constructor(told: Told, scopes: readonly string[] = []) {
    super(told);
    this.#scopes = scopes;
  }

  /** The status, an `error` object, and the challenge of RFC 6750 section 3: with 401, and with 403 where a scope is missing. */
  toResponse(): Response {
    const headers = new Headers({ "cache-control": "no-store" });
    const challenged = this.status === 401 || this.code === "insufficient_scope";
    if (challenged) headers.set("www-authenticate", this.#challenge());
    return problem(this.code, this.message, this.status, headers);
  }

  #challenge(): string {
    // RFC 6750 section 3.1: a request without any credentials is not told an error code.
    if (this.code === "unauthenticated") return "Bearer";
    const scope = this.#scopes.length > 0 ? `, scope="${this.#scopes.join(" ")}"` : "";
    return `Bearer error="${this.code}", error_description="${this.message}"${scope}`;
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
