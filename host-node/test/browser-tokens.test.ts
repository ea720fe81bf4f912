// claviger/browser: where a session's tokens go, how they are proven, and what is asked for when they do not suffice.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { handleCallback, InsufficientScope, openSession, restoreSession } from "claviger/browser";
import { formOf, issuer, keeper, metadata, resource, type Seen, world } from "./scripted.ts";

const proofs = { dpop_signing_alg_values_supported: ["EdDSA", "ES256"] };
const bound = { token_type: "DPoP", refresh_token: "refresh-1" };

/** Header and claims of the proof that a request carries. */
function proofOf({ headers }: Seen) {
  const [header, claims] = headers.get("dpop")!.split(".");
  return { ...read(header!), ...read(claims!) };
}

/** Where there is no IndexedDB, keys are where the sessions are. */
function forgetKeys(storage: ReturnType<typeof keeper>) {
  for (const key of storage.items.keys()) if (key.startsWith("claviger.key")) storage.removeItem(key);
}

const read = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString());

test("PR3-26 the token is in the header of each request, and nowhere else", async (context) => {
  const { session, seen, clear } = world(context);
  const me = await session();
  clear();
  await me.fetch(`${resource}?page=2`);
  await me.fetch(resource, { method: "POST", body: "things", headers: { authorization: "Basic bWU6bWU=" } });
  assert.deepEqual(
    seen.map((one) => one.headers.get("authorization")),
    ["Bearer access-1", "Bearer access-1"],
  );
  assert.deepEqual(
    seen.map((one) => [one.url, one.body]),
    [
      [`${resource}?page=2`, ""],
      [resource, "things"],
    ],
  );
});

test("PR3-26 a token goes to the origin of its resource, and not to the page's own", async (context) => {
  const { session, seen, clear } = world(context);
  const me = await session();
  clear();
  for (const address of ["https://app.example.com/", "http://api.example.com/mcp", "https://api.example.com:8443/"]) {
    await assert.rejects(me.fetch(address), { code: "configuration" });
  }
  assert.deepEqual(seen, []);
});

test("PR3-24 what a server gave goes back to that server, wherever later sign-ins go", async (context) => {
  const other = "https://other.example";
  const { session, options, storage, clock, wait, answers, seen, clear, asked, answer } = world(context, {
    tokens: { refresh_token: "refresh-1" },
  });
  const mine = await session();
  answers[`${other}/.well-known/oauth-authorization-server`] = metadata({
    issuer: other,
    token_endpoint: `${other}/token`,
  });
  answers[`${other}/token`] = { access_token: "other-1", token_type: "Bearer", refresh_token: "other-refresh" };
  const url = answer(await asked({ issuer: other }), { iss: other });
  const theirs = await handleCallback({ url, storage, clock });
  clear();
  wait(900_000);
  assert.deepEqual([await mine.accessToken(), await theirs.accessToken()], ["access-1", "other-1"]);
  assert.deepEqual(
    seen.map((one) => [one.url, formOf(one).refresh_token]),
    [[`${issuer}/token`, "refresh-1"]],
  );
  assert.equal(await restoreSession({ ...options, issuer: "https://third.example" }), undefined);
  assert.equal(await restoreSession({ ...options, resource: `${resource}/other` }), undefined);
});

test("PR3-27 an API that wants more is told with all that the next sign-in asks for", async (context) => {
  const challenge = 'Bearer error="insufficient_scope", scope="write read"';
  const { session, answers, seen, clear, asked } = world(context, { tokens: { scope: "read list" } });
  const me = await session();
  answers[resource] = new Response("", { status: 403, headers: { "www-authenticate": challenge } });
  clear();
  const error = await me.fetch(resource).catch((error: unknown) => error);
  assert.ok(error instanceof InsufficientScope);
  assert.deepEqual([error.code, error.scopes], ["insufficient_scope", ["read", "list", "write"]]);
  assert.equal(seen.length, 1);
  const again = await asked({ scope: error.scopes.join(" ") });
  assert.equal(again.searchParams.get("scope"), "read list write");
});

test("PR3-27 what an API wants besides is told after a refresh too", async (context) => {
  const { session, answers } = world(context, { tokens: { scope: "read", refresh_token: "refresh-1" } });
  const me = await session();
  const refusals = [
    [401, 'Bearer error="invalid_token"'],
    [403, 'Bearer error="insufficient_scope", scope="write"'],
  ] as const;
  let count = 0;
  answers[resource] = () => {
    const [status, challenge] = refusals[count++]!;
    return new Response("", { status, headers: { "www-authenticate": challenge } });
  };
  const error = await me.fetch(resource).catch((error: unknown) => error);
  assert.ok(error instanceof InsufficientScope, String(error));
  assert.deepEqual(error.scopes, ["read", "write"]);
});

