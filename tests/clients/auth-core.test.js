// @auth/core (Auth.js) in a web application, on both hosts.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, suite, test } from "node:test";
import { Auth } from "@auth/core";
import { Application } from "./support/application.js";
import { names } from "./support/host.js";
import { Scene } from "./support/scene.js";

for (const name of names) {
  suite(`@auth/core on ${name}`, () => {
    let scene;

    before(async () => {
      // The library reads the ID token alone, unless it is told to ask for more.
      scene = await Scene.open(name, { configuration: { openid: { claimsInIdToken: true } } });
      await scene.host.tellOfPerson({ email: "ada@people.example", email_verified: true });
    });
    after(() => scene?.close());

    /** Auth.js under `/auth`, with this server as its only provider. */
    async function website(origin, options, errors) {
      const { id, secret } = await scene.createClient({ redirectUri: `${origin}/auth/callback/claviger` });
      const provider = {
        id: "claviger",
        name: "Claviger",
        type: "oidc",
        issuer: scene.host.issuer,
        clientId: id,
        clientSecret: secret,
        checks: ["pkce", "state", "nonce"],
        ...options,
      };
      const config = {
        basePath: "/auth",
        providers: [provider],
        secret: randomBytes(32).toString("base64url"),
        trustHost: true,
        callbacks: { session: ({ session, token }) => ({ ...session, sub: token.sub }) },
        logger: { error: (error) => errors.push(error.cause?.err ?? error) },
      };
      return async (incoming, outgoing) => {
        if (!incoming.url.startsWith("/auth/")) return outgoing.writeHead(404).end();
        const { method, headers } = incoming;
        const body = method === "POST" ? Buffer.concat(await incoming.toArray()) : undefined;
        const response = await Auth(new Request(new URL(incoming.url, origin), { method, headers, body }), config);
        outgoing.writeHead(response.status, [...response.headers].flat());
        outgoing.end(Buffer.from(await response.arrayBuffer()));
      };
    }

    async function assertSignsIn(options) {
      const errors = [];
      const application = await Application.listen((origin) => website(origin, options, errors));
      const session = await scene.browse(async (page) => {
        const callbackUrl = `${application.origin}/auth/session`;
        await page.goto(`${application.origin}/auth/signin?${new URLSearchParams({ callbackUrl })}`);
        await page.getByRole("button", { name: "Claviger" }).click();
        await scene.signIn(page, callbackUrl);
        return JSON.parse(await page.locator("body").textContent());
      });
      application.close();
      assert.deepEqual(errors, []);
      assert.deepEqual(session.user, { name: "Ada Lovelace", email: "ada@people.example" });
      assert.ok(session.sub && Date.parse(session.expires) > Date.now());
    }

    test("a person signs in with the library's own page, and has a session of the application", () => assertSignsIn());

    test("the same with what the userinfo endpoint tells", () => assertSignsIn({ idToken: false }));
  });
}
