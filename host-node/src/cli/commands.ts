import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Claviger } from "../claviger.js";
import type { ClientAuthMethod, ClientChanges, NewClient } from "../shapes.js";
import { type Command, Mistyped, notFound, type Options } from "./command.js";
import { algorithms, generateOptions, importFile, importOptions, isForElsewhere, makeForElsewhere } from "./keys.js";
import { passwordOptions, readPassword } from "./password.js";
import { patCommands } from "./pats.js";
import { serve, serveOptions } from "./serve.js";
import { all, command, given, oneOf, seconds, truth, whole } from "./typed.js";

const clientColumns = ["id", "name", "origin", "authMethod", "disabled", "createdAt"];
const registrationTokenColumns = ["id", "usesLeft", "createdAt", "expiresAt"];
const userColumns = ["id", "login", "name", "disabled", "createdAt"];
const keyColumns = ["kid", "algorithm", "state", "createdAt"];
const factorColumns = ["id", "name", "confirmed", "lastUsedAt"];
const sessionColumns = ["id", "methods", "authTime", "expiresAt"];
const grantColumns = ["id", "clientId", "scopes", "state", "expiresAt"];

const authMethods = ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"] as const;

const clientOptions = {
  name: { type: "string", value: "TEXT", help: "What people are shown" },
  "redirect-uri": {
    type: "string",
    multiple: true,
    value: "URL",
    help: "Where browsers may be sent back to, compared byte for byte; may be repeated",
  },
  scope: {
    type: "string",
    multiple: true,
    value: "SCOPE",
    help: "What it may ask for, all that is configured when it is never said; may be repeated",
  },
  "grant-type": {
    type: "string",
    multiple: true,
    value: "TYPE",
    help: "How it may ask: authorization_code, refresh_token, client_credentials, or a URN; may be repeated",
  },
  "access-token": { type: "string", value: "FORM", help: "What its access tokens look like: jwt or opaque" },
  "dpop-bound": {
    type: "string",
    value: "BOOL",
    help: "Whether it gets only tokens that are bound to its key (RFC 9449)",
  },
  jwks: {
    type: "string",
    value: "FILE",
    help: "A file with its public keys (RFC 7517 section 5), for private_key_jwt",
  },
  "jwks-uri": { type: "string", value: "URL", help: "The https address where it publishes its keys, instead" },
  "auth-signing-alg": { type: "string", value: "ALGORITHM", help: "The only algorithm of its assertions" },
  "require-par": { type: "string", value: "BOOL", help: "Whether it must push its authorization requests (RFC 9126)" },
  "id-token-alg": { type: "string", value: "ALGORITHM", help: "What its ID tokens are signed with" },
  "userinfo-alg": { type: "string", value: "ALGORITHM", help: "What answers of the userinfo endpoint are signed with" },
  "subject-type": { type: "string", value: "TYPE", help: "How it knows people: public or pairwise" },
  "sector-identifier-uri": { type: "string", value: "URL", help: "The https address whose host is its sector" },
  "default-max-age": {
    type: "string",
    value: "SECONDS",
    help: "How old a sign-in may be where a request does not say",
  },
  "post-logout-redirect-uri": {
    type: "string",
    multiple: true,
    value: "URL",
    help: "Where browsers may be sent after signing out, compared byte for byte; may be repeated",
  },
  "backchannel-logout-uri": {
    type: "string",
    value: "URL",
    help: "The https address that is told when somebody signs out",
  },
  resource: {
    type: "string",
    multiple: true,
    value: "URL",
    help: "A resource that it serves, and may introspect tokens for; may be repeated",
  },
  "exchange-for": {
    type: "string",
    multiple: true,
    value: "URL",
    help: "A resource for which it may exchange the tokens that it receives; may be repeated",
  },
} as const satisfies Options;

const newClientOptions = {
  ...clientOptions,
  "auth-method": {
    type: "string",
    value: "METHOD",
    help: "How it proves who it is: client_secret_basic, client_secret_post, private_key_jwt or none",
  },
  id: { type: "string", value: "ID", help: "An id of your choice" },
} as const satisfies Options;

