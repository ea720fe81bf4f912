import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { Claviger } from "../claviger.js";
import type { Output } from "./output.js";
import { freshPassword } from "./password.js";
import type { Settings } from "./settings.js";

/** The demo's secret and password, so that it is the same demo after a restart, and on the native host. */
const memoryFile = "claviger-demo.json";
const storeFile = "claviger-demo.db";

const login = "ada";
const clientId = "demo";
const redirectUri = "http://127.0.0.1:8090/callback";

interface Remembered {
  readonly secret: string;
  readonly password: string;
}

/** Fills in what is not configured. Everything that is stays as it is. */
export function prepare(settings: Settings, address: string): Remembered {
  const remembered = remember();
  const defaults = {
    issuer: `http://${address}`,
    secret: remembered.secret,
    name: "Claviger demo",
    scopes: { read: "See your things", write: "Change your things" },
  };
  Object.assign(settings.configuration, { ...defaults, ...settings.configuration });
  settings.store ??= `sqlite:${storeFile}`;
  return remembered;
}

/** Makes the user and the client, unless they are there, and says how to use them. */
export async function seed(
  auth: Claviger,
  settings: Settings,
  { password }: Remembered,
  output: Output,
): Promise<void> {
  const account = await auth.accounts.find({ login });
  // The demo is gone on with: who is signed in stays so.
  if (account) await auth.accounts.setPassword(account.id, password, { endSessions: false });
  else await auth.accounts.create({ login, password, name: "Ada Lovelace" });
  if (!(await auth.clients.find(clientId))) {
    await auth.clients.create({
      id: clientId,
      name: "Sample application",
      redirectUris: [redirectUri],
      scopes: ["read", "write"],
      authMethod: "none",
    });
  }
  output.record({ issuer: settings.configuration.issuer, login, password, clientId, redirectUri });
}

function remember(): Remembered {
  if (existsSync(memoryFile)) return JSON.parse(readFileSync(memoryFile, "utf8"));
  const remembered = { secret: randomBytes(32).toString("base64url"), password: freshPassword() };
  writeFileSync(memoryFile, `${JSON.stringify(remembered)}\n`, { mode: 0o600, flag: "wx" });
  return remembered;
}
