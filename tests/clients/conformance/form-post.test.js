// What is particular to the Form Post Basic OP plan (oidcc-formpost-basic-certification-test-plan): its modules are those of the
// Basic plan, with `response_mode=form_post`.
import assert from "node:assert/strict";
import { test } from "node:test";
import { plan } from "./support/plan.js";

plan("Form Post Basic OP", {}, (stage) => {
  const response_mode = "form_post";

  test("oidcc-server by form_post", async () => {
    assert.ok(stage.server.response_modes_supported.includes(response_mode));
    const { arrived, posted, seen } = await stage.rp.send(stage.person(), { response_mode });
    assert.equal(seen[0].name, "sign-in");
    assert.equal(String(arrived), stage.rp.checks.redirect_uri, "nothing is in the address");
    const signed = await stage.rp.redeem(posted);
    assert.deepEqual(await stage.rp.userinfo(signed), { sub: signed.claims.sub });
  });

  test("oidcc-response-type-missing by form_post", async () => {
    const changes = { response_mode, response_type: undefined };
    assert.equal(await stage.rp.refused(stage.person(), changes), "invalid_request");
  });

  test("oidcc-prompt-none-not-logged-in by form_post", async () => {
    assert.equal(await stage.rp.refused(stage.person(), { response_mode, prompt: "none" }), "login_required");
  });

  test("oidcc-prompt-none-logged-in by form_post", async () => {
    const person = stage.person();
    const before = await stage.rp.signIn(person, { response_mode });
    const after = await stage.rp.signIn(person, { response_mode, prompt: "none" });
    assert.deepEqual(after.seen, []);
    assert.deepEqual([after.claims.sub, after.claims.auth_time], [before.claims.sub, before.claims.auth_time]);
  });

  test("oidcc-ensure-registered-redirect-uri by form_post", async () => {
    await stage.rp.stopped(stage.person(), { response_mode, redirect_uri: "https://evil.example/callback" });
  });
});
