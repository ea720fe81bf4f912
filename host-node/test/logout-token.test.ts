// Logout tokens as a client gets them: LO-012.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createPortableDpopKey, verifyLogoutToken } from "claviger/browser";

const now = 1_790_000_000;
const event = "http://schemas.openid.net/event/backchannel-logout";
const key = await createPortableDpopKey({ algorithm: "EdDSA" });
const { subtle } = globalThis.crypto;
const signing = await subtle.importKey("jwk", { ...key.privateJwk(), alg: "Ed25519" }, "Ed25519", false, ["sign"]);
const good = {
  iss: "https://auth.example.com",
  aud: "app",
  sub: "ada",
  sid: "s",
  iat: now,
  exp: now + 120,
  jti: "1",
  events: { [event]: {} },
};

async function signed(claims: object, header: object = { alg: "EdDSA", typ: "logout+jwt" }): Promise<string> {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const message = `${part(header)}.${part(claims)}`;
  return `${message}.${Buffer.from(await subtle.sign("Ed25519", signing, Buffer.from(message))).toString("base64url")}`;
}

function verify(token: string, changes: object = {}) {
  const jwks = { keys: [key.publicJwk] };
  return verifyLogoutToken(token, { jwks, issuer: good.iss, clientId: "app", clock: () => now * 1000, ...changes });
}

test("a logout token says whose sessions are over", async () => {
  const { sub, sid } = await verify(await signed(good));
  assert.deepEqual([sub, sid], ["ada", "s"]);
  const { sid: _, ...ofAll } = good;
  assert.equal((await verify(await signed(ofAll))).sid, undefined);
});

test("LO-012: what is no logout token for this client ends no session", async () => {
  const without = (name: string) => Object.fromEntries(Object.entries(good).filter(([own]) => own !== name));
  for (const [claims, header] of [
    [{ ...good, nonce: "n" }],
    [without("events")],
    [{ ...good, events: {} }],
    [{ ...good, events: [event] }],
    [{ ...good, events: { [event]: true } }],
    [without("jti")],
    [without("iat")],
    [without("exp")],
    [{ ...without("sub"), sid: "" }],
    [{ ...good, aud: "another" }],
    [{ ...good, iss: "https://evil.example" }],
    [{ ...good, exp: now }],
    [{ ...good, iat: now - 601 }],
    [{ ...good, iat: now + 60 }],
    [good, { alg: "EdDSA", typ: "JWT" }],
    [good, { alg: "EdDSA" }],
    [good, { alg: "none", typ: "logout+jwt" }],
  ] as [object, object?][]) {
    await assert.rejects(verify(await signed(claims, header)), { code: "invalid_token" }, JSON.stringify(claims));
  }
});

test("LO-012: a logout token that came before is refused where the client remembers", async () => {
  const seen = new Map<string, number>();
  const isNew = (jti: string, until: number) => !seen.has(jti) && seen.set(jti, until) !== undefined;
  const token = await signed(good);
  await verify(token, { isNew });
  await assert.rejects(verify(token, { isNew }), { code: "invalid_token", status: 400 });
  assert.deepEqual([...seen], [["1", (now + 120) * 1000]]);
});
