import assert from "node:assert/strict";
import { test } from "node:test";
import { Claviger, type Mail } from "claviger";
import { memory } from "claviger/stores/memory";
import { Mails } from "../dist/mails.js";
import { authorizeUrl, Browser, locationOf, makeApp, serverOn } from "./browser.ts";

const mail: Mail = {
  kind: "password_changed",
  to: "ada@example.com",
  subject: "ada",
  subjectLine: "Hello",
  text: "Hello",
};

test("a mail is sent after whoever asked has the answer", async () => {
  const order: string[] = [];
  const mails = new Mails(
    () => order.push("sent"),
    () => {},
  );
  mails.begin(mail);
  await Promise.resolve().then(() => order.push("answered"));
  await mails.settled();
  assert.deepEqual(order, ["answered", "sent"]);
});

test("settled waits for all of them, and what cannot be sent is told", async () => {
  const told: unknown[] = [];
  let sent = 0;
  const mails = new Mails(
    async ({ to }) => {
      await new Promise((resume) => setTimeout(resume, 5));
      if (to === "nobody@example.com") throw new Error("no such mailbox");
      sent += 1;
    },
    (error) => told.push(error),
  );
  mails.begin(mail);
  mails.begin({ ...mail, to: "nobody@example.com" });
  await mails.settled();
  assert.deepEqual([sent, told.map(String)], [1, ["Error: no such mailbox"]]);
});

test("a mail arrives by onMail, and one that throws changes no answer", async () => {
  const arrived: Mail[] = [];
  const faults: unknown[] = [];
  const auth = new Claviger({
    issuer: "https://auth.example.com",
    secret: "a root secret for tests: k3Jx0PqLw9TzRv",
    store: memory(),
    password: { memory: 7168, passes: 1 },
    onMail: (mail) => {
      arrived.push(mail);
      throw new Error("the mail server is down");
    },
    onFault: (error) => faults.push(error.message),
  });
  const { id } = await auth.accounts.create({ login: "ada@example.com", password: "correct horse" });
  await auth.accounts.setPassword(id, "battery staple");
  await auth.settled();
  assert.deepEqual(
    arrived.map(({ kind, to, subject }) => [kind, to, subject]),
    [["password_changed", "ada@example.com", id]],
  );
  assert.deepEqual(faults, ["the mail server is down"]);
});

test("each kind of mail arrives by onMail", async () => {
  const arrived: Mail[] = [];
  const store = memory();
  const options = {
    scopes: { read: "See your things" },
    remote: () => "203.0.113.9",
    onMail: (mail: Mail) => arrived.push(mail),
  };
  const { auth, clock } = serverOn(store, { signIn: { signUp: true, passwordless: ["link"] }, ...options });
  const sent = async (kind: Mail["kind"], to = "ada@example.com"): Promise<Mail> => {
    await auth.settled();
    const mail = arrived.shift();
    assert.deepEqual([mail?.kind, mail?.to, arrived.length], [kind, to, 0]);
    return mail as Mail;
  };
  const token = ({ link = "" }: Mail) => new URL(link).searchParams.get("token") ?? "";

  const registration = { email: "ada@example.com", password: "correct horse" };
  assert.deepEqual(await auth.accounts.register(registration), { status: "sent" });
  const verification = await sent("verify_email");
  assert.deepEqual(await auth.accounts.register(registration), { status: "sent" });
  await sent("already_registered");
  const { status, subject = "" } = await auth.accounts.verifyEmail(token(verification));
  assert.equal(status, "verified");
  assert.deepEqual(await auth.accounts.sendVerification(subject), { status: "verified" });

  assert.deepEqual(await auth.accounts.requestEmailChange(subject, "ada@example.org"), { status: "sent" });
  await auth.accounts.verifyEmail(token(await sent("change_email", "ada@example.org")));
  await sent("email_changed");

  assert.deepEqual(await auth.accounts.requestReset("ada@example.org"), { status: "sent" });
  const { status: throttled, retryAfter } = await auth.accounts.requestReset("ada@example.org");
  assert.deepEqual([throttled, retryAfter], ["throttled", 60]);
  const reset = token(await sent("reset_password", "ada@example.org"));
  assert.deepEqual(await auth.accounts.reset(reset, "battery staple"), { status: "reset", subject });
  await sent("password_changed", "ada@example.org");
  assert.deepEqual(await auth.accounts.reset(reset, "battery staple"), { status: "token" });

  const app = await makeApp(auth);
  const ask = async (server: Claviger) => {
    const browser = new Browser(server);
    const signIn = locationOf(await browser.get(authorizeUrl(app)));
    const interaction = new URL(signIn).searchParams.get("interaction") ?? "";
    await browser.post("/sign-in-by-mail", { interaction, login: "ada@example.org" });
    return browser;
  };
  const browser = await ask(auth);
  const link = await sent("sign_in_link", "ada@example.org");
  assert.equal((await browser.post("/sign-in-link", { token: token(link) })).status, 303);

  clock.advance("60s");
  const byCode = serverOn(store, { signIn: { passwordless: ["code"] }, ...options }, clock).auth;
  await ask(byCode);
  await byCode.settled();
  assert.match((await sent("sign_in_code", "ada@example.org")).code ?? "", /^\d{8}$/);
});
