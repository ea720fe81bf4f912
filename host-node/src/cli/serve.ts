import { createServer, type RequestListener, type Server } from "node:http";
import type { Claviger } from "../claviger.js";
import type { ClavigerEvent } from "../events.js";
import { toNodeHandler, workerThreads } from "../node.js";
import type { SendMail } from "../options.js";
import { type Context, Failure, type Options } from "./command.js";
import { prepare, seed } from "./demo.js";
import { type Log, logger, toldOf } from "./logging.js";
import { mailCommand } from "./mail.js";
import type { Settings } from "./settings.js";

export const serveOptions = {
  listen: {
    type: "string",
    value: "ADDRESS:PORT",
    help: "The address to listen on, 127.0.0.1:8080 when absent [env CLAVIGER_LISTEN]",
  },
  "mail-command": {
    type: "string",
    value: "COMMAND",
    help: "What sends mails: it gets each as JSON on its standard input [env CLAVIGER_MAIL_COMMAND]",
  },
  demo: { type: "boolean", help: "Make a demo user and a demo client, and print them; needs no other setting" },
} as const satisfies Options;

/** How long requests that have begun may take to end once the server is told to stop, in milliseconds. */
const drain = 10_000;

/** Answers until SIGINT or SIGTERM. */
export async function serve(context: Context): Promise<void> {
  const settings = context.settings();
  const log = logger(context);
  let opened = (_: Claviger): void => {};
  const opening = new Promise<Claviger>((resolve) => {
    opened = resolve;
  });
  const server = createServer(answering(opening, log));
  const address = await listen(server, settings.listen ?? "127.0.0.1:8080");
  try {
    opened(await open(context, settings, address, log));
  } catch (error) {
    // A server that listens would keep the process alive, with nothing to answer.
    server.close();
    server.closeAllConnections();
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
    ...mailing(settings, demo !== undefined, log),
    onFault: (error) => log("error", "a request failed", toldOf(error)),
  });
  auth.on("*", ({ name, at, ...details }: ClavigerEvent) => log("info", "event", { event: name, at, ...details }));
  await auth.ready();
  if (demo) await seed(auth, settings, demo, output);
  return auth;
}

/** Without a command no mail is sent, and nothing that needs one is offered; a demo logs it. */
function mailing({ mailCommand: command }: Settings, isDemo: boolean, log: Log): { onMail?: SendMail } {
  if (command !== undefined) return { onMail: mailCommand(command) };
  return isDemo ? { onMail: ({ to, text }) => log("info", "mail", { to, text }) } : {};
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

/** Whoever asks while the engine opens waits for it. */
function answering(opening: Promise<Claviger>, log: Log): RequestListener {
  const handling = opening.then(toNodeHandler);
  return async (incoming, outgoing) => {
    const begun = performance.now();
    const remote = incoming.socket.remoteAddress;
    outgoing.once("close", () => {
      // The path without its query, which may hold codes and states.
      const path = incoming.url?.split("?")[0];
      const millis = Math.round(performance.now() - begun);
      log("info", "request", { method: incoming.method, path, status: outgoing.statusCode, millis, remote });
    });
    const handle = await handling;
    await handle(incoming, outgoing);
  };
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
