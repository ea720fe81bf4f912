// Derivation on worker threads: the same bytes, a responsive event loop, a bounded queue, threads that are replaced.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { type Derive, Fault } from "claviger";
import { type WorkerThreadsOptions, workerThreads } from "claviger/node";
import { testing } from "claviger/testing";
import { Browser, makeApp, signInAndConsent } from "./browser.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** The argon2 reference's own test: argon2 "password" with salt "somesalt", -id -t 2 -k 65536 -p 1 -l 32. */
const reference: Parameters<Derive>[0] = {
  algorithm: "argon2id",
  memory: 65_536,
  passes: 2,
  lanes: 1,
  length: 32,
  secret: bytes("password"),
  salt: bytes("somesalt"),
};
const derived = "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7";

/** Threads that end with the test. */
function threads(context: { after(end: () => Promise<void>): void }, options: WorkerThreadsOptions = {}) {
  const derive = workerThreads(options);
  context.after(derive.close);
  return derive;
}

test("a thread derives what the argon2 reference does, one job after another", async (context) => {
  const derive = threads(context, { threads: 2 });
  const all = await Promise.all([reference, reference, reference].map((request) => derive(request)));
  assert.deepEqual(
    all.map((hash) => Buffer.from(hash).toString("hex")),
    [derived, derived, derived],
  );
});

test("what the engine cannot derive is an error that says so, and the thread goes on", async (context) => {
  const derive = threads(context, { threads: 1 });
  await assert.rejects(async () => derive({ ...reference, algorithm: "md5" as never }), /did not derive/);
  assert.equal((await derive(reference)).length, 32);
});

test("while 16 sign-ins hash, a timer of 5 ms keeps ticking", async (context) => {
  // One hash takes over 20 ms: on the event loop itself there would be at most one tick for each.
  const password = { memory: 65_536, passes: 1, lanes: 1 };
  const { auth } = testing({ password, derive: threads(context), scopes: { read: "See your things" } });
  await auth.accounts.create({ login: "ada", password: "correct horse battery" });
  const app = await makeApp(auth);
  let ticks = 0;
  const timer = setInterval(() => ticks++, 5);
  context.after(() => clearInterval(timer));
  const begun = performance.now();
  const signedIn = await Promise.all(Array.from({ length: 16 }, () => signInAndConsent(new Browser(auth), app)));
  const elapsed = performance.now() - begun;
  assert.equal(signedIn.length, 16);
  assert.ok(elapsed > 16 * 20, `hashing took only ${elapsed} ms: nothing was shown`);
  assert.ok(ticks > elapsed / 5 / 4, `${ticks} ticks in ${elapsed} ms`);
});

test("more than fits is refused at once with 503, the rest is served, and the next request works", async (context) => {
  const faults: Error[] = [];
  const derive = threads(context, { threads: 1, queue: 2 });
  const { auth } = testing({ derive, onFault: (fault) => faults.push(fault) });
  const logins = Array.from({ length: 8 }, (_, number) => `user-${number}`);
  const created = await Promise.allSettled(
    logins.map((login) => auth.accounts.create({ login, password: "correct horse battery" })),
  );
  const refused = created.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
  assert.equal(refused.length, 5);
  for (const error of refused) {
    assert.ok(error instanceof Fault);
    assert.deepEqual([error.code, error.status], ["busy", 503]);
    assert.deepEqual((await error.toResponse().json()).error, "temporarily_unavailable");
  }
  assert.equal(faults.length, 5, "the host's log hears of each");
  await auth.accounts.create({ login: logins[7]!, password: "correct horse battery" });
});

test("a job that nobody waits for any more is not begun", async (context) => {
  const derive = threads(context, { threads: 1 });
  const first = derive(reference);
  const gone = new AbortController();
  const second = derive(reference, gone.signal);
  gone.abort(new Error("closed"));
  await assert.rejects(async () => second, /closed/);
  assert.equal((await first).length, 32);
});

/** An engine whose `derive` is `unreachable`. */
const trapping = Buffer.from(
  "AGFzbQEAAAABFwRgAABgAn9/AX9gA39/fwBgAn9/An9/AjIBDi4vZW5naW5lX2JnLmpzH19fd2JpbmRnZW5faW5pdF9leHRlcm5yZWZfdGFi" +
    "bGUAAAMFBAECAAMFAwEAAQdMBQZtZW1vcnkCABFfX3diaW5kZ2VuX21hbGxvYwABD19fd2JpbmRnZW5fZnJlZQACEF9fd2JpbmRnZW5fc3Rh" +
    "cnQAAwZkZXJpdmUABAoQBAQAQQgLAgALAgALAwAACw==",
  "base64",
);

test("a trap fails its job alone, and another thread takes over", async (context) => {
  const derive = threads(context, { threads: 1, engine: trapping });
  const results = await Promise.allSettled([derive(reference), derive(reference)]);
  for (const result of results) {
    assert.ok(result.status === "rejected");
    assert.match(String(result.reason), /unreachable/);
  }
});

test("an engine that cannot be had fails what waits, and is asked for again", async (context) => {
  const derive = threads(context, { engine: () => Promise.reject(new Error("offline")) });
  await assert.rejects(async () => derive(reference), /offline/);
  await assert.rejects(async () => derive(reference), /offline/);
});

test("after close, what ran and what waited has failed, and nothing more is taken", async () => {
  const derive = workerThreads({ threads: 1 });
  const jobs = Promise.allSettled([derive(reference), derive(reference)]);
  await new Promise((resolve) => setTimeout(resolve, 20));
  await derive.close();
  for (const job of await jobs) assert.match(String((job as PromiseRejectedResult).reason), /closed/);
  await assert.rejects(async () => derive(reference), /closed/);
});

test("a process waits for a derivation that runs, and for no idle thread", async () => {
  const program = `
    import { workerThreads } from "claviger/node";
    const derive = workerThreads({ threads: 2 });
    const request = { algorithm: "argon2id", memory: 7168, passes: 1, lanes: 1, length: 16, secret: new Uint8Array(8), salt: new Uint8Array(8) };
    await Promise.all([derive(request), derive(request)]);
    derive(request).then((hash) => console.log(hash.length));`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program], {
    cwd: import.meta.dirname,
    timeout: 60_000,
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  assert.equal(stdout, "16\n");
});

test("what nobody waits for any more makes room at once", async (context) => {
  const derive = threads(context, { threads: 1, queue: 1 });
  const running = derive(reference);
  const gone = new AbortController();
  const left = Promise.resolve(derive(reference, gone.signal));
  gone.abort(new Error("gone"));
  await assert.rejects(left, /gone/);
  const [first, second] = await Promise.all([running, derive(reference)]);
  assert.deepEqual(second, first);
});
