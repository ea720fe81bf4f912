// `npx claviger`, as a person types it.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

const main = join(import.meta.dirname, "../dist/cli/main.js");
const secret = "5a0c9e37b1f84d26a7e3d90b4c618f52";
const root = mkdtempSync(join(tmpdir(), "claviger-cli-"));
after(() => rmSync(root, { recursive: true }));

const environment = { PATH: process.env.PATH, CLAVIGER_ISSUER: "http://localhost:8080", CLAVIGER_SECRET: secret };

function scene() {
  const cwd = mkdtempSync(join(root, "scene-"));
  const env = { ...environment, CLAVIGER_STORE: "sqlite:auth.db" };
  const type = (line: string, extra: Record<string, string | undefined> = {}) =>
    new Promise<{ code: number; out: string; error: string }>((resolve) => {
      const options = { cwd, env: { ...env, ...extra } };
      const child = execFile(process.execPath, [main, ...line.split(" ")], options, (_, out, error) => {
        resolve({ code: child.exitCode ?? -1, out: out.trimEnd(), error });
      });
      child.stdin?.end();
    });
  const json = async (line: string) => {
    const { code, out, error } = await type(`${line} --json`);
    assert.equal(code, 0, error);
    return JSON.parse(out);
  };
  return { cwd, type, json };
}

test("secret: each one is fresh, and good enough for the engine", async () => {
  const { type } = scene();
  const [one, other] = [await type("secret"), await type("secret")];
  assert.notEqual(one.out, other.out);
  assert.equal((await type("check-config", { CLAVIGER_SECRET: one.out })).code, 0);
});

test("check-config: names what is wrong, and says what to do", async () => {
  const { type } = scene();
  assert.equal((await type("check-config")).out, "the configuration is good");
  const absent = await type("check-config", { CLAVIGER_SECRET: undefined });
  assert.equal(absent.code, 1);
  assert.match(absent.error, /^error: no secret is configured\nhelp: .*claviger secret/);
  assert.match((await type("check-config", { CLAVIGER_SECRET: "short" })).error, /^error: secret: /);
});

test("clients: made, listed, shown, changed, disabled, given another secret, deleted", async () => {
  const { json, type } = scene();
  const made = await json(
    "clients create --name App --redirect-uri https://a.example/cb --redirect-uri https://b.example/cb",
  );
  assert.equal(made.redirectUris.length, 2);
  assert.match(made.secret, /^cvk_/);
  assert.deepEqual(
    (await json("clients list")).map(({ id }: { id: string }) => id),
    [made.id],
  );
  const { secret: _, ...shown } = made;
  assert.deepEqual(await json(`clients show ${made.id}`), shown);
  assert.equal((await json(`clients update ${made.id} --name Other`)).name, "Other");
  assert.equal((await json(`clients disable ${made.id}`)).disabled, true);
  assert.equal((await json(`clients enable ${made.id}`)).disabled, false);
  assert.notEqual((await json(`clients rotate-secret ${made.id} --overlap 60`)).secret, made.secret);
  assert.equal(await json(`clients delete ${made.id}`), "deleted");
  const gone = await type(`clients show ${made.id} --json`);
  assert.equal(gone.code, 1);
  assert.equal(JSON.parse(gone.error).error.code, "not_found");
});

test("registration-tokens: issued, listed, revoked", async () => {
  const { json, type } = scene();
  const made = await json("registration-tokens issue --uses 3 --expires-in 3600");
  assert.equal(made.usesLeft, 3);
  assert.match(made.token, /^cvg_/);
  const { token: _, ...listed } = made;
  assert.deepEqual(await json("registration-tokens list"), [listed]);
  assert.equal(await json(`registration-tokens revoke ${made.id}`), "revoked");
  assert.equal((await type(`registration-tokens revoke ${made.id}`)).code, 1);
  assert.equal((await type("registration-tokens issue --uses some")).code, 2);
});

