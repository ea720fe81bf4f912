// The bytes that seed every call.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../dist/random.js";

/** Draws 0, 1, 2 ... so that whatever was given can be told apart, and counts how often it is asked. */
function counted() {
  let [next, draws, now] = [0, 0, 5000];
  const random = new Random(
    (bytes) => {
      draws += 1;
      const words = new DataView(bytes.buffer);
      for (let at = 0; at < bytes.length; at += 4) words.setUint32(at, next++);
    },
    () => now,
  );
  const seed = () => Buffer.from(random.bytes(32)).toString("hex");
  return { seed, draws: () => draws, wait: (millis: number) => (now += millis) };
}

test("no byte is given twice, and most seeds cost no draw", () => {
  const { seed, draws } = counted();
  const words = Array.from({ length: 1000 }, seed).flatMap((text) => text.match(/.{8}/g)!);
  assert.equal(new Set(words).size, words.length);
  assert.equal(draws(), Math.ceil(1000 / 16));
});

test("what lay for a second is thrown away, and so is what the clock says was drawn later than now", () => {
  const { seed, draws, wait } = counted();
  seed();
  wait(999);
  seed();
  assert.equal(draws(), 1);
  wait(1);
  seed();
  assert.equal(draws(), 2);
  wait(-10);
  seed();
  assert.equal(draws(), 3);
});

test("a source that fails gives nothing, not even later", () => {
  const random = new Random(() => {
    throw new Error("no entropy");
  });
  for (let round = 0; round < 3; round++) assert.throws(() => random.bytes(32), /no entropy/);
});

test("the default is the platform's source", () => {
  const { bytes } = new Random();
  assert.notDeepEqual(bytes(32), bytes(32));
  assert.notDeepEqual([...bytes(32)], new Array(32).fill(0));
});
