//! What is a DPoP proof and what is none (DP-001 to DP-020, DP-034): each proof comes with a good code, which a bad one must not spend.

use claviger_core::key::Algorithm;
use claviger_tests::setting::{reply, text};
use claviger_tests::{ClientKey, Holder, with_header};
use serde_json::{Value, json};

use crate::check::{refusal, send};

const REFUSED: (u64, &str) = (400, "invalid_dpop_proof");

/// A client with a code that waits for its proof.
struct Waiting {
    holder: Holder,
    code: String,
}

impl Waiting {
    fn new() -> Self {
        let mut holder = Holder::public(json!({}), json!({}));
        let code = holder.s.code();
        Self { holder, code }
    }

    fn with(&self, header: Value, claims: Value) -> String {
        self.holder.key.proof_with(&self.holder.s.world, "/token", header, claims)
    }

    fn refuses(&mut self, proofs: &[&str]) {
        let command = self.holder.redeem_command(&self.code, proofs);
        let (status, error) = refusal(&mut self.holder.s.world, command);
        assert_eq!((status, error.as_str()), REFUSED, "{proofs:?}");
    }

    /// The tokens that the code gives with this proof; there is a new code then.
    fn takes(&mut self, proof: &str) -> Value {
        let command = self.holder.redeem_command(&self.code, &[proof]);
        let (status, tokens) = reply(&send(&mut self.holder.s.world, command));
        assert_eq!(status, 200, "{proof}: {tokens}");
        self.code = self.holder.s.code();
        tokens
    }

    /// DP-035: whatever was refused before, the code is good.
    fn is_unspent(&mut self) {
        let proof = self.holder.proof();
        self.takes(&proof);
    }
}

#[test]
fn dp_001_two_headers_or_two_proofs_in_one_are_refused() {
    let mut w = Waiting::new();
    let (one, two) = (w.holder.proof(), w.holder.proof());
    w.refuses(&[&one, &two]);
    w.refuses(&[&one, &one]);
    w.refuses(&[&format!("{one},{two}")]);
    w.refuses(&[&format!("{one}, {two}")]);
    w.refuses(&[""]);
    w.is_unspent();
}

#[test]
fn dp_003_only_a_compact_jws_is_a_proof() {
    let mut w = Waiting::new();
    let proof = w.holder.proof();
    let parts: Vec<&str> = proof.split('.').collect();
    for bad in [
        "x".to_owned(),
        parts[..2].join("."),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{proof}.{}.{}", parts[1], parts[2]),
        json!({ "protected": parts[0], "payload": parts[1], "signature": parts[2] }).to_string(),
        format!(" {proof}"),
        format!("{proof}="),
        format!("DPoP {proof}"),
    ] {
        w.refuses(&[&bad]);
    }
    for (header, claims) in [
        (json!({ "typ": "JWT" }), json!({})),
        (json!({ "typ": null }), json!({})),
        (json!({ "typ": "at+jwt" }), json!({})),
        (json!({ "crit": ["x"] }), json!({})),
        (json!({}), json!({ "jti": null })),
        (json!({}), json!({ "jti": "" })),
        (json!({}), json!({ "jti": 7 })),
        (json!({}), json!({ "htm": null })),
        (json!({}), json!({ "htu": null })),
        (json!({}), json!({ "htu": 7 })),
        (json!({}), json!({ "iat": null })),
    ] {
        let bad = w.with(header, claims);
        w.refuses(&[&bad]);
    }
    w.is_unspent();
}

#[test]
fn dp_006_only_the_algorithms_that_are_offered_are_taken() {
    let mut w = Waiting::new();
    for alg in ["none", "HS256", "RS256", "PS256", "ES384", "ES256K", "es256", "EdDSA", ""] {
        let bad = w.with(json!({ "alg": alg }), json!({}));
        w.refuses(&[&bad]);
    }
    let proof = w.with(json!({ "alg": "none" }), json!({}));
    w.refuses(&[&format!("{}.", proof.rsplit_once('.').unwrap().0)]);
    w.holder.key = ClientKey::new(Algorithm::HS256, 3);
    let symmetric = w.with(json!({ "jwk": w.holder.key.private_jwk() }), json!({}));
    w.refuses(&[&symmetric]);
    // A good signature, of what keys of the issuer may sign with and proofs may not.
    w.holder.key = ClientKey::new(Algorithm::ES384, 3);
    let proof = w.with(json!({}), json!({}));
    w.refuses(&[&proof]);
    for algorithm in [Algorithm::EdDSA, Algorithm::ES256] {
        w.holder.key = ClientKey::new(algorithm, 4);
        w.is_unspent();
    }
}