test("pats: generated, issued, registered, listed, shown, changed, revoked, restored, deleted", async () => {
  const { cwd, json, type } = scene();
  assert.match((await type("pats issue --owner ada")).error, /pats: not configured/);
  writeFileSync(join(cwd, "claviger.json"), JSON.stringify({ pats: {} }));
  const pats = (line: string) => json(`pats ${line} --config claviger.json`);
  const { token, ...made } = await pats("issue --owner ada --role b --role a --expires-at 2099-01-02T03:04:05Z");
  assert.match(token, /^pat_/);
  assert.deepEqual([made.roles, made.admin, made.expiresAt], [["a", "b"], false, Date.parse("2099-01-02T03:04:05Z")]);
  assert.deepEqual(await pats("list"), [made]);
  assert.deepEqual(await pats(`show ${made.id}`), made);
  assert.deepEqual((await pats(`update ${made.id} --add-role c`)).roles, ["a", "b", "c"]);
  assert.deepEqual((await pats(`update ${made.id} --remove-role a --expires-at null`)).roles, ["b", "c"]);
  assert.deepEqual((await pats(`update ${made.id} --role x --admin true --owner bob`)).roles, ["x"]);
  assert.deepEqual((await pats(`update ${made.id} --no-roles`)).roles, []);
  assert.ok((await pats(`revoke ${made.id}`)).revokedAt > 0);
  assert.deepEqual([await pats("list"), (await pats("list --include-revoked --owner bob")).length], [[], 1]);
  assert.equal((await pats(`restore ${made.id}`)).revokedAt, null);
  const generated = await pats("generate");
  const registered = await pats(`register ${generated.id} --hash ${generated.hash} --owner job --admin`);
  assert.deepEqual([registered.id, registered.admin], [generated.id, true]);
  assert.equal(await pats(`delete ${made.id}`), "deleted");
  for (const line of [`show ${made.id}`, `delete ${made.id}`, `revoke ${made.id}`]) {
    const gone = await type(`pats ${line} --config claviger.json --json`);
    assert.deepEqual([gone.code, JSON.parse(gone.error).error.code], [1, "not_found"]);
  }
  for (const line of [
    "issue",
    "issue --owner x --expires-at soon",
    "register x --owner y",
    "update x --role a --no-roles",
  ]) {
    assert.equal((await type(`pats ${line} --config claviger.json`)).code, 2, line);
  }
});

test("pats sync: registers, changes, revokes, restores, and revokes what the file does not name", async () => {
  const { cwd, json, type } = scene();
  writeFileSync(join(cwd, "claviger.json"), JSON.stringify({ pats: {} }));
  const pats = (line: string) => json(`pats ${line} --config claviger.json`);
  const one = await pats("generate");
  const other = await pats("generate");
  const orphan = await pats("issue --owner nobody --expires-at 2099-01-02T03:04:05Z");
  const write = (text: string) => writeFileSync(join(cwd, "tokens.yaml"), text);
  write(`
# As JSON is YAML, so are the words of other tools.
tokens:
  - { id: ${one.id}, hash: "${one.hash}", owner: ada, roles: [b, a], expiresAt: 2099-01-02T03:04:05Z }
  - tokenId: ${other.id}
    secretPhc: ${other.hash}
    owner: job
    isAdmin: true
    revoked: true
  - { id: ${"x".repeat(21)}, owner: nobody }
`);
  const actions = async (options = "") =>
    (await pats(`sync tokens.yaml${options}`)).map(({ action, id }: { action: string; id: string }) => [action, id]);
  const expected = [
    ["revoke", orphan.id],
    ["register", one.id],
    ["register", other.id],
    ["revoke", other.id],
    ["skip", "x".repeat(21)],
  ];
  assert.deepEqual(await actions(" --dry-run"), expected);
  assert.deepEqual((await pats("list --include-revoked")).length, 1);
  assert.deepEqual(await actions(), expected);
  assert.deepEqual(await actions(), [["skip", "x".repeat(21)]]);
  assert.equal((await pats(`show ${orphan.id}`)).expiresAt, orphan.expiresAt);
  const shown = await pats(`show ${one.id}`);
  assert.deepEqual([shown.roles, shown.expiresAt], [["a", "b"], Date.parse("2099-01-02T03:04:05Z")]);
  write(`tokens: [{ id: ${one.id}, owner: eve }, { id: ${other.id}, owner: job }]`);
  const [update, ...rest] = await pats("sync tokens.yaml");
  assert.deepEqual(
    [update.what, ...rest.map(({ action }: { action: string }) => action)],
    ["owner roles", "update", "restore"],
  );
  const changed = await pats(`show ${one.id}`);
  assert.deepEqual([changed.owner, changed.roles, changed.expiresAt], ["eve", [], shown.expiresAt]);
  const wrong = `{ id: ${"x".repeat(21)}, hash: x, owner: eve }`;
  write(`tokens: [${wrong}, { id: ${one.id}, owner: max }, { id: ${other.id}, owner: job }]`);
  const part = await type("pats sync tokens.yaml --config claviger.json --json");
  assert.deepEqual([part.code, JSON.parse(part.error).error.message], [1, "1 of 2 steps failed"]);
  assert.match(JSON.parse(part.out)[0].what, /^failed: hash: /);
  assert.equal((await pats(`show ${one.id}`)).owner, "max");
  write("tokens: []");
  assert.equal((await actions(" --orphan-expires-in 60")).length, 2);
  assert.ok((await pats(`show ${other.id}`)).expiresAt < Date.now() + 61_000);
  for (const bad of [
    "x: 1",
    "tokens: 1",
    "tokens: [1]",
    "tokens: [{ id: a }]",
    "tokens: [{ id: a, owner: b, expiresAt: soon }]",
    "{",
  ]) {
    write(bad);
    const { code, error } = await type("pats sync tokens.yaml --config claviger.json --json");
    assert.deepEqual([code, JSON.parse(error).error.code], [1, "bad_file"], bad);
  }
});

