// No operation's cost grows with what is in the store: a SQLite file with a thousand rows, and one with a million.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { rows } from "../bench/rows.js";

const sizes = [1e3, 1e5, 1e6];
let measured;
before(async () => {
  measured = await rows(sizes);
});

test("every operation costs the same among a thousand rows, a hundred thousand and a million", (t) => {
  assert.deepEqual(
    measured.counts.map((count, at) => count >= sizes[at]),
    [true, true, true],
    `${measured.counts}`,
  );
  const operations = Object.entries(measured.times);
  assert.ok(operations.length >= 6);
  for (const [operation, [few, ...more]] of operations) {
    t.diagnostic(`${operation}: ${[few, ...more].map((micros) => micros.toFixed(0)).join(", ")} us`);
    // Reading all rows would cost ten thousand times as much; noise does not double the best of nine rounds.
    for (const many of more) assert.ok(many < 2 * few, `${operation}: ${few} us among few rows, ${many} us among many`);
  }
});

test("SQLite finds every row by its key, and none by reading the others", () => {
  assert.ok(measured.plans.length >= 4, "the store's statements were seen");
  const lookup = measured.plans.find(({ sql }) => sql.startsWith("SELECT version, value"));
  assert.match(lookup.plan.join(), /^SEARCH claviger_rows USING INDEX \S+ \(key=\?\)$/);
  for (const { sql, plan } of measured.plans) assert.doesNotMatch(plan.join(), /SCAN claviger_rows|TEMP B-TREE/, sql);
});
