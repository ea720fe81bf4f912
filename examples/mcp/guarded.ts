// Who may talk to the MCP server, and for what: the revision 2026-07-28 of MCP's authorization.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AuthInfo } from "@modelcontextprotocol/sdk/server/auth/types.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { type Claviger, ClavigerError } from "claviger";
import { notes, scopesOf } from "./notes.ts";

/** The largest message that is read, in bytes. */
const limit = 65_536;

/** Answers MCP's requests (Streamable HTTP, without sessions) that bring a token for this resource. */
export function guarded(auth: Claviger, resource: string) {
  const keep = new Map<string, string[]>();
  return async (request: IncomingMessage & { auth?: AuthInfo }, response: ServerResponse): Promise<void> => {
    try {
      const guard = { audience: resource, only: "token" } as const;
      // Nobody's message is read before they are known; what it asks for may then need more scopes.
      await auth.authenticate(request, { ...guard, scopes: ["read"] });
      const message = await read(request);
      const who = await auth.authenticate(request, { ...guard, scopes: scopesOf(message) });
      if (who.subject === null || who.clientId === null) return void response.writeHead(403).end();
      const mine = keep.get(who.subject) ?? [];
      keep.set(who.subject, mine);
      // The token itself goes no further: a tool that calls another API needs one of its own for it.
      request.auth = { token: "", clientId: who.clientId, scopes: [...who.scopes] };
      const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
      response.once("close", () => transport.close());
      await notes(mine).connect(transport);
      await transport.handleRequest(request, response, message);
    } catch (error) {
      await refuse(error, response);
    }
  };
}

/** What is over the limit is left unread. Not by an iterator: one that is left early closes the connection, answer and all. */
async function read(request: IncomingMessage): Promise<unknown> {
  const body = await new Promise<Buffer>((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length <= limit) return chunks.push(chunk);
      request.pause();
      reject(new TooLong());
    });
    request.once("end", () => resolve(Buffer.concat(chunks, length)));
    request.once("error", reject);
  });
  return body.length > 0 ? JSON.parse(body.toString()) : undefined;
}

class TooLong extends Error {}

/** 400, 401 or 403 with the challenge that tells the client what to bring; 413 for what is too long. */
async function refuse(error: unknown, response: ServerResponse): Promise<void> {
  if (response.headersSent) return void response.end();
  if (error instanceof ClavigerError) {
    const refusal = error.toResponse();
    response.writeHead(refusal.status, Object.fromEntries(refusal.headers)).end(await refusal.text());
    return;
  }
  if (error instanceof TooLong) return void response.writeHead(413, { connection: "close" }).end();
  if (error instanceof SyntaxError) return void response.writeHead(400).end();
  console.error(error);
  response.writeHead(500).end();
}