test("pats sync: a token whose change failed is not restored, and ends if it is to", async () => {
  const { cwd, json, type } = scene();
  writeFileSync(join(cwd, "claviger.json"), JSON.stringify({ pats: {} }));
  const pats = (line: string) => json(`pats ${line} --config claviger.json`);
  const [leaked, live] = [await pats("issue --owner ada"), await pats("issue --owner bob")];
  await pats(`revoke ${leaked.id}`);
  const tokens = [
    { id: leaked.id, owner: "ada", hash: "$sha256$x", revoked: false },
    { id: live.id, owner: "bob", hash: "$sha256$x", revoked: true },
  ];
  writeFileSync(join(cwd, "tokens.json"), JSON.stringify({ tokens }));
  const part = await type("pats sync tokens.json --config claviger.json --json");
  assert.deepEqual([part.code, JSON.parse(part.error).error.message], [1, "3 of 4 steps failed"]);
  const told = JSON.parse(part.out).map(({ action, id, what }: Record<string, string>) => [action, id, what]);
  assert.deepEqual(
    told.filter(([action]: string[]) => action !== "update"),
    [
      ["revoke", live.id, null],
      ["restore", leaked.id, "failed: a step before it failed"],
    ],
  );
  for (const { id } of [leaked, live]) assert.ok((await pats(`show ${id}`)).revokedAt > 0);
});

test("pats sync: the configuration's own token stays deleted, and keeps nothing from being complete", async () => {
  const { cwd, json } = scene();
  const configure = (settings: object) => writeFileSync(join(cwd, "claviger.json"), JSON.stringify({ pats: settings }));
  configure({});
  const pats = (line: string) => json(`pats ${line} --config claviger.json`);
  const { id, hash } = await pats("generate");
  configure({ bootstrap: { id, hash } });
  await pats(`register ${id} --hash ${hash} --owner ada`);
  await pats(`delete ${id}`);
  for (const revoked of [false, true]) {
    const tokens = [{ id, hash, owner: "ada", revoked }];
    writeFileSync(join(cwd, "tokens.json"), JSON.stringify({ tokens }));
    const steps = await pats("sync tokens.json");
    assert.equal(steps.length, revoked ? 2 : 1);
    for (const step of steps) assert.deepEqual(step, { action: "skip", id, owner: "ada", what: "it was deleted" });
  }
});

