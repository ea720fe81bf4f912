// Prints the numbers as Markdown: storage trips, then CPU time beside oidc-provider's.
import { availableParallelism } from "node:os";
import { claviger } from "./claviger.js";
import { presenting, refreshing } from "./client.js";
import { measure } from "./rounds.js";
import { trips } from "./trips.js";

process.env.NODE_ENV = "production";
const { oidcProvider } = await import("./oidc-provider.js");

const opaque = { ours: await claviger("opaque"), peer: oidcProvider("opaque") };
const jwt = { ours: await claviger("jwt"), peer: oidcProvider("jwt") };

const redeem = async (server) => server.redemption(await server.code());
/** What a form to the token endpoint is made of when it presents something issued before. */
const issued = async (server, door) => JSON.parse(await door.token(await redeem(server)));
const refresh = async (server, door) => refreshing((await issued(server, door)).refresh_token);
const introspect = async (server, door) => presenting((await issued(server, door)).access_token);

/** Each operation: between whom, the form that it sends, and where to. */
const operations = {
  "code + PKCE exchange, opaque access token": [opaque, redeem, "token"],
  "code + PKCE exchange, JWT access token (EdDSA)": [jwt, redeem, "token"],
  "refresh rotation, opaque access token": [opaque, refresh, "token"],
  "introspection of an opaque access token": [opaque, introspect, "introspect"],
};

/** oidc-provider, `auth.fetch`, and the driver under it. */
const sides = {
  peer: ({ peer }) => [peer, peer],
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
  const [peer, fetch, driver] = Object.keys(sides).map((side) => times[`${operation}/${side}`]);
  const both = ({ best, median }) => `${best.toFixed(0)} / ${median.toFixed(0)}`;
  const ratio = (ours) => `${(ours.best / peer.best).toFixed(2)} / ${(ours.median / peer.median).toFixed(2)}`;
  return [operation, both(peer), both(fetch), ratio(fetch), both(driver), ratio(driver)];
}

function table(head, rows) {
  const rule = head.map((_, column) => (column === 0 ? "---" : "--:"));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

console.log(`${table(["operation", "storage round trips"], await trips())}\n`);
const times = await measure(cases);
const head = ["CPU us per operation, best / median round", "oidc-provider", "`auth.fetch`", "ratio", "driver", "ratio"];
console.log(table(head, Object.keys(operations).map((operation) => row(operation, times))));
console.log(`\n${availableParallelism()} vCPU ${process.arch}, Node ${process.versions.node}`);
