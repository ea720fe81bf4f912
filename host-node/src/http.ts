import { toByteString } from "./bytes.js";
import type { HeaderPairs } from "./commands.js";

/** The `http` command's argument (docs/contract.md section 5). */
export interface HttpCall {
  method: string;
  url: string;
  headers: HeaderPairs;
  body: string | null;
  remote: string | null;
}

/** A request as the adapter of a server has it, its body not yet read. */
export interface Incoming {
  method: string;
  /** Absolute. */
  url: string;
  /** Names in lower case, repeated where they came more than once; each character of a value is one byte. */
  headers: HeaderPairs;
  /** Reads the body as a byte string, or says `"too large"` as soon as it is over `limit` bytes and reads no further. */
  body: ((limit: number) => Promise<string | "too large">) | null;
  /** The address of the other end of the connection. */
  peer: string | null;
}

/** What the `http` command gives. */
export interface HttpAnswer {
  status: number;
  headers: HeaderPairs;
  body: string;
}

/** The body as the engine takes it, or `"too large"` as soon as it is known to be over `limit` bytes. */
export async function readIncoming({ body, headers }: Incoming, limit: number): Promise<string | "too large" | null> {
  if (!body) return null;
  const declared = headers.find(([name]) => name === "content-length");
  return Number(declared?.[1] ?? 0) > limit ? "too large" : body(limit);
}

/** The request as the engine takes it, or `"too large"` as soon as its body is known to be over `limit` bytes. */
export async function toHttpCall(
  request: Request,
  limit: number,
  remote: string | null,
): Promise<HttpCall | "too large"> {
  const body = await readStream(request, limit);
  if (body === "too large") return body;
  return {
    method: request.method,
    url: request.url,
    headers: [...request.headers],
    body: body && toByteString(body),
    remote,
  };
}

/** The body of a request or response, or `"too large"` as soon as it is known to be over `limit` bytes. */
export async function readStream(
  { body, headers }: Request | Response,
  limit: number,
): Promise<Uint8Array | "too large" | null> {
  if (!body) return null;
  const declared = Number(headers.get("content-length") ?? 0);
  if (declared > limit) {
    await body.cancel();
    return "too large";
  }
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    length += read.value.length;
    if (length > limit) {
      await reader.cancel();
      return "too large";
    }
    chunks.push(read.value);
  }
  return joined(chunks, length);
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  if (chunks.length === 1 && chunks[0]) return chunks[0];
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

/** Statuses whose responses must not have a body (Fetch standard, null body status). */
const withoutBody = new Set([101, 204, 205, 304]);

/** The engine's answer as a response. */
export function toResponse({ status, headers, body }: HttpAnswer): Response {
  return new Response(withoutBody.has(status) ? null : body, { status, headers });
}

/** Scripts of every origin may read what the host itself answers, as they may what the engine does: there is no secret in it. */
const forAllOrigins: HeaderPairs[number] = ["access-control-allow-origin", "*"];

/** A response of this package's own as an answer. */
export async function toAnswer(response: Response): Promise<HttpAnswer> {
  return { status: response.status, headers: [...response.headers, forAllOrigins], body: await response.text() };
}

/** A request that cannot be understood (RFC 9110 section 15.5.1). */
export function badRequest(description: string): HttpAnswer {
  return problem(400, description);
}

/** RFC 9110 section 15.5.14, with the connection's rest left unread. */
export function tooLarge(limit: number): HttpAnswer {
  return problem(413, `The body is over ${limit} bytes`, [["connection", "close"]]);
}

function problem(status: number, description: string, more: HeaderPairs = []): HttpAnswer {
  return {
    status,
    headers: [["content-type", "application/json"], ["cache-control", "no-store"], forAllOrigins, ...more],
    body: JSON.stringify({ error: "invalid_request", error_description: description }),
  };
}

/** What Deno, Bun and `claviger/node` know of the peer. */
export function remoteAddress(request: Request, info: unknown): string | null {
  if (typeof info !== "object" || info === null) return null;
  if ("requestIP" in info && typeof info.requestIP === "function") return info.requestIP(request)?.address ?? null;
  if (!("remoteAddr" in info)) return null;
  return (info.remoteAddr as { hostname?: string } | undefined)?.hostname ?? null;
}
