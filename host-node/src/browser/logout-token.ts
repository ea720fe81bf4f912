import { Refused } from "../errors.js";
import { type Claims, type Expected, verifyJwt } from "./jwt.js";

/** How to know a logout token that is meant for you. */
export interface ExpectedLogout extends Pick<Expected, "jwks" | "issuer" | "algorithms" | "leeway" | "clock"> {
  /** Your client id. */
  clientId: string;
  /**
   * Notes the id of a token until then (milliseconds since 1970), and says whether it is new. Without it a token that somebody caught
   * ends the same sessions again while it is fresh.
   */
  isNew?: (jti: string, until: number) => boolean | Promise<boolean>;
}

/** Whose sessions are over: those with this `sid`; without one, all of this `sub`. */
export interface LogoutClaims extends Claims {
  readonly jti: string;
  readonly iat: number;
  readonly exp: number;
  readonly sid?: string;
}

const event = "http://schemas.openid.net/event/backchannel-logout";
/** How old a token may be, in milliseconds, whatever it says of its end. */
const oldest = 600_000;

/**
 * Verifies the `logout_token` that a provider posts to your `backchannel_logout_uri` (OpenID Connect Back-Channel Logout 1.0 section
 * 2.6). End the sessions that it names and answer 200, with `Cache-Control: no-store`; answer 400 when it rejects with `invalid_token`.
 */
export async function verifyLogoutToken(token: string, expected: ExpectedLogout): Promise<LogoutClaims> {
  const { clientId, isNew = () => true, clock = Date.now, leeway = 0, ...of } = expected;
  const required = ["exp", "iat", "jti", "events"];
  const policy = { ...of, clock, leeway, audience: clientId, typ: "logout+jwt", required };
  const claims = await verifyJwt<LogoutClaims & { events: unknown; nonce?: unknown }>(token, policy);
  const { events, sub, sid, iat, exp, jti } = claims;
  const now = clock();
  const check = (holds: boolean, help: string) => {
    if (!holds) throw refused(help);
  };
  check("nonce" in claims === false, "A nonce makes it an ID token, or something that may be taken for one");
  check(isObject(events) && isObject(events[event]), "The events do not say that somebody signed out");
  check(isText(sub) || isText(sid), "It says neither who signed out (sub) nor of which session (sid)");
  check(iat * 1000 <= now + leeway * 1000, "It was made in the future");
  check(now - iat * 1000 <= oldest + leeway * 1000, "It was made more than ten minutes ago");
  check(await isNew(jti, (exp + leeway) * 1000), "It came before");
  return claims;
}

function refused(help: string): Refused {
  return new Refused({ code: "invalid_token", status: 400, message: "The logout token is not valid", help });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}