/** All that can be typed, in the order of the help. */
export const commands: readonly Command[] = [
  { name: "serve", summary: "Run the server", options: serveOptions, run: serve },
  {
    name: "secret",
    summary: "Print a fresh secret, for CLAVIGER_SECRET",
    run: ({ output }) => output.line(randomBytes(32).toString("base64url")),
  },
  {
    name: "check-config",
    summary: "Check the configuration, and change nothing",
    run: async ({ settings, output }) => {
      await settings().check();
      output.line("the configuration is good");
    },
  },
  command(
    "clients create",
    "Register a client; its secret is shown once",
    [],
    newClientOptions,
    async (auth, context) => {
      const { client, secret } = await auth.clients.create(newClient(context.values, "claviger clients create --help"));
      context.output.record({ ...client, ...(secret !== null && { secret }) });
    },
  ),
  command("clients list", "List all clients", [], {}, async (auth, { output }) => {
    output.table(await all(auth.clients.list()), clientColumns);
  }),
  command("clients show", "Show a client", ["id"], {}, async (auth, { output }, id) => {
    const client = await auth.clients.find(id);
    if (!client) throw notFound("client", id, "clients list");
    output.record(client);
  }),
  command("clients update", "Change a client", ["id"], clientOptions, async (auth, { values, output }, id) => {
    const changes = clientChanges(values, "claviger clients update --help");
    // It is given as a whole: what was not typed stays.
    const openid = changes.openid && { ...(await auth.clients.find(id))?.openid, ...changes.openid };
    output.record(await auth.clients.update(id, { ...changes, ...(openid && { openid }) }));
  }),
  command("clients disable", "Refuse a client everything", ["id"], {}, async (auth, { output }, id) => {
    output.record(await auth.clients.disable(id));
  }),
  command("clients enable", "Let a client work again", ["id"], {}, async (auth, { output }, id) => {
    output.record(await auth.clients.enable(id));
  }),
  command("clients delete", "Remove a client for good", ["id"], {}, async (auth, { output }, id) => {
    if (!(await auth.clients.delete(id))) throw notFound("client", id, "clients list");
    output.line("deleted");
  }),
  command(
    "clients rotate-secret",
    "Give a client a new secret, which is shown once",
    ["id"],
    { overlap: { type: "string", value: "SECONDS", help: "How many seconds the old secret still works" } },
    async (auth, { values, output }, id) => {
      const overlap = seconds(values, "overlap", "claviger clients rotate-secret --help");
      const { client, secret } = await auth.clients.rotateSecret(id, { overlap });
      output.record({ ...client, secret });
    },
  ),
  command(
    "registration-tokens issue",
    "Make a token with which clients may register themselves; it is shown once",
    [],
    {
      uses: { type: "string", value: "NUMBER", help: "How many clients it is good for, 1 when absent" },
      "expires-in": { type: "string", value: "SECONDS", help: "How long it is good for, a day when absent" },
    },
    async (auth, { values, output }) => {
      const help = "claviger registration-tokens issue --help";
      const uses = values.uses === undefined ? {} : { uses: whole(values, "uses", "a number", help) };
      const typed = values["expires-in"] !== undefined;
      const expiresIn = typed ? { expiresIn: seconds(values, "expires-in", help) } : {};
      output.record(await auth.registrationTokens.issue({ ...uses, ...expiresIn }));
    },
  ),
  command("registration-tokens list", "List what is left of them", [], {}, async (auth, { output }) => {
    output.table(await all(auth.registrationTokens.list()), registrationTokenColumns);
  }),
  command("registration-tokens revoke", "End a registration token", ["id"], {}, async (auth, { output }, id) => {
    if (!(await auth.registrationTokens.revoke(id)))
      throw notFound("registration token", id, "registration-tokens list");
    output.line("revoked");
  }),
  ...patCommands,
  command(
    "users create",
    "Make a user",
    ["login"],
    { name: { type: "string", value: "TEXT", help: "What pages call the user" }, ...passwordOptions },
    async (auth, { values, output }, login) => {
      const password = await readPassword(values, "claviger users create --help");
      const account = await auth.accounts.create({ login, ...password.given, ...given(values, { name: "name" }) });
      output.record({ ...account, ...password.shown });
    },
  ),
  command("users list", "List all users", [], {}, async (auth, { output }) => {
    output.table(await all(auth.accounts.list()), userColumns);
  }),
  command("users show", "Show a user", ["user"], {}, async (auth, { output }, user) => {
    output.record(await findUser(auth, user));
  }),
  command("users disable", "Refuse a user to sign in", ["user"], {}, async (auth, { output }, user) => {
    output.record(await auth.accounts.disable((await findUser(auth, user)).id));
  }),
  command("users enable", "Let a user sign in again", ["user"], {}, async (auth, { output }, user) => {
    output.record(await auth.accounts.enable((await findUser(auth, user)).id));
  }),
  command(
    "users set-password",
    "Set a user's password",
    ["user"],
    passwordOptions,
    async (auth, { values, output }, user) => {
      const { id } = await findUser(auth, user);
      const password = await readPassword(values, "claviger users set-password --help");
      output.record({ ...(await auth.accounts.setPassword(id, password.given)), ...password.shown });
    },
  ),
  command("sessions list", "List where a user is signed in", ["user"], {}, async (auth, { output }, user) => {
    output.table(await all(auth.sessions.list((await findUser(auth, user)).id)), sessionColumns);
  }),
  command(
    "sessions revoke",
    "Sign a user out of one browser",
    ["user", "id"],
    {},
    async (auth, { output }, user, id) => {
      if (!(await auth.sessions.revoke((await findUser(auth, user)).id, id)))
        throw notFound("session", id, `sessions list ${user}`);
      output.line("revoked");
    },
  ),
  command("sessions revoke-all", "Sign a user out everywhere", ["user"], {}, async (auth, { output }, user) => {
    output.record({ revoked: await auth.sessions.revokeAll((await findUser(auth, user)).id) });
  }),
  command("factors list", "List a user's authenticator apps", ["user"], {}, async (auth, { output }, user) => {
    output.table((await auth.factors.list((await findUser(auth, user)).id)).authenticators, factorColumns);
  }),
  command(
    "factors remove",
    "Remove an authenticator app, such as one that was lost; the user is signed out everywhere",
    ["user", "id"],
    {},
    async (auth, { output }, user, id) => {
      if (!(await auth.factors.remove((await findUser(auth, user)).id, id)))
        throw notFound("authenticator", id, `factors list ${user}`);
      output.line("removed");
    },
  ),
  command(
    "factors recovery-codes",
    "Give a user ten new recovery codes; those before are good no more",
    ["user"],
    {},
    async (auth, { output }, user) => {
      output.record({ recoveryCodes: await auth.factors.regenerateRecoveryCodes((await findUser(auth, user)).id) });
    },
  ),
  command("grants list", "List what a user has allowed", ["user"], {}, async (auth, { output }, user) => {
    output.table(await all(auth.grants.list((await findUser(auth, user)).id)), grantColumns);
  }),
  command(
    "grants revoke",
    "Take a grant back, and with it all its tokens",
    ["user", "id"],
    {},
    async (auth, { output }, user, id) => {
      if (!(await auth.grants.revoke((await findUser(auth, user)).id, id)))
        throw notFound("grant", id, `grants list ${user}`);
      output.line("revoked");
    },
  ),
  command("keys list", "List all keys", [], {}, async (auth, { output }) => {
    output.table(await auth.keys.list(), keyColumns);
  }),
  {
    name: "keys generate",
    summary: "Make the key that signs next",
    positionals: ["algorithm?"],
    options: generateOptions,
    run: async (context) => {
      const [typed] = context.positionals;
      oneOf(typed, "<algorithm>", algorithms, "claviger keys generate --help");
      if (isForElsewhere(context)) return makeForElsewhere(context, typed ?? "EdDSA");
      const settings = context.settings();
      const algorithm = typed ?? settings.configuration.signing?.algorithm ?? "EdDSA";
      context.output.record(await settings.open().keys.generate(algorithm));
    },
  },
  command(
    "keys import",
    "Bring a key along: a PEM of PKCS #8, a JWK or a key set, in a file or in the one that JWT_PRIVATE_KEY names",
    ["file?"],
    importOptions,
    async (auth, context, file) => {
      oneOf(context.values.algorithm, "--algorithm", algorithms, "claviger keys import --help");
      context.output.table(await importFile(auth, context, file), keyColumns);
    },
  ),
  command(
    "keys export",
    "Show the public half of a key as a PEM, or without a kid all that are published as a JWK Set",
    ["kid?"],
    {},
    async (auth, { output }, kid) => {
      if (!kid) return output.text(JSON.stringify(await auth.keys.jwks(), null, 2));
      const key = await auth.keys.export(kid);
      if (output.json) output.record(key);
      else output.text(key.publicPem.trimEnd());
    },
  ),
  command(
    "keys rotate",
    "Let the next key sign",
    [],
    { algorithm: { type: "string", value: "ALGORITHM", help: "Only keys that sign like this" } },
    async (auth, { values, output }) => {
      const algorithm = oneOf(values.algorithm, "--algorithm", algorithms, "claviger keys rotate --help");
      output.table(await auth.keys.rotate(algorithm), keyColumns);
    },
  ),
  command(
    "keys withdraw",
    "End a compromised key: it verifies nothing from now on",
    ["kid"],
    {},
    async (auth, { output }, kid) => {
      output.table(await auth.keys.withdraw(kid), keyColumns);
    },
  ),
  command(
    "purge",
    "Remove what has expired",
    [],
    {
      "dry-run": { type: "boolean", help: "Only count" },
      retention: { type: "string", value: "SECONDS", help: "Leave rows for so many seconds after they are over" },
    },
    async (auth, { values, output }) => {
      const retention = seconds(values, "retention", "claviger purge --help");
      output.record(await auth.purge({ dryRun: values["dry-run"] === true, retention }));
    },
  ),
];

