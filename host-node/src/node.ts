import type { IncomingMessage, ServerResponse } from "node:http";
import type { HeaderPairs } from "./commands.js";
import { ClavigerError, Fault } from "./errors.js";
import { type HttpAnswer, type Incoming, toAnswer } from "./http.js";
import type { Requester } from "./serve.js";

export { publicFetch } from "./public-fetch.js";
export { type WorkerThreads, type WorkerThreadsOptions, workerThreads } from "./worker-threads.js";
export type { HttpAnswer, Incoming };

/** What handles requests: a `Claviger` object. */
export interface Handler {
  answer(incoming: Incoming, requester: Requester): Promise<HttpAnswer>;
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
    const connection = new Connection(outgoing);
    try {
      send(await handler.answer(read(incoming), connection), outgoing);
    } catch (error) {
      if (connection.closed) return;
      console.error(error);
      if (outgoing.headersSent) outgoing.end();
      else send(await toAnswer(failure(error).toResponse()), outgoing);
    }
  };
}

/** Nothing of another error is for the requester. */
function failure(error: unknown): ClavigerError {
  if (error instanceof ClavigerError) return error;
  return new Fault({ code: "host_failed", status: 500, message: "The handler failed", help: "See the log." });
}

/** The other end, as far as the answer goes. */
class Connection implements Requester {
  closed = false;
  #gone: AbortController | undefined;

  constructor(outgoing: ServerResponse) {
    outgoing.once("close", () => {
      this.closed = true;
      this.#gone?.abort();
    });
  }

  get signal(): AbortSignal {
    this.#gone ??= new AbortController();
    if (this.closed) this.#gone.abort();
    return this.#gone.signal;
  }
}

function read(incoming: IncomingMessage): Incoming {
  const method = incoming.method ?? "GET";
  const hasBody = method !== "GET" && method !== "HEAD";
  return {
    method,
    url: urlOf(incoming.url),
    headers: headersOf(incoming.rawHeaders),
    body: hasBody ? (limit) => bodyOf(incoming, limit) : null,
    peer: incoming.socket.remoteAddress ?? null,
  };
}

/** A body over the limit is not read to its end; the connection stays, for the answer that says so. An iterator would cost more. */
function bodyOf(incoming: IncomingMessage, limit: number): Promise<string | "too large"> {
  // Whoever read it before has what was in it.
  if (incoming.readableEnded) return Promise.resolve("");
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    incoming.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length <= limit) return chunks.push(chunk);
      incoming.pause();
      resolve("too large");
    });
    incoming.once("end", () => resolve(Buffer.concat(chunks, length).toString("latin1")));
    incoming.once("error", reject);
    // It closes after its end too: an error that nobody gets would cost a tenth of a request.
    incoming.once("close", () => {
      if (!incoming.readableEnded) reject(new Error("The connection was closed before the body had come"));
    });
  });
}

/**
 * Path and query as they were sent, for those alone count. The `Host` header is no part of it: whatever stands there would be
 * read as a path, and a rule of a proxy in front could be passed by.
 */
function urlOf(target = "/"): string {
  return target.startsWith("/") ? `http://localhost${target}` : target;
}

/** Node joins repeated headers or drops them; the raw list is what was sent. */
function headersOf(raw: readonly string[]): HeaderPairs {
  const headers: HeaderPairs = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    headers.push([(raw[index] ?? "").toLowerCase(), raw[index + 1] ?? ""]);
  }
  return headers;
}

function send({ status, headers, body }: HttpAnswer, outgoing: ServerResponse): void {
  const fields = headers.flat();
  if (body.length > 0) fields.push("content-length", String(Buffer.byteLength(body)));
  outgoing.writeHead(status, fields);
  outgoing.end(body);
}
