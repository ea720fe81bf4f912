//! Nonces of the server (DP-021 to DP-023).

use claviger_tests::setting::{header, reply, text};
use claviger_tests::{Holder, World};
use serde_json::{Value, json};

use crate::check::{send, send_unchanged};

fn requiring() -> Value {
    json!({ "dpop": { "requireNonce": true } })
}

struct Waiting {
    holder: Holder,
    code: String,
}

impl Waiting {
    fn new(config: Value) -> Self {
        let mut holder = Holder::public(config, json!({}));
        let code = holder.s.code();
        Self { holder, code }
    }

    fn command(&self, nonce: Value) -> Value {
        let proof = self.holder.key.proof_with(&self.holder.s.world, "/token", json!({}), json!({ "nonce": nonce }));
        self.holder.redeem_command(&self.code, &[&proof])
    }

    /// The nonce that comes with the refusal.
    fn refused(&mut self, nonce: Value) -> String {
        let command = self.command(nonce);
        let response = send_unchanged(&mut self.holder.s.world, command);
        let (status, body) = reply(&response);
        assert_eq!((status, text(&body["error"])), (400, "use_dpop_nonce"), "{response}");
        assert_eq!(header(&response, "access-control-expose-headers"), Some("dpop-nonce, www-authenticate"));
        header(&response, "dpop-nonce").unwrap().to_owned()
    }

    fn taken(&mut self, nonce: &str) -> Value {
        let command = self.command(json!(nonce));
        let response = send(&mut self.holder.s.world, command);
        assert_eq!(response["status"], 200, "{response}");
        response
    }
}

#[test]
fn dp_021_where_a_nonce_is_required_a_proof_without_one_is_told_one() {
    let mut w = Waiting::new(requiring());
    let nonce = w.refused(Value::Null);
    let response = w.taken(&nonce);
    assert_eq!(header(&response, "dpop-nonce"), Some(nonce.as_str()), "the next is told with the answer");
}

#[test]
fn dp_022_any_other_nonce_is_answered_with_a_good_one() {
    for config in [requiring(), json!({})] {
        let mut w = Waiting::new(config);
        let nonce = w.refused(json!("of another server"));
        let half = nonce[..nonce.len() / 2].to_owned();
        for bad in [json!(""), json!(7), json!(null), json!([nonce]), json!(half), json!(format!("{nonce}A"))] {
            if bad.is_null() {
                continue;
            }
            assert_eq!(w.refused(bad), nonce);
        }
        w.holder.s.world.advance(3 * 180);
        w.code = w.holder.s.code();
        let next = w.refused(json!(nonce));
        assert_ne!(next, nonce);
        w.taken(&next);
    }
}

#[test]
fn dp_022_a_nonce_outlives_its_step_by_one() {
    let mut w = Waiting::new(requiring());
    let nonce = w.refused(Value::Null);
    w.holder.s.world.advance(180);
    w.code = w.holder.s.code();
    let response = w.taken(&nonce);
    assert_ne!(header(&response, "dpop-nonce"), Some(nonce.as_str()));
}

#[test]
fn dp_023_any_instance_knows_the_nonces_of_any_other_and_of_the_secret_before() {
    const NEW: &str = "another root secret for tests: 8sGq2LmVxWzQe";
    let mut w = Waiting::new(requiring());
    let nonce = w.refused(Value::Null);
    w.holder.s.world.reopen(json!({ "dpop": { "requireNonce": true }, "secret": [NEW, World::SECRET] }));
    w.taken(&nonce);
    w.code = w.holder.s.code();
    w.holder
        .s
        .world
        .reopen(json!({ "dpop": { "requireNonce": true }, "tenant": "other", "secret": [NEW, World::SECRET] }));
    let proof = w.holder.key.proof_with(&w.holder.s.world, "/token", json!({}), json!({ "nonce": nonce }));
    let command = w.holder.redeem_command("cvc_none", &[&proof]);
    let (_, body) = reply(&send_unchanged(&mut w.holder.s.world, command));
    assert_eq!(body["error"], "use_dpop_nonce", "another tenant's");
}

#[test]
fn requests_without_a_proof_need_no_nonce() {
    let mut w = Waiting::new(requiring());
    let command = w.holder.redeem_command(&w.code, &[]);
    assert_eq!(send(&mut w.holder.s.world, command)["status"], 200);
}