test("PR3-27 a refusal that another sign-in would not mend stays the API's answer", async (context) => {
  const { session, answers } = world(context, { tokens: { scope: "read" } });
  const me = await session();
  for (const challenge of [
    'Bearer error="insufficient_scope", scope="read"',
    'Bearer error="insufficient_scope"',
    'Bearer error="invalid_token", scope="write"',
    'Basic error="insufficient_scope", scope="write"',
  ]) {
    answers[resource] = new Response("", { status: 403, headers: { "www-authenticate": challenge } });
    assert.equal((await me.fetch(resource)).status, 403, challenge);
  }
});

test("PR3-28 a server that gives no refresh token is no failure: its session lasts as long as its token", async (context) => {
  const { session, options, storage, clock, wait } = world(context);
  const me = await session();
  wait(899_000);
  assert.equal((await me.fetch(resource)).status, 200);
  assert.ok(await restoreSession({ ...options, clock }));
  wait(1_000);
  assert.equal(await restoreSession({ ...options, clock }), undefined);
  await assert.rejects(me.fetch(resource), { code: "login_required" });
  assert.equal(storage.items.size, 0);
});

test("PR3-28 a refresh token is shown to nobody but its server, and followed when it changes", async (context) => {
  const { session, answers, wait, seen } = world(context, { tokens: { refresh_token: "refresh-1" } });
  const me = await session();
  answers[`${issuer}/token`] = {
    access_token: "access-2",
    token_type: "Bearer",
    refresh_token: "refresh-2",
    expires_in: 900,
  };
  wait(900_000);
  await me.fetch(resource);
  answers[`${issuer}/token`] = { access_token: "access-3", token_type: "Bearer", expires_in: 900 };
  for (const _ of [1, 2]) {
    wait(900_000);
    await me.fetch(resource);
  }
  const forms = seen.filter((one) => one.url === `${issuer}/token`).map(formOf);
  assert.deepEqual(
    forms.slice(1).map((form) => form.refresh_token),
    ["refresh-1", "refresh-2", "refresh-2"],
  );
  const toApi = seen.filter((one) => one.url.startsWith(resource));
  assert.equal(inspect([toApi, JSON.stringify(me)], { depth: 9 }).includes("refresh-"), false);
  assert.equal(inspect(me, { depth: 9, showHidden: true }).includes("refresh-"), false);
});

test("a session is bound to a key where the server takes proofs, and its code and refreshes too", async (context) => {
  const { session, asked, seen, clear, wait, storage, options } = world(context, { server: proofs, tokens: bound });
  const me = await session();
  const redemption = proofOf(seen.at(-1)!);
  assert.deepEqual([redemption.htm, redemption.htu, redemption.ath], ["POST", `${issuer}/token`, undefined]);
  clear();
  assert.equal((await me.fetch(`${resource}?page=2`, { method: "PUT", body: "x" })).status, 200);
  const [used] = seen;
  const proof = proofOf(used!);
  assert.equal(used!.headers.get("authorization"), "DPoP access-1");
  assert.deepEqual([proof.typ, proof.htm, proof.htu], ["dpop+jwt", "PUT", resource]);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode("access-1"));
  assert.equal(proof.ath, Buffer.from(digest).toString("base64url"));
  clear();
  wait(900_000);
  await (await restoreSession({ ...options }))!.accessToken();
  await me.accessToken();
  const refresh = proofOf(seen.at(-1)!);
  assert.deepEqual(refresh.jwk, redemption.jwk, "the same key");
  assert.equal(refresh.iat - redemption.iat, 900);
  const { dpop_jkt } = Object.fromEntries((await asked()).searchParams);
  assert.match(dpop_jkt!, /^[\w-]{43}$/);
  await me.signOut();
  assert.deepEqual(
    [...storage.items.keys()].filter((key) => !key.startsWith("claviger.sign-in")),
    [],
  );
});

test("a nonce that a server wants is in the proof of a second attempt, and in those that follow", async (context) => {
  const { session, answers, seen, clear } = world(context, { server: proofs, tokens: bound });
  const tokens = answers[`${issuer}/token`] as object;
  const asking = (nonce: string, status: number, challenge: string) => (one: Seen) => {
    if (proofOf(one).nonce === nonce) return status === 400 ? tokens : Response.json({ sent: one.body });
    const headers = { "dpop-nonce": nonce, "www-authenticate": challenge };
    return Response.json({ error: "use_dpop_nonce" }, { status, headers });
  };
  answers[`${issuer}/token`] = asking("server-1", 400, "");
  answers[resource] = asking("api-1", 401, 'DPoP error="use_dpop_nonce", algs="ES256"');
  const me = await session();
  assert.equal(seen.filter((one) => one.url === `${issuer}/token`).length, 2);
  clear();
  const response = await me.fetch(resource, { method: "POST", body: "things" });
  assert.deepEqual(await response.json(), { sent: "things" });
  await me.fetch(resource);
  assert.deepEqual(
    seen.map((one) => proofOf(one).nonce),
    [undefined, "api-1", "api-1"],
  );
  assert.equal(new Set(seen.map((one) => proofOf(one).jti)).size, 3);
});

