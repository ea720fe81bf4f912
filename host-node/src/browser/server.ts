import { ConfigurationError } from "../errors.js";
import { getJson, requireSecure } from "./transport.js";

/** What is needed of an authorization server's metadata (RFC 8414 section 2). */
export interface Server {
  readonly issuer: string;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly revocationEndpoint?: string;
  /** Whether every answer must name the issuer (RFC 9207 section 3). */
  readonly namesIssuer: boolean;
}

/** Reads a server's metadata (RFC 8414 section 3), which must be the issuer's own, and promise PKCE with S256. */
export async function discover(issuer: string): Promise<Server> {
  const metadata = await getJson(wellKnown(issuer));
  const wrong = (what: string) =>
    new ConfigurationError(`The metadata of ${issuer} ${what}`, "Check the issuer's address.");
  // RFC 8414 section 3.3: identical, or another server's metadata would be taken for this one's.
  if (metadata.issuer !== issuer) throw wrong(`are those of ${JSON.stringify(metadata.issuer)}`);
  const methods = metadata.code_challenge_methods_supported;
  if (!Array.isArray(methods) || !methods.includes("S256"))
    throw wrong("do not promise PKCE with S256 (RFC 9700 section 2.1.1)");
  const endpoint = (name: string) => {
    const address = metadata[name];
    if (typeof address !== "string") throw wrong(`have no ${name}`);
    requireSecure(address);
    return address;
  };
  return {
    issuer,
    authorizationEndpoint: endpoint("authorization_endpoint"),
    tokenEndpoint: endpoint("token_endpoint"),
    ...(metadata.revocation_endpoint === undefined ? {} : { revocationEndpoint: endpoint("revocation_endpoint") }),
    namesIssuer: metadata.authorization_response_iss_parameter_supported === true,
  };
}

/** RFC 8414 section 3.1: between the host and the path. */
function wellKnown(issuer: string): string {
  requireSecure(issuer);
  const { origin, pathname } = new URL(issuer);
  return `${origin}/.well-known/oauth-authorization-server${pathname.replace(/\/$/, "")}`;
}
