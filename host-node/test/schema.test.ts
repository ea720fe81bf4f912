// Everything that was recorded is of the shapes that docs/contract.schema.json tells, and other shapes are not.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { recordings } from "./scenarios/files.mjs";
import { check } from "./scenarios/schema.mjs";

const folder = fileURLToPath(new URL("../../tests/scenarios", import.meta.url));

/** The recording of a client's life, with the exchange of this number changed. */
function changed(number: number, change: (exchange: [string, string, string]) => void) {
  const recording = JSON.parse(readFileSync(`${folder}/clients.json`, "utf8"));
  change(recording.transcripts[0].exchanges[number]);
  return check(recording).mistakes;
}

test("every recorded input and output is of the contract's schema", () => {
  let texts = 0;
  for (const text of recordings(folder)) {
    const { checked, mistakes } = check(JSON.parse(text));
    assert.deepEqual(mistakes, []);
    texts += checked;
  }
  assert.ok(texts > 1000, `${texts}`);
});

test("a call that the engine reads and the schema does not is a mistake", () => {
  const mistakes = changed(1, (exchange) => {
    exchange[1] = exchange[1].replace('"now":', '"clock":');
  });
  assert.match(mistakes.join(), /exchange 1, begin: input: the engine read what the schema refuses/);
});

test("a derivation of what the schema refuses, and an answer of another shape, are mistakes", () => {
  const exchange = (input: string, output: string) =>
    check({
      scenario: "derive",
      transcripts: [{ fault: null, exchanges: [["derive", input, output]] }],
    }).mistakes.join();
  const ask = (algorithm: string) =>
    JSON.stringify({
      algorithm,
      parameters: { memory: 7168, passes: 1, lanes: 1, length: 32 },
      secret: "",
      salt: "c29tZXNhbHQ",
    });
  assert.equal(exchange(ask("argon2id"), '{"derived":"AAAA"}'), "");
  assert.equal(exchange(ask("md5"), '{"failed":"only argon2id is derived"}'), "");
  assert.match(exchange(ask("md5"), '{"derived":"AAAA"}'), /derived what the schema refuses/);
  assert.match(exchange(ask("argon2id"), '{"bytes":"AAAA"}'), /output: answer/);
});

test("a configuration, a step and a result of other shapes are mistakes", () => {
  const configuration = changed(0, (exchange) => {
    exchange[1] = exchange[1].replace('"issuer":', '"issuers":');
  });
  assert.match(configuration.join(), /exchange 0, open: input: config/);
  const step = changed(1, (exchange) => {
    exchange[2] = exchange[2].replace('"commit":', '"write":');
  });
  assert.match(step.join(), /exchange 1, begin: output: step/);
  const result = changed(2, (exchange) => {
    exchange[2] = exchange[2].replace('"redirectUris":', '"uris":');
  });
  assert.match(result.join(), /exchange 2, resume: result: result\/clients.create/);
});
