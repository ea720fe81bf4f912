import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from "jose";
import * as client from "openid-client";

/** What this application asks of the authorization server, as a public client with PKCE. */
export class Authorization {
  #options;
  #server;

  constructor(options) {
    this.#options = options;
  }

  /** Where to send the browser, and what must be remembered until it comes back. */
  async begin() {
    const { redirectUri, scope } = this.#options;
    const server = await this.#discovered();
    const pending = { state: client.randomState(), verifier: client.randomPKCECodeVerifier() };
    const location = client.buildAuthorizationUrl(server.configuration, {
      redirect_uri: redirectUri,
      scope,
      state: pending.state,
      code_challenge: await client.calculatePKCECodeChallenge(pending.verifier),
      code_challenge_method: "S256",
    });
    return { location: location.href, pending };
  }

  /** Checks `state` and `iss` in the address that the browser came back to, and exchanges its code for tokens. */
  async finish(url, { state, verifier }) {
    const { configuration } = await this.#discovered();
    return client.authorizationCodeGrant(configuration, url, { expectedState: state, pkceCodeVerifier: verifier });
  }

  async refresh(refreshToken) {
    const { configuration } = await this.#discovered();
    return client.refreshTokenGrant(configuration, refreshToken);
  }

  async revoke(token) {
    const { configuration } = await this.#discovered();
    await client.tokenRevocation(configuration, token, { token_type_hint: "refresh_token" });
  }

  /**
   * What the access token says, and whether its signature, issuer, audience and times hold (RFC 9068 section 4). A client need not
   * look inside; a resource server does exactly this.
   */
  async verifyAccessToken(token) {
    const { keys, issuer } = await this.#discovered();
    const decoded = { header: decodeProtectedHeader(token), claims: decodeJwt(token) };
    return jwtVerify(token, keys, { issuer, audience: issuer, typ: "at+jwt" }).then(
      () => ({ ...decoded, holds: true }),
      (error) => ({ ...decoded, holds: false, problem: error.message }),
    );
  }

  /** The server's metadata (RFC 8414), read once it can be reached. */
  #discovered() {
    this.#server ??= this.#discover().catch((error) => {
      this.#server = undefined;
      throw error;
    });
    return this.#server;
  }

  async #discover() {
    const { issuer, clientId } = this.#options;
    const configuration = await client.discovery(new URL(issuer), clientId, undefined, client.None(), {
      algorithm: "oauth2",
      execute: isLoopback(issuer) ? [client.allowInsecureRequests] : [],
    });
    const metadata = configuration.serverMetadata();
    return { configuration, issuer: metadata.issuer, keys: createRemoteJWKSet(new URL(metadata.jwks_uri)) };
  }
}

/** On this machine alone, http is as good as https. */
function isLoopback(address) {
  return ["127.0.0.1", "[::1]", "localhost"].includes(new URL(address).hostname);
}
