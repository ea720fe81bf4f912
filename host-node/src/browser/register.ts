import { ConfigurationError, Fault, Refused } from "../errors.js";
import { alone } from "./lock.js";
import { discover } from "./server.js";
import { forOrigin, type Keeper, readItem, writeItem } from "./storage.js";
import { postJson, urlOf } from "./transport.js";

/** A client that its server does not know yet. */
export interface RegistrationOptions {
  /** The authorization server, byte for byte as its metadata say. */
  issuer: string;
  /** As for `signIn`. */
  redirectUri: string;
  /** What people are shown. */
  name: string;
  /** The https address of a document that describes the client: its id wherever the server reads such documents. */
  document?: string;
  /** What the client may ask for, separated by spaces. Default: what the server gives by default. */
  scope?: string;
  /** Where the id is kept. Default: IndexedDB. */
  storage?: Keeper;
  /** Whether to register again, whatever is kept: for a server that knows the id no more, which it shows only to the person. */
  anew?: boolean;
}

/** What is kept of a registration. */
interface Registered {
  readonly clientId: string;
  readonly scope: string | undefined;
}

/** A client has one id for each page that its sign-ins end at, at each server. */
const itemOf = (issuer: string, redirectUri: string) => `claviger.client ${issuer} ${redirectUri}`;

/**
 * The client's id at a server: the address of its document where the server reads it, else the id that the server gave when this was
 * called first, which is asked for once for each redirect URI, and again for another scope (RFC 7591). Each server has its own, and no
 * other ever sees it. One that the server refuses (`invalid_client`) is forgotten.
 */
export async function registerClient(options: RegistrationOptions): Promise<string> {
  const { issuer, redirectUri, name, document, scope, storage = forOrigin(), anew } = options;
  const { readsDocuments, registrationEndpoint } = await discover(issuer);
  if (document !== undefined && readsDocuments) return document;
  const item = itemOf(issuer, redirectUri);
  return alone(item, async () => {
    const known = await readItem<Registered>(storage, item);
    if (known && known.scope === scope && !anew) return known.clientId;
    if (registrationEndpoint === undefined) {
      const help = "Register the client there, and give its id to signIn.";
      throw new ConfigurationError(`${issuer} registers no clients`, help);
    }
    const answer = await postJson(registrationEndpoint, {
      client_name: name,
      redirect_uris: [redirectUri],
      application_type: applicationType(redirectUri),
      token_endpoint_auth_method: "none",
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      scope,
    });
    const clientId = idOf(answer);
    await writeItem(storage, item, { clientId, scope } satisfies Registered);
    return clientId;
  });
}

/** For an error of a server that knows the client no more: what is kept of its registration goes. Gives the error. */
export async function forgetRefused<E>(error: E, client: SignInClient, storage: Keeper): Promise<E> {
  if (!(error instanceof Refused) || error.code !== "invalid_client" || client.redirectUri === undefined) return error;
  const item = itemOf(client.issuer, client.redirectUri);
  await alone(item, async () => {
    const known = await readItem<Registered>(storage, item);
    if (known?.clientId === client.clientId) await storage.removeItem(item);
  });
  return error;
}

/** Whose sign-in it was, and where it ended. */
interface SignInClient {
  readonly issuer: string;
  readonly clientId: string;
  readonly redirectUri: string | undefined;
}

/** OpenID Connect Dynamic Client Registration section 2: loopback hosts and schemes of one's own are for native clients. */
function applicationType(redirectUri: string): "native" | "web" {
  return urlOf(redirectUri)?.protocol === "https:" ? "web" : "native";
}

/** RFC 7591 section 3.2.1: the server may have registered something else than it was asked for. */
function idOf({ client_id: id, token_endpoint_auth_method: method = "none" }: Record<string, unknown>): string {
  if (typeof id === "string" && method === "none") return id;
  const help = "The server must register public clients as RFC 7591 section 3.2.1 says.";
  throw new Fault({ code: "server_failed", status: 503, message: "The server registered no public client", help });
}
