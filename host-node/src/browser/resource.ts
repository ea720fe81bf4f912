import { ConfigurationError } from "../errors.js";
import { challenged } from "./challenge.js";
import { getFirstJson, isLoopback, requireSecure } from "./transport.js";

/** What a protected resource says of itself (RFC 9728 section 2): with an `issuer` and a client, the options of `signIn`. */
export interface ProtectedResource {
  /** As the resource spells itself. */
  readonly resource: string;
  /** The authorization servers whose tokens it takes, at least one. */
  readonly issuers: readonly string[];
  /** What to ask for: what the refusal said that it takes, else all that has a meaning there. */
  readonly scope: string | undefined;
  /** `false` when it does not say that it takes DPoP proofs, `true` when it takes no tokens without. */
  readonly dpop: boolean | undefined;
}

const wellKnown = "/.well-known/oauth-protected-resource";

/** Milliseconds that the resource may take to refuse. */
const longest = 30_000;

/**
 * Learns which servers give tokens for a resource: from the document that its refusal names, else from the one at the well-known
 * address of its path, else from that of its origin.
 *
 * `refusal` is a 401 of the resource; without it one request without a token is made there. Rejects with `configuration` when the
 * document is that of another resource (RFC 9728 section 3.3).
 */
export async function discoverResource(address: string | URL, refusal?: Response): Promise<ProtectedResource> {
  const asked = String(address);
  requireSecure(asked);
  const response = refusal ?? (await probe(asked));
  const refused = (name: string) => (response?.status === 401 ? challenged(response, name) : undefined);
  const wrong = (what: string) => new ConfigurationError(`The metadata of ${asked} ${what}`, "Check its address.");
  const allowed = (other: string) => {
    requireSecure(other);
    // Whoever is out there must not have this machine's own services asked.
    if (isLoopback(other) && !isLoopback(asked)) throw wrong(`lead to ${other}`);
    return other;
  };

  const named = refused("resource_metadata");
  const metadata = await getFirstJson(named === undefined ? addressesOf(asked) : [allowed(named)]);
  const { resource, authorization_servers: issuers, scopes_supported: scopes } = metadata;
  if (typeof resource !== "string" || !isSame(resource, asked)) throw wrong(`are those of ${JSON.stringify(resource)}`);
  if (!areStrings(issuers) || issuers.length === 0) throw wrong("name no authorization server");
  return {
    resource,
    issuers: issuers.map(allowed),
    scope: refused("scope") ?? (areStrings(scopes) ? scopes.join(" ") : undefined),
    dpop: takesProofs(metadata),
  };
}

/** What the resource says to somebody without a token; nothing, if nothing can be heard. */
async function probe(address: string): Promise<Response | undefined> {
  const init = { redirect: "manual", signal: AbortSignal.timeout(longest) } as const;
  const response = await fetch(address, init).catch(() => undefined);
  await response?.body?.cancel();
  return response;
}

/** RFC 9728 section 3.1: between the host and the path. */
function addressesOf(resource: string): string[] {
  const { origin, pathname, search } = new URL(resource);
  const path = pathname === "/" ? "" : pathname;
  return [...new Set([`${origin}${wellKnown}${path}${search}`, `${origin}${wellKnown}`])];
}

/** Byte for byte, but for the slash that every HTTP client adds to an address without a path (RFC 9110 section 4.2.3). */
function isSame(one: string, other: string): boolean {
  return withSlash(one) === withSlash(other);
}

const withSlash = (address: string) => (/^https?:\/\/[^/?#]+$/.test(address) ? `${address}/` : address);

function takesProofs({
  dpop_bound_access_tokens_required: required,
  dpop_signing_alg_values_supported: algorithms,
}: {
  [name: string]: unknown;
}): boolean | undefined {
  if (required === true) return true;
  return areStrings(algorithms) && algorithms.includes("ES256") ? undefined : false;
}

const areStrings = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((one) => typeof one === "string");
