import type { PatReason } from "./shapes.js";

interface OfPat {
  readonly tokenId: string;
}
interface OfClient {
  readonly clientId: string;
}
interface OfSubject {
  readonly subject: string;
}
interface OfGrant extends OfClient {
  readonly grantId: string;
}

/** What happened, by name. No event carries a secret. */
export interface Events {
  "client.created": OfClient;
  /** It registered itself. */
  "client.registered": OfClient;
  /** The metadata document at the client's id was read. */
  "client.document_read": OfClient;
  "client.document_refused": OfClient & { readonly reason: string };
  "registration_token.issued": { readonly id: string };
  "registration_token.revoked": { readonly id: string };
  "client.updated": OfClient;
  "client.deleted": OfClient;
  "client.secret_rotated": OfClient;
  "client.authentication_failed": OfClient;
  "account.created": OfSubject;
  "account.updated": OfSubject;
  "account.password_set": OfSubject;
  /** A sign-in put a better hash of the same password in the place of the old one. */
  "account.password_rehashed": OfSubject;
  /** Nothing verifies against the hash that is stored: it cannot be read, costs too much, or has a pepper that is not configured. */
  "account.password_unusable": OfSubject & { readonly reason: "unreadable" | "excessive" | "unknown_pepper" };
  /** Somebody made it for themselves. */
  "account.registered": OfSubject;
  /** Somebody signed up with the address of this account: its owner was told by mail. */
  "account.registration_repeated": OfSubject;
  "email.verification_requested": OfSubject;
  "email.change_requested": OfSubject;
  "email.verified": OfSubject;
  "email.changed": OfSubject;
  "password.reset_requested": OfSubject;
  "password.reset": OfSubject;
  /** They were sent what signs in. */
  "sign_in.mail_requested": OfSubject;
  "sign_in.succeeded": OfSubject & { readonly sessionId: string };
  "sign_in.failed": { readonly subject: string | null };
  "sign_in.throttled": { readonly subject: string | null };
  "factor.added": OfSubject & { readonly factorId: string };
  "factor.removed": OfSubject & { readonly factorId: string };
  "factor.used": OfSubject & { readonly kind: "totp" | "email_code" | "recovery_code" };
  /** A code was wrong, over, or used before. */
  "factor.refused": OfSubject;
  "recovery_codes.regenerated": OfSubject;
  "session.revoked": OfSubject & { readonly sessionId: string };
  /** A remembered browser (`signIn.rememberFor`) began a session by itself. */
  "session.remembered": OfSubject & { readonly sessionId: string };
  /** A remembered browser's cookie was used a second time: there are two of it. All that it began has ended. */
  "remember.replayed": OfSubject & { readonly rememberedId: string };
  /** The same of a session's refresh token: the session has ended. */
  "session_token.replayed": OfSubject & { readonly sessionId: string };
  /** A session is over that this client wants to be told of (OpenID Connect Back-Channel Logout): that is begun already. */
  "logout.due": OfSubject & OfClient & { readonly sessionId: string };
  "logout.delivered": OfSubject & OfClient & { readonly sessionId: string };
  /** The client was not told, and will not be. */
  "logout.not_delivered": OfSubject & OfClient & { readonly sessionId: string; readonly reason: string };
  /** Of `auth.authenticate`: once for each request that is let through. */
  "authentication.succeeded": {
    readonly subject: string | null;
    readonly clientId: string | null;
    readonly sessionId: string | null;
    /** Of a personal access token. */
    readonly tokenId?: string;
  };
  /** Of `auth.authenticate`: the code is that of the error. */
  "authentication.failed": { readonly code: string };
  "consent.granted": OfSubject & OfClient & { readonly scope: string };
  "consent.denied": OfSubject & OfClient;
  "code.issued": OfSubject & OfGrant;
  "code.replayed": OfGrant;
  "token.issued": OfGrant & { readonly subject: string | null };
  "token.refreshed": OfSubject & OfGrant;
  "token.exchanged": OfSubject & OfGrant;
  "token.revoked": OfGrant;
  "refresh_token.replayed": OfGrant;
  "grant.revoked": OfSubject & OfGrant;
  "pat.issued": OfPat;
  "pat.registered": OfPat;
  /** The token of `pats.bootstrap` was presented for the first time. */
  "pat.bootstrapped": OfPat;
  "pat.updated": OfPat;
  "pat.revoked": OfPat;
  "pat.restored": OfPat;
  "pat.deleted": OfPat;
  /** A JWT was made of it, for whoever asked from this address. */
  "pat.exchanged": OfPat & { readonly owner: string; readonly jti: string; readonly remote?: string };
  /** One that was presented is not good; `tokenId` is the id that it says, if it says any. */
  "pat.refused": { readonly tokenId: string | null; readonly reason: PatReason; readonly remote?: string };
  "key.generated": { readonly kid: string };
  "key.imported": { readonly kid: string };
  "key.rotated": { readonly kid: string };
  /** It is refused by whoever looks at the deny list. */
  "jwt.denied": { readonly jti: string };
  "jwt.allowed": { readonly jti: string };
  "key.withdrawn": { readonly kid: string };
}

export type EventName = keyof Events;

/** An event with its name and its instant (milliseconds since 1970); `issuer` where it is not the engine's first. */
export type ClavigerEvent<Name extends EventName = EventName> = {
  [N in Name]: Events[N] & { readonly name: N; readonly at: number; readonly issuer?: string };
}[Name];

export type Listener<Name extends EventName> = (event: ClavigerEvent<Name>) => unknown;

/** Who listens to what. Nothing that a listener does changes the answer of a request. */
export class Listeners {
  readonly #listeners = new Map<string, Set<(event: never) => unknown>>();
  readonly #onError: (error: unknown) => void;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** Returns the function that ends it. */
  add(name: EventName | "*", listener: (event: never) => unknown): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  deliver(events: readonly { readonly name: string }[] = []): void {
    for (const event of events) {
      for (const name of [event.name, "*"]) {
        for (const listener of this.#listeners.get(name) ?? []) this.#tell(listener, event);
      }
    }
  }

  #tell(listener: (event: never) => unknown, event: object): void {
    Promise.resolve()
      .then(() => listener(event as never))
      .catch(this.#onError);
  }
}
