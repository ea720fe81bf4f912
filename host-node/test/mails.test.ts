import assert from "node:assert/strict";
import { test } from "node:test";
import { Claviger, type Mail } from "../dist/index.js";
import { Mails } from "../dist/mails.js";
import { memory } from "../dist/stores/memory.js";

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
