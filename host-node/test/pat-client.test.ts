// The client of the administration of personal access tokens, against a real engine and against one that fails.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Claviger, type Fault, type Refused } from "claviger";
import { PatClient, type PatClientOptions } from "claviger/pat-client";
import { memory } from "claviger/stores/memory";

const issuer = "https://auth.example.com";
const secret = "f1d3a09c5b7e42688cb0de9417a6e35b";

/** A server, an administrator's client of it, and what was sent. `answer` may stand in the server's place. */
async function scene(answer: (request: Request, count: number) => Response | undefined = () => undefined) {
  let now = Date.parse("2027-01-02T03:04:05Z");
  const auth = new Claviger({ issuer, secret, store: memory(), clock: () => now, pats: {} });
  const { token } = await auth.pats.issue({ owner: "root", admin: true });
  const sent: string[] = [];
  const waits: number[] = [];
  const options: PatClientOptions = {
    endpoint: issuer,
    token,
    clock: () => now,
    fetch: async (request) => {
      sent.push(`${request.method} ${new URL(request.url).pathname}`);
      return answer(request, sent.length) ?? auth.fetch(request);
    },
    wait: async (milliseconds) => void waits.push(milliseconds),
  };
  return {
    auth,
    client: new PatClient(options),
    options,
    sent,
    waits,
    pass: (seconds: number) => (now += seconds * 1000),
  };
}

const exchanges = (sent: string[]) => sent.filter((line) => line === "POST /token").length;

test("all that the API does, by one JWT", async () => {
  const { auth, client, sent } = await scene();
  const { token, record } = await client.issue({ owner: "ada", roles: ["a"] });
  const id = record.tokenId;
  assert.equal((await auth.pats.verify(token)).valid, true);
  await client.update(id, { roles: { add: ["b"] }, expiresAt: 4_000_000_000 });
  await client.revoke(id);
  await client.revoke(id);
  const revoked = await client.find(id);
  assert.deepEqual([revoked?.roles, revoked?.expiresAt], [["a", "b"], 4_000_000_000]);
  assert.ok(revoked?.revokedAt);
  await client.restore(id);
  const { hash, id: other } = await auth.pats.generate();
  assert.equal((await client.register({ tokenId: other, secretPhc: hash, owner: "job" })).owner, "job");
  const unknown = "x".repeat(21);
  const { found, notFound } = await client.batchLoad([id, other, unknown], { includeSecretPhc: true });
  assert.deepEqual([found.length, notFound], [2, [unknown]]);
  assert.ok(found.every(({ secretPhc }) => secretPhc?.startsWith("$sha256$")));
  await client.delete(other);
  assert.equal(await client.find(other), null);
  const listed = [];
  for await (const { owner } of client.list({ owner: "ada" })) listed.push(owner);
  assert.deepEqual([listed, exchanges(sent)], [["ada"], 1]);
});

test("a list is read to its end, and a batch is split", async () => {
  const { auth, client, sent } = await scene();
  for (let n = 0; n < 1100; n++) await auth.pats.issue({ owner: "ada" });
  const ids = [];
  for await (const { tokenId } of client.list()) ids.push(tokenId);
  assert.equal(new Set(ids).size, 1101);
  sent.length = 0;
  assert.equal((await client.batchLoad(ids.slice(0, 250))).found.length, 250);
  assert.deepEqual(sent, Array(3).fill("POST /admin/tokens/batch"));
});

test("a JWT is kept until half a minute before its end, and fetched once for all who ask", async () => {
  const { client, sent, pass } = await scene();
  await Promise.all([client.jwt(), client.jwt(), client.find("x".repeat(21))]);
  assert.equal(exchanges(sent), 1);
  pass(269);
  await client.jwt();
  assert.equal(exchanges(sent), 1);
  pass(1);
  await client.jwt();
  assert.equal(exchanges(sent), 2);
});

test("what passes is tried three times again, when the server says so", async () => {
  const headers = { "retry-after": "7" };
  const soon = await scene((_, count) =>
    count < 4 ? new Response("", { status: [503, 429, 500][count - 1]!, headers }) : undefined,
  );
  assert.match(await soon.client.jwt(), /^ey/);
  assert.deepEqual(soon.waits, [7000, 7000, 7000]);
  const never = await scene(() => new Response("", { status: 502 }));
  await assert.rejects(never.client.jwt(), (error: Fault) => error.code === "server_failed");
  assert.deepEqual([never.waits, never.sent.length], [[1000, 2000, 4000], 4]);
  const long = await scene((_, count) =>
    count === 1 ? new Response("", { status: 503, headers: { "retry-after": "86400" } }) : undefined,
  );
  await long.client.jwt();
  assert.deepEqual(long.waits, [30_000]);
  const gone = await scene(() => {
    throw new TypeError("fetch failed");
  });
  await assert.rejects(gone.client.jwt(), (error: Fault) => error.code === "server_failed");
  assert.equal(gone.sent.length, 4);
});

test("what is refused is told with its reasons, and not tried again", async () => {
  const { auth, client, options, waits } = await scene();
  const refused = (code: string, status: number, message: RegExp) => (error: Refused) =>
    error.code === code && error.status === status && message.test(error.message);
  await assert.rejects(client.issue({ owner: "" }), refused("invalid_request", 400, /owner: from 1 to 100/));
  await assert.rejects(client.restore("x".repeat(21)), refused("not_found", 404, /no such token/));
  const { token } = await auth.pats.issue({ owner: "ada" });
  const plain = new PatClient({ ...options, token });
  await assert.rejects(plain.find("x".repeat(21)), refused("insufficient_scope", 403, /./));
  await assert.rejects(new PatClient({ ...options, token: "pat_x" }).jwt(), refused("invalid_client", 401, /./));
  assert.deepEqual(waits, []);
});

test("a JWT that is not good any more is replaced once", async () => {
  let refuse = false;
  const { client, sent } = await scene((request) => {
    if (!refuse || request.url.endsWith("/token")) return undefined;
    refuse = false;
    return Response.json({ error: "invalid_token", error_description: "The access token is invalid" }, { status: 401 });
  });
  await client.jwt();
  refuse = true;
  assert.equal(await client.find("x".repeat(21)), null);
  assert.equal(exchanges(sent), 2);
});

test("a token is sent to an address with TLS alone", () => {
  assert.throws(() => new PatClient({ endpoint: "http://auth.example.com", token: "pat_x" }), /https/);
  assert.ok(new PatClient({ endpoint: "http://localhost:8080/", token: "pat_x" }));
});
