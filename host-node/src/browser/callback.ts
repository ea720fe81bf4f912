import { Refused } from "../errors.js";
import { type IdClaims, verifyIdToken } from "./id-token.js";
import { openKey } from "./keys.js";
import { alone } from "./lock.js";
import { forgetRefused } from "./register.js";
import { nameOf, restoreSession, type Session, startSession } from "./session.js";
import { type Pending, pendingKey } from "./sign-in.js";
import { forOrigin, forTab, type Keeper, readItem } from "./storage.js";
import { postForm, refused } from "./transport.js";

/** Where the person came back to, and where things are kept. */
export interface CallbackOptions {
  /** The address that the browser came to. Default: the page's, from which the answer is then removed. */
  url?: string | URL;
  /** As it was given to `signIn`; the session is kept there too. Default: `sessionStorage`, and IndexedDB for the session. */
  storage?: Keeper;
  /** Milliseconds since 1970. Default: `Date.now`. */
  clock?: () => number;
}

/** Whose session, and the page that its sign-ins end at: what `signIn` is given will do. */
export interface OpenOptions extends CallbackOptions {
  issuer: string;
  clientId: string;
  redirectUri: string;
  resource?: string | undefined;
}

/** The parameters of an answer to an authorization request. */
type Answer = Partial<Record<string, string>>;

/**
 * Ends a sign-in: checks the answer of the authorization server, redeems the code, and gives the session.
 *
 * Rejects with `invalid_callback` when the answer belongs to no sign-in of this browser or comes from another server, and with the
 * server's code (`access_denied`, ...) when it refused.
 */
export async function handleCallback(options: CallbackOptions = {}): Promise<Session> {
  const session = await sessionFrom(options);
  if (!session) throw invalid("belongs to no sign-in that was begun here");
  return session;
}

/**
 * The session of the person in front of this page, wherever the page is: the one that a sign-in which ends here gives, else the one of
 * an earlier time, if there is one. An answer that is stale (the page was loaded again, or is a bookmark) is as good as none.
 *
 * Rejects as {@link handleCallback} otherwise: who was refused must not be sent to `signIn` again unasked.
 */
export async function openSession(options: OpenOptions): Promise<Session | undefined> {
  const { issuer, clientId, resource, storage, clock } = options;
  const ended = isAnswer(addressOf(options), options.redirectUri) ? await sessionFrom(options) : undefined;
  return ended ?? restoreSession({ issuer, clientId, resource, storage, clock });
}

/** The session that an answer gives; none when it belongs to no sign-in that waits for it. */
async function sessionFrom(options: CallbackOptions): Promise<Session | undefined> {
  const answer = single(addressOf(options).searchParams);
  if (options.url === undefined) forgetAnswer();
  const pending = await take(options.storage ?? forTab(), answer.state);
  return pending && redeemed(pending, answer, options);
}

async function redeemed(pending: Pending, answer: Answer, { storage, clock }: CallbackOptions): Promise<Session> {
  const { server, clientId, redirectUri, verifier, resource, jkt } = pending;
  if (!isFrom(pending, answer.iss)) throw invalid("comes from another server");
  if (answer.error !== undefined) throw refused(answer.error, 403, answer.error_description);
  if (answer.code === undefined) throw invalid("has neither a code nor an error");
  const name = nameOf({ issuer: server.issuer, clientId, resource });
  const key = jkt === undefined ? undefined : await openKey(name, storage ?? forOrigin());
  if (key?.thumbprint !== jkt) throw invalid("is bound to a key that was forgotten");
  const form = {
    grant_type: "authorization_code",
    code: answer.code,
    redirect_uri: redirectUri,
    client_id: clientId,
    code_verifier: verifier,
    resource,
  };
  const proving = key && { key, clock: clock ?? Date.now };
  const tokens = await postForm(server.tokenEndpoint, form, proving).catch(async (error) => {
    throw await forgetRefused(error, { issuer: server.issuer, clientId, redirectUri }, storage ?? forOrigin());
  });
  return startSession(pending, tokens, await claimsOf(pending, tokens, clock), { storage, clock });
}

/** Who signed in, where that was asked (OpenID Connect Core section 3.1.3.3). */
async function claimsOf(
  { server, clientId, nonce, maxAge }: Pending,
  { id_token: idToken, access_token: accessToken }: Record<string, unknown>,
  clock: CallbackOptions["clock"],
): Promise<IdClaims | undefined> {
  if (nonce === undefined) return undefined;
  if (typeof idToken !== "string" || server.jwksUri === undefined)
    throw invalid("has no ID token, which was asked for");
  const { issuer, jwksUri: jwks } = server;
  // Two clocks: a minute is what providers commonly allow each other.
  const times = { leeway: 60, ...(clock && { clock }) };
  return verifyIdToken(idToken, { jwks, issuer, clientId, nonce, maxAge, accessToken: String(accessToken), ...times });
}

const addressOf = ({ url }: CallbackOptions) => new URL(url ?? location.href);

function isAnswer({ origin, pathname, searchParams }: URL, redirectUri: string): boolean {
  const page = new URL(redirectUri);
  const answered = searchParams.has("state") && (searchParams.has("code") || searchParams.has("error"));
  return answered && origin === page.origin && pathname === page.pathname;
}

/** RFC 6749 section 3.1: no parameter more than once. */
function single(query: URLSearchParams): Answer {
  const parameters: Answer = Object.fromEntries(query);
  if ([...query.keys()].length > Object.keys(parameters).length) throw invalid("repeats a parameter");
  return parameters;
}

/** The code is of no use to the history, to a referrer or to a reload. */
function forgetAnswer(): void {
  const { origin, pathname, hash } = location;
  history.replaceState(history.state, "", origin + pathname + hash);
}

/** The sign-in that this answer belongs to, once: a server that sees a code twice takes it for stolen, and ends the session. */
function take(storage: Keeper, state: string | undefined): Promise<Pending | undefined> {
  const key = pendingKey(state ?? "");
  return alone(key, async () => {
    const pending = await readItem<Pending>(storage, key);
    if (pending) await storage.removeItem(key);
    return pending;
  });
}

/** RFC 9207 section 2.4: against mix-up. Byte for byte, and for errors too. */
function isFrom({ server }: Pending, issuer: string | undefined): boolean {
  return issuer === undefined ? !server.namesIssuer : issuer === server.issuer;
}

function invalid(why: string): Refused {
  const message = `The answer to the sign-in ${why}`;
  return new Refused({ code: "invalid_callback", status: 400, message, help: "Start the sign-in again." });
}