#[test]
fn dp_007_only_a_public_sound_key_is_taken() {
    let mut w = Waiting::new();
    let mut off_curve = w.holder.key.bare_jwk();
    off_curve["y"] = off_curve["x"].clone();
    let mut for_encryption = w.holder.key.bare_jwk();
    for_encryption["use"] = json!("enc");
    let mut other_algorithm = w.holder.key.bare_jwk();
    other_algorithm["alg"] = json!("ES384");
    let small_order = json!({ "kty": "OKP", "crv": "Ed25519", "x": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" });
    let weak_rsa = json!({ "kty": "RSA", "e": "AQAB", "n": format!("v{}", "7".repeat(170)) });
    for (alg, jwk) in [
        ("ES256", Value::Null),
        ("ES256", json!("key")),
        ("ES256", json!({})),
        ("ES256", w.holder.key.private_jwk()),
        ("HS256", json!({ "kty": "oct", "k": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" })),
        ("ES256", off_curve),
        ("ES256", for_encryption),
        ("ES256", other_algorithm),
        ("EdDSA", small_order),
        ("RS256", weak_rsa),
        ("ES256", json!({ "kty": "EC", "crv": "P-384", "x": "AA", "y": "AA" })),
    ] {
        let bad = w.with(json!({ "alg": alg, "jwk": jwk }), json!({}));
        w.refuses(&[&bad]);
    }
    let by_address = w.with(json!({ "jwk": null, "jku": "https://evil.example/keys", "kid": "1" }), json!({}));
    w.refuses(&[&by_address]);
    w.is_unspent();
}

#[test]
fn dp_008_the_signature_is_by_the_key_in_the_header() {
    let mut w = Waiting::new();
    let proof = w.holder.proof();
    let other = ClientKey::es256(2);
    let by_other = other.proof_with(&w.holder.s.world, "/token", json!({ "jwk": w.holder.key.bare_jwk() }), json!({}));
    w.refuses(&[&by_other]);
    let parts: Vec<&str> = proof.split('.').collect();
    let fresh = w.with(json!({}), json!({ "jti": "another" }));
    let other_claims = fresh.split('.').nth(1).unwrap();
    w.refuses(&[&[parts[0], other_claims, parts[2]].join(".")]);
    w.is_unspent();
}

#[test]
fn dp_009_the_method_is_the_requests_own() {
    let mut w = Waiting::new();
    for htm in ["GET", "post", "Post", "POST ", "", "PUT"] {
        let bad = w.with(json!({}), json!({ "htm": htm }));
        w.refuses(&[&bad]);
    }
    w.is_unspent();
}

#[test]
fn dp_010_dp_011_the_address_is_compared_in_its_normal_form() {
    let mut w = Waiting::new();
    for htu in [
        "https://auth.example.com/token?a=b#c",
        "HTTPS://AUTH.example.com:443/token",
        "https://auth.example.com/%74oken",
    ] {
        let proof = w.with(json!({}), json!({ "htu": htu }));
        w.takes(&proof);
    }
    let mut command = w.holder.redeem_command(&w.code, &[&w.holder.proof()]);
    command["http"]["url"] = json!("https://auth.example.com/token?x=y");
    assert_eq!(send(&mut w.holder.s.world, command)["status"], 200);
}

#[test]
fn dp_012_a_proof_for_another_address_is_refused() {
    let mut w = Waiting::new();
    for htu in [
        "https://auth.example.com/token/",
        "https://auth.example.com/a/../token",
        "https://auth.example.com/introspect",
        "https://evil.example/token",
        "http://auth.example.com/token",
        "https://auth.example.com:8443/token",
        "https://ada@auth.example.com/token",
        "/token",
        "",
    ] {
        let bad = w.with(json!({}), json!({ "htu": htu }));
        w.refuses(&[&bad]);
    }
    w.is_unspent();
}

#[test]
fn dp_013_what_a_request_says_of_its_host_does_not_count() {
    let mut w = Waiting::new();
    let spoofed = |command: Value| {
        let mut command = with_header(command, "x-forwarded-host", "evil.example");
        command = with_header(command, "host", "evil.example");
        command["http"]["url"] = json!("https://evil.example/token");
        command
    };
    let for_evil = w.with(json!({}), json!({ "htu": "https://evil.example/token" }));
    let command = spoofed(w.holder.redeem_command(&w.code, &[&for_evil]));
    let (status, error) = refusal(&mut w.holder.s.world, command);
    assert_eq!((status, error.as_str()), REFUSED);
    let command = spoofed(w.holder.redeem_command(&w.code, &[&w.holder.proof()]));
    assert_eq!(send(&mut w.holder.s.world, command)["status"], 200);
}

#[test]
fn dp_014_clocks_may_be_ten_seconds_apart() {
    let mut w = Waiting::new();
    for off in [-10, -9, 0, 9, 10] {
        let iat = (w.holder.s.world.now / 1000).saturating_add_signed(off);
        let proof = w.with(json!({}), json!({ "iat": iat }));
        w.takes(&proof);
    }
}

#[test]
fn dp_015_any_other_time_is_refused() {
    let mut w = Waiting::new();
    let now = w.holder.s.world.now / 1000;
    for iat in [
        json!(now - 3600),
        json!(now + 3600),
        json!(now - 77),
        json!(now + 17),
        json!(-1),
        json!(0),
        json!(now as f64 + 0.5),
        json!(now.to_string()),
        json!([now]),
        json!(u64::MAX),
        json!(1e300),
    ] {
        let bad = w.with(json!({}), json!({ "iat": iat }));
        w.refuses(&[&bad]);
    }
    w.is_unspent();
}

#[test]
fn dp_016_a_proof_that_says_when_it_is_good_is_good_only_then() {
    let mut w = Waiting::new();
    let now = w.holder.s.world.now / 1000;
    for claims in [json!({ "exp": now - 60 }), json!({ "nbf": now + 60 }), json!({ "exp": "soon" })] {
        let bad = w.with(json!({}), claims);
        w.refuses(&[&bad]);
    }
    let good = w.with(json!({}), json!({ "exp": now + 60, "nbf": now - 1, "aud": "anyone", "extra": { "a": [1] } }));
    w.takes(&good);
}

#[test]
fn dp_020_what_is_kept_of_a_jti_is_small_and_has_an_end() {
    let mut w = Waiting::new();
    for length in [257, 1_000_000] {
        let bad = w.with(json!({}), json!({ "jti": "j".repeat(length) }));
        w.refuses(&[&bad]);
    }
    let longest = w.with(json!({}), json!({ "jti": "j".repeat(256) }));
    w.takes(&longest);
    let rows = w.holder.s.world.store.keys("/used.dpop.");
    assert_eq!(rows.len(), 1);
    let row = w.holder.s.world.store.value(&rows[0]).unwrap();
    assert!(rows[0].len() < 128 && !row.to_string().contains("jjj"), "{row}");
    let until = row["until"].as_u64().unwrap();
    assert!(until > w.holder.s.world.now && until < w.holder.s.world.now + 120_000, "{row}");
    w.holder.s.world.advance(120);
    let purged = w.holder.s.world.ok(json!({ "purge": {} }));
    assert_eq!(purged["purged"]["marker"], 1, "{purged}");
}

#[test]
fn dp_034_the_thumbprint_is_of_the_key_and_not_of_its_text() {
    let mut w = Waiting::new();
    let mut more = w.holder.key.public_jwk();
    more["x5t"] = json!("abc");
    more["key_ops"] = json!(["verify"]);
    let proof = w.with(json!({ "jwk": more, "kid": "a name of the client's" }), json!({}));
    let tokens = w.takes(&proof);
    let jkt = claviger_tests::claims_of(text(&tokens["access_token"]))["cnf"]["jkt"].clone();
    assert_eq!(jkt, w.holder.key.jkt());
}
