// claviger/browser, from the packed tarball, in a page of Chromium: its tools checked by jose, and a sign-in at both hosts.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname } from "node:path";
import { after, before, suite, test } from "node:test";
import { calculateJwkThumbprint, compactVerify, createRemoteJWKSet, decodeJwt, EmbeddedJWK, jwtVerify } from "jose";
import { makeProject } from "../../host-node/packaging/project.mjs";
import { allow, launch, signIn } from "./support/browser.js";
import { Host, names } from "./support/host.js";

/** A page may compile WebAssembly, run its own scripts, and nothing else. */
const policy = "default-src 'self'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; connect-src http:";
const importMap = { imports: { "claviger/browser": "/node_modules/claviger/dist/browser/index.js" } };
const html = (script) => `<!doctype html><title>App</title>
<script type="importmap">${JSON.stringify(importMap)}</script>
<body><script type="module">${script}</script></body>`;
const atHand = html('globalThis.claviger = await import("claviger/browser");');
const types = { ".js": "text/javascript", ".wasm": "application/wasm" };

suite("claviger/browser in Chromium", () => {
  let project;
  let browser;
  let app;

  before(async () => {
    [project, browser] = await Promise.all([makeProject(), launch()]);
    app = await serveApp(project, atHand);
  });
  after(async () => {
    await browser?.close();
    app?.close();
    project?.remove();
  });

  /** A page of the application in a profile of its own, with the package at hand. */
  async function open(context, path = "/") {
    const page = await context.newPage();
    await page.goto(app.origin + path);
    await ready(page);
    return page;
  }

  async function inPage(act, argument) {
    const context = await browser.newContext();
    try {
      const page = await open(context);
      return await page.evaluate(act, argument);
    } finally {
      await context.close();
    }
  }

  test("PKCE is that of WebCrypto", async () => {
    const [made, digest] = await inPage(async () => {
      const pkce = await claviger.createPkce();
      const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(pkce.verifier));
      return [pkce, [...new Uint8Array(bytes)]];
    });
    assert.equal(made.challenge, Buffer.from(digest).toString("base64url"));
  });

  for (const algorithm of ["ES256", "EdDSA"]) {
    test(`DPoP proofs of ${algorithm} pass jose, with keys that the page cannot read and with portable ones`, async () => {
      const made = await inPage(async (algorithm) => {
        const { createDpopKey, createPortableDpopKey } = claviger;
        const keys = await Promise.all([createDpopKey({ algorithm }), createPortableDpopKey({ algorithm })]);
        const unreadable = await crypto.subtle
          .exportKey("jwk", keys[0].keyPair.privateKey)
          .catch((error) => error.name);
        const request = { method: "POST", url: "https://api.example.com/a?b#c", accessToken: "token", nonce: "n" };
        const proofs = await Promise.all(keys.map((key) => key.proof(request)));
        return { unreadable, proofs, thumbprints: keys.map((key) => key.thumbprint) };
      }, algorithm);
      assert.equal(made.unreadable, "InvalidAccessError");
      for (const [index, proof] of made.proofs.entries()) {
        const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, { typ: "dpop+jwt", maxTokenAge: 60 });
        assert.equal(protectedHeader.alg, algorithm);
        assert.equal(await calculateJwkThumbprint(protectedHeader.jwk), made.thumbprints[index]);
        assert.deepEqual([payload.htm, payload.htu, payload.nonce], ["POST", "https://api.example.com/a", "n"]);
      }
    });
  }

  test("a key that the page cannot read is kept in IndexedDB and opened again", async () => {
    const thumbprints = await inPage(async () => {
      const done = (request) => new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
      const opening = indexedDB.open("keys", 1);
      opening.onupgradeneeded = () => opening.result.createObjectStore("keys");
      const database = await done(opening);
      const key = await claviger.createDpopKey();
      const keys = () => database.transaction("keys", "readwrite").objectStore("keys");
      await done(keys().put(key.keyPair, "dpop"));
      const again = await claviger.openDpopKey(await done(keys().get("dpop")));
      await again.proof({ url: "https://api.example.com" });
      return [key.thumbprint, again.thumbprint];
    });
    assert.equal(thumbprints[0], thumbprints[1]);
  });

  test("sealed values open, and not when they are changed or over", async () => {
    const outcomes = await inPage(async () => {
      const sealing = { secret: "3f9c1a7be04d5862b1c9e7d0f6a8345b", purpose: "cart", expiresIn: 60 };
      const sealed = await claviger.seal({ count: 2 }, sealing);
      const code = (opening) => opening.then(JSON.stringify, (error) => error.code);
      const bent = sealed.slice(0, -2) + (sealed.at(-2) === "A" ? "B" : "A") + sealed.at(-1);
      return Promise.all([
        code(claviger.unseal(sealed, sealing)),
        code(claviger.unseal(bent, sealing)),
        code(claviger.unseal(sealed, { ...sealing, clock: () => Date.now() + 61_000 })),
      ]);
    });
    assert.deepEqual(outcomes, ['{"count":2}', "invalid_seal", "seal_expired"]);
  });

  for (const name of names) {
    suite(`at the host ${name}`, () => {
      let host;
      let context;
      before(async () => {
        [host, context] = await Promise.all([Host.start(name), browser.newContext()]);
      });
      after(async () => {
        await context?.close();
        await host?.stop();
      });

      test("a person signs in by signIn and handleCallback, and the address keeps no code", async () => {
        const page = await open(context);
        const about = { issuer: host.issuer, clientId: "demo", redirectUri: `${app.origin}/callback`, scope: "read" };
        await page.evaluate((about) => claviger.signIn(about), about);
        await signIn(page, host.person);
        await allow(page);
        await page.waitForURL(`${app.origin}/callback?**`);
        await ready(page);
        const signedIn = await page.evaluate(async () => {
          const session = await claviger.handleCallback();
          return { scopes: session.scopes, token: await session.accessToken(), address: location.href };
        });
        assert.deepEqual([signedIn.scopes, signedIn.address], [["read"], `${app.origin}/callback`]);
        const jwks = createRemoteJWKSet(new URL(`${host.issuer}/jwks`));
        await compactVerify(signedIn.token, jwks);
      });

      test("the engine's access token is verified in the page, by the keys at the server's jwks_uri", async () => {
        const page = await open(context);
        const claims = await page.evaluate(async (issuer) => {
          const session = await claviger.restoreSession({ issuer, clientId: "demo" });
          const token = await session.accessToken();
          const expected = { jwks: `${issuer}/jwks`, issuer, audience: issuer, typ: "at+jwt" };
          return claviger.verifyJwt(token, expected);
        }, host.issuer);
        assert.deepEqual([claims.iss, claims.client_id, claims.scope], [host.issuer, "demo", "read"]);
      });

      test("the session carries the token to the application's own API", async () => {
        const page = await open(context);
        const heard = await page.evaluate(async (issuer) => {
          const session = await claviger.restoreSession({ issuer, clientId: "demo" });
          const elsewhere = await session.fetch("http://127.0.0.1:1/").catch((error) => error.code);
          return [await (await session.fetch("/api")).text(), await session.accessToken(), elsewhere];
        }, host.issuer);
        assert.deepEqual(heard, [`Bearer ${heard[1]}`, heard[1], "configuration"]);
      });

      test("three tabs whose token is due refresh it once", async () => {
        const pages = await Promise.all([open(context), open(context), open(context)]);
        const asked = [];
        for (const page of pages) page.on("request", (request) => asked.push(new URL(request.url()).pathname));
        const refreshed = (page) =>
          page.evaluate(async (issuer) => {
            const clock = () => Date.now() + 14.75 * 60_000;
            const session = await claviger.restoreSession({ issuer, clientId: "demo", clock });
            return session.accessToken();
          }, host.issuer);
        const tokens = await Promise.all(pages.map(refreshed));
        assert.equal(new Set(tokens).size, 1);
        assert.equal(asked.filter((path) => path === "/token").length, 1);
      });

      test("a session is bound to a key that the page cannot read, for its code, its requests and its refreshes", async () => {
        const page = await open(context);
        const about = { issuer: host.issuer, clientId: "demo", redirectUri: `${app.origin}/callback`, scope: "read" };
        await page.evaluate((about) => claviger.signIn({ ...about, dpop: true }), about);
        await answered(page, `${app.origin}/callback?**`);
        await ready(page);
        const before = await page.evaluate(async () => {
          const session = await claviger.openSession({ redirectUri: location.href.split("?")[0] });
          return [await session.accessToken(), await (await session.fetch("/api/headers?page=2")).json()];
        });
        const again = await open(context);
        const after = await again.evaluate(async (about) => {
          const session = await claviger.openSession(about);
          const sent = await (await session.fetch("/api/once", { method: "PUT", body: "things" })).json();
          return [await session.accessToken(), sent];
        }, about);
        assert.notEqual(after[0], before[0], "the API refused the first token, and it was refreshed");
        const thumbprints = [
          await boundTo(before, { htm: "GET", htu: `${app.origin}/api/headers` }),
          await boundTo(after, { htm: "PUT", htu: `${app.origin}/api/once` }),
        ];
        assert.equal(thumbprints[0], thumbprints[1]);
        assert.deepEqual(await again.evaluate(keysAtHand), ["InvalidAccessError"]);
      });

      test("the README's page signs a person in, and knows them when they come back", async () => {
        const readmeApp = await serveReadme();
        try {
          const page = await context.newPage();
          await page.goto(readmeApp.origin);
          await answered(page, `${readmeApp.origin}/**`);
          const heard = page.getByText(/^Bearer /);
          await heard.waitFor();
          const token = await heard.textContent();
          await page.goto(readmeApp.origin);
          await heard.waitFor();
          assert.equal(await heard.textContent(), token);
          await page.goto(`${readmeApp.origin}/callback?code=old&state=old&iss=${host.issuer}`);
          await heard.waitFor();
          assert.equal(await heard.textContent(), token, "a stale address is none");
          assert.equal(page.url(), `${readmeApp.origin}/callback`);
        } finally {
          readmeApp.close();
        }
      });

      test("the README's page says that a sign-in was denied, and offers another", async () => {
        const [readmeApp, stranger] = await Promise.all([serveReadme(), browser.newContext()]);
        try {
          const page = await stranger.newPage();
          await page.goto(`${readmeApp.origin}/callback?code=old&state=old`);
          await signIn(page, host.person);
          await page.getByRole("button", { name: "Deny" }).click();
          const again = page.getByRole("button", { name: "Sign in" });
          await again.waitFor();
          assert.match(await page.textContent("body"), /^\S.* Sign in$/s);
          assert.equal(page.url(), `${readmeApp.origin}/callback`);
          await again.click();
          await allow(page);
          await page.getByText(/^Bearer /).waitFor();
        } finally {
          readmeApp.close();
          await stranger.close();
        }
      });

      async function serveReadme() {
        const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8");
        const snippet = /## In the browser\n+```js\n(.*?)```/s.exec(readme)[1];
        return serveApp(
          project,
          html(snippet.replace("https://auth.example.com", host.issuer).replace('"app"', '"demo"')),
        );
      }

      test("signing out ends the session in every tab", async () => {
        const [page, tab] = await Promise.all([open(context), open(context)]);
        const about = { issuer: host.issuer, clientId: "demo" };
        await page.evaluate(async (about) => (await claviger.restoreSession(about)).signOut(), about);
        assert.equal(
          await tab.evaluate(async (about) => (await claviger.restoreSession(about)) === undefined, about),
          true,
        );
      });
    });
  }
});

