import type { Claviger } from "claviger";

/** What the token of a test is for. */
export interface ActingOptions {
  /** `defaultScopes` when absent. */
  scopes?: readonly string[];
  /** The resource, as in `resources`; the issuer when absent. */
  audience?: string;
}

const clientId = "testing";
const redirectUri = "https://testing.example/";
// RFC 7636 appendix B.
const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/** Requests of people who signed in and allowed what the test needs: nothing is forged, every step is the server's own. */
export class Acting {
  readonly #auth: Claviger;
  readonly #issuer: string;
  readonly #ownUsers: boolean;

  /** `ownUsers`: people are those of the application, by their ids, and not accounts. */
  constructor(auth: Claviger, issuer: string, ownUsers: boolean) {
    this.#auth = auth;
    this.#issuer = issuer;
    this.#ownUsers = ownUsers;
  }

  /** The request with the access token of an application (`testing`) that acts for this person, who is made when unknown. */
  async as(login: string, { scopes, audience }: ActingOptions, request: Request): Promise<Request> {
    const visit = await this.#signIn(login, {
      ...(scopes && { scope: scopes.join(" ") }),
      ...(audience !== undefined && { resource: audience }),
    });
    const form = {
      grant_type: "authorization_code",
      client_id: clientId,
      redirect_uri: redirectUri,
      code: await visit.allow(scopes),
      code_verifier: verifier,
    };
    const response = await this.#auth.fetch(
      new Request(this.#at("/token"), { method: "POST", body: new URLSearchParams(form) }),
    );
    const { access_token, error_description } = await response.json();
    if (!response.ok) throw new Error(`actingAs: ${error_description}`);
    return withHeader(request, "authorization", `Bearer ${access_token}`);
  }

  /** The request with the session cookie of this person, who is made when unknown. */
  async signedIn(login: string, request: Request): Promise<Request> {
    const visit = await this.#signIn(login, {});
    return withHeader(request, "cookie", visit.cookie);
  }

  async #signIn(login: string, parameters: Record<string, string>): Promise<Visit> {
    await this.#makeClient();
    const subject = this.#ownUsers ? login : await this.#account(login);
    const query = new URLSearchParams({
      client_id: clientId,
      redirect_uri: redirectUri,
      response_type: "code",
      code_challenge: challenge,
      code_challenge_method: "S256",
      ...parameters,
    });
    const visit = new Visit(this.#auth);
    await visit.go(this.#at(`/authorize?${query}`));
    await visit.signIn(subject);
    return visit;
  }

  async #account(login: string): Promise<string> {
    const found = await this.#auth.accounts.find({ login });
    return (found ?? (await this.#auth.accounts.create({ login, name: login }))).id;
  }

  async #makeClient(): Promise<void> {
    if (await this.#auth.clients.find(clientId)) return;
    await this.#auth.clients.create({ id: clientId, name: "Tests", redirectUris: [redirectUri], authMethod: "none" });
  }

  #at(path: string): string {
    return this.#issuer.replace(/\/$/, "") + path;
  }
}

/** A browser on its way from the authorization endpoint back to the application. */
class Visit {
  readonly #auth: Claviger;
  readonly #cookies = new Map<string, string>();
  #location = "";

  constructor(auth: Claviger) {
    this.#auth = auth;
  }

  get cookie(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  async go(address: string): Promise<void> {
    const response = await this.#auth.fetch(new Request(address, { headers: { cookie: this.cookie } }));
    this.#arrive(response.headers.get("location"), response.headers);
  }

  async signIn(subject: string): Promise<void> {
    const { location, headers } = await this.#auth.interactions.complete(this.#interaction, {
      subject,
      methods: ["pwd"],
    });
    this.#arrive(location, new Headers(headers));
  }

  /** The authorization code, once the person allowed this. */
  async allow(scopes?: readonly string[]): Promise<string> {
    // What the person allowed before may not be asked again.
    const remembered = new URL(this.#location).searchParams.get("code");
    if (remembered !== null) return remembered;
    const { location } = await this.#auth.interactions.consent(this.#interaction, scopes ? { scopes } : {});
    const code = new URL(location).searchParams.get("code");
    if (code === null) throw new Error("actingAs: there is no code");
    return code;
  }

  get #interaction() {
    const { searchParams } = new URL(this.#location);
    const handle = searchParams.get("interaction");
    if (handle === null)
      throw new Error(`actingAs: ${searchParams.get("error_description") ?? "the request is refused"}`);
    return { handle, cookie: this.cookie };
  }

  #arrive(location: string | null, headers: Headers): void {
    this.#location = new URL(location ?? "", redirectUri).href;
    for (const cookie of headers.getSetCookie()) {
      const [, name, value] = /^([^=]*)=([^;]*)/.exec(cookie) ?? [];
      if (name && value !== undefined) this.#cookies.set(name, value);
    }
  }
}

function withHeader(request: Request, name: string, value: string): Request {
  const headers = new Headers(request.headers);
  headers.set(name, value);
  return new Request(request, { headers });
}
