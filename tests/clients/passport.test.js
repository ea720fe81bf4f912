// passport-openidconnect in an Express application, on both hosts.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, suite, test } from "node:test";
import { createPkce } from "claviger/browser";
import express from "express";
import session from "express-session";
import passport from "passport";
import Strategy from "passport-openidconnect";
import { Application } from "./support/application.js";
import { names } from "./support/host.js";
import { Scene } from "./support/scene.js";

/** The strategy knows no PKCE, which this server asks for. It lets one that is made of it add parameters of its own. */
class WithPkce extends Strategy {
  constructor(pkce, options, verify) {
    super(options, verify);
    this.pkce = pkce;
    const redeem = this._oauth2.getOAuthAccessToken;
    this._oauth2.getOAuthAccessToken = (code, parameters, done) =>
      redeem.call(this._oauth2, code, { ...parameters, code_verifier: pkce.verifier }, done);
  }

  authorizationParams() {
    return { code_challenge: this.pkce.challenge, code_challenge_method: this.pkce.method };
  }
}

for (const name of names) {
  suite(`passport-openidconnect on ${name}`, () => {
    let scene;
    let application;

    before(async () => {
      scene = await Scene.open(name, { configuration: { openid: {} } });
      await scene.host.tellOfPerson({ email: "ada@people.example", given_name: "Ada", family_name: "Lovelace" });
      application = await Application.listen(website);
    });
    after(async () => {
      application?.close();
      await scene?.close();
    });

    /** A website that shows who signed in at `/`. */
    async function website(origin) {
      const redirectUri = `${origin}/callback`;
      const { id, secret } = await scene.createClient({ redirectUri, authMethod: "client_secret_post" });
      const { issuer } = scene.host;
      const options = {
        issuer,
        authorizationURL: `${issuer}/authorize`,
        tokenURL: `${issuer}/token`,
        userInfoURL: `${issuer}/userinfo`,
        clientID: id,
        clientSecret: secret,
        callbackURL: redirectUri,
        scope: "profile email",
        nonce: true,
        maxAge: 300,
        skipUserProfile: false,
      };
      const of = (issuer, profile, context, idToken, accessToken, refreshToken, done) =>
        done(null, { issuer, profile, authTime: context.timestamp, tokens: [idToken, accessToken, refreshToken] });
      const strategy = new WithPkce(await createPkce(), options, of);
      const app = express();
      app.use(session({ secret: randomBytes(32).toString("hex"), resave: false, saveUninitialized: false }));
      app.get("/login", passport.authenticate(strategy));
      app.get("/callback", passport.authenticate(strategy, { session: false }), (request, response) =>
        response.json(request.user),
      );
      app.use((error, _request, response, _next) => response.status(500).json({ error: error.message }));
      return app;
    }

    test("a person signs in at a website, which is told who that is", async () => {
      const shown = await scene.browse(async (page) => {
        await page.goto(`${application.origin}/login`);
        await scene.signIn(page, `${application.origin}/callback`);
        return JSON.parse(await page.locator("body").textContent());
      });
      assert.equal(shown.error, undefined);
      assert.equal(shown.issuer, scene.host.issuer);
      const { id, displayName, username, name: whole, emails } = shown.profile;
      assert.ok(id);
      assert.deepEqual([displayName, username], ["Ada Lovelace", "ada"]);
      assert.deepEqual([whole.givenName, whole.familyName], ["Ada", "Lovelace"]);
      assert.deepEqual(emails, [{ value: "ada@people.example" }]);
      assert.ok(shown.tokens.every((token) => typeof token === "string"));
    });
  });
}
