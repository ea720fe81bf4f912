import type { IncomingMessage, ServerResponse } from "node:http";

/** What handles requests: a `Claviger` object. */
export interface Handler {
  fetch(request: Request, info: { remoteAddr: { hostname: string } }): Promise<Response>;
}

/**
 * A listener for `http.createServer`, also of use as Express or Connect middleware at the end of the chain.
 *
 * ```ts
 * createServer(toNodeHandler(auth)).listen(8080);
 * ```
 */
export function toNodeHandler(
  handler: Handler,
): (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void> {
  return async (incoming, outgoing) => {
    const gone = new AbortController();
    outgoing.once("close", () => gone.abort());
    try {
      const request = toRequest(incoming, gone.signal);
      const hostname = incoming.socket.remoteAddress ?? "";
      await send(await handler.fetch(request, { remoteAddr: { hostname } }), outgoing);
    } catch (error) {
      console.error(error);
      if (!outgoing.headersSent) outgoing.writeHead(error instanceof Malformed ? 400 : 500);
      outgoing.end();
    }
  };
}

/** The request is not one that the Fetch standard can express. */
class Malformed extends Error {}

function toRequest(incoming: IncomingMessage, signal: AbortSignal): Request {
  const method = incoming.method ?? "GET";
  const hasBody = method !== "GET" && method !== "HEAD";
  try {
    return new Request(urlOf(incoming), {
      method,
      headers: headersOf(incoming.rawHeaders),
      signal,
      ...(hasBody && { body: bodyOf(incoming), duplex: "half" as const }),
    });
  } catch (cause) {
    throw new Malformed("The request cannot be expressed", { cause });
  }
}

/** By concatenation: as a relative reference, the target `//evil/token` would be the path `/token` of another host. */
function urlOf({ url = "/", headers }: IncomingMessage): URL {
  return new URL(url.startsWith("/") ? `http://${headers.host ?? "localhost"}${url}` : url);
}

/** Node joins repeated headers or drops them; the raw list is what was sent. */
function headersOf(raw: readonly string[]): Headers {
  const headers = new Headers();
  for (let index = 0; index + 1 < raw.length; index += 2) headers.append(raw[index] ?? "", raw[index + 1] ?? "");
  return headers;
}

/** Chunks are read from the socket as they are asked for, so that a body over the limit is not read to its end. */
function bodyOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  const chunks = incoming[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
}

async function send(response: Response, outgoing: ServerResponse): Promise<void> {
  const body = new Uint8Array(await response.arrayBuffer());
  const cookies = response.headers.getSetCookie();
  const headers: Record<string, string | string[]> = Object.fromEntries(response.headers);
  if (cookies.length > 0) headers["set-cookie"] = cookies;
  if (body.length > 0) headers["content-length"] = String(body.length);
  outgoing.writeHead(response.status, headers);
  outgoing.end(body);
}
