// Errors and the responses they become.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ClavigerError, ConfigurationError, Fault, Refused } from "claviger";

const told = { code: "invalid_token", status: 401, message: "The access token is invalid", help: "Get another." };

test("an error tells its code, status and help, and is one of its class", () => {
  const error = new Refused(told);
  assert.ok(error instanceof ClavigerError && error instanceof Error);
  assert.deepEqual(
    [error.name, error.code, error.status, error.message, error.help],
    ["Refused", "invalid_token", 401, "The access token is invalid", "Get another."],
  );
});

test("a response carries the headers that came with the refusal: the challenge of RFC 6750 section 3", async () => {
  const challenge = 'Bearer error="invalid_token", error_description="The access token is invalid"';
  const response = new Refused({ ...told, headers: [["www-authenticate", challenge]] }).toResponse();
  assert.equal(response.status, 401);
  assert.equal(response.headers.get("www-authenticate"), challenge);
  assert.equal(response.headers.get("cache-control"), "no-store");
  assert.deepEqual(await response.json(), { error: "invalid_token", error_description: "The access token is invalid" });
});

test("a refusal without headers carries no challenge", () => {
  for (const [code, status] of [
    ["not_found", 404],
    ["wrong_credentials", 401],
    ["forbidden", 403],
  ] as const) {
    const response = new Refused({ ...told, code, status }).toResponse();
    assert.equal(response.headers.has("www-authenticate"), false, code);
  }
});

test("a fault tells the requester nothing of what went wrong", async () => {
  for (const [status, error, retryAfter] of [
    [503, "temporarily_unavailable", "1"],
    [500, "server_error", null],
  ] as const) {
    const fault = new Fault({
      code: "store_failed",
      status,
      message: "password=hunter2 refused by 10.0.0.7",
      help: "",
    });
    const response = fault.toResponse();
    assert.equal(response.status, status);
    assert.equal(response.headers.get("retry-after"), retryAfter);
    const body = await response.text();
    assert.equal(JSON.parse(body).error, error);
    assert.doesNotMatch(body, /hunter2|10\.0/);
  }
});

test("a wrong configuration is a fault by its own name", () => {
  const error = new ConfigurationError("secret: missing", "Make one.");
  assert.ok(error instanceof Fault);
  assert.deepEqual([error.name, error.code, error.status], ["ConfigurationError", "configuration", 500]);
});

test("every code of a refusal that the contract names is one of the type, and no other", () => {
  const text = (path: string) => readFileSync(join(import.meta.dirname, path), "utf8");
  const listed = /The codes are those of the protocols(.*?);\n/s.exec(text("../../docs/contract.md"))?.[1] ?? "";
  const codes = [...listed.matchAll(/`([a-z_]+)`/g)].map((match) => match[1]);
  const type = /type RefusalCode =(.*?)\(string/s.exec(text("../src/errors.ts"))?.[1] ?? "";
  const known = [...type.matchAll(/"([a-z_]+)"/g)].map((match) => match[1]);
  assert.ok(codes.length > 30, `${codes.length} codes`);
  assert.deepEqual(known.toSorted(), codes.toSorted());
});
