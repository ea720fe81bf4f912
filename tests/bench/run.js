// Prints the numbers as Markdown: storage trips, the event loop's delay while passwords are hashed, CPU time beside oidc-provider's.
import { availableParallelism } from "node:os";
import { claviger, provider } from "./claviger.js";
import { presenting, refreshing } from "./client.js";
import { eventLoop } from "./event-loop.js";
import { jwtChecks } from "./jwts.js";
import { measure } from "./rounds.js";
import { rows } from "./rows.js";
import { sessionChecks } from "./sessions.js";
import { trips } from "./trips.js";

process.env.NODE_ENV = "production";
const { oidcProvider } = await import("./oidc-provider.js");

const opaque = { ours: await claviger("opaque"), peer: oidcProvider("opaque") };
const jwt = { ours: await claviger("jwt"), peer: oidcProvider("jwt") };

const openid = await claviger("opaque", undefined, provider);
const [eddsa, rs256] = ["EdDSA", "RS256"].map((alg) => ({ ours: openid, peer: oidcProvider("opaque", alg) }));

const redeem = async (server) => server.redemption(await server.code());
/** What a form to the token endpoint is made of when it presents something issued before. */
const issued = async (server, door) => JSON.parse(await door.token(await redeem(server)));
const refresh = async (server, door) => refreshing((await issued(server, door)).refresh_token);
const introspect = async (server, door) => presenting((await issued(server, door)).access_token);

const act = async (server) => server.acting();

/** Each operation: between whom, the form that it sends, and where to. */
const operations = {
  "code + PKCE exchange, opaque access token": [opaque, redeem, "token"],
  "code + PKCE exchange, JWT access token (EdDSA)": [jwt, redeem, "token"],
  "code + PKCE exchange with an id_token (EdDSA)": [eddsa, redeem, "token"],
  "the same, beside an id_token with RS256": [rs256, redeem, "token"],
  "refresh rotation, opaque access token": [opaque, refresh, "token"],
  "client_credentials, JWT access token (EdDSA)": [jwt, act, "token"],
  "client_credentials, opaque access token": [opaque, act, "token"],
  "introspection of an opaque access token": [opaque, introspect, "introspect"],
};

/** oidc-provider and `claviger/node` under the same injected request, then `auth.fetch` and the driver alone. */
const sides = {
  peer: ({ peer }) => [peer, peer],
  node: ({ ours }) => [ours, ours.node],
  fetch: ({ ours }) => [ours, ours.fetch],
  driver: ({ ours }) => [ours, ours.driver],
};

const cases = Object.entries(operations).flatMap(([operation, [servers, form, verb]]) =>
  Object.entries(sides).map(([side, of]) => {
    const [server, door] = of(servers);
    const mint = async (count) => {
      const forms = [];
      while (forms.length < count) forms.push(await form(server, door));
      return forms;
    };
    return { name: `${operation}/${side}`, mint, operate: door[verb] };
  }),
);

function row(operation, times) {
  const [peer, ...ours] = Object.keys(sides).map((side) => times[`${operation}/${side}`]);
  const both = ({ best, median }) => `${best.toFixed(0)} / ${median.toFixed(0)}`;
  const ratio = ({ best, median }) => `**${(best / peer.best).toFixed(2)}** / ${(median / peer.median).toFixed(2)}`;
  return [operation, both(peer), ...ours.map((side) => `${both(side)} (${ratio(side)})`)];
}

function table(head, rows) {
  const rule = head.map((_, column) => (column === 0 ? "---" : "--:"));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

console.log(`${table(["operation", "storage round trips"], await trips())}\n`);
const delays = ["16 sign-ins at once, ms", "p99 delay of the event loop", "longest delay", "all together"];
console.log(`${table(delays, await eventLoop())}\n`);
console.log(`${table(["whose session is it, CPU us, best / median round (ratio)", ""], await sessionChecks())}\n`);
console.log(`${table(["a JWT, CPU us, best / median round (ratio)", ""], await jwtChecks())}\n`);
const sizes = [1e3, 1e5, 1e6];
const byRows = Object.entries((await rows(sizes)).times);
const count = (number) => number.toLocaleString("en").replaceAll(",", " ");
console.log(
  `${table(
    ["CPU us, best round, SQLite, among", ...sizes.map((size) => `${count(size)} rows`)],
    byRows.map(([operation, times]) => [operation, ...times.map((micros) => micros.toFixed(0))]),
  )}\n`,
);
const times = await measure(cases);
const head = ["CPU us, best / median round (ratio)", "oidc-provider", "`claviger/node`", "`auth.fetch`", "driver"];
console.log(
  table(
    head,
    Object.keys(operations).map((operation) => row(operation, times)),
  ),
);
console.log(`\n${availableParallelism()} vCPU ${process.arch}, Node ${process.versions.node}`);
