// A person with a browser, and an application, against a Claviger in this process.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Claviger, type Client, type Options, type Store } from "claviger";
import { VirtualClock } from "claviger/testing";

const issuer = "https://auth.example.com";
export const redirectUri = "https://app.example.com/callback";
const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const challenge = createHash("sha256").update(verifier).digest("base64url");

/** A server like that of `testing`, on a store that the test has already, or makes to behave as it must. */
export function serverOn(store: Store, options: Partial<Options> = {}, clock = new VirtualClock()) {
  const auth = new Claviger({
    issuer: "https://auth.example.com",
    secret: "testing-only-9d41b6c07a5e4f3c8b21e6f0a7d35c94",
    password: { memory: 7168, passes: 1, lanes: 1 },
    ...options,
    store,
    clock: clock.now,
  });
  return { auth, clock };
}

/** What the application has: a client and its secret. */
export interface App {
  client: Client;
  secret: string;
}

/** A browser with a cookie jar, which follows no redirect by itself. */
export class Browser {
  readonly #auth: Claviger;
  readonly #origin: string;
  readonly #cookies = new Map<string, string>();

  constructor(auth: Claviger, origin = issuer) {
    this.#auth = auth;
    this.#origin = origin;
  }

  get cookie(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  async get(location: string): Promise<Response> {
    return this.#send(location, {});
  }

  async post(location: string, form: Record<string, string>): Promise<Response> {
    return this.#send(location, { method: "POST", body: new URLSearchParams(form), headers: { origin: this.#origin } });
  }

  /** Takes the cookies of a response that came another way. */
  accept(headers: Headers): void {
    for (const cookie of headers.getSetCookie()) {
      const [name, value] = cookie.split(";")[0]!.split("=") as [string, string];
      this.#cookies.set(name, value);
    }
  }

  async #send(location: string, init: RequestInit): Promise<Response> {
    const request = new Request(new URL(location, this.#origin), init);
    if (this.#cookies.size > 0) request.headers.set("cookie", this.cookie);
    const response = await this.#auth.fetch(request);
    this.accept(response.headers);
    return response;
  }
}

export function authorizeUrl({ client }: App, parameters: Record<string, string> = {}): string {
  const query = new URLSearchParams({
    response_type: "code",
    client_id: client.id,
    redirect_uri: redirectUri,
    scope: "read",
    state: "xyz",
    code_challenge: challenge,
    code_challenge_method: "S256",
    // So that each test meets the consent page, whatever it allowed before.
    prompt: "consent",
    ...parameters,
  });
  return `${issuer}/authorize?${query}`;
}

export async function makeApp(auth: Claviger): Promise<App> {
  return auth.clients.create({ name: "App", redirectUris: [redirectUri] });
}

/** The location that a response sends to. */
export function locationOf(response: Response): string {
  assert.equal(response.status, 303, `${response.status} is no redirect`);
  return response.headers.get("location")!;
}

/** Goes through the built-in pages as the person with this login, and gives the code. */
export async function signInAndConsent(browser: Browser, app: App, login = "ada"): Promise<string> {
  let page = await browser.get(authorizeUrl(app));
  page = await browser.get(locationOf(page));
  const action = { interaction: hidden(await page.text()), login, password: "correct horse battery" };
  page = await browser.get(locationOf(await browser.post("/sign-in", action)));
  const consent = { interaction: hidden(await page.text()), decision: "allow", scope: "read" };
  return codeOf(await browser.post("/consent", consent));
}

export function codeOf(response: Response): string {
  const { searchParams } = new URL(locationOf(response));
  assert.equal(searchParams.get("state"), "xyz");
  assert.equal(searchParams.get("iss"), issuer);
  return searchParams.get("code")!;
}

function hidden(page: string): string {
  const match = /name="interaction" value="([^"]+)"/.exec(page);
  assert.ok(match, page);
  return match[1]!;
}

/** The application's request to an endpoint, authenticated by its secret. */
export function post(auth: Claviger, app: App, path: string, form: Record<string, string>): Promise<Response> {
  const credentials = btoa(`${encodeURIComponent(app.client.id)}:${encodeURIComponent(app.secret)}`);
  return auth.fetch(
    new Request(issuer + path, {
      method: "POST",
      body: new URLSearchParams(form),
      headers: { authorization: `Basic ${credentials}` },
    }),
  );
}

export interface Tokens {
  access_token: string;
  refresh_token: string;
  scope: string;
}

export function redeem(auth: Claviger, app: App, code: string): Promise<Response> {
  const form = { grant_type: "authorization_code", code, redirect_uri: redirectUri, code_verifier: verifier };
  return post(auth, app, "/token", form);
}

export function refresh(auth: Claviger, app: App, token: string): Promise<Response> {
  return post(auth, app, "/token", { grant_type: "refresh_token", refresh_token: token });
}

/** All of it: from nothing to tokens. */
export async function tokens(auth: Claviger, app: App, browser = new Browser(auth)): Promise<Tokens> {
  const response = await redeem(auth, app, await signInAndConsent(browser, app));
  assert.equal(response.status, 200, await response.clone().text());
  return (await response.json()) as Tokens;
}