test("a server that is never content with a nonce is asked twice, not for ever", async (context) => {
  const { asked, answer, answers, storage, seen } = world(context, { server: proofs });
  let count = 0;
  answers[`${issuer}/token`] = () =>
    Response.json({ error: "use_dpop_nonce" }, { status: 400, headers: { "dpop-nonce": `n-${++count}` } });
  const url = answer(await asked());
  await assert.rejects(handleCallback({ url, storage }), { code: "use_dpop_nonce", status: 400 });
  assert.equal(seen.filter((one) => one.method === "POST").length, 2);
});

test("a server that binds nothing will do, unless the application wants bound tokens or none", async (context) => {
  const { session, seen, answers } = world(context, { server: proofs });
  await (await session()).fetch(resource);
  assert.deepEqual(
    [seen.at(-1)!.headers.get("authorization"), seen.at(-1)!.headers.has("dpop")],
    ["Bearer access-1", false],
  );
  await assert.rejects(session({ dpop: true }), { code: "server_failed" });
  const unasked = await session({ dpop: false });
  assert.equal(seen.at(-1)!.headers.has("dpop"), false);
  await unasked.fetch(resource);
  answers[`${issuer}/token`] = { access_token: "a", token_type: "DPoP" };
  await assert.rejects(session({ dpop: false }), { code: "server_failed" }, "no proof was sent");
});

test("a bound session takes no bearer token at a refresh, and is over without its key", async (context) => {
  const { session, answers, wait, storage, options } = world(context, { server: proofs, tokens: bound });
  const me = await session();
  const tokens = answers[`${issuer}/token`] as object;
  answers[`${issuer}/token`] = { ...tokens, token_type: "Bearer" };
  wait(900_000);
  await assert.rejects(me.accessToken(), { code: "server_failed" });
  answers[`${issuer}/token`] = tokens;
  assert.equal(await me.accessToken(), "access-1");
  forgetKeys(storage);
  const restored = (await restoreSession({ ...options }))!;
  await assert.rejects(restored.fetch(resource), { code: "login_required" });
  await session();
  assert.equal((await restored.fetch(resource)).status, 200, "a new sign-in has a new key");
});

test("a server without proofs of ES256 is sent none", async (context) => {
  const { session, asked, seen } = world(context, { server: { dpop_signing_alg_values_supported: ["RS256"] } });
  assert.equal((await asked()).searchParams.has("dpop_jkt"), false);
  await (await session()).fetch(resource);
  assert.equal(
    seen.some((one) => one.headers.has("dpop")),
    false,
  );
});

test("an answer whose key was forgotten is refused before its code is sent", async (context) => {
  const { asked, answer, storage, seen } = world(context, { server: proofs, tokens: bound });
  const url = answer(await asked());
  forgetKeys(storage);
  await assert.rejects(handleCallback({ url, storage }), { code: "invalid_callback" });
  assert.equal(
    seen.some((one) => one.method === "POST"),
    false,
  );
});

test("openSession gives the session that ends here, then the same from other pages and stale addresses", async (context) => {
  const { asked, answer, options } = world(context, { tokens: { access_token: "mine" } });
  assert.equal(await openSession({ ...options, url: "https://app.example.com/" }), undefined);
  const url = answer(await asked());
  assert.equal(await (await openSession({ ...options, url }))!.accessToken(), "mine");
  for (const address of [url, answer(url, { code: undefined, error: "access_denied" }), "https://app.example.com/"]) {
    assert.equal(await (await openSession({ ...options, url: address }))!.accessToken(), "mine", String(address));
  }
  const strangers = { ...options, storage: keeper() };
  assert.equal(await openSession({ ...strangers, url }), undefined, "a stale address is no error");
});

test("openSession tells who was refused, and looks at answers only where sign-ins end", async (context) => {
  const { asked, answer, options } = world(context);
  const denied = answer(await asked(), { code: undefined, error: "access_denied", error_description: "Ada said no" });
  const elsewhere = new URL(denied);
  elsewhere.pathname = "/search";
  assert.equal(await openSession({ ...options, url: elsewhere }), undefined);
  const bare = new URL(denied);
  bare.searchParams.delete("error");
  assert.equal(await openSession({ ...options, url: bare }), undefined, "a state alone is no answer");
  await assert.rejects(openSession({ ...options, url: denied }), { code: "access_denied", message: "Ada said no" });
  const mixedUp = answer(await asked(), { iss: "https://evil.example" });
  await assert.rejects(openSession({ ...options, url: mixedUp }), { code: "invalid_callback" });
});
