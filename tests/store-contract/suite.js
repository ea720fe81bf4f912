// What docs/contract.md section 4 promises of a store, as far as it can be seen from outside. Plain JavaScript without any
// test runner, so that it runs wherever a store does: call `run(store)` of each case with a store that may be written to.

/** @typedef {import("claviger").Store} Store */
/** @typedef {import("claviger").Commit} Commit */

const racers = 64;
const largest = 60 * 1024;
/** Later than any test runs. */
const never = 9_000_000_000_000;

let partitions = 0;

/** A partition that no other case, process or run uses. */
function partition() {
  partitions += 1;
  const name = `contract.${Date.now().toString(36)}.${Math.random().toString(36).slice(2)}.${partitions}`;
  return (/** @type {string} */ key) => `${name}/${key}`;
}

/** @type {readonly { name: string, run: (store: Store) => Promise<void> }[]} */
export const cases = [
  { name: "a load answers a row or none for each key, in order", run: loadsInOrder },
  { name: "a row that is required absent is written once", run: requiredAbsent },
  { name: "a row is replaced only at the version that is required", run: requiredAtVersion },
  { name: "a row is removed only at the version that is required", run: removedAtVersion },
  { name: "of 64 commits that require the same version, exactly one is applied", run: oneRacerWins },
  { name: "of 64 commits that require a row absent, exactly one is applied", run: oneMakerWins },
  { name: "a stale commit changes nothing", run: allOrNothing },
  { name: "a commit is applied whole", run: appliedWhole },
  { name: "a commit that changes a key twice is refused whole", run: oneChangeOfAKey },
  { name: "a counter starts at 0 and never exceeds its ceiling", run: countsToCeiling },
  { name: "of 64 additions, as many are applied as fit", run: racingCounters },
  { name: "a counter can be required, read and removed like any row", run: countersAreRows },
  { name: "a version never repeats, not even after the row was deleted", run: versionsNeverRepeat },
  { name: "a scan is ordered by the bytes of the keys, in pages", run: scansInOrder },
  { name: "a scan sees its prefix only", run: scansPrefixOnly },
  { name: "odd text comes back unchanged", run: oddText },
  { name: "a value of 60 KiB and a key of 512 bytes fit", run: largestRow },
  { name: "a row without an expiry, or with one to come, stays", run: rowsStay },
  { name: "a committed row is seen by every later load", run: readsItsWrites },
];

async function loadsInOrder(store) {
  const key = partition();
  await write(store, { put: [put(key("here"), "1")] });
  equal(await values(store, [key("here"), key("absent"), key("here")]), ["1", null, "1"]);
  equal(await store.load([]), []);
}

async function requiredAbsent(store) {
  const key = partition()("row");
  const make = (value) => ({ require: [{ key, version: null }], put: [put(key, value)] });
  equal(await store.commit(make("first")), "committed");
  equal(await store.commit(make("second")), "stale");
  equal(await values(store, [key]), ["first"]);
}

async function requiredAtVersion(store) {
  const key = partition()("row");
  await write(store, { put: [put(key, "1")] });
  const first = await version(store, key);
  const replace = (value) => ({ require: [{ key, version: first }], put: [put(key, value)] });
  equal(await store.commit(replace("2")), "committed");
  equal(await store.commit(replace("3")), "stale");
  equal(await values(store, [key]), ["2"]);
}

async function removedAtVersion(store) {
  const key = partition()("row");
  await write(store, { put: [put(key, "1")] });
  const first = await version(store, key);
  await write(store, { put: [put(key, "2")] });
  equal(await store.commit({ require: [{ key, version: first }], delete: [key] }), "stale");
  equal(await values(store, [key]), ["2"]);
  equal(await store.commit({ require: [{ key, version: await version(store, key) }], delete: [key] }), "committed");
  equal(await values(store, [key]), [null]);
  equal(await store.commit({ require: [{ key, version: first }], put: [put(key, "3")] }), "stale");
}

async function oneRacerWins(store) {
  const key = partition()("row");
  await write(store, { put: [put(key, "start")] });
  await race(store, key, await version(store, key));
}

async function oneMakerWins(store) {
  await race(store, partition()("row"), null);
}

