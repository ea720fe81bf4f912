// The driver's promises of docs/contract.md sections 1, 4 and 7, on a scripted engine.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Answer, Ask, Step } from "../dist/contract.js";
import { Driver } from "../dist/driver.js";
import type { Engine } from "../dist/engine.js";
import { Fault } from "../dist/errors.js";
import { type Services, server } from "../dist/serve.js";
import type { Store } from "../dist/store.js";

const load: Ask = { load: { keys: ["main/a"] } };
const commit: Ask = { commit: { put: [{ key: "main/a", value: "1", expires: null }] } };
const scan: Ask = { scan: { prefix: "main/", after: null, limit: 10 } };

/** Asks `asks` in turn, then is done with the answers it was given. */
class Scripted implements Engine {
  ended = false;
  readonly calls: object[] = [];
  readonly cancelled: number[] = [];
  readonly #asks: readonly Ask[];
  readonly #flows = new Map<number, Answer[]>();
  readonly #trapAt: number;

  constructor(asks: readonly Ask[], trapAt = Number.POSITIVE_INFINITY) {
    this.#asks = asks;
    this.#trapAt = trapAt;
  }

  open(): void {}

  begin(call: object): Step {
    this.calls.push(call);
    this.#flows.set(this.calls.length, []);
    return this.#step(this.calls.length);
  }

  resume(flow: number, answer: Answer): Step {
    if (this.ended) throw trapped();
    this.#flows.get(flow)!.push(answer);
    return this.#step(flow);
  }

  cancel(flow: number): void {
    this.cancelled.push(flow);
  }

  #step(flow: number): Step {
    const answers = this.#flows.get(flow)!;
    if (answers.length === this.#trapAt) {
      this.ended = true;
      throw trapped();
    }
    const ask = this.#asks[answers.length];
    return ask ? { flow, ask } : { done: { ok: answers } };
  }
}

function trapped(): Fault {
  return new Fault({ code: "engine_trapped", status: 503, message: "unreachable", help: "" });
}

const working: Store = {
  load: (keys) => keys.map((key) => ({ version: "1", value: key, extra: true })),
  commit: () => Promise.resolve("committed"),
  scan: () => ({ rows: [{ key: "main/a", version: "1", value: "x" }], next: null }),
};

function driverOf(engine: Engine | (() => Engine), services: Partial<Services> = {}) {
  const errors: unknown[] = [];
  const serve = server({ store: working, deadline: 50, onError: (error) => errors.push(error), ...services });
  let seeds = 0;
  const driver = new Driver({
    instantiate: typeof engine === "function" ? engine : () => engine,
    serve,
    clock: () => 1_790_000_000_000,
    random: (length) => new Uint8Array(length).fill(++seeds),
  });
  return { driver, errors };
}

const hanging = () => new Promise<never>(() => {});

test("each call carries the time and a fresh seed of 32 bytes in base64url", async () => {
  const engine = new Scripted([]);
  const { driver } = driverOf(engine);
  await driver.run({ purge: {} });
  await driver.run({ purge: {} });
  assert.deepEqual(engine.calls[0], {
    now: 1_790_000_000_000,
    seed: Buffer.alloc(32, 1).toString("base64url"),
    command: { purge: {} },
  });
  assert.equal((engine.calls[1] as { seed: string }).seed, Buffer.alloc(32, 2).toString("base64url"));
});

test("asks are carried out in turn, and answered in the contract's words", async () => {
  const { driver } = driverOf(new Scripted([load, commit, scan]));
  assert.deepEqual(await driver.run({}), {
    ok: [
      { rows: [{ version: "1", value: "main/a" }] },
      { commit: "committed" },
      { page: { rows: [{ key: "main/a", version: "1", value: "x" }], next: null } },
    ],
  });
});

test("a missing row is null, however the store says so", async () => {
  const { driver } = driverOf(new Scripted([load]), { store: { ...working, load: () => [undefined] } });
  assert.deepEqual((await driver.run({})).ok, [{ rows: [null] }]);
});

