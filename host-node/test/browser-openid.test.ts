// claviger/browser as a relying party: who signed in, by the ID token and by userinfo, against the engine in this process.
import assert from "node:assert/strict";
import { mock, type TestContext, test } from "node:test";
import { handleCallback, restoreSession, type Session, type SignInOptions, signIn } from "claviger/browser";
import { testing } from "claviger/testing";
import { Browser, locationOf } from "./browser.ts";
import { keeper } from "./scripted.ts";

const redirectUri = "https://app.example.com/callback";
const claims = { given_name: "Ada", email: "ada@example.com", email_verified: true };

/** A provider, a public client and a person; `bend` changes what the provider answers at a path. */
async function scene(context: TestContext, algorithm = "EdDSA") {
  // Keys are remembered by their address.
  const issuer = `https://${algorithm.toLowerCase()}.example.com`;
  const { auth, clock } = testing({ issuer, openid: {}, signing: { algorithm } });
  await auth.accounts.create({ login: "ada", password: "correct horse battery", claims });
  const { client } = await auth.clients.create({ name: "App", redirectUris: [redirectUri], authMethod: "none" });
  const bent = new Map<string, (answer: Record<string, unknown>) => object>();
  const asked: Request[] = [];
  const network = mock.method(globalThis, "fetch", async (input: RequestInfo | URL, init?: RequestInit) => {
    const request = new Request(input, init);
    asked.push(request);
    const response = await auth.fetch(request);
    const bend = bent.get(new URL(request.url).pathname);
    return bend ? Response.json(bend(await response.json())) : response;
  });
  context.after(() => network.mock.restore());
  const storage = keeper();
  const options = { issuer, clientId: client.id, redirectUri, scope: "openid email", storage };

  async function answered(changes: Partial<SignInOptions> = {}): Promise<URL> {
    let address = "";
    await signIn({ ...options, navigate: (to) => (address = to), ...changes });
    const browser = new Browser(auth, issuer);
    let page = await browser.get(locationOf(await browser.get(address)));
    const form = { interaction: hidden(await page.text()), login: "ada", password: "correct horse battery" };
    page = await browser.get(locationOf(await browser.post("/sign-in", form)));
    if (page.status === 303) return new URL(locationOf(page));
    const consent = { interaction: hidden(await page.text()), decision: "allow", scope: "email" };
    return new URL(locationOf(await browser.post("/consent", consent)));
  }

  const means = { storage, clock: clock.now };
  const signedIn = async (changes?: Partial<SignInOptions>): Promise<Session> =>
    handleCallback({ url: await answered(changes), ...means });
  return { answered, signedIn, bent, asked, options, means };
}

const hidden = (page: string) => /name="interaction" value="([^"]+)"/.exec(page)![1]!;

test("who signed in is known, after a reload too", async (context) => {
  const { signedIn, options, means } = await scene(context);
  const session = await signedIn({ parameters: { max_age: "600" } });
  assert.equal(typeof session.claims!.sub, "string");
  assert.deepEqual(session.claims!.amr, ["pwd"]);
  const again = await restoreSession({ ...options, ...means });
  assert.deepEqual(again!.claims, session.claims);
});

test("without the scope openid nobody is named", async (context) => {
  const { signedIn } = await scene(context);
  const session = await signedIn({ scope: "email" });
  assert.equal(session.claims, undefined);
  await assert.rejects(session.userinfo(), { code: "configuration" });
});

test("CR-008 oidcc-client-test-idtoken-sig-rs256", async (context) => {
  const { signedIn } = await scene(context, "RS256");
  assert.equal(typeof (await signedIn()).claims!.sub, "string");
});

test("CR-011 CR-015 userinfo is asked for with the token in the header, and tells what the scopes allow", async (context) => {
  const { signedIn, asked } = await scene(context);
  const session = await signedIn();
  assert.deepEqual(await session.userinfo(), {
    sub: session.claims!.sub,
    email: "ada@example.com",
    email_verified: true,
  });
  const request = asked.at(-1)!;
  assert.equal(request.url, `${session.issuer}/userinfo`);
  assert.match(request.headers.get("authorization")!, /^(Bearer|DPoP) cva_|^(Bearer|DPoP) ey/);
});

test("OI-018 CR-013 oidcc-client-test-userinfo-invalid-sub", async (context) => {
  const { signedIn, bent } = await scene(context);
  const session = await signedIn();
  for (const sub of ["eve", undefined, [session.claims!.sub]]) {
    bent.set("/userinfo", (answer) => ({ ...answer, sub }));
    await assert.rejects(session.userinfo(), { code: "invalid_token" });
  }
});

test("OI-017: the answer to another sign-in, or none, begins no session", async (context) => {
  const { answered, bent, means, options } = await scene(context);
  let first: unknown;
  bent.set("/token", (answer) => {
    first = answer.id_token;
    return answer;
  });
  await handleCallback({ url: await answered(), ...means });
  await means.storage.items.clear();
  for (const [idToken, code] of [
    [first, "invalid_token"],
    [undefined, "invalid_callback"],
  ] as const) {
    bent.set("/token", (answer) => ({ ...answer, id_token: idToken }));
    const url = await answered({ parameters: { prompt: "login" } });
    await assert.rejects(handleCallback({ url, ...means }), { code });
    assert.equal(await restoreSession({ ...options, ...means }), undefined);
  }
});