test("users: a password comes from the environment, a file or the engine's own choice, and is shown only then", async () => {
  const { json, type, cwd } = scene();
  const made = await json("users create ada --generate");
  assert.match(made.password, /^[\w-]{20}$/);
  const typed = await type("users create bob --json", { CLAVIGER_PASSWORD: "correct horse battery" });
  assert.equal("password" in JSON.parse(typed.out), false);
  writeFileSync(join(cwd, "password"), "another horse battery\n");
  await json("users set-password bob --password-file password");
  writeFileSync(join(cwd, "hash"), "$2b$05$......................qQntMbffSLmHiyGdIU5NtaOgpOclJue\n");
  assert.equal((await json("users create grace --hashed --password-file hash")).login, "grace");
  assert.equal((await type("users create hal --hashed --password-file password")).code, 1);
  assert.equal((await type("users create hal --hashed --generate")).code, 2);
  assert.equal((await json("users disable bob")).disabled, true);
  assert.equal((await json(`users show ${made.id}`)).login, "ada");
  assert.deepEqual(await json("sessions list ada"), []);
  assert.deepEqual(await json("grants list ada"), []);
  const silent = await type("users create eve");
  assert.equal(silent.code, 1);
  assert.match(silent.error, /without a terminal/);
});

test("keys and purge", async () => {
  const { json, type } = scene();
  assert.equal((await json("keys generate ES256")).state, "next");
  assert.ok((await json("keys rotate")).length >= 2);
  assert.match((await type("keys list")).out, /^kid +algorithm +state +createdAt\n/);
  assert.deepEqual((await json("purge --dry-run")).purged, {});
});

test("settings: arguments win over the environment, and the environment over the file", async () => {
  const { type, cwd } = scene();
  const bad = { issuer: "not an address", store: "sqlite:file.db", name: "From the file" };
  writeFileSync(join(cwd, "claviger.json"), JSON.stringify(bad));
  const fromFile = await type("--config claviger.json check-config", { CLAVIGER_ISSUER: undefined });
  assert.match(fromFile.error, /issuer/);
  assert.equal((await type("--config claviger.json check-config")).code, 0);
  const line = "--config claviger.json --issuer nonsense check-config";
  assert.match((await type(line)).error, /issuer/);
  writeFileSync(join(cwd, "claviger.json"), JSON.stringify({ unheard: 1 }));
  assert.match((await type("check-config --config claviger.json")).error, /unheard/);
  writeFileSync(join(cwd, "claviger.json"), '{ "secret": not-quoted }');
  const { error } = await type("check-config --config claviger.json");
  assert.match(error, /^error: claviger\.json cannot be understood/);
  assert.doesNotMatch(error, /not-quoted/);
});

test("mistyped words end with 2 and say where to look", async () => {
  const { type } = scene();
  for (const line of [
    "nonsense",
    "clients nonsense",
    "clients show",
    "clients show a b",
    "clients list --bogus",
    "clients rotate-secret a --overlap 10m",
    "clients create",
    "clients create --name A --auth-method basic",
    "clients create --name A --access-token other",
    "clients create --name A --jwks absent.json",
    "keys generate ES512",
    "keys rotate --algorithm ES512",
    "users create ada --generate --password-file password",
    "serve --log wrong",
  ]) {
    const { code, error } = await type(line);
    assert.equal(code, 2, `${line}: ${error}`);
    assert.match(error, /^error: .+\nhelp: See `claviger/);
  }
  assert.match(
    (await type("clients create --name A --auth-method basic")).error,
    /client_secret_post, private_key_jwt/,
  );
  assert.match((await type("clients create --name A --jwks absent.json")).error, /clients create --help/);
  assert.equal((await type("serve", { CLAVIGER_LOG: "wrong" })).code, 2);
  // What else could be typed is told instead.
  for (const line of ["clients", "--json"]) assert.equal((await type(line)).code, 2, line);
});

test("what is not there is told with the command that lists what is", async () => {
  const { type, json } = scene();
  await json("users create ada --generate");
  for (const [line, list] of [
    ["clients show x", "clients list"],
    ["registration-tokens revoke AAAAAAAAAAAAAAAAAAAAAA", "registration-tokens list"],
    ["users show x", "users list"],
    ["sessions revoke ada AAAAAAAAAAAAAAAAAAAAAA", "sessions list ada"],
    ["factors remove ada AAAAAAAAAAAAAAAAAAAAAA", "factors list ada"],
    ["grants revoke ada AAAAAAAAAAAAAAAAAAAAAA", "grants list ada"],
  ]) {
    const { code, error } = await type(line!);
    assert.equal(code, 1, error);
    assert.ok(error.includes(`help: List them with \`claviger ${list}\`.`), error);
    assert.equal((await type(list!)).code, 0, list);
  }
});

