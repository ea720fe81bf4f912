// A client that registered itself, and checks every answer as strictly as the specifications let it.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { decodeProtectedHeader } from "jose";
import * as oauth from "oauth4webapi";

export const insecure = { [oauth.allowInsecureRequests]: true };

/** Where the client lives. Nobody goes there: browsers stop at its door. */
export const home = "https://rp.example";
export const redirectUri = `${home}/callback`;

export class RelyingParty {
  /** What was kept of the request that went last. */
  checks;

  /** `key` signs the assertions of a client that authenticates with one. */
  constructor(server, client, key) {
    Object.assign(this, { server, client, key });
  }

  get #authentication() {
    const { token_endpoint_auth_method: method, client_secret: secret } = this.client;
    if (method === "private_key_jwt") return oauth.PrivateKeyJwt(this.key);
    return method === "client_secret_post" ? oauth.ClientSecretPost(secret) : oauth.ClientSecretBasic(secret);
  }

  /** The parameters of a request, with these in place of the usual ones; `undefined` leaves one out. */
  async request(changes = {}) {
    const verifier = oauth.generateRandomCodeVerifier();
    const parameters = {
      client_id: this.client.client_id,
      redirect_uri: this.client.redirect_uris[0],
      response_type: "code",
      scope: "openid",
      state: oauth.generateRandomState(),
      nonce: oauth.generateRandomNonce(),
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      ...changes,
    };
    this.checks = { verifier, ...parameters };
    return new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== undefined));
  }

  /** Sends a person with a request, and gives where the person came. */
  async send(person, changes) {
    const location = new URL(this.server.authorization_endpoint);
    location.search = await this.request(changes);
    return person.visit(location);
  }

  /** The error that a request is answered with at the client, with `state` and `iss` as they should be. */
  async refused(person, changes) {
    const { arrived, posted, page } = await this.send(person, changes);
    assert.ok(arrived, `an error page: ${page?.text}`);
    assert.equal(`${arrived.origin}${arrived.pathname}`, this.checks.redirect_uri);
    const answer = posted ?? arrived.searchParams;
    assert.equal(answer.get("state"), this.checks.state);
    assert.equal(answer.get("iss"), this.server.issuer);
    assert.equal(answer.get("code"), null);
    return answer.get("error");
  }

  /** Asserts that a request ends at a page of the server, which sends nobody to the client. */
  async stopped(person, changes) {
    const { arrived, page } = await this.send(person, changes);
    assert.equal(arrived, undefined);
    assert.equal(page.status, 400);
    assert.match(page.text, /Error code/);
  }

  /** A person signs in as far as it is needed, and allows what is asked for: the tokens, with the ID token's claims. */
  async signIn(person, changes) {
    const { arrived, posted, seen, page } = await this.send(person, changes);
    assert.ok(arrived, `an error page: ${page?.text}`);
    return { seen: seen.map(({ name }) => name), ...(await this.redeem(posted ?? arrived)) };
  }

  /** The parameters that came back, if they are the answer to the request (RFC 9207 section 2.4). */
  answered(arrived) {
    return oauth.validateAuthResponse(this.server, this.client, arrived, this.checks.state ?? oauth.expectNoState);
  }

  /** What the code that came back is worth. */
  async redeem(arrived) {
    const { nonce = oauth.expectNoNonce } = this.checks;
    const answer = this.answered(arrived);
    const response = await this.postCode(answer);
    const expected = { expectedNonce: nonce, requireIdToken: true };
    const tokens = await oauth.processAuthorizationCodeResponse(this.server, this.client, response, expected);
    await oauth.validateApplicationLevelSignature(this.server, response, insecure);
    return { answer, tokens, claims: this.#checked(tokens) };
  }

  postCode(answer) {
    const { redirect_uri, verifier } = this.checks;
    const [server, client, authentication] = [this.server, this.client, this.#authentication];
    return oauth.authorizationCodeGrantRequest(
      server,
      client,
      authentication,
      answer,
      redirect_uri,
      verifier,
      insecure,
    );
  }

  /** OpenID Connect Core sections 3.1.3.6 and 3.1.3.7, where the library leaves something to its caller. */
  #checked(tokens) {
    const claims = oauth.getValidatedIdTokenClaims(tokens);
    const { alg, kid } = decodeProtectedHeader(tokens.id_token);
    assert.equal(alg, this.client.id_token_signed_response_alg);
    assert.ok(kid);
    assert.deepEqual([claims.aud, claims.azp], [this.client.client_id, this.client.client_id]);
    const digest = createHash(alg === "EdDSA" ? "sha512" : "sha256")
      .update(tokens.access_token)
      .digest();
    assert.equal(claims.at_hash, digest.subarray(0, digest.length / 2).toString("base64url"));
    assert.ok(Math.abs(claims.auth_time - Date.now() / 1000) < 300);
    return claims;
  }

  async refresh(token) {
    const response = await this.postRefreshToken(token);
    const tokens = await oauth.processRefreshTokenResponse(this.server, this.client, response);
    if (tokens.id_token) await oauth.validateApplicationLevelSignature(this.server, response, insecure);
    return { tokens, claims: oauth.getValidatedIdTokenClaims(tokens) };
  }

  postRefreshToken(token) {
    return oauth.refreshTokenGrantRequest(this.server, this.client, this.#authentication, token, insecure);
  }

  /** What the userinfo endpoint tells, checked against the ID token. */
  async userinfo({ tokens, claims }) {
    const response = await oauth.userInfoRequest(this.server, this.client, tokens.access_token, insecure);
    return oauth.processUserInfoResponse(this.server, this.client, claims.sub, response);
  }
}

/** The code of an error response (RFC 6749 section 5.2), which has this status. */
export async function errorOf(response, status = 400) {
  const body = await response.json();
  assert.equal(response.status, status, JSON.stringify(body));
  return body.error;
}
