import { ClavigerError, Fault, Refused } from "../errors.js";
import { readStream } from "../http.js";
import { isLoopback, requireSecure, urlOf } from "../secure-address.js";
import { most, parsed } from "./json.js";
import { type Proving, sendProven } from "./proven.js";

export { isLoopback, requireSecure, urlOf };

/** Milliseconds that a server may take: other tabs may be waiting for what comes. */
const longest = 30_000;

/** A JSON object from an address. */
export async function getJson(address: string): Promise<Record<string, unknown>> {
  return (await getKeepable(address)).body;
}

/**
 * A JSON object from an address, and what is said about keeping it (RFC 9111 sections 5.1 and 5.2). `anew`: as it is there now, and not as
 * a browser kept it.
 */
export async function getKeepable(
  address: string,
  { anew = false } = {},
): Promise<{ body: Record<string, unknown>; cacheControl: string; age: string }> {
  requireSecure(address);
  // A runtime without such a cache may refuse the member, and Workers take no other value before 2025-08-07.
  const cache = anew && "cache" in Request.prototype ? ({ cache: "no-store" } as const) : {};
  const response = await send(address, { headers: { accept: "application/json" }, ...cache });
  const header = (name: string) => response.headers.get(name) ?? "";
  return { body: await objectOf(address, response), cacheControl: header("cache-control"), age: header("age") };
}

/** The first JSON object that one of these addresses has. What happened at the first of them is told when none has any. */
export async function getFirstJson(addresses: readonly string[]): Promise<Record<string, unknown>> {
  let first: unknown;
  for (const address of addresses) {
    try {
      return await getJson(address);
    } catch (error) {
      // Not only "not found": a page cannot see the status of every answer, and many sites answer all addresses with a page.
      first ??= error;
    }
  }
  throw first;
}

/** What a form posted to an address gives; the error of RFC 6749 section 5.2 is thrown as {@link Refused}. */
export function postForm(address: string, form: Form, proving?: Proving): Promise<Record<string, unknown>> {
  const given = Object.entries(form).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return post(address, { body: new URLSearchParams(given) }, proving);
}

/** The parameters of a form; those that are `undefined` are not sent. */
export type Form = Readonly<Record<string, string | undefined>>;

/** What a JSON object posted to an address gives; the error of RFC 7591 section 3.2.2 is thrown as {@link Refused}. */
export function postJson(address: string, value: object): Promise<Record<string, unknown>> {
  return post(address, { body: JSON.stringify(value), headers: { "content-type": "application/json" } });
}

async function post(address: string, init: RequestInit, proving?: Proving): Promise<Record<string, unknown>> {
  requireSecure(address);
  const headers = { accept: "application/json", ...init.headers };
  return objectOf(address, await send(address, { ...init, method: "POST", headers }, proving));
}

async function send(address: string, init: RequestInit, proving?: Proving): Promise<Response> {
  // "manual", because workerd knows no "error": a redirect has no successful status and is refused below.
  const request = new Request(address, { ...init, redirect: "manual", signal: AbortSignal.timeout(longest) });
  try {
    return await (proving ? sendProven(request, proving) : fetch(request));
  } catch (error) {
    throw error instanceof ClavigerError ? error : unreachable(address, "could not be reached", error);
  }
}

export async function objectOf(address: string, response: Response): Promise<Record<string, unknown>> {
  const read = await readStream(response, most).catch((error) => {
    throw unreachable(address, "ended its answer too early", error);
  });
  if (read === "too large") throw unreachable(address, `answered with more than ${most} bytes`);
  const text = new TextDecoder().decode(read ?? undefined);
  const body = parsed(text);
  if (response.ok && (body || text === "")) return body ?? {};
  if (typeof body?.error === "string" && response.status >= 400 && response.status < 500) {
    throw refused(body.error, response.status, body.error_description);
  }
  throw unreachable(address, `answered with ${response.status}, and not with what was asked for`);
}

/** An error that a server named (RFC 6749 sections 4.1.2.1 and 5.2). */
export function refused(code: string, status: number, description: unknown): Refused {
  const message = typeof description === "string" ? description : `The server answered ${code}`;
  return new Refused({ code, status, message, help: "Start the sign-in again, or see the server's documentation." });
}

export function unreachable(address: string, why: string, cause?: unknown): Fault {
  const told = { code: "server_failed", status: 503, message: `${address} ${why}`, help: "Try again later." };
  return new Fault(told, { cause });
}
