// CPU time to find out who a session's cookie is of: Claviger's guard and better-auth's `getSession`, in process, each on its memory store.
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { Claviger } from "../../host-node/dist/index.js";
import { memory } from "../../host-node/dist/stores/memory.js";
import { measure } from "./rounds.js";

const origin = "https://auth.example.com";
const secret = "bench-5f0c6d1e8a7b49c2b3d4e5f60718293a";
const password = "correct horse battery";

/** Rows of a table: who, and microseconds with the ratio to better-auth's. */
export async function sessionChecks() {
  const [peer, row, sealed] = [await peerCheck(), await ownCheck({}), await ownCheck({ sessions: { form: "sealed" } })];
  const nothing = async (count) => new Array(count).fill(undefined);
  const each = { "better-auth `getSession`": peer, "Claviger, a row": row, "Claviger, sealed": sealed };
  const cases = Object.entries(each).map(([name, operate]) => ({ name, mint: nothing, operate }));
  const times = await measure(cases);
  const [{ best, median }] = Object.values(times);
  const ratio = (time) => `(**${(time.best / best).toFixed(2)}** / ${(time.median / median).toFixed(2)})`;
  return Object.entries(times).map(([name, time], at) => [
    name,
    `${time.best.toFixed(1)} / ${time.median.toFixed(1)}${at === 0 ? "" : ` ${ratio(time)}`}`,
  ]);
}

async function peerCheck() {
  const tables = { user: [], session: [], account: [], verification: [] };
  const auth = betterAuth({
    baseURL: origin,
    secret,
    database: memoryAdapter(tables),
    emailAndPassword: { enabled: true },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: { disabled: true },
  });
  const body = { email: "ada@example.com", password, name: "Ada" };
  const { headers } = await auth.api.signUpEmail({ body, returnHeaders: true });
  const cookie = cookiesOf(headers);
  return async () => {
    const found = await auth.api.getSession({ headers: new Headers({ cookie }) });
    if (found?.user.email !== "ada@example.com") throw new Error("better-auth finds no session");
  };
}

async function ownCheck(options) {
  const auth = new Claviger({ issuer: origin, secret, store: memory(), ...options });
  const { id } = await auth.accounts.create({ login: "ada" });
  const { headers } = await auth.signIn.as({}, id, ["pwd"]);
  const cookie = cookiesOf(new Headers(headers));
  return async () => {
    const who = await auth.authenticate(new Request(`${origin}/me`, { headers: { cookie } }));
    if (who.subject !== id) throw new Error("Claviger finds no session");
  };
}

function cookiesOf(headers) {
  return headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");
}
