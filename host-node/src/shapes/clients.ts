// Clients and their registration.

import type { SigningAlgorithm } from "./keys.js";
import type { Scope } from "./principals.js";

/** An OAuth client. */
export interface Client {
  readonly id: string;
  readonly name: string;
  readonly redirectUris: readonly string[];
  readonly scopes: readonly string[];
  readonly grantTypes: readonly GrantType[];
  readonly authMethod: ClientAuthMethod;
  readonly accessToken: AccessTokenFormat;
  readonly dpopBoundAccessTokens: boolean;
  /** The public keys that its assertions are verified with, as the engine writes them. */
  readonly jwks?: { readonly keys: readonly JsonWebKey[] };
  /** Where these keys are instead. */
  readonly jwksUri?: string;
  readonly authSigningAlg?: SigningAlgorithm;
  readonly requirePushedAuthorizationRequests: boolean;
  /** The resources that it serves: it may introspect access tokens for them. */
  readonly resources: readonly string[];
  /** The resources for which it may exchange the tokens that it receives (RFC 8693). */
  readonly exchangeFor: readonly string[];
  /** What was said of OpenID Connect; absent when nothing was. */
  readonly openid?: OpenIdClient;
  readonly disabled: boolean;
  readonly createdAt: number;
  readonly origin: ClientOrigin;
  /** What a client that registered itself says of itself. */
  readonly metadata?: ClientMetadata;
}

/** How a client wants to be told of people (OpenID Connect Dynamic Client Registration section 2); each member may be absent. */
export interface OpenIdClient {
  /** What its ID tokens are signed with: `signing.algorithm` of the configuration, or one of `signing.alternatives`. */
  idTokenAlg?: SigningAlgorithm;
  /** Answers of the userinfo endpoint are signed with it; plain JSON when absent. */
  userinfoAlg?: SigningAlgorithm;
  /** `pairwise`: it knows people by names that only its sector knows; needs `openid.pairwiseSalt`. */
  subjectType?: "public" | "pairwise";
  /** The host of this address is its sector; needed where its redirect URIs have several hosts. */
  sectorIdentifierUri?: string;
  /** How old a sign-in may be, in seconds, where a request does not say. */
  defaultMaxAge?: number;
  /** Where a browser may go after signing out. */
  postLogoutRedirectUris?: readonly string[];
  /** Who is told that somebody signed out (https); needs `fetch`. */
  backchannelLogoutUri?: string;
  /** Whether it needs the `sid` in what it is told; it is always there. */
  backchannelLogoutSessionRequired?: boolean;
}

/**
 * Where a registration is from: the operator; the client itself (RFC 7591); or the metadata document at the address that is its
 * id. Nobody has checked the last two.
 */
export type ClientOrigin = "operator" | "registered" | "document";

/** In the words of RFC 7591 section 2. The addresses are https, and the client's own choice: load nothing from them unasked. */
export interface ClientMetadata {
  readonly application_type?: "web" | "native";
  readonly client_uri?: string;
  readonly logo_uri?: string;
  readonly tos_uri?: string;
  readonly policy_uri?: string;
  readonly contacts?: readonly string[];
  readonly software_id?: string;
  readonly software_version?: string;
}

/** An initial access token (RFC 7591 section 1.2). */
export interface RegistrationToken {
  readonly id: string;
  /** How many clients may still be registered with it. */
  readonly usesLeft: number;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** The token itself is shown this once. */
export interface IssuedRegistrationToken extends RegistrationToken {
  readonly token: string;
}

export type GrantType =
  | "authorization_code"
  | "refresh_token"
  | "client_credentials"
  | "urn:ietf:params:oauth:grant-type:device_code"
  | "urn:ietf:params:oauth:grant-type:token-exchange"
  | (string & {});

/** RFC 7591 section 2, `token_endpoint_auth_method`. */
export type ClientAuthMethod = "none" | "client_secret_basic" | "client_secret_post" | "private_key_jwt";

/** RFC 9068, or opaque to everyone but this server. */
export type AccessTokenFormat = "jwt" | "opaque";

export interface NewClient {
  /** What the consent page calls it. */
  name: string;
  /** Compared byte for byte; on a loopback address any port fits (RFC 8252 section 7.3). */
  redirectUris: readonly string[];
  /** All that are configured when absent. */
  scopes?: readonly Scope[];
  /** `authorization_code` and `refresh_token` when absent; none for what serves resources and has no redirect URIs. */
  grantTypes?: readonly GrantType[];
  /** `client_secret_basic` when absent; `none` for a public client; `private_key_jwt` needs `jwks` or `jwksUri`. */
  authMethod?: ClientAuthMethod;
  /** `jwt` when absent. */
  accessToken?: AccessTokenFormat;
  /** Whether it gets only tokens that are bound to a key of its own (RFC 9449 section 5.2); `false` when absent. */
  dpopBoundAccessTokens?: boolean;
  /** Its public keys, at most 8 (RFC 7517 section 5). */
  jwks?: { readonly keys: readonly JsonWebKey[] };
  /** Where its public keys are: https. The engine asks your `fetch` for them. */
  jwksUri?: string;
  /** The only algorithm of its assertions; any that its keys are for when absent. */
  authSigningAlg?: SigningAlgorithm;
  /** RFC 9126 section 6; `false` when absent. */
  requirePushedAuthorizationRequests?: boolean;
  /** The resources that it serves, out of those configured: it may introspect access tokens for them. None when absent. */
  resources?: readonly string[];
  /** The resources for which it may exchange the tokens that it receives (RFC 8693). None when absent. */
  exchangeFor?: readonly string[];
  openid?: OpenIdClient;
  /** Made by the engine when absent. */
  id?: string;
}

export interface ClientChanges {
  name?: string;
  redirectUris?: readonly string[];
  scopes?: readonly Scope[];
  grantTypes?: readonly GrantType[];
  accessToken?: AccessTokenFormat;
  dpopBoundAccessTokens?: boolean;
  /** In the place of `jwksUri`, if that was there. */
  jwks?: { readonly keys: readonly JsonWebKey[] };
  /** In the place of `jwks`, if that was there. */
  jwksUri?: string;
  authSigningAlg?: SigningAlgorithm;
  requirePushedAuthorizationRequests?: boolean;
  resources?: readonly string[];
  exchangeFor?: readonly string[];
  /** The whole of it. */
  openid?: OpenIdClient;
  disabled?: boolean;
}

/** A client and its secret, which is shown this once. */
export interface ClientWithSecret<Secret = string> {
  readonly client: Client;
  readonly secret: Secret;
}

/** The application that asks, as a page shows it. */
export interface AskingClient {
  readonly id: string;
  readonly name: string;
  readonly origin: ClientOrigin;
  /** What a client that registered itself says of itself; not where a device asks. */
  readonly metadata?: ClientMetadata;
}