for (const [how, boom] of [
  [
    "throws",
    () => {
      throw new Error("disk on fire");
    },
  ],
  ["rejects", () => Promise.reject(new Error("disk on fire"))],
] as const) {
  test(`a load whose store ${how} has failed`, async () => {
    const { driver, errors } = driverOf(new Scripted([load]), { store: { ...working, load: boom } });
    assert.deepEqual((await driver.run({})).ok, [{ failed: "disk on fire" }]);
    assert.equal((errors[0] as Error).message, "disk on fire");
  });

  test(`a commit whose store ${how} may have been applied: unknown, never failed or stale`, async () => {
    const { driver, errors } = driverOf(new Scripted([commit]), { store: { ...working, commit: boom } });
    assert.deepEqual((await driver.run({})).ok, [{ commit: "unknown" }]);
    assert.equal(errors.length, 1);
  });

  test(`a scan whose store ${how} has failed`, async () => {
    const { driver } = driverOf(new Scripted([scan]), { store: { ...working, scan: boom } });
    assert.deepEqual((await driver.run({})).ok, [{ failed: "disk on fire" }]);
  });
}

test("a load that takes longer than the deadline has failed", async () => {
  const { driver } = driverOf(new Scripted([load]), { store: { ...working, load: hanging } });
  assert.deepEqual((await driver.run({})).ok, [{ failed: "No answer within 50 ms" }]);
});

test("a commit that takes longer than the deadline is unknown", async () => {
  const { driver } = driverOf(new Scripted([commit]), { store: { ...working, commit: hanging } });
  assert.deepEqual((await driver.run({})).ok, [{ commit: "unknown" }]);
});

test("an answer after the deadline changes nothing, whether it is good or bad", async () => {
  const late = () => new Promise<never>((_, reject) => setTimeout(reject, 80, new Error("late")));
  const { driver } = driverOf(new Scripted([load, commit]), { store: { ...working, load: late } });
  assert.deepEqual((await driver.run({})).ok, [{ failed: "No answer within 50 ms" }, { commit: "committed" }]);
  await new Promise((resolve) => setTimeout(resolve, 60));
});

test("when the requester goes away the flow is cancelled, and the run rejects with the reason", async () => {
  const engine = new Scripted([load]);
  const { driver } = driverOf(engine, { store: { ...working, load: hanging }, deadline: 60_000 });
  const gone = new AbortController();
  const run = driver.run({}, gone);
  const reason = new Error("closed");
  setImmediate(() => gone.abort(reason));
  await assert.rejects(run, reason);
  assert.deepEqual(engine.cancelled, [1]);
});

test("a requester who is gone already is not waited for", async () => {
  const engine = new Scripted([load]);
  const { driver } = driverOf(engine, { store: { ...working, load: hanging }, deadline: 60_000 });
  await assert.rejects(driver.run({}, { signal: AbortSignal.abort(new Error("closed")) }), /closed/);
  assert.deepEqual(engine.cancelled, [1]);
});

test("the requester's signal is not asked for when nothing is waited for", async () => {
  const { driver } = driverOf(new Scripted([load]));
  const requester = {
    get signal(): AbortSignal {
      throw new Error("asked for");
    },
  };
  assert.ok((await driver.run({}, requester)).ok);
});

test("a trap fails its own flow and the flows beside it, and a new instance takes over", async () => {
  const engines = [new Scripted([load], 1), new Scripted([load])];
  let made = 0;
  const slow = { ...working, load: (keys: readonly string[]) => Promise.resolve(working.load(keys)) };
  const { driver } = driverOf(() => engines[made++]!, { store: slow });
  const [first, second] = await Promise.all([driver.run({}), driver.run({})]);
  assert.equal(first.fault?.code, "engine_trapped");
  assert.equal(second.fault?.code, "engine_trapped");
  assert.deepEqual((await driver.run({})).ok, [{ rows: [{ version: "1", value: "main/a" }] }]);
  assert.equal(made, 2);
});

test("a trap at the very start of a flow is a fault too", async () => {
  const engines = [new Scripted([], 0), new Scripted([])];
  let made = 0;
  const { driver } = driverOf(() => engines[made++]!);
  assert.equal((await driver.run({})).fault?.code, "engine_trapped");
  assert.deepEqual((await driver.run({})).ok, []);
});

