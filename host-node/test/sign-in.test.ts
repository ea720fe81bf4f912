// Signing in at pages of an application's own: the stages, what is counted, and what to set.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Mail, Refused, type Stage } from "claviger";
import { testing } from "claviger/testing";

const url = "https://auth.example.com/welcome";

/** A browser that keeps its cookies. */
class Jar {
  readonly #cookies = new Map<string, string>();

  request(): Request {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    return new Request(url, { headers: { cookie, "user-agent": "a test" } });
  }

  keep({ headers }: Pick<Stage, "headers">): void {
    for (const [, pair] of headers) {
      const [name = "", value = ""] = (pair.split(";")[0] ?? "").split("=");
      if (value === "") this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
  }
}

async function scene() {
  const { auth, clock } = testing();
  const { id } = await auth.accounts.create({ login: "ada", password: "correct horse" });
  return { auth, clock, id, jar: new Jar() };
}

const right = { login: "ada", password: "correct horse" };

test("a password makes a session, which signing out ends", async () => {
  const { auth, id, jar } = await scene();
  const stage = await auth.signIn.withPassword(jar.request(), right);
  assert.equal(stage.stage, "full");
  jar.keep(stage);
  const who = await auth.authenticate(jar.request());
  assert.deepEqual([who.kind, who.subject], ["session", id]);
  const { items } = await auth.sessions.list(id).page();
  const [session] = items;
  assert.equal(session?.userAgent, "a test");
  const old = jar.request();
  jar.keep({ headers: await auth.signIn.out(jar.request()) });
  assert.equal(jar.request().headers.get("cookie")?.includes("session="), false);
  await assert.rejects(auth.authenticate(new Request(old)), { code: "unauthenticated" });
});

test("a second factor is asked for, and only its code makes the session", async () => {
  const { auth, clock, id, jar } = await scene();
  const begun = await auth.factors.beginTotp(id);
  const recoveryCodes = await auth.factors.confirmTotp(id, begun.id, await code(begun.secret, clock.now()));
  const stage = await auth.signIn.withPassword(jar.request(), right);
  assert.equal(stage.stage, "pending");
  jar.keep(stage);
  await assert.rejects(auth.authenticate(jar.request()), { code: "unauthenticated" });
  const [recovery = ""] = recoveryCodes ?? [];
  const elsewhere = new Request(url);
  const answer = { pending: stage.pending, code: recovery };
  await assert.rejects(auth.signIn.withCode(elsewhere, answer), { code: "forbidden" });
  await assert.rejects(auth.signIn.withCode(jar.request(), { ...answer, code: "000000" }), { code: "wrong_code" });
  const full = await auth.signIn.withCode(jar.request(), answer);
  assert.equal(full.stage, "full");
  jar.keep(full);
  const who = await auth.authenticate(jar.request(), { methods: ["mfa"], maxAge: "1m" });
  assert.equal(who.subject, id);
  clock.advance("2m");
  const refused = await auth.authenticate(jar.request(), { maxAge: "1m" }).catch((error) => error);
  assert.equal(refused.code, "insufficient_user_authentication");
  assert.match(refused.toResponse().headers.get("www-authenticate"), /max_age="60"/);
});

test("a link and a code by mail sign in, in the browser that asked, and stay signed in where that is wished", async () => {
  const mails: Mail[] = [];
  const { auth, clock } = testing({
    onMail: (mail) => void mails.push(mail),
    signIn: { passwordless: ["link", "code"], rememberFor: "30d" },
    pages: { signInLink: "/arrive" },
  });
  const { id } = await auth.accounts.create({ login: "ada@example.com" });
  for (const by of ["link", "code"] as const) {
    const jar = new Jar();
    const sent = await auth.signIn.sendMail(jar.request(), { login: "ada@example.com", remember: true });
    jar.keep(sent);
    const mail = await mailed(mails);
    const token = new URL(mail.link ?? "").searchParams.get("token") ?? "";
    assert.match(mail.link ?? "", /\/arrive\?token=/);
    await assert.rejects(auth.signIn.withLink(new Request(url), token), { code: "forbidden" });
    const answer = { waiting: sent.waiting, code: mail.code ?? "" };
    const signIn = () =>
      by === "link" ? auth.signIn.withLink(jar.request(), token) : auth.signIn.withMail(jar.request(), answer);
    const stage = await signIn();
    assert.equal(stage.stage, "full");
    await assert.rejects(signIn(), Refused);
    jar.keep(stage);
    assert.equal((await auth.authenticate(jar.request())).subject, id);
    assert.match(jar.request().headers.get("cookie") ?? "", /-remember=/);
    clock.advance("1m");
  }
  const nobody = await auth.signIn.sendMail(new Jar().request(), { login: "eve@example.com" });
  assert.match(nobody.waiting, /^cv/);
});

test("attempts are counted, and the answer to one too many says when to come again", async () => {
  const { auth, jar } = await scene();
  for (let wrong = 0; wrong < 10; wrong += 1) {
    const attempt = auth.signIn.withPassword(jar.request(), { ...right, password: "wrong" });
    await assert.rejects(attempt, { code: "wrong_credentials" });
  }
  const refused = await auth.signIn.withPassword(jar.request(), right).catch((error) => error);
  assert.ok(refused instanceof Refused);
  assert.equal(refused.code, "too_many_requests");
  assert.ok(Number(refused.toResponse().headers.get("retry-after")) > 0);
});

test("the host's word signs somebody in", async () => {
  const { auth, id, jar } = await scene();
  jar.keep(await auth.signIn.as(jar.request(), id, ["fed"]));
  const who = await auth.authenticate(jar.request());
  assert.deepEqual(who.kind === "session" && who.methods, ["fed"]);
  await assert.rejects(auth.signIn.as(jar.request(), "", ["fed"]), { code: "invalid_argument" });
});

/** RFC 6238, as an authenticator app computes it. */
async function code(secret: string, now: number): Promise<string> {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const bytes = Uint8Array.from(bits.match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2));
  const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-1" }, false, ["sign"]);
  const step = new DataView(new ArrayBuffer(8));
  step.setBigUint64(0, BigInt(Math.floor(now / 30_000)));
  const digest = new DataView(await crypto.subtle.sign("HMAC", key, step.buffer));
  const at = digest.getUint8(19) & 15;
  return String((digest.getUint32(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

test("whoever makes a request is asked by questions, and found out once", async () => {
  const { auth, id, jar } = await scene();
  const nobody = auth.of(new Request(url));
  assert.deepEqual(
    [await nobody.isGuest(), await nobody.id(), await nobody.account(), await nobody.principalOrNull()],
    [true, null, null, null],
  );
  await assert.rejects(nobody.principal(), { code: "unauthenticated" });
  jar.keep(await auth.signIn.as(jar.request(), id));
  const caller = auth.of(jar.request());
  assert.deepEqual([await caller.isSignedIn(), await caller.id()], [true, id]);
  assert.equal((await caller.account())?.login, "ada");
});

test("a tool sends the password with each request, where the guard takes that", async () => {
  const { auth, id } = await scene();
  const authorization = `Basic ${btoa("ada:correct horse")}`;
  const request = () => new Request(url, { headers: { authorization } });
  const caller = auth.of(request(), { basic: true, remote: "203.0.113.9" });
  assert.equal(await caller.id(), id);
  assert.equal((await caller.principal()).kind, "password");
  const refused = await auth.authenticate(request()).catch((error) => error);
  assert.equal(refused.code, "unauthenticated");
  const challenged = await auth.authenticate(new Request(url), { basic: true }).catch((error) => error);
  assert.match(challenged.toResponse().headers.get("www-authenticate"), /Basic realm="/);
});

/** Mails leave after the answer. */
async function mailed(mails: Mail[]): Promise<Mail> {
  for (let turn = 0; turn < 1000 && mails.length === 0; turn += 1) await new Promise((next) => setImmediate(next));
  return mails.splice(0)[0] ?? assert.fail("no mail");
}
