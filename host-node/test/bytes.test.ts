// Base64url and byte strings, with and without the runtime's own.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { fromBase64Url, fromByteString, toBase64Url, toByteString } from "../src/bytes.ts";

test("bytes of every length are read back from base64url and from a byte string", () => {
  for (let length = 0; length < 100; length++) {
    const bytes = new Uint8Array(randomBytes(length));
    assert.equal(toBase64Url(bytes), Buffer.from(bytes).toString("base64url"));
    assert.deepEqual(fromBase64Url(toBase64Url(bytes)), bytes);
    assert.deepEqual(fromByteString(toByteString(bytes)), bytes);
  }
  const every = Uint8Array.from({ length: 768 }, (_, index) => index);
  assert.equal(toBase64Url(every), Buffer.from(every).toString("base64url"));
});
