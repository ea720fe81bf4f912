import { readFileSync } from "node:fs";

const style = readFileSync(new URL("./style.css", import.meta.url), "utf8");

export function homePage({ issuer }) {
  return page(
    "Home",
    `<h1>Sign in to see how it works</h1>
    <p class="lead">This application has no passwords of its own. You sign in at <strong>${text(issuer)}</strong>, say what it may do,
    and come back.</p>
    <p><a class="button" href="/sign-in">Sign in</a></p>`,
  );
}

export function accountPage({ session, verified }) {
  const { tokens, history } = session;
  return page(
    "You are signed in",
    `<h1>You are signed in</h1>
    <p class="lead">as <code>${text(verified.claims.sub)}</code>, and this application may: <strong>${text(tokens.scope)}</strong></p>
    <div class="actions">
      ${action("/refresh", "Refresh", "primary")}
      ${action("/revoke", "Revoke")}
      ${action("/sign-out", "Sign out here")}
    </div>
    <h2>What happened</h2>
    <ol id="history" class="history">${[...history].reverse().map(happened).join("")}</ol>
    <h2>Access token</h2>
    ${verdict(verified)}
    <h3>Header</h3>
    ${json(verified.header, "header")}
    <h3>Claims</h3>
    ${json(verified.claims, "claims")}
    <p class="quiet">Issued ${time(verified.claims.iat)}, good until ${time(verified.claims.exp)}. Whoever verifies it by its signature
    alone takes it until then, even after it is revoked; whoever asks the introspection endpoint learns of it at once.</p>
    <h2>Token response</h2>
    ${json(tokens, "tokens")}
    <p class="quiet">A real application keeps these to itself. This one shows them because it is here to be looked at.</p>`,
  );
}

export function problemPage(what, code) {
  return page(
    "Something went wrong",
    `<h1>Something went wrong</h1>
    <p class="lead">${text(what)}</p>
    ${code ? `<p>Error code: <code>${text(code)}</code></p>` : ""}
    <p><a class="button" href="/">Back to the start</a></p>`,
  );
}

function verdict({ holds, problem, header, claims }) {
  return holds
    ? `<p id="verdict" class="good">Verified: signed with the key <code>${text(header.kid)}</code> (${text(header.alg)}) of
       <code>${text(claims.iss)}</code></p>`
    : `<p id="verdict" class="bad">Not verified: ${text(problem)}</p>`;
}

function action(to, label, kind = "") {
  return `<form method="post" action="${to}"><button class="button ${kind}">${label}</button></form>`;
}

function happened({ at, text: what, detail }) {
  const more = detail ? `<span class="quiet"> – ${text(detail)}</span>` : "";
  return `<li><time>${time(at / 1000)}</time> <span>${text(what)}${more}</span></li>`;
}

function json(value, id) {
  return `<pre id="${id}">${text(JSON.stringify(value, null, 2))}</pre>`;
}

function time(seconds) {
  return `${new Date(seconds * 1000).toISOString().slice(11, 19)} UTC`;
}

function text(value) {
  return String(value).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function page(title, content) {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${text(title)} – Sample application</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<header><a href="/">Sample application</a></header>
<main>${content}</main>
</body>
</html>`;
}
