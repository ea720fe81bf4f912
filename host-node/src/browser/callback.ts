import { Refused } from "../errors.js";
import { alone } from "./lock.js";
import { type Session, startSession } from "./session.js";
import { type Pending, pendingKey } from "./sign-in.js";
import { forTab, type Keeper, readItem } from "./storage.js";
import { postForm, refused } from "./transport.js";

/** Where the person came back to, and where things are kept. */
export interface CallbackOptions {
  /** The address that the browser came to. Default: the page's, from which the code is then removed. */
  url?: string | URL;
  /** As it was given to `signIn`; the session is kept there too. Default: `sessionStorage`, and IndexedDB for the session. */
  storage?: Keeper;
  /** Milliseconds since 1970. Default: `Date.now`. */
  clock?: () => number;
}

/**
 * Ends a sign-in: checks the answer of the authorization server, redeems the code, and gives the session.
 *
 * Rejects with `invalid_callback` when the answer belongs to no sign-in of this browser or comes from another server, and with the
 * server's code (`access_denied`, ...) when it refused.
 */
export async function handleCallback({ url, storage, clock = Date.now }: CallbackOptions = {}): Promise<Session> {
  const parameters = single(new URL(url ?? location.href).searchParams);
  if (url === undefined) forgetAnswer();
  const pending = await take(storage ?? forTab(), parameters.state);
  checkIssuer(pending, parameters.iss);
  if (parameters.error !== undefined) throw refused(parameters.error, 403, parameters.error_description);
  if (parameters.code === undefined) throw invalid("has neither a code nor an error");
  const { server, clientId, redirectUri, verifier } = pending;
  const tokens = await postForm(server.tokenEndpoint, {
    grant_type: "authorization_code",
    code: parameters.code,
    redirect_uri: redirectUri,
    client_id: clientId,
    code_verifier: verifier,
  });
  return startSession(pending, tokens, { storage, clock });
}

/** RFC 6749 section 3.1: no parameter more than once. */
function single(query: URLSearchParams): Partial<Record<string, string>> {
  const parameters: Partial<Record<string, string>> = Object.fromEntries(query);
  if ([...query.keys()].length > Object.keys(parameters).length) throw invalid("repeats a parameter");
  return parameters;
}

/** The code is of no use to the history, to a referrer or to a reload. */
function forgetAnswer(): void {
  const { origin, pathname, hash } = location;
  history.replaceState(history.state, "", origin + pathname + hash);
}

/** The sign-in that this answer belongs to, once: a server that sees a code twice takes it for stolen, and ends the session. */
function take(storage: Keeper, state: string | undefined): Promise<Pending> {
  const key = pendingKey(state ?? "");
  return alone(key, async () => {
    const pending = await readItem<Pending>(storage, key);
    if (!pending) throw invalid("belongs to no sign-in that was begun here");
    await storage.removeItem(key);
    return pending;
  });
}

/** RFC 9207 section 2.4: against mix-up. */
function checkIssuer({ server }: Pending, issuer: string | undefined): void {
  if (issuer === undefined ? server.namesIssuer : issuer !== server.issuer) throw invalid("comes from another server");
}

function invalid(why: string): Refused {
  const message = `The answer to the sign-in ${why}`;
  return new Refused({ code: "invalid_callback", status: 400, message, help: "Start the sign-in again." });
}
