import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";

/** The demo's secret and password, kept beside the store so that it is the same demo after a restart. */
export function remember(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
  const made = { secret: random(32), password: random(15) };
  writeFileSync(file, `${JSON.stringify(made)}\n`, { mode: 0o600, flag: "wx" });
  return made;
}

function random(bytes) {
  return randomBytes(bytes).toString("base64url");
}
