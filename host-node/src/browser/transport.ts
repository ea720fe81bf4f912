import { ConfigurationError, Fault, Refused } from "../errors.js";

/** More than any metadata, key set or token response has, in characters. */
const most = 262_144;

/** Milliseconds that a server may take: other tabs may be waiting for what comes. */
const longest = 30_000;

/** A JSON object from an address. */
export async function getJson(address: string): Promise<Record<string, unknown>> {
  requireSecure(address);
  return objectOf(address, await send(address, { headers: { accept: "application/json" } }));
}

/** What a form posted to an address gives; the error of RFC 6749 section 5.2 is thrown as {@link Refused}. */
export async function postForm(address: string, form: Record<string, string>): Promise<Record<string, unknown>> {
  requireSecure(address);
  const response = await send(address, {
    method: "POST",
    headers: { accept: "application/json" },
    body: new URLSearchParams(form),
  });
  return objectOf(address, response);
}

/** RFC 9700 section 2.6: TLS, except on this very machine. */
export function requireSecure(address: string): void {
  const { protocol, hostname } = URL.canParse(address) ? new URL(address) : {};
  const loopback = hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname ?? "");
  if (protocol === "https:" || (protocol === "http:" && loopback)) return;
  throw new ConfigurationError(`${address} is not an https address`, "Use https; http is for a loopback host alone.");
}

async function send(address: string, init: RequestInit): Promise<Response> {
  try {
    // "manual", because workerd knows no "error": a redirect has no successful status and is refused below.
    return await fetch(address, { ...init, redirect: "manual", signal: AbortSignal.timeout(longest) });
  } catch (error) {
    throw unreachable(address, "could not be reached", error);
  }
}

async function objectOf(address: string, response: Response): Promise<Record<string, unknown>> {
  const text = await response.text().catch((error) => {
    throw unreachable(address, "ended its answer too early", error);
  });
  const body = text.length <= most ? parsed(text) : undefined;
  if (response.ok && (body || text === "")) return body ?? {};
  if (typeof body?.error === "string" && response.status >= 400 && response.status < 500) {
    throw refused(body.error, response.status, body.error_description);
  }
  throw unreachable(address, `answered with ${response.status}, and not with what was asked for`);
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** An error that a server named (RFC 6749 sections 4.1.2.1 and 5.2). */
export function refused(code: string, status: number, description: unknown): Refused {
  const message = typeof description === "string" ? description : `The server answered ${code}`;
  return new Refused({ code, status, message, help: "Start the sign-in again, or see the server's documentation." });
}

function unreachable(address: string, why: string, cause?: unknown): Fault {
  const told = { code: "server_failed", status: 503, message: `${address} ${why}`, help: "Try again later." };
  return new Fault(told, { cause });
}