test("--version is the package's", async () => {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, "../package.json"), "utf8"));
  for (const line of ["--version", "-V", "clients list --version"]) {
    assert.equal((await scene().type(line)).out, `claviger ${version}`);
  }
});

test("a variable that is empty is none, and a file that is typed comes before the variable", async () => {
  const { type, cwd } = scene();
  const empty = { CLAVIGER_SECRET: "", CLAVIGER_CONFIG: "", CLAVIGER_SECRET_FILE: "", CLAVIGER_LOG: "" };
  assert.match((await type("check-config", empty)).error, /no secret is configured/);
  writeFileSync(join(cwd, "secret"), "short\n");
  assert.match((await type("check-config --secret-file secret")).error, /^error: secret: /);
  assert.equal((await type("check-config", { CLAVIGER_SECRET_FILE: "secret" })).code, 0);
  const { error } = await type("check-config --secret-file absent --json");
  assert.equal(JSON.parse(error).error.code, "configuration");
});

test("W2 W9 P23 keys are made for elsewhere, and brought along from there", async () => {
  const { cwd, type, json } = scene();
  const nothing = { CLAVIGER_SECRET: undefined, CLAVIGER_ISSUER: undefined, CLAVIGER_STORE: undefined };
  const files = await type("keys generate --out secure", nothing);
  assert.equal(files.code, 0, files.error);
  assert.match(files.out, /JWT_PRIVATE_KEY +secure\/private-key.pem/);
  assert.equal(statSync(join(cwd, "secure/private-key.pem")).mode & 0o777, 0o600);
  assert.equal((await type("keys generate --out secure", nothing)).code, 1, "nothing is written over");
  const printed = await type("keys generate ES256 --print", nothing);
  const set = JSON.parse(printed.out);
  assert.deepEqual([set.private_keys[0].kid, set.public_keys[0].kid], [set.active_kid, set.active_kid]);
  writeFileSync(join(cwd, "set.json"), printed.out);
  await json("keys rotate");
  const imported = await type("keys import --activate", { JWT_PRIVATE_KEY: "secure/private-key.pem" });
  assert.equal(imported.code, 0, imported.error);
  assert.match(imported.out, / EdDSA +active /);
  const [key] = await json("keys import set.json");
  assert.deepEqual([key.kid, key.state, key.algorithm], [set.active_kid, "active", "ES256"]);
  const published = await json("keys export");
  assert.ok(published.keys.some(({ kid }: { kid: string }) => kid === key.kid));
  const [own] = (await json("keys list")).filter(({ state }: { state: string }) => state === "active");
  const pem = (await type(`keys export ${own.kid}`)).out;
  assert.equal(pem, readFileSync(join(cwd, "secure/public-key.pem"), "utf8").trim());
  assert.match((await type("keys import absent.pem")).error, /^error: the key cannot be read/);
  assert.equal((await type("keys import")).code, 2);
});

test("keys generate makes a key of the configured algorithm, and clients say where their keys are", async () => {
  const { json, cwd } = scene();
  writeFileSync(join(cwd, "claviger.json"), JSON.stringify({ signing: { algorithm: "ES256" } }));
  assert.equal((await json("keys generate --config claviger.json")).algorithm, "ES256");
  assert.equal((await json("keys generate EdDSA --config claviger.json")).algorithm, "EdDSA");
  const uri = "https://app.example.com/jwks";
  const made = await json(
    `clients create --name A --redirect-uri ${uri} --auth-method private_key_jwt --jwks-uri ${uri}`,
  );
  assert.equal(made.jwksUri, uri);
  assert.equal((await json(`clients update ${made.id} --jwks-uri ${uri}2`)).jwksUri, `${uri}2`);
});

