import { randomBytes } from "node:crypto";
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import type { NewPassword } from "../shapes.js";
import { Failure, Mistyped, type Options } from "./command.js";
import { firstLine } from "./settings.js";

/** Where a password comes from: the environment, a file, or a prompt. Never from an argument. */
export const passwordOptions = {
  "password-file": {
    type: "string",
    value: "FILE",
    help: "A file whose first line is the password; or set CLAVIGER_PASSWORD. Without either you are asked",
  },
  hashed: { type: "boolean", help: "It is no password, but the hash that another system made of it" },
  generate: { type: "boolean", help: "Make up a password and print it" },
} as const satisfies Options;

/** A password or the hash of one, and the member that shows it when its owner has yet to be told. */
export interface Password {
  readonly given: NewPassword;
  readonly shown: { password?: string };
}

export async function readPassword(values: Record<string, unknown>, see: string): Promise<Password> {
  for (const other of ["password-file", "hashed"]) {
    if (values.generate && values[other] !== undefined) {
      throw new Mistyped(`--generate and --${other} exclude each other`, see);
    }
  }
  if (values.generate) {
    const password = freshPassword();
    return { given: { password }, shown: { password } };
  }
  const file = (values["password-file"] as string | undefined) ?? (process.env.CLAVIGER_PASSWORD_FILE || undefined);
  const text = file !== undefined ? firstLine(file) : process.env.CLAVIGER_PASSWORD || (await ask());
  return { given: values.hashed ? { passwordHash: text } : { password: text }, shown: {} };
}

/** 20 characters, 120 bits. */
export function freshPassword(): string {
  return randomBytes(15).toString("base64url");
}

async function ask(): Promise<string> {
  if (!process.stdin.isTTY) {
    const help = "Set CLAVIGER_PASSWORD, name a file with --password-file, or say --generate.";
    throw new Failure("failed", "no password can be asked for without a terminal", help);
  }
  const password = await prompt("Password: ");
  if ((await prompt("Once more: ")) === password) return password;
  throw new Failure("mistyped", "the two passwords differ", "Try again.");
}

/** What is typed is not shown. */
async function prompt(text: string): Promise<string> {
  process.stderr.write(text);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  try {
    return await reader.question("");
  } finally {
    reader.close();
    process.stderr.write("\n");
  }
}
