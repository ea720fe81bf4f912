// How long requests wait for the event loop while 16 people sign in at once by a password, hashed inside the engine and on worker threads.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { Claviger } from "../../host-node/dist/index.js";
import { workerThreads } from "../../host-node/dist/node.js";
import { memory } from "../../host-node/dist/stores/memory.js";

const password = "correct horse battery";

/** Delays in milliseconds: where the hashes are made, then the 99th percentile, the longest, and all 16 together. */
export async function eventLoop() {
  const threads = workerThreads();
  const rows = [await hashing("inside the engine", {}), await hashing("`workerThreads()`", { derive: threads })];
  await threads.close();
  return rows;
}

async function hashing(where, options) {
  const auth = new Claviger({
    issuer: "https://auth.example.com",
    secret: "0d2f7c1e9b8a46535b7e1c0f9a8d6e42",
    store: memory(),
    ...options,
  });
  const people = Array.from({ length: 16 }, (_, number) => `person-${number}`);
  for (const login of people) await auth.accounts.create({ login, password });
  const together = () => Promise.all(people.map((login) => auth.signIn.withPassword({}, { login, password })));
  await together();
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  await sleep(20);
  const begun = performance.now();
  await together();
  const elapsed = performance.now() - begun;
  // The last delay is noted by the turn after it.
  await sleep(20);
  delays.disable();
  return [where, ...[delays.percentile(99) / 1e6, delays.max / 1e6, elapsed].map((millis) => millis.toFixed(0))];
}
