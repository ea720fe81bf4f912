import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/**
 * Runs a client that is a program of its own to its end. A person goes through the pages of the scene at each address that it
 * prints, and it reads the one that the browser came back to.
 */
export async function run(scene, command, words, env = {}) {
  const child = spawn(command, words, { env: { ...process.env, ...env } });
  const errors = child.stderr.setEncoding("utf8").toArray();
  const ended = once(child, "close");
  for await (const address of createInterface(child.stdout)) {
    child.stdin.write(`${await scene.authorize(address)}\n`);
  }
  const [code] = await ended;
  assert.equal(code, 0, (await errors).join(""));
}