async function race(store, key, required) {
  const commits = together((number) => ({
    require: [{ key, version: required }],
    put: [put(key, String(number))],
  }));
  const ended = await Promise.all(commits.map((commit) => commit(store)));
  const winners = [...ended.keys()].filter((number) => ended[number] === "committed");
  equal(winners.length, 1);
  equal(ended.filter((outcome) => outcome === "stale").length, racers - 1);
  equal(await values(store, [key]), [String(winners[0])]);
}

async function allOrNothing(store) {
  const key = partition();
  const keys = [key("kept"), key("gone"), key("new"), key("counter")];
  await write(store, { put: [put(key("kept"), "old"), put(key("gone"), "here")] });
  const batch = wholeBatch(key);
  const stale = [
    { ...batch, require: [{ key: key("kept"), version: null }] },
    { ...batch, require: [{ key: key("nowhere"), version: "1" }] },
    { ...batch, add: [...batch.add, { key: key("full"), delta: 2, ceiling: 1, expires: never }] },
  ];
  for (const commit of stale) {
    equal(await store.commit(commit), "stale");
    equal(await values(store, keys), ["old", "here", null, null]);
  }
}

async function appliedWhole(store) {
  const key = partition();
  const keys = [key("kept"), key("gone"), key("new"), key("counter")];
  await write(store, { put: [put(key("kept"), "old"), put(key("gone"), "here")] });
  equal(await store.commit(wholeBatch(key)), "committed");
  equal(await values(store, keys), ["changed", null, "made", "1"]);
}

async function oneChangeOfAKey(store) {
  const key = partition();
  const [one, other] = [key("one"), key("other")];
  const add = { key: one, delta: 1, ceiling: 10, expires: never };
  const [puts, deletes, adds] = [[put(one, "1")], [one], [add]];
  for (const twice of [
    { add: [add, add] },
    { put: [...puts, ...puts] },
    { put: puts, delete: deletes },
    { put: puts, add: adds },
    { delete: deletes, add: adds },
  ]) {
    const commit = { ...twice, put: [put(other, "2"), ...(twice.put ?? [])] };
    const refused = await Promise.resolve()
      .then(() => store.commit(commit))
      .then(
        () => false,
        () => true,
      );
    equal(refused, true);
    equal(await values(store, [one, other]), [null, null]);
  }
}

function wholeBatch(key) {
  return {
    put: [put(key("kept"), "changed"), put(key("new"), "made")],
    delete: [key("gone")],
    add: [{ key: key("counter"), delta: 1, ceiling: 10, expires: never }],
  };
}

async function countsToCeiling(store) {
  const key = partition()("counter");
  const add = (delta) => store.commit({ add: [{ key, delta, ceiling: 5, expires: null }] });
  equal([await add(3), await add(3), await add(2), await add(1)], ["committed", "stale", "committed", "stale"]);
  equal(await values(store, [key]), ["5"]);
}

async function racingCounters(store) {
  const key = partition()("counter");
  const ceiling = racers / 2;
  const add = { add: [{ key, delta: 1, ceiling, expires: never }] };
  const outcomes = await Promise.all(together(() => add).map((commit) => commit(store)));
  equal(outcomes.filter((outcome) => outcome === "committed").length, ceiling);
  equal(await values(store, [key]), [String(ceiling)]);
}

async function countersAreRows(store) {
  const key = partition()("counter");
  await write(store, { add: [{ key, delta: 7, ceiling: 100, expires: never }] });
  const seven = await version(store, key);
  await write(store, { add: [{ key, delta: 1, ceiling: 100, expires: never }] });
  notEqual(await version(store, key), seven);
  equal(await store.commit({ require: [{ key, version: seven }], delete: [key] }), "stale");
  await write(store, { delete: [key] });
  await write(store, { add: [{ key, delta: 1, ceiling: 100, expires: never }] });
  equal(await values(store, [key]), ["1"]);
}

async function versionsNeverRepeat(store) {
  const key = partition()("row");
  const seen = new Set();
  for (let round = 1; round <= 12; round++) {
    await write(store, { put: [put(key, "same")] });
    seen.add(await version(store, key));
    equal(seen.size, round);
    if (round % 2 === 0) await write(store, { delete: [key] });
  }
}

