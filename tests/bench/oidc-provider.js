// oidc-provider with its own memory adapter, its client in the configuration (so that finding it costs nothing), PKCE required,
// refresh tokens rotated, an id_token only where it is asked for.
import { generateKeyPairSync } from "node:crypto";
import Provider from "oidc-provider";
import { acting, basic, challenge, redemption, redirectUri, succeeded } from "./client.js";
import { post } from "./inject.js";

const secret = "Jx9fQ2mVt7Lr4KpZ8sWc1YbN6hDg3EaT";
const resource = "https://api.example.com";

const provider = new Provider("https://auth.example.com", {
  jwks: { keys: [signingKey("rsa", "RS256", { modulusLength: 2048 }), signingKey("ed25519", "EdDSA")] },
  cookies: { keys: ["Rk2uVx5zTq8wNc1yLm4pBs7dGf0hJa3e"] },
  clients: [client("app"), client("EdDSA", "EdDSA"), client("RS256", "RS256")],
  scopes: ["openid", "offline_access", "read"],
  findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  pkce: { required: () => true },
  rotateRefreshToken: true,
  issueRefreshToken: () => true,
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({ scope: "read", accessTokenFormat: "jwt", jwt: { sign: { alg: "EdDSA" } } }),
    },
  },
  interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
  ttl: {
    AccessToken: 900,
    AuthorizationCode: 60,
    ClientCredentials: 900,
    Grant: 86_400,
    IdToken: 3600,
    RefreshToken: 86_400,
  },
});
provider.on("server_error", (_context, error) => {
  throw error;
});
const handler = provider.callback();

function signingKey(type, alg, options) {
  const { privateKey } = generateKeyPairSync(type, options);
  return { ...privateKey.export({ format: "jwk" }), use: "sig", alg, kid: alg };
}

function client(id, idTokenAlg = "RS256") {
  return {
    client_id: id,
    client_secret: secret,
    redirect_uris: [redirectUri],
    grant_types: ["authorization_code", "refresh_token", "client_credentials"],
    scope: "openid offline_access read",
    id_token_signed_response_alg: idTokenAlg,
  };
}

/** A code, made as the authorization endpoint makes it, without the endpoint. */
async function code(format, clientId, scope) {
  const grant = new provider.Grant({ accountId: "ada", clientId });
  grant.addOIDCScope(scope);
  if (format === "jwt") grant.addResourceScope(resource, "read");
  return new provider.AuthorizationCode({
    accountId: "ada",
    client: await provider.Client.find(clientId),
    grantId: await grant.save(),
    redirectUri,
    scope,
    codeChallenge: challenge,
    codeChallengeMethod: "S256",
    authTime: Math.floor(Date.now() / 1000),
    resource: format === "jwt" ? resource : undefined,
    gty: "authorization_code",
    sessionUid: "session",
  }).save();
}

async function send(path, clientId, form) {
  const { status, body } = await post(handler, path, basic(clientId, secret), form);
  return succeeded(status, body);
}

/** A server that answers forms; `format` is that of its access tokens, `"opaque"` or `"jwt"`, `idTokenAlg` signs its ID tokens, if it gives any. */
export function oidcProvider(format, idTokenAlg) {
  const clientId = idTokenAlg ?? "app";
  const scope = idTokenAlg ? "openid read offline_access" : "read offline_access";
  return {
    code: () => code(format, clientId, scope),
    acting: () => acting(format === "jwt" ? resource : undefined),
    redemption: (code) => redemption(code, format === "jwt" ? resource : undefined),
    token: (form) => send("/token", clientId, form),
    introspect: (form) => send("/token/introspection", clientId, form),
  };
}
