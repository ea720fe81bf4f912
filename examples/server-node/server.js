// `claviger serve --demo` on Node: everything that is needed to try it, made if it is not there.

import { once } from "node:events";
import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { Claviger } from "claviger";
import { toNodeHandler } from "claviger/node";
import { memory } from "claviger/stores/memory";
import { sqlite } from "claviger/stores/sqlite";
import { remember } from "./remember.js";
import { seed } from "./seed.js";

const { values: options } = parseArgs({
  options: {
    listen: { type: "string", default: "127.0.0.1:8080" },
    store: { type: "string", default: "sqlite:claviger-demo.db" },
    json: { type: "boolean", default: false },
  },
});

const server = createServer();
const address = await listen(options.listen);
const store = openStore(options.store);
const { secret, password } = remember("claviger-demo.json");

const auth = new Claviger({
  issuer: `http://${address}`,
  secret,
  store,
  name: "Claviger demo",
  scopes: { read: "See your things", write: "Change your things" },
});
auth.on("*", ({ name, at, ...details }) => console.error(new Date(at).toISOString(), name, JSON.stringify(details)));

const demo = { issuer: `http://${address}`, ...(await seed(auth, password)) };
server.on("request", toNodeHandler(auth));
print(demo);
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, stop);

/** Opened before anything is made, so that a port that is taken changes nothing. */
async function listen(text) {
  const { hostname, port } = new URL(`http://${text}`);
  server.listen(Number(port || 80), hostname);
  await once(server, "listening").catch((error) => {
    console.error(`error: cannot listen on ${text}: ${error.message}`);
    process.exit(1);
  });
  return `${hostname}:${server.address().port}`;
}

function openStore(text) {
  if (text === "memory") return memory();
  const file = /^sqlite:(.+)$/.exec(text)?.[1];
  if (file) return sqlite(file);
  console.error(`error: there is no store ${text}\nhelp: Use sqlite:FILE or memory.`);
  process.exit(1);
}

function print(record) {
  if (options.json) return console.log(JSON.stringify(record));
  for (const [name, value] of Object.entries(record)) console.log(name.padEnd(12), value);
}

/** Lets requests that have begun end, then the file is closed in order. */
function stop() {
  server.close(() => {
    if ("close" in store) store.close();
  });
  server.closeIdleConnections();
}