async function scansInOrder(store) {
  const key = partition();
  // By bytes, U+10000 comes after U+FFFF; by UTF-16 code units, before.
  const names = ["a", "B", "aa", "a/b", "é", "z", "\u{10000}", "\uffff", "_", "%"];
  await write(store, { put: names.map((name) => put(key(name), name)) });
  const bytes = ["%", "B", "_", "a", "a/b", "aa", "z", "é", "\uffff", "\u{10000}"];
  for (const limit of [1, 3, bytes.length, 100]) {
    equal(await walk(store, key(""), limit), bytes.map(key));
  }
  equal((await store.scan(key(""), key("\u{10000}"), 10)).rows, []);
  equal((await store.scan(key(""), null, bytes.length)).next, null);
  equal((await store.scan(key(""), null, 3)).next, key("_"));
}

async function scansPrefixOnly(store) {
  const key = partition();
  const inside = ["in/", "in/a", "in/%"];
  const outside = ["in", "io", "im/a", "IN/a", "in0", "i%/a", "i_/a"];
  await write(store, { put: [...inside, ...outside].map((name) => put(key(name), name)) });
  equal(await walk(store, key("in/"), 2), ["in/", "in/%", "in/a"].map(key));
  equal(await walk(store, key("i%"), 2), [key("i%/a")]);
  equal(await walk(store, key("nothing"), 2), []);
  const { rows } = await store.scan(key("in/a"), null, 1);
  equal([rows[0].value, rows[0].version], ["in/a", await version(store, key("in/a"))]);
}

async function oddText(store) {
  const key = partition();
  const odd = [
    "'; DROP TABLE claviger_rows; --",
    '"quoted"',
    "a\\b",
    "\n\t\r",
    "\u00e9",
    "e\u0301",
    "👩🏽‍💻",
    "ß",
    "İ",
    "\u2028",
    " ",
  ];
  await write(store, { put: odd.map((text) => put(key(text), `{"odd":${JSON.stringify(text)}}`)) });
  equal(
    await values(store, odd.map(key)),
    odd.map((text) => `{"odd":${JSON.stringify(text)}}`),
  );
  equal(await values(store, [key("É"), key("SS"), key("  ")]), [null, null, null]);
}

async function largestRow(store) {
  const key = partition();
  const name = key("");
  const long = name + "k".repeat(512 - name.length);
  const value = "v".repeat(largest - 2) + "é";
  await write(store, { put: [put(long, value)] });
  equal(await values(store, [long]), [value]);
  equal(await values(store, [long.slice(0, -1)]), [null]);
}

async function rowsStay(store) {
  const key = partition();
  const soon = Date.now() + 600_000;
  await write(store, { put: [put(key("never"), "1", null), put(key("soon"), "2", soon)] });
  equal(await values(store, [key("never"), key("soon")]), ["1", "2"]);
}

async function readsItsWrites(store) {
  const key = partition()("row");
  for (let round = 0; round < 20; round++) {
    await write(store, { put: [put(key, String(round))] });
    const seen = await Promise.all([values(store, [key]), values(store, [key])]);
    equal(seen, [[String(round)], [String(round)]]);
  }
}

function put(key, value, expires = never) {
  return { key, value, expires };
}

/** 64 commits, each of which is started when it is called with a store. */
function together(commit) {
  return Array.from({ length: racers }, (_, number) => async (store) => store.commit(commit(number)));
}

async function write(store, commit) {
  equal(await store.commit(commit), "committed");
}

async function version(store, key) {
  const [row] = await store.load([key]);
  if (!row) throw new Error(`there is no row ${key}`);
  equal(typeof row.version, "string");
  return row.version;
}

async function values(store, keys) {
  return (await store.load(keys)).map((row) => row?.value ?? null);
}

async function walk(store, prefix, limit) {
  const keys = [];
  let after = null;
  do {
    const page = await store.scan(prefix, after, limit);
    if (page.rows.length > limit) throw new Error(`a page of ${page.rows.length} rows where ${limit} were allowed`);
    keys.push(...page.rows.map((row) => row.key));
    after = page.next;
  } while (after !== null);
  return keys;
}

function equal(found, expected) {
  const [left, right] = [JSON.stringify(found), JSON.stringify(expected)];
  if (left !== right) throw new Error(`found ${left?.slice(0, 500)} where ${right.slice(0, 500)} was expected`);
}

function notEqual(found, other) {
  if (found === other) throw new Error(`found ${JSON.stringify(found)} twice`);
}
