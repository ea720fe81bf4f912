import { toBase64Url } from "../bytes.js";
import { keyFor } from "./keys.js";
import { createPkce } from "./pkce.js";
import { discover, type Server } from "./server.js";
import { nameOf } from "./session.js";
import { forOrigin, forTab, type Keeper, writeItem } from "./storage.js";

/** The client's part of a sign-in. */
export interface SignInOptions {
  /** The authorization server, byte for byte as its metadata say. */
  issuer: string;
  /**
   * A public client: it has no secret, and authenticates with nothing but PKCE. An id belongs to one server: for another one, ask
   * `registerClient`.
   */
  clientId: string;
  /** One of the client's registered redirect URIs: the page that calls `handleCallback` or `openSession`. */
  redirectUri: string;
  /**
   * What is asked for, separated by spaces. Default: what the server gives by default. With `openid`, the session's `claims` say who
   * signed in.
   */
  scope?: string | undefined;
  /** The API that the token is for (RFC 8707). */
  resource?: string | undefined;
  /** The origins that `session.fetch` sends the token to. Default: that of `resource`, or the page's own. */
  origins?: readonly string[] | undefined;
  /**
   * Whether the session is bound to a key that stays here (RFC 9449), so that its tokens are of no use elsewhere. `true`: no other
   * session will do; `false`: the API takes bearer tokens only. Default: when the server takes proofs, and the tokens go to where they
   * are for alone: to `resource` or, when none is named, to the issuer's own origin.
   */
  dpop?: boolean | undefined;
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
  readonly scope: string | undefined;
  readonly resource: string | undefined;
  readonly origins: readonly string[];
  /** What the ID token must have, where one was asked for. */
  readonly nonce: string | undefined;
  readonly maxAge: number | undefined;
  /** The thumbprint of the key that the session will be bound to. */
  readonly jkt: string | undefined;
  /** Whether it must be bound. */
  readonly mustBind: boolean;
}

/** The key of a sign-in under way: each tab, and each sign-in, has its own. */
export const pendingKey = (state: string) => `claviger.sign-in ${state}`;

/** Sends the person to the authorization server: an authorization request with PKCE and `state` (RFC 6749 section 4.1.1). */
export async function signIn(options: SignInOptions): Promise<void> {
  const { issuer, clientId, redirectUri, scope, resource, dpop, parameters, storage = forTab() } = options;
  const { navigate = (address: string) => location.assign(address), origins = originsFor(resource) } = options;
  const [server, pkce] = await Promise.all([discover(issuer), createPkce()]);
  const bound = dpop ?? (server.takesProofs && origins.every((origin) => origin === placeOf(options)));
  const key = bound ? await keyFor(nameOf(options), options.storage ?? forOrigin()) : undefined;
  const jkt = key?.thumbprint;
  const [state, random] = [unguessable(), unguessable()];
  const nonce = scope?.split(" ").includes("openid") ? random : undefined;
  const maxAge = parameters?.max_age === undefined ? undefined : Number(parameters.max_age);
  const asked = { clientId, redirectUri, scope, resource, origins, nonce, maxAge };
  const pending: Pending = { ...asked, server, verifier: pkce.verifier, jkt, mustBind: dpop === true };
  await writeItem(storage, pendingKey(state), pending);
  const request = new URL(server.authorizationEndpoint);
  const query = {
    ...parameters,
    response_type: "code",
    client_id: clientId,
    redirect_uri: redirectUri,
    scope,
    resource,
    state,
    nonce,
    code_challenge: pkce.challenge,
    code_challenge_method: pkce.method,
    dpop_jkt: jkt,
  };
  for (const [name, value] of Object.entries(query)) if (value !== undefined) request.searchParams.set(name, value);
  navigate(request.href);
}

const unguessable = () => toBase64Url(crypto.getRandomValues(new Uint8Array(32)));

/** A proof is for an address, and whoever checks it knows but one for what the token is for (RFC 9449 section 4.3). */
const placeOf = ({ resource, issuer }: SignInOptions) => new URL(resource ?? issuer).origin;

/** An API's token is for nobody else; without one it is for the page's own server. */
function originsFor(resource: string | undefined): string[] {
  if (resource !== undefined && /^https?:/.test(resource)) return [new URL(resource).origin];
  return globalThis.location ? [location.origin] : [];
}
