// A web application that signs people in elsewhere (an OAuth client) and calls nothing but what a client may call.

import { once } from "node:events";
import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { Authorization } from "./authorization.js";
import { accountPage, homePage, problemPage } from "./pages.js";
import { Sessions } from "./sessions.js";

const { values: options } = parseArgs({
  options: {
    issuer: { type: "string", default: "http://127.0.0.1:8080" },
    "client-id": { type: "string", default: "demo" },
    port: { type: "string", default: "8090" },
    sessions: { type: "string", default: "sessions.db" },
  },
});

const origin = `http://127.0.0.1:${options.port}`;
const sessions = new Sessions(options.sessions);
const authorization = new Authorization({
  issuer: options.issuer,
  clientId: options["client-id"],
  redirectUri: `${origin}/callback`,
  scope: "read write",
});

/** No script, nothing from elsewhere; the icon is empty. */
const policy = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  "img-src data:",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join("; ");

const routes = {
  "GET /": async (session) => {
    if (!session.tokens) return html(homePage({ issuer: options.issuer }));
    const verified = await authorization.verifyAccessToken(session.tokens.access_token);
    return html(accountPage({ session, verified }));
  },

  "GET /sign-in": async (session) => {
    const { location, pending } = await authorization.begin();
    sessions.save(session.id, { ...session, pending });
    return redirect(location);
  },

  "GET /callback": async (session, url) => {
    if (!session.pending) return html(problemPage("No sign-in is under way in this browser. Please start again."), 400);
    // Used once, whatever comes of it.
    sessions.save(session.id, { ...session, pending: undefined });
    const tokens = await authorization.finish(url, session.pending).catch((error) => {
      if (error.error !== "access_denied") throw error;
    });
    if (!tokens) return html(problemPage("You did not allow it, so you are not signed in."), 403);
    const { id } = sessions.renew(session.id);
    sessions.save(id, { tokens, history: [event("Signed in: the code was exchanged for tokens")] });
    return redirect("/", id);
  },

  "POST /refresh": (session) =>
    acting(session, async ({ tokens }) => ({
      tokens: await authorization.refresh(tokens.refresh_token),
      event: event("Refreshed: new tokens, and the old refresh token is used up"),
    })),

  "POST /revoke": (session) =>
    acting(session, async ({ tokens }) => {
      await authorization.revoke(tokens.refresh_token);
      return { tokens, event: event("Revoked: refreshing will be refused from now on") };
    }),

  "POST /sign-out": async (session) => {
    sessions.remove(session.id);
    return redirect("/");
  },
};

/** Does something with the tokens and writes down what came of it, a refusal too. */
async function acting(session, work) {
  if (!session.tokens) return redirect("/");
  const { tokens, event: happened } = await work(session).catch((error) => {
    if (!error.error) throw error;
    return { tokens: session.tokens, event: { ...event(`Refused: ${error.error}`), detail: error.error_description } };
  });
  sessions.save(session.id, { tokens, history: [...session.history, happened] });
  return redirect("/");
}

function event(text) {
  return { at: Date.now(), text };
}

async function answer(request) {
  const url = new URL(request.url, origin);
  const route = routes[`${request.method} ${url.pathname}`];
  if (!route) return html(problemPage("There is no such page."), 404);
  // Another site's form must not act in this one's name.
  if (request.method === "POST" && request.headers.origin !== origin)
    return html(problemPage("Please try again."), 403);
  const session = sessions.find(request.headers.cookie) ?? sessions.create();
  const response = await route(session, url);
  return { session: session.id, ...response };
}

function html(body, status = 200) {
  return { status, body };
}

function redirect(location, session) {
  return { status: 303, location, body: "", ...(session && { session }) };
}

function send(response, { status, body, location, session }) {
  response.writeHead(status, {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": policy,
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...(location && { location }),
    ...(session && { "set-cookie": `${Sessions.cookie}=${session}; Path=/; HttpOnly; SameSite=Lax; Max-Age=86400` }),
  });
  response.end(body);
}

const server = createServer(async (request, response) => {
  const answered = await answer(request).catch((error) => {
    console.error(error);
    const why = error.error ?? error.code ?? "The server could not be reached";
    return html(problemPage("Signing in did not work.", why), 502);
  });
  send(response, answered);
});
server.listen(Number(options.port), "127.0.0.1");
await once(server, "listening").catch((error) => {
  console.error(`error: cannot listen on ${origin}: ${error.message}`);
  process.exit(1);
});
console.log(origin);
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => server.close().closeIdleConnections());
