// Which addresses secrets may be sent to.
import { ConfigurationError } from "./errors.js";

/** RFC 9700 section 2.6: TLS, except on this very machine. */
export function requireSecure(address: string): void {
  if (urlOf(address)?.protocol === "https:" || isLoopback(address)) return;
  throw new ConfigurationError(`${address} is not an https address`, "Use https; http is for a loopback host alone.");
}

/** Whether an address is one of this very machine, without TLS. */
export function isLoopback(address: string): boolean {
  const { protocol, hostname } = urlOf(address) ?? {};
  const local = hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname ?? "");
  return protocol === "http:" && local;
}

/** What an address says; nothing, if it is none. Not every runtime has `URL.canParse`. */
export function urlOf(address: string): URL | undefined {
  try {
    return new URL(address);
  } catch {
    return undefined;
  }
}
