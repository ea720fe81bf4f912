// An MCP server and the authorization server that guards it, in one process: `node server.ts`.
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { Claviger } from "claviger";
import { toNodeHandler } from "claviger/node";
import { memory } from "claviger/stores/memory";
import { guarded } from "./guarded.ts";

export interface Running {
  readonly auth: Claviger;
  /** Where MCP clients connect to. */
  readonly url: string;
  close(): void;
}

/** Listens on a port of this machine, on any that is free when it is 0. */
export async function start(port: number): Promise<Running> {
  const server = createServer();
  await once(server.listen(port, "127.0.0.1"), "listening");
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const url = `${issuer}/mcp`;
  const auth = new Claviger({
    issuer,
    secret: process.env.CLAVIGER_SECRET ?? randomBytes(32).toString("base64url"),
    store: memory(),
    name: "Notes",
    scopes: { read: "See your notes", write: "Write notes" },
    // Tokens are for this address alone, and clients learn from it which server gives them (RFC 9728).
    resources: { [url]: { name: "Notes", scopes: ["read", "write"] } },
    // An MCP client that nobody knows registers itself (RFC 7591).
    registration: { mode: "open" },
  });
  const [pages, mcp] = [toNodeHandler(auth), guarded(auth, url)];
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url?.split("?")[0];
    return path === "/mcp" ? mcp(request, response) : pages(request, response);
  });
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { auth, url, close };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { auth, url } = await start(Number(process.env.PORT ?? 8070));
  const password = randomBytes(9).toString("base64url");
  await auth.accounts.create({ login: "ada", password, name: "Ada Lovelace" });
  console.log(`
  MCP server    ${url}   connect any MCP client to it, such as npx @modelcontextprotocol/inspector
  User name     ada
  Password      ${password}
`);
}