test("optional asks are served by the host's own functions, in bytes", async () => {
  const b64u = (text: string) => Buffer.from(text).toString("base64url");
  const seen: unknown[] = [];
  const { driver } = driverOf(
    new Scripted([
      { subject: { signIn: { login: "ada", password: "pw" } } },
      { subject: { status: { id: "gone" } } },
      {
        derive: {
          algorithm: "argon2id",
          parameters: { memory: 1, passes: 2, lanes: 3, length: 4 },
          secret: b64u("secret"),
          salt: b64u("salt"),
        },
      },
      { sign: { key: "kms-1", algorithm: "ES256", message: b64u("message") } },
      { verify: { jwk: { kty: "EC" }, algorithm: "ES256", message: b64u("message"), signature: b64u("sig") } },
    ]),
    {
      subject: { signIn: (login) => ({ id: `id-of-${login}` }), status: async () => undefined },
      derive: (request) => {
        seen.push({ ...request, secret: String(Buffer.from(request.secret)), salt: String(Buffer.from(request.salt)) });
        return new TextEncoder().encode("derived");
      },
      sign: async ({ kid, message }) => new TextEncoder().encode(`${kid} signs ${Buffer.from(message)}`),
      verify: ({ signature }) => String(Buffer.from(signature)) === "sig",
    },
  );
  assert.deepEqual((await driver.run({})).ok, [
    { subject: { id: "id-of-ada", name: null } },
    { subject: null },
    { derived: b64u("derived") },
    { signature: b64u("kms-1 signs message") },
    { verified: true },
  ]);
  assert.deepEqual(seen, [
    { algorithm: "argon2id", memory: 1, passes: 2, lanes: 3, length: 4, secret: "secret", salt: "salt" },
  ]);
});

test("what derives and is busy says so, and nothing else of it is told", async () => {
  const parameters = { memory: 1, passes: 2, lanes: 3, length: 4 };
  const derive: Ask = { derive: { algorithm: "argon2id", parameters, secret: "", salt: "" } };
  const busy = new Fault({ code: "busy", status: 503, message: "Too many derivations wait", help: "" });
  const refusing = {
    throws: () => {
      throw busy;
    },
    rejects: () => Promise.reject(busy),
  };
  for (const [how, service] of Object.entries(refusing)) {
    const { driver, errors } = driverOf(new Scripted([derive]), { derive: service });
    assert.deepEqual((await driver.run({})).ok, [{ busy: 1 }], how);
    assert.deepEqual(errors, [], how);
  }
});

test("an ask that the host does not offer has failed", async () => {
  const { driver } = driverOf(new Scripted([{ subject: { status: { id: "1" } } }, { teleport: {} } as never]));
  const answers = (await driver.run({})).ok as { failed: string }[];
  assert.match(answers[0]!.failed, /subject/);
  assert.match(answers[1]!.failed, /teleport/);
});

test("a verifier that answers something else than true has not verified", async () => {
  const ask: Ask = { verify: { jwk: {}, algorithm: "ES256", message: "", signature: "" } };
  const { driver } = driverOf(new Scripted([ask]), { verify: (() => "yes") as never });
  assert.deepEqual((await driver.run({})).ok, [{ verified: false }]);
});

test("a service that fails after its requester went away ends nothing but the ask", async (context) => {
  const unheard: unknown[] = [];
  const hear = (error: unknown) => unheard.push(error);
  process.on("unhandledRejection", hear);
  context.after(() => process.off("unhandledRejection", hear));
  const gone = new AbortController();
  const store: Store = {
    ...working,
    load: () => {
      gone.abort(new Error("gone"));
      return Promise.reject(new Error("disk on fire"));
    },
  };
  const { driver } = driverOf(new Scripted([load]), { store });
  await assert.rejects(driver.run({}, gone), /gone/);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual(unheard, []);
});

test("nothing is asked of a service for a requester who is gone", async () => {
  let asked = 0;
  const store: Store = {
    ...working,
    commit: () => {
      asked += 1;
      return "committed";
    },
  };
  const engine = new Scripted([commit]);
  const { driver } = driverOf(engine, { store });
  await assert.rejects(driver.run({}, { closed: true, signal: AbortSignal.abort(new Error("gone")) }), /gone/);
  assert.equal(asked, 0);
  assert.deepEqual(engine.cancelled, [1]);
});
