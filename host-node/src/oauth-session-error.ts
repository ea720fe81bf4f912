import { ClavigerError } from "./errors.js";

/** The codes of hono-oauth-sessions' errors; what it calls `CONFIGURATION_ERROR` is a `ConfigurationError`. */
export type OAuthSessionErrorCode = "SESSION_ERROR" | "STORAGE_ERROR" | "OAUTH_FLOW_ERROR" | "MOBILE_INTEGRATION_ERROR";

const kinds = {
  SESSION_ERROR: { status: 401, help: "Sign in again." },
  STORAGE_ERROR: { status: 503, help: "See the cause: the storage failed, and nobody was let in." },
  OAUTH_FLOW_ERROR: { status: 400, help: "Start the sign-in again." },
  MOBILE_INTEGRATION_ERROR: { status: 401, help: "Start the sign-in again from the application." },
} as const;

/** Somebody could not be signed in, or is not. The message is safe to show to anyone; the `cause` is for the log. */
export class OAuthSessionError extends ClavigerError {
  declare readonly code: OAuthSessionErrorCode;

  constructor(code: OAuthSessionErrorCode, message: string, cause?: unknown) {
    super({ code, message, ...kinds[code] }, cause === undefined ? undefined : { cause });
  }

  /** Plain text, as a browser that was on its way shows it. */
  toResponse(before = ""): Response {
    const headers = { "cache-control": "no-store", "content-type": "text/plain; charset=utf-8" };
    return new Response(`${before}${this.message}`, { status: this.status, headers });
  }
}