function clientChanges(values: Record<string, unknown>, see: string): ClientChanges {
  oneOf(values["access-token"], "--access-token", ["jwt", "opaque"], see);
  const changes = given(values, {
    name: "name",
    "redirect-uri": "redirectUris",
    scope: "scopes",
    "grant-type": "grantTypes",
    "access-token": "accessToken",
    resource: "resources",
    "exchange-for": "exchangeFor",
    "auth-signing-alg": "authSigningAlg",
    "jwks-uri": "jwksUri",
  });
  const openid = openIdOf(values, see);
  return {
    ...changes,
    ...(openid && { openid }),
    ...truth(values, "require-par", "requirePushedAuthorizationRequests", see),
    ...truth(values, "dpop-bound", "dpopBoundAccessTokens", see),
    ...(values.jwks !== undefined && { jwks: readJwks(String(values.jwks), see) }),
  };
}

function openIdOf(values: Record<string, unknown>, see: string): ClientChanges["openid"] {
  oneOf(values["id-token-alg"], "--id-token-alg", algorithms, see);
  oneOf(values["userinfo-alg"], "--userinfo-alg", algorithms, see);
  oneOf(values["subject-type"], "--subject-type", ["public", "pairwise"], see);
  const typed = given(values, {
    "id-token-alg": "idTokenAlg",
    "userinfo-alg": "userinfoAlg",
    "subject-type": "subjectType",
    "sector-identifier-uri": "sectorIdentifierUri",
    "post-logout-redirect-uri": "postLogoutRedirectUris",
    "backchannel-logout-uri": "backchannelLogoutUri",
  });
  const age = values["default-max-age"] !== undefined && { defaultMaxAge: seconds(values, "default-max-age", see) };
  const openid = { ...typed, ...age };
  return Object.keys(openid).length > 0 ? openid : undefined;
}

function readJwks(file: string, see: string): NonNullable<ClientChanges["jwks"]> {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    throw new Mistyped(`--jwks is a file with JSON: ${file} cannot be read`, see);
  }
}

function newClient(values: Record<string, unknown>, see: string): NewClient & { authMethod: ClientAuthMethod } {
  const { name, redirectUris = [], ...rest } = clientChanges(values, see);
  if (name === undefined) throw new Mistyped("clients create needs --name", see);
  const authMethod = oneOf(values["auth-method"], "--auth-method", authMethods, see) ?? "client_secret_basic";
  return { ...rest, ...given(values, { id: "id" }), name, redirectUris, authMethod };
}

/** By login, or else by id. */
async function findUser(auth: Claviger, user: string) {
  const account = (await auth.accounts.find({ login: user })) ?? (await auth.accounts.find(user));
  if (!account) throw notFound("user", user, "users list");
  return account;
}
