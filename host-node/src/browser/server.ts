import { ConfigurationError } from "../errors.js";
import { getFirstJson, requireSecure } from "./transport.js";

/** What is needed of an authorization server's metadata (RFC 8414 section 2). */
export interface Server {
  readonly issuer: string;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly revocationEndpoint: string | undefined;
  readonly registrationEndpoint: string | undefined;
  /** Of OpenID providers (OpenID Connect Discovery section 3). */
  readonly userinfoEndpoint: string | undefined;
  readonly jwksUri: string | undefined;
  /** Whether every answer must name the issuer (RFC 9207 section 3). */
  readonly namesIssuer: boolean;
  /** Whether it takes the DPoP proofs that are made here (RFC 9449 section 5.1). */
  readonly takesProofs: boolean;
  /** Whether a public client may be the one that the document at its id describes (client ID metadata documents). */
  readonly readsDocuments: boolean;
}

/** Reads a server's metadata, which must be the issuer's own, and promise PKCE with S256. */
export async function discover(issuer: string): Promise<Server> {
  const metadata = await getFirstJson(wellKnown(issuer));
  const wrong = (what: string) =>
    new ConfigurationError(`The metadata of ${issuer} ${what}`, "Check the issuer's address.");
  // RFC 8414 section 3.3: identical, or another server's metadata would be taken for this one's.
  if (metadata.issuer !== issuer) throw wrong(`are those of ${JSON.stringify(metadata.issuer)}`);
  const lists = (name: string, value: string) => {
    const listed = metadata[name];
    return Array.isArray(listed) && listed.includes(value);
  };
  if (!lists("code_challenge_methods_supported", "S256"))
    throw wrong("do not promise PKCE with S256 (RFC 9700 section 2.1.1)");
  const endpoint = (name: string) => {
    const address = metadata[name];
    if (typeof address !== "string") throw wrong(`have no ${name}`);
    requireSecure(address);
    return address;
  };
  const optional = (name: string) => (metadata[name] === undefined ? undefined : endpoint(name));
  const documents = metadata.client_id_metadata_document_supported === true;
  return {
    issuer,
    authorizationEndpoint: endpoint("authorization_endpoint"),
    tokenEndpoint: endpoint("token_endpoint"),
    revocationEndpoint: optional("revocation_endpoint"),
    registrationEndpoint: optional("registration_endpoint"),
    userinfoEndpoint: optional("userinfo_endpoint"),
    jwksUri: optional("jwks_uri"),
    namesIssuer: metadata.authorization_response_iss_parameter_supported === true,
    takesProofs: lists("dpop_signing_alg_values_supported", "ES256"),
    readsDocuments: documents && lists("token_endpoint_auth_methods_supported", "none"),
  };
}

/** RFC 8414 sections 3.1 and 5: between the host and the path, and for OpenID Connect also after it. */
function wellKnown(issuer: string): string[] {
  requireSecure(issuer);
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, "");
  const addresses = [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}/.well-known/openid-configuration${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
  ];
  return [...new Set(addresses)];
}
