// The MCP server itself: a person's notes, to be read and written.
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { z } from "zod";

/** What each tool needs: all of it, so that one challenge names all that a client must ask for. */
const needed: Readonly<Record<string, readonly string[]>> = {
  list_notes: ["read"],
  add_note: ["read", "write"],
};

/** The scopes that a message needs, or each message of a batch. */
export function scopesOf(message: unknown): string[] {
  const messages = (Array.isArray(message) ? message : [message]) as { method?: string; params?: { name?: string } }[];
  const called = messages.filter((one) => one?.method === "tools/call").map((one) => one.params?.name ?? "");
  return [...new Set(["read", ...called.flatMap((tool) => needed[tool] ?? [])])];
}

/** A server for one request of the person whose notes these are. */
export function notes(mine: string[]): McpServer {
  const server = new McpServer({ name: "notes", version: "1.0.0" });
  server.registerTool("list_notes", { description: "All notes of the person" }, () => said(mine.join("\n")));
  server.registerTool(
    "add_note",
    { description: "Writes a note down", inputSchema: { text: z.string().min(1).max(1000) } },
    ({ text }) => said(`There are ${mine.push(text)} notes`),
  );
  return server;
}

function said(text: string) {
  return { content: [{ type: "text" as const, text }] };
}