/** Waits until the person is back at the application, and allows what is asked for on the way: what was allowed before is not. */
async function answered(page, address) {
  await Promise.race([allow(page).catch(() => {}), page.waitForURL(address)]);
  await page.waitForURL(address);
}

/** Checks the proof that came with a request of a session, by jose, and gives the thumbprint of the key that its token is bound to. */
async function boundTo([token, { authorization, dpop }], request) {
  assert.equal(authorization, `DPoP ${token}`);
  const { payload, protectedHeader } = await jwtVerify(dpop, EmbeddedJWK, { typ: "dpop+jwt", maxTokenAge: 60 });
  const ath = createHash("sha256").update(token).digest("base64url");
  assert.deepEqual({ htm: payload.htm, htu: payload.htu, ath: payload.ath }, { ...request, ath });
  const { jkt } = decodeJwt(token).cnf;
  assert.equal(await calculateJwkThumbprint(protectedHeader.jwk), jkt);
  return jkt;
}

/** In a page: what comes of exporting the private keys that are stored. */
async function keysAtHand() {
  const done = (request) => new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
  const database = await done(indexedDB.open("claviger"));
  const stored = await done(database.transaction("items").objectStore("items").getAll());
  const pairs = stored.filter((value) => typeof value !== "string");
  return Promise.all(pairs.map((pair) => crypto.subtle.exportKey("jwk", pair.privateKey).catch((error) => error.name)));
}

const ready = (page) => page.waitForFunction(() => globalThis.claviger !== undefined);

/** An application: its page at every address, the package's files, and an API that says what it was sent. */
async function serveApp(project, page) {
  let known;
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    // The token that was shown before is none any more.
    if (pathname === "/api/once" && request.headers.authorization === known) {
      return response.writeHead(401, { "www-authenticate": 'DPoP error="invalid_token"' }).end();
    }
    if (pathname === "/api/headers") known = request.headers.authorization;
    if (["/api/once", "/api/headers"].includes(pathname)) return response.end(JSON.stringify(request.headers));
    if (pathname.startsWith("/api")) return response.end(request.headers.authorization);
    response.setHeader("content-security-policy", policy);
    if (!pathname.startsWith("/node_modules/")) return response.setHeader("content-type", "text/html").end(page);
    const body = await readFile(project.file(`.${pathname}`)).catch(() => undefined);
    response.setHeader("content-type", types[extname(pathname)] ?? "text/plain");
    return response.writeHead(body ? 200 : 404).end(body);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const origin = `http://127.0.0.1:${server.address().port}`;
  return {
    origin,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
