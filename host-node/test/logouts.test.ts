import assert from "node:assert/strict";
import { test } from "node:test";
import { Refused } from "../dist/errors.js";
import { type Deliver, Logouts } from "../dist/logouts.js";

const due = { subject: "ada", sessionId: "s", clientId: "c" };

/** Logouts whose attempts end so, one after the other, and what was asked and slept. */
function scripted(ends: (number | null | Error)[]) {
  const asked: (number | undefined)[] = [];
  const slept: number[] = [];
  const deliver: Deliver = async ({ attempt }) => {
    asked.push(attempt);
    const end = ends.shift() ?? null;
    if (end instanceof Error) throw end;
    return { delivered: end === null, retryIn: end };
  };
  const logouts = new Logouts(deliver, async (seconds) => {
    slept.push(seconds);
  });
  return { logouts, asked, slept };
}

test("a client is told again after as many seconds as the engine says, and no more when it says so", async () => {
  const { logouts, asked, slept } = scripted([5, 60, null]);
  await logouts.begin(due);
  assert.deepEqual(
    [asked, slept],
    [
      [1, 2, 3],
      [5, 60],
    ],
  );
});

test("a failure of the host's own is tried again until the engine refuses", async () => {
  const refused = new Refused({ code: "invalid_argument", status: 400, message: "attempt", help: "" });
  const { logouts, asked, slept } = scripted([new Error("the store is down"), new Error("again"), refused]);
  await logouts.begin(due);
  assert.deepEqual(
    [asked, slept],
    [
      [1, 2, 3],
      [30, 30],
    ],
  );
});

test("settled waits for all of them", async () => {
  let done = 0;
  const logouts = new Logouts(async () => {
    await new Promise((resume) => setTimeout(resume, 5));
    done += 1;
    return { delivered: true, retryIn: null };
  });
  logouts.begin(due);
  logouts.begin({ ...due, clientId: "d" });
  await logouts.settled();
  assert.equal(done, 2);
});
