import { readStream } from "../http.js";
import { challenged } from "./challenge.js";
import type { DpopKey } from "./dpop.js";
import { most, parsed } from "./json.js";

/** What a request is proven with. */
export interface Proving {
  readonly key: DpopKey;
  /** The token that the request presents, if it presents one. */
  readonly accessToken?: string | undefined;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** What each origin said last in `DPoP-Nonce`, for its next proof (RFC 9449 section 8.2). */
const nonces = new Map<string, string>();

/** Sends a request with a proof; once more when the server wants a nonce of its own in it (RFC 9449 sections 8 and 9). */
export async function sendProven(request: Request, proving: Proving): Promise<Response> {
  const again = request.clone();
  const response = await sendOnce(request, proving);
  if (!(await wantsNonce(response))) return response;
  await response.body?.cancel();
  return sendOnce(again, proving);
}

async function sendOnce(request: Request, { key, accessToken, clock }: Proving): Promise<Response> {
  const { method, url } = request;
  const { origin } = new URL(url);
  const proof = { method, url, clock, accessToken, nonce: nonces.get(origin) };
  request.headers.set("dpop", await key.proof(proof));
  const response = await fetch(request);
  const nonce = response.headers.get("dpop-nonce");
  if (nonce !== null) nonces.set(origin, nonce);
  return response;
}

/** An authorization server says so in its body, a resource server in its challenge. */
async function wantsNonce(response: Response): Promise<boolean> {
  if (!response.headers.has("dpop-nonce")) return false;
  if (response.status === 401) return challenged(response, "error") === "use_dpop_nonce";
  if (response.status !== 400) return false;
  const body = await readStream(response.clone(), most).catch(() => null);
  if (body === null || body === "too large") return false;
  return parsed(new TextDecoder().decode(body))?.error === "use_dpop_nonce";
}
