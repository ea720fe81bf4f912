// Runs an authorization server and the sample application: `node examples/demo.js --host node|native`.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, openSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Milliseconds that a program may take until it is ready, and until it has stopped. Nothing is lost when it is killed. */
const limits = { start: 60_000, stop: 5000 };

/** The servers that can be shown: the same engine, the same pages, the same SQLite file. */
export const hosts = {
  node: { command: process.execPath, program: [join(root, "host-node/dist/cli/main.js")] },
  native: { command: nativeBinary(), program: [] },
};

/**
 * Starts a demo server in a folder, which holds its files, with these members of the configuration (docs/contract.md section 6)
 * beside those of the demo. Returns what it says of itself (`issuer`, `login`, `password`,
 * `clientId`, `redirectUri`), its process and `stop`.
 */
export async function startServer(host, options) {
  const { folder, listen = "127.0.0.1:8080", store = "sqlite:claviger-demo.db", configuration } = options;
  const { command, program } = hosts[host];
  const listening = [...program, "serve", "--demo", "--json", "--listen", listen, "--store", store];
  if (configuration) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "configuration.json"), JSON.stringify(configuration));
    listening.push("--config", "configuration.json");
  }
  const server = await start(`the server (${host})`, command, listening, {
    folder,
    log: "server.log",
    address: listen,
  });
  return { ...server, ...JSON.parse(server.said) };
}

/** Starts the sample application in a folder, which holds its sessions. */
export async function startApp({ folder, issuer, port = 8090 }) {
  const arguments_ = [join(root, "examples/app/server.js"), "--issuer", issuer, "--port", String(port)];
  const address = `127.0.0.1:${port}`;
  const app = await start("the application", process.execPath, arguments_, { folder, log: "app.log", address });
  return { ...app, origin: app.said };
}

/** Starts a program and waits for the first line that it prints. What it logs goes to a file in the folder. */
async function start(what, command, arguments_, { folder, log, address }) {
  await checkFree(address);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, log);
  // Not in this process's group: an interrupt from the terminal reaches it once, through `stop`.
  const child = spawn(command, arguments_, {
    cwd: folder,
    stdio: ["ignore", "pipe", openSync(file, "a")],
    detached: true,
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  const failed = (why) => new Error(`${what} ${why}; its log is ${file}`);
  const said = await Promise.race([
    once(createInterface(child.stdout), "line").then(([line]) => line),
    once(child, "error").then(([error]) => Promise.reject(failed(`could not be started: ${error.message}`))),
    ended.then((code) => Promise.reject(failed(`ended with ${code} before it was ready`))),
    expired(limits.start).then(() => child.kill("SIGKILL") && Promise.reject(failed("was not ready in time"))),
  ]);
  const stop = async () => {
    child.kill("SIGTERM");
    await Promise.race([ended, expired(limits.stop).then(() => child.kill("SIGKILL"))]);
  };
  return { said, ended, stop };
}

/** Fails with a sentence that a person can use when something listens at an address. */
async function checkFree(address) {
  const { hostname, port } = new URL(`http://${address}`);
  const probe = createServer().listen(Number(port), hostname);
  await once(probe, "listening").catch(() => {
    throw new Error(`${address} is taken by another program; stop that one and try again`);
  });
  probe.close();
  await once(probe, "close");
}

function expired(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
}

/** `CLAVIGER_BINARY`, else where cargo puts it. */
function nativeBinary() {
  const target = resolve(root, process.env.CARGO_TARGET_DIR ?? "target");
  return process.env.CLAVIGER_BINARY ?? join(target, "debug", "claviger");
}

async function main() {
  const { values } = parseArgs({ options: { host: { type: "string", default: "node" } } });
  if (!(values.host in hosts))
    throw new Error(`there is no host ${values.host}; use ${Object.keys(hosts).join(" or ")}`);
  const folder = join(root, "target/demo");
  const server = await startServer(values.host, { folder });
  const app = await startApp({ folder, issuer: server.issuer }).catch(async (error) => {
    await server.stop();
    throw error;
  });
  console.log(`
  Application   ${app.origin}   open this in a browser
  Server        ${server.issuer}   (${values.host})
  User name     ${server.login}
  Password      ${server.password}

  Everything is kept in target/demo. Press Ctrl-C to stop.
`);
  const told = ["SIGINT", "SIGTERM", "SIGHUP"].map((signal) => once(process, signal));
  await Promise.race([...told, server.ended, app.ended]);
  await Promise.all([server.stop(), app.stop()]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main().catch((error) => {
    console.error(`demo: ${error.message}`);
    process.exitCode = 1;
  });
}
