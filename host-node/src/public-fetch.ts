import { lookup } from "node:dns/promises";
import { type IncomingMessage, request as plainRequest, type RequestOptions } from "node:http";
import { request as secureRequest } from "node:https";
import { isIP } from "node:net";
import { Readable } from "node:stream";
import type { Fetch } from "./options.js";
import { isPublicAddress } from "./public-address.js";

/** What a name may lead to, and who is trusted to answer for it. Other than the defaults only in tests. */
export interface Rules {
  /** All addresses of a name. */
  resolve(name: string): Promise<string[]>;
  isPublic(address: string): boolean;
  /** A certificate authority beside those of the runtime. */
  ca?: string;
}

/** How many addresses of a name are tried. */
const mostTried = 4;

const unreachable = new Set(["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "EADDRNOTAVAIL", "EAFNOSUPPORT"]);

/**
 * The `fetch` of a host on Node, Bun or Deno, for addresses that strangers name (client metadata documents, `jwks_uri`).
 *
 * ```ts
 * new Claviger({ ..., fetch: publicFetch() });
 * ```
 *
 * A name is resolved once. If any of its addresses is not of the public internet, nothing is sent; otherwise the connection goes to
 * an address that was looked at, and to no other, so that the name cannot lead elsewhere meanwhile. No redirect is followed, no
 * proxy used, nothing decompressed, no cookie kept.
 */
export function publicFetch(): Fetch {
  return fetchUnder({ resolve: everyAddress, isPublic: isPublicAddress });
}

/** The same under other rules. */
export function fetchUnder(rules: Rules): Fetch {
  return async ({ url, method, headers, body, signal, publicOnly }) => {
    const target = new URL(url);
    const name = target.hostname.replace(/^\[(.*)\]$/, "$1");
    const addresses = isIP(name) ? [name] : await rules.resolve(name);
    if (addresses.length === 0) throw new Error(`${name} has no address`);
    const other = publicOnly && addresses.find((address) => !rules.isPublic(address));
    if (other) throw new Error(`${name} has the address ${other}, which is not of the public internet`);
    const options: RequestOptions & { servername?: string } = {
      method,
      // Such as it is: `host` below is an address, and no name is looked up again.
      headers: { ...Object.fromEntries(headers), host: target.host, "accept-encoding": "identity" },
      path: `${target.pathname}${target.search}`,
      agent: false,
      signal,
      ...(target.port && { port: target.port }),
      ...(rules.ca && { ca: rules.ca }),
      ...(isIP(name) ? {} : { servername: name }),
    };
    return toResponse(await sendToFirst(target, options, addresses, body));
  };
}

async function everyAddress(name: string): Promise<string[]> {
  const found = await lookup(name, { all: true, order: "ipv4first" });
  return found.map(({ address }) => address);
}

async function sendToFirst(
  target: URL,
  options: RequestOptions,
  addresses: readonly string[],
  body: Uint8Array | null,
): Promise<IncomingMessage> {
  let failed: unknown;
  for (const host of addresses.slice(0, mostTried)) {
    try {
      return await send(target, { ...options, host }, body);
    } catch (error) {
      if (!unreachable.has((error as NodeJS.ErrnoException).code ?? "")) throw error;
      failed = error;
    }
  }
  throw failed;
}

function send(target: URL, options: RequestOptions, body: Uint8Array | null): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = (target.protocol === "https:" ? secureRequest : plainRequest)(options, resolve);
    request.once("error", reject);
    request.end(body ?? undefined);
  });
}

function toResponse(message: IncomingMessage): Response {
  const encoding = message.headers["content-encoding"] ?? "identity";
  if (encoding !== "identity") {
    message.destroy();
    throw new Error(`The response is compressed (${encoding}), which was not asked for`);
  }
  const headers = new Headers();
  for (const [name, value] of Object.entries(message.headers)) {
    for (const one of [value ?? []].flat()) headers.append(name, one);
  }
  const status = message.statusCode ?? 0;
  const empty = status === 204 || status === 205 || status === 304;
  if (empty) message.resume();
  return new Response(empty ? null : (Readable.toWeb(message) as ReadableStream<Uint8Array>), { status, headers });
}
