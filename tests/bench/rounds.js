// CPU time per operation, all cases interleaved in one process.
import { setTimeout as pause } from "node:timers/promises";

/**
 * How often each case is measured, and how many operations one measurement has: so many blocks of so many. `warmUp` blocks of each
 * case come before the first measurement: until the compilers of JavaScript and wasm have settled.
 */
const usual = { rounds: 7, blocks: 4, block: 150, warmUp: 16 };

/**
 * Measures cases, each `{ name, mint, operate }`: `mint(count)` makes the inputs of so many operations, unmeasured, and
 * `operate(input)` is one operation. Gives `{ [name]: { best, median } }` in microseconds of the process's CPU time.
 */
export async function measure(cases, { rounds, blocks, block, warmUp } = usual) {
  for (let turn = 0; turn < warmUp; turn++) for (const measured of cases) await run(measured, block);
  const times = new Map(cases.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    const spent = new Map(cases.map(({ name }) => [name, 0]));
    for (let turn = 0; turn < blocks; turn++) {
      for (const measured of cases) spent.set(measured.name, spent.get(measured.name) + (await run(measured, block)));
    }
    for (const [name, micros] of spent) times.get(name).push(micros / (blocks * block));
  }
  return Object.fromEntries([...times].map(([name, each]) => [name, summary(each)]));
}

/** One block: the CPU time, user and system, of all threads of this process, in microseconds. */
async function run({ mint, operate }, block) {
  const inputs = await mint(block);
  // Compilers and collectors that minting has set to work come to an end here. No collection is forced: after one, V8 gives
  // memory back and takes it again, and that is dearer than the operations.
  await pause(5);
  const before = process.cpuUsage();
  for (const input of inputs) await operate(input);
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

function summary(times) {
  const sorted = times.toSorted((one, other) => one - other);
  return { best: sorted[0], median: sorted[Math.floor(sorted.length / 2)] };
}
