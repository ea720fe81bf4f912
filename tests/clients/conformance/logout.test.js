// The RP-Initiated Logout OP plan (oidcc-rp-initiated-logout-certification-test-plan), and of the Back-Channel Logout OP plan what needs
// no address of the client's: the rest is in outside.test.js.
import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeJwt, SignJWT } from "jose";
import * as oauth from "oauth4webapi";
import { plan, unsigned } from "./support/plan.js";
import { home } from "./support/relying-party.js";

const goodbye = `${home}/goodbye`;

plan("RP-Initiated Logout OP", {}, (stage) => {
  /** A person who signed in at a client that wants to be gone back to, with the parameters of its logout request. */
  async function signedIn() {
    const rp = await stage.register({ post_logout_redirect_uris: [goodbye] });
    const person = stage.person();
    const { tokens } = await rp.signIn(person);
    const state = oauth.generateRandomState();
    return { rp, person, usual: { id_token_hint: tokens.id_token, post_logout_redirect_uri: goodbye, state } };
  }

  /** Sends the person to sign out with these parameters, and gives where that leads. */
  function signOut(person, parameters) {
    const location = new URL(stage.server.end_session_endpoint);
    location.search = new URLSearchParams(parameters);
    return person.visit(location);
  }

  async function assertSignedOut({ rp, person }) {
    assert.equal(await rp.refused(person, { prompt: "none" }), "login_required");
  }

  /** Asserts that a request ends at an error page, and the person is as signed in as before. */
  async function assertStopped({ rp, person, usual }, changes) {
    const { arrived, page } = await signOut(person, { ...usual, ...changes });
    assert.equal(arrived, undefined);
    assert.equal(page.status, 400);
    assert.deepEqual((await rp.signIn(person, { prompt: "none" })).seen, []);
  }

  /** Asserts that a request ends at a page of the server that says that it is over, once the pages `asked` were answered. */
  async function assertEndsHere(signed, parameters, asked) {
    const { arrived, page, seen } = await signOut(signed.person, parameters);
    assert.equal(arrived, undefined);
    assert.equal(page.status, 200);
    assert.match(page.text, /signed out/i);
    assert.deepEqual(
      seen.map(({ name }) => name),
      asked,
    );
    await assertSignedOut(signed);
  }

  test("CL-001 oidcc-rp-initiated-logout-discovery-endpoint-verification", () => {
    assert.equal(stage.server.end_session_endpoint, `${stage.server.issuer}/logout`);
  });

  test("CL-002 oidcc-rp-initiated-logout", async () => {
    const signed = await signedIn();
    const { arrived, seen } = await signOut(signed.person, signed.usual);
    assert.equal(String(arrived), `${goodbye}?state=${signed.usual.state}`);
    assert.deepEqual(seen, [], "the hint is of this very session: nobody is asked");
    await assertSignedOut(signed);
  });

  test("CL-003 oidcc-rp-initiated-logout-bad-post-logout-redirect-uri", async () => {
    await assertStopped(await signedIn(), { post_logout_redirect_uri: `${home}/bad` });
  });

  test("CL-004 oidcc-rp-initiated-logout-modified-id-token-hint", async () => {
    const signed = await signedIn();
    await assertStopped(signed, { id_token_hint: unsigned(decodeJwt(signed.usual.id_token_hint)) });
  });

  test("CL-005 oidcc-rp-initiated-logout-no-id-token-hint", async () => {
    const signed = await signedIn();
    const { id_token_hint, ...parameters } = signed.usual;
    await assertEndsHere(signed, parameters, ["sign-out"]);
  });

  test("CL-006 oidcc-rp-initiated-logout-no-params", async () => {
    await assertEndsHere(await signedIn(), {}, ["sign-out"]);
  });

  test("CL-007 oidcc-rp-initiated-logout-no-post-logout-redirect-uri", async () => {
    const signed = await signedIn();
    const { post_logout_redirect_uri, ...parameters } = signed.usual;
    await assertEndsHere(signed, parameters, []);
  });

  test("CL-008 oidcc-rp-initiated-logout-no-state", async () => {
    const signed = await signedIn();
    const { state, ...parameters } = signed.usual;
    const { arrived } = await signOut(signed.person, parameters);
    assert.equal(String(arrived), goodbye);
    await assertSignedOut(signed);
  });

  test("CL-009 oidcc-rp-initiated-logout-only-state", async () => {
    await assertEndsHere(await signedIn(), { state: "alone" }, ["sign-out"]);
  });

  test("CL-010 oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri", async () => {
    await assertStopped(await signedIn(), { post_logout_redirect_uri: `${goodbye}?foo=bar` });
  });

  test("CL-011 oidcc-rp-initiated-logout-bad-id-token-hint", async () => {
    const signed = await signedIn();
    const { privateKey } = await oauth.generateKeyPair("EdDSA");
    const forged = new SignJWT(decodeJwt(signed.usual.id_token_hint)).setProtectedHeader({ alg: "EdDSA", typ: "JWT" });
    await assertStopped(signed, { id_token_hint: await forged.sign(privateKey) });
  });
});

plan("Back-Channel Logout OP", {}, (stage) => {
  test("CK-001 oidcc-backchannel-logout-discovery-endpoint-verification", () => {
    assert.equal(stage.server.end_session_endpoint, `${stage.server.issuer}/logout`);
    assert.equal(stage.server.backchannel_logout_supported, true);
    assert.equal(stage.server.backchannel_logout_session_supported, true);
  });
});