test("serve: a request that comes while it starts is answered once it has", async (context) => {
  const { cwd } = scene();
  const port = await freePort();
  const args = [main, "serve", "--demo", "--listen", `127.0.0.1:${port}`];
  const env = { PATH: process.env.PATH, CLAVIGER_LOG: "json", CLAVIGER_LOG_LEVEL: "warn" };
  const child = spawn(process.execPath, args, { cwd, env });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    log += text;
  });
  context.after(() => child.kill());
  const ask = async (): Promise<Response> => {
    try {
      return await fetch(`http://127.0.0.1:${port}/jwks`, { signal: AbortSignal.timeout(20_000) });
    } catch (error) {
      const { code } = ((error as Error).cause ?? {}) as { code?: string };
      if (code !== "ECONNREFUSED") throw error;
      await new Promise((resolve) => setTimeout(resolve, 5));
      return ask();
    }
  };
  assert.equal((await ask()).status, 200);
  child.kill("SIGTERM");
  await once(child, "exit");
  assert.equal(log, "", "nothing is written below the level of CLAVIGER_LOG_LEVEL");
});

async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

test("serve: ends when it cannot serve, and says why", async () => {
  const { type } = scene();
  const line = "serve --listen 127.0.0.1:0 --store";
  for (const [store, words] of Object.entries({
    nonsense: /is no store/,
    "sqlite:absent/auth.db": /cannot open absent/,
  })) {
    const { code, error } = await type(`${line} ${store}`);
    assert.equal(code, 1);
    assert.match(error, words);
  }
});

test("--help tells of every command", async () => {
  const { type } = scene();
  const { out, code } = await type("--help");
  assert.equal(code, 0);
  const names = [...out.matchAll(/^ {2}([a-z]+(?: [a-z-]+)?) {2,}/gm)].map((match) => match[1]!);
  assert.ok(names.length >= 25, `${names.length} commands`);
  for (const name of names) assert.match((await type(`${name} --help`)).out, new RegExp(`Usage: claviger ${name}`));
});

test("P25 serve --demo: prints how to try it, answers, logs who asked for what, keeps its state, and stops when told to", async () => {
  const { cwd } = scene();
  const start = async () => {
    const args = [main, "serve", "--demo", "--json", "--log", "json", "--listen", "127.0.0.1:0"];
    const child = spawn(process.execPath, args, { cwd, env: { PATH: process.env.PATH } });
    const [demo] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
    let log = "";
    child.stderr.setEncoding("utf8").on("data", (text) => {
      log += text;
    });
    while (!log.includes('"serving"')) await once(child.stderr, "data");
    const stop = async () => {
      child.kill("SIGTERM");
      const [code] = (await once(child, "exit")) as [number];
      return { code, log };
    };
    return { demo: JSON.parse(demo), stop };
  };
  const first = await start();
  assert.match(first.demo.issuer, /^http:\/\/127\.0\.0\.1:\d+$/);
  const response = await fetch(`${first.demo.issuer}/.well-known/oauth-authorization-server?secret=1`);
  assert.equal(((await response.json()) as { issuer: string }).issuer, first.demo.issuer);
  const { code, log } = await first.stop();
  assert.equal(code, 0);
  assert.match(
    log,
    /"path":"\/.well-known\/oauth-authorization-server","status":200,"millis":\d+,"remote":"127\.0\.0\.1"/,
  );
  assert.doesNotMatch(log, /secret=1/);
  const lines = log
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const event = lines.find(({ event }) => event === "client.created");
  assert.deepEqual([event.message, event.level, event.clientId], ["event", "INFO", "demo"]);
  assert.equal(statSync(join(cwd, "claviger-demo.json")).mode & 0o777, 0o600);
  const second = await start();
  assert.equal(second.demo.password, first.demo.password);
  await second.stop();
});
