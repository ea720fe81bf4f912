// Prints the numbers as Markdown: storage trips, then CPU time beside oidc-provider's.
import { availableParallelism } from "node:os";
import { claviger } from "./claviger.js";
import { measure } from "./rounds.js";
import { trips } from "./trips.js";

process.env.NODE_ENV = "production";
const { oidcProvider } = await import("./oidc-provider.js");

const repeat = async (count, make) => {
  const made = [];
  for (let index = 0; index < count; index++) made.push(await make());
  return made;
};

/** The cases of one operation: oidc-provider, `auth.fetch`, and the driver under it. */
function beside(operation, peer, ours, inputs, operate) {
  const sides = { peer: [peer, peer], fetch: [ours, ours.fetch], drive: [ours, ours.drive] };
  return Object.entries(sides).map(([side, [server, door]]) => ({
    name: `${operation}/${side}`,
    mint: (count) => repeat(count, () => inputs(server, door)),
    operate: operate(door),
  }));
}

const table = (head, rows) =>
  [head, head.map((_, column) => (column === 0 ? "---" : "--:")), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");

const opaque = await claviger("opaque");
const jwt = await claviger("jwt");
const peerOf = (format) => ({ ...oidcProvider, code: () => oidcProvider.code(format), redeem: oidcProvider.redeem(format) });
const [opaquePeer, jwtPeer] = [peerOf("opaque"), peerOf("jwt")];

const code = (server) => server.code();
const redeemed = async (server, door) => door.redeem(await server.code());
const operations = {
  "code + PKCE exchange, opaque access token": [opaquePeer, opaque, code, (door) => door.redeem],
  "code + PKCE exchange, JWT access token (EdDSA)": [jwtPeer, jwt, code, (door) => door.redeem],
  "refresh rotation, opaque access token": [
    opaquePeer,
    opaque,
    async (server, door) => (await redeemed(server, door)).refresh_token,
    (door) => door.refresh,
  ],
  "introspection of an opaque access token": [
    opaquePeer,
    opaque,
    async (server, door) => (await redeemed(server, door)).access_token,
    (door) => door.introspect,
  ],
};

console.log(`${availableParallelism()} vCPU ${process.arch}, Node ${process.versions.node}\n`);
console.log(table(["operation", "storage round trips"], await trips()));

const cases = Object.entries(operations).flatMap(([name, [peer, ours, inputs, operate]]) =>
  beside(name, peer, ours, inputs, operate),
);
const times = await measure(cases);
const rows = Object.keys(operations).map((name) => {
  const [peer, fetch, drive] = ["peer", "fetch", "drive"].map((side) => times[`${name}/${side}`]);
  const both = ({ best, median }) => `${best.toFixed(0)} / ${median.toFixed(0)}`;
  const ratio = (ours) => `${(ours.best / peer.best).toFixed(2)} / ${(ours.median / peer.median).toFixed(2)}`;
  return [name, both(peer), both(fetch), ratio(fetch), both(drive), ratio(drive)];
});
console.log();
console.log(
  table(
    ["CPU us per operation, best / median round", "oidc-provider", "`auth.fetch`", "ratio", "driver alone", "ratio"],
    rows,
  ),
);
