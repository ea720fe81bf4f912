import { fromBase64Url, toBase64Url } from "../bytes.js";
import { Refused } from "../errors.js";
import { type Claims, type Expected, verifyJwt } from "./jwt.js";

/** How to know an ID token that is meant for you. */
export interface ExpectedIdToken extends Pick<Expected, "jwks" | "issuer" | "algorithms" | "leeway" | "clock"> {
  /** Your client id. */
  clientId: string;
  /** What the authorization request had, if it had one: the answer to another sign-in has another. */
  nonce?: string | undefined;
  /** The access token that came with it: must be the one that it speaks of, if it speaks of one. */
  accessToken?: string | undefined;
  /** The `max_age` of the authorization request, in seconds. */
  maxAge?: number | undefined;
}

/** Who signed in, when and how (OpenID Connect Core section 2). */
export interface IdClaims extends Claims {
  readonly sub: string;
  readonly iat: number;
  readonly exp: number;
  readonly auth_time?: number;
  readonly nonce?: string;
  readonly acr?: string;
  readonly amr?: readonly string[];
  readonly azp?: string;
  readonly sid?: string;
}

/**
 * Verifies an ID token that came from the token endpoint (OpenID Connect Core section 3.1.3.7), and gives its claims.
 *
 * Rejects with `invalid_token`; `help` says what it was, for your log.
 */
export async function verifyIdToken(token: string, expected: ExpectedIdToken): Promise<IdClaims> {
  const { clientId, nonce, accessToken, maxAge, clock = Date.now, leeway = 0, ...of } = expected;
  const policy = { ...of, clock, leeway, audience: clientId, required: ["sub", "iat", "exp"] };
  const claims = await verifyJwt<IdClaims>(token, policy);
  const { alg, typ = "JWT" } = headerOf(token);
  const { aud, azp, sub, iat, auth_time: signedInAt, at_hash: hash } = claims;
  const now = clock() / 1000;
  const check = (holds: boolean, help: string) => {
    if (!holds) throw refused(help);
  };
  check(typ === "JWT", "It is a token of another kind");
  check(typeof sub === "string" && sub.length > 0 && sub.length <= 255, "Its sub is no text of 1 to 255 characters");
  check(azp === undefined ? [aud].flat().length === 1 : azp === clientId, "It was issued to another client (azp)");
  check(iat <= now + leeway, "It was made in the future");
  check(nonce === undefined || claims.nonce === nonce, "It answers another sign-in (nonce)");
  const isRecent = maxAge === undefined || (signedInAt !== undefined && now - signedInAt <= maxAge + leeway);
  check(isRecent, "The sign-in is longer ago than max_age");
  const isOf = accessToken === undefined || hash === undefined || hash === (await halfHash(accessToken, alg));
  check(isOf, "It came with another access token (at_hash)");
  return claims;
}

function headerOf(token: string): { alg?: unknown; typ?: unknown } {
  return JSON.parse(new TextDecoder().decode(fromBase64Url(token.slice(0, token.indexOf(".")))));
}

/** OpenID Connect Core section 3.1.3.6: the left half of the digest that the algorithm has, which for Ed25519 is SHA-512. */
async function halfHash(text: string, alg: unknown): Promise<string> {
  const algorithm = alg === "EdDSA" ? "SHA-512" : "SHA-256";
  const digest = new Uint8Array(await crypto.subtle.digest(algorithm, new TextEncoder().encode(text)));
  return toBase64Url(digest.subarray(0, digest.length / 2));
}

function refused(help: string): Refused {
  return new Refused({ code: "invalid_token", status: 401, message: "The ID token is not valid", help });
}
