import { createServer, type Server } from "node:http";
import type { Claviger } from "../claviger.js";
import type { ClavigerEvent } from "../events.js";
import { toNodeHandler, workerThreads } from "../node.js";
import { type Context, Failure, type Options } from "./command.js";
import { prepare, seed } from "./demo.js";
import type { Settings } from "./settings.js";

export const serveOptions = {
  listen: {
    type: "string",
    value: "ADDRESS:PORT",
    help: "The address to listen on, 127.0.0.1:8080 when absent [env CLAVIGER_LISTEN]",
  },
  demo: { type: "boolean", help: "Make a demo user and a demo client, and print them; needs no other setting" },
  log: { type: "string", value: "FORM", help: "How to write the log to the standard error: text or json" },
} as const satisfies Options;

/** How long requests that have begun may take to end once the server is told to stop, in milliseconds. */
const drain = 10_000;

/** Answers until SIGINT or SIGTERM. */
export async function serve(context: Context): Promise<void> {
  const { values, settings: read } = context;
  const settings = read();
  const log = logger(values.log === "json");
  const server = createServer();
  const address = await listen(server, settings.listen ?? "127.0.0.1:8080");
  try {
    answer(server, await open(context, settings, address, log), log);
  } catch (error) {
    // A server that listens would keep the process alive, with nothing to answer.
    server.close();
    throw error;
  }
  log("info", "serving", { address, issuer: settings.configuration.issuer });
  await stopped(server, log);
}

/** The engine on its store; for a demo with its user and its client. */
async function open({ values, output }: Context, settings: Settings, address: string, log: Log): Promise<Claviger> {
  const demo = values.demo ? prepare(settings, address) : undefined;
  const auth = settings.build({
    derive: workerThreads(),
    onFault: (error) => log("error", "fault", { error: error.message }),
  });
  auth.on("*", ({ name, at, ...details }: ClavigerEvent) => log("info", "event", { event: name, at, ...details }));
  await auth.ready();
  if (demo) await seed(auth, settings, demo, output);
  return auth;
}

type Log = (level: "info" | "warn" | "error", message: string, details?: object) => void;

function logger(json: boolean): Log {
  return (level, message, details = {}) => {
    const time = new Date().toISOString();
    const words = Object.entries(details).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`);
    const line = json
      ? JSON.stringify({ time, level, message, ...details })
      : `${time} ${level.toUpperCase()} ${message}${words.join("")}`;
    process.stderr.write(`${line}\n`);
  };
}

function listen(server: Server, text: string): Promise<string> {
  const [, host, port] = /^\[?(.*?)\]?:(\d+)$/.exec(text) ?? [];
  if (host === undefined) {
    throw new Failure("configuration", `\`${text}\` is no address`, "Say it like 127.0.0.1:8080.");
  }
  return new Promise((resolve, reject) => {
    server.once("error", (cause) => {
      const help = "Stop what listens there, or say another address with --listen.";
      reject(new Failure("failed", `cannot listen on ${text}: ${cause.message}`, help, { cause }));
    });
    server.listen(Number(port), host, () => {
      const { address, port } = server.address() as { address: string; port: number };
      resolve(address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`);
    });
  });
}

function answer(server: Server, auth: Claviger, log: Log): void {
  const handle = toNodeHandler(auth);
  server.on("request", (incoming, outgoing) => {
    const begun = performance.now();
    outgoing.once("close", () => {
      // The path without its query, which may hold codes and states.
      const path = incoming.url?.split("?")[0];
      const millis = Math.round(performance.now() - begun);
      log("info", "request", { method: incoming.method, path, status: outgoing.statusCode, millis });
    });
    return handle(incoming, outgoing);
  });
}

function stopped(server: Server, log: Log): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      log("info", "stopping; requests that have begun may end");
      const overdue = setTimeout(() => {
        log("warn", "some requests did not end in time");
        server.closeAllConnections();
      }, drain);
      server.close(() => {
        clearTimeout(overdue);
        log("info", "stopped");
        resolve();
      });
      server.closeIdleConnections();
    };
    process.once("SIGINT", stop);
    process.once("SIGTERM", stop);
  });
}
