// The application: what it sends, the same to both servers.
import { createHash } from "node:crypto";

export const redirectUri = "https://app.example.com/callback";
export const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
export const challenge = createHash("sha256").update(verifier).digest("base64url");

/** The `authorization` header of a client and its secret (RFC 6749 section 2.3.1). */
export function basic(id, secret) {
  return `Basic ${btoa(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`)}`;
}

/** The body of a code's redemption, for the protected resource at that address if there is one. */
export function redemption(code, resource) {
  const form = { grant_type: "authorization_code", code, redirect_uri: redirectUri, code_verifier: verifier };
  return new URLSearchParams(resource ? { ...form, resource } : form).toString();
}

/** The body of a refresh. */
export function refreshing(token) {
  return new URLSearchParams({ grant_type: "refresh_token", refresh_token: token }).toString();
}

/** The body of a client's request for a token of its own, for the protected resource at that address if there is one. */
export function acting(resource) {
  const form = { grant_type: "client_credentials", scope: "read" };
  return new URLSearchParams(resource ? { ...form, resource } : form).toString();
}

/** The body of an introspection or a revocation. */
export function presenting(token) {
  return new URLSearchParams({ token }).toString();
}

/** Fails the run when an answer is no success; gives its body. */
export function succeeded(status, body) {
  if (status !== 200 || body.includes('"active":false')) throw new Error(`answered ${status}: ${body}`);
  return body;
}
