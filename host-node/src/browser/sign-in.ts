import { toBase64Url } from "../bytes.js";
import { createPkce } from "./pkce.js";
import { discover, type Server } from "./server.js";
import { forTab, type Keeper, writeItem } from "./storage.js";

/** The client's part of a sign-in. */
export interface SignInOptions {
  /** The authorization server, byte for byte as its metadata say. */
  issuer: string;
  /** A public client: it has no secret, and authenticates with nothing but PKCE. */
  clientId: string;
  /** One of the client's registered redirect URIs: the page that calls `handleCallback`. */
  redirectUri: string;
  /** What is asked for, separated by spaces. Default: what the server gives by default. */
  scope?: string;
  /** The API that the token is for (RFC 8707). */
  resource?: string;
  /** The origins that `session.fetch` sends the token to. Default: the page's own. */
  origins?: readonly string[];
  /** Further parameters of the authorization request, such as `prompt` or `login_hint`. */
  parameters?: Readonly<Record<string, string>>;
  /** Where the sign-in is kept until the callback. Default: `sessionStorage`. */
  storage?: Keeper;
  /** Sends the browser away. Default: `location.assign`. */
  navigate?: (address: string) => void;
}

/** A sign-in under way. */
export interface Pending {
  readonly server: Server;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly verifier: string;
  readonly scope?: string;
  readonly origins: readonly string[];
}

/** The key of a sign-in under way: each tab, and each sign-in, has its own. */
export const pendingKey = (state: string) => `claviger.sign-in ${state}`;

/** Sends the person to the authorization server: an authorization request with PKCE and `state` (RFC 6749 section 4.1.1). */
export async function signIn(options: SignInOptions): Promise<void> {
  const { issuer, clientId, redirectUri, scope, resource, parameters, storage = forTab() } = options;
  const { navigate = (address: string) => location.assign(address) } = options;
  const [server, pkce] = await Promise.all([discover(issuer), createPkce()]);
  const state = toBase64Url(crypto.getRandomValues(new Uint8Array(32)));
  const origins = options.origins ?? (globalThis.location ? [location.origin] : []);
  const pending = { server, clientId, redirectUri, verifier: pkce.verifier, scope, origins };
  await writeItem(storage, pendingKey(state), pending);
  const request = new URL(server.authorizationEndpoint);
  const asked = {
    ...parameters,
    response_type: "code",
    client_id: clientId,
    redirect_uri: redirectUri,
    scope,
    resource,
    state,
    code_challenge: pkce.challenge,
    code_challenge_method: pkce.method,
  };
  for (const [name, value] of Object.entries(asked)) if (value !== undefined) request.searchParams.set(name, value);
  navigate(request.href);
}
