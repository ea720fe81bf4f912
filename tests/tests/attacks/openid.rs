//! OpenID Connect sign-ins: the ID token, the request's own parameters, and hints (AZ-056, AZ-068 to AZ-075, TK-067, OI-008 to OI-012).

use claviger_core::key::PublicKey;
use claviger_core::key::jwt::Policy;
use claviger_tests::setting::{CALLBACK, PASSWORD, Setting, client, reply, text};
use claviger_tests::{World, basic, claims_of, location_parameter};
use serde_json::{Value, json};

use crate::check::{redirected_error, send};

/// A provider whose one person has a profile, in front of a browser.
pub(crate) fn provider(changes: Value) -> Setting {
    let mut config = json!({ "openid": {} });
    for (name, value) in changes.as_object().into_iter().flatten() {
        config[name] = value.clone();
    }
    let mut s = Setting::new(config, "opaque");
    let claims = json!({ "given_name": "Ada", "email": "ada@example.com", "email_verified": true,
        "address": { "country": "GB" }, "phone_number": "+44 20", "favourite": "engines" });
    s.world.ok(json!({ "accounts.update": { "id": s.subject, "claims": claims } }));
    s
}

/// The tokens of a sign-in with these parameters changed.
pub(crate) fn signed_in(s: &mut Setting, scope: &str, changes: &[(&str, Option<&str>)]) -> Value {
    signed_in_allowing(s, scope, changes, scope)
}

/// The same where the person leaves these scopes ticked.
pub(crate) fn signed_in_allowing(
    s: &mut Setting,
    scope: &str,
    changes: &[(&str, Option<&str>)],
    allowed: &str,
) -> Value {
    let code = code_allowing(s, scope, changes, allowed);
    let (status, tokens) = s.redeem(&code);
    assert_eq!(status, 200, "{tokens}");
    tokens
}

pub(crate) fn code(s: &mut Setting, scope: &str, changes: &[(&str, Option<&str>)]) -> String {
    code_allowing(s, scope, changes, scope)
}

fn code_allowing(s: &mut Setting, scope: &str, changes: &[(&str, Option<&str>)], allowed: &str) -> String {
    let query = s.query(&[&[("scope", Some(scope)), ("nonce", Some("n-0S6"))], changes].concat());
    let interaction = s.browser.begin(&mut s.world, &query);
    s.browser.sign_in(&mut s.world, &interaction, "ada", PASSWORD);
    let scopes: Vec<&str> = allowed.split(' ').collect();
    let answer = s.browser.allow(&mut s.world, &interaction, &scopes);
    location_parameter(&answer, "code").unwrap_or_else(|| panic!("no code in {answer}"))
}

/// The claims of an ID token whose signature verifies with the published keys.
pub(crate) fn verified(s: &mut Setting, tokens: &Value) -> Value {
    verified_as(s, text(&tokens["id_token"]), "JWT", &["sub", "exp", "iat"])
}

/// The claims of a token for the client whose signature verifies with the published keys.
pub(crate) fn verified_as(s: &mut Setting, token: &str, typ: &str, required: &[&str]) -> Value {
    let keys = jwks(&mut s.world);
    let policy = Policy {
        max_bytes: 16_384,
        typ: Some(typ),
        issuer: Some(World::ISSUER),
        audience: Some(&[s.client.as_str()]),
        now: s.world.now,
        leeway: 0,
        required,
    };
    policy.verify(token, &keys).unwrap_or_else(|why| panic!("{why}: {token}"));
    claims_of(token)
}

fn jwks(world: &mut World) -> Vec<PublicKey> {
    let (_, jwks) = reply(&world.ok(json!({ "http": { "method": "GET", "url": format!("{}/jwks", World::ISSUER) } })));
    jwks["keys"].as_array().unwrap().iter().map(|jwk| PublicKey::from_jwk(jwk).unwrap()).collect()
}

#[test]
fn oi_010_oi_011_an_id_token_says_who_signed_in_when_how_and_for_whom() {
    let mut s = provider(json!({}));
    let tokens = signed_in(&mut s, "openid read", &[]);
    let said = verified(&mut s, &tokens);
    assert_eq!((&said["iss"], &said["aud"], &said["azp"]), (&json!(World::ISSUER), &json!(s.client), &json!(s.client)));
    assert_eq!((&said["sub"], &said["nonce"], &said["amr"]), (&json!(s.subject), &json!("n-0S6"), &json!(["pwd"])));
    let now = s.world.now / 1000;
    assert_eq!((&said["iat"], &said["exp"]), (&json!(now), &json!(now + 3600)));
    assert!(said["auth_time"].as_u64().unwrap() <= now && said["sid"].is_string(), "{said}");
    assert!(said.get("email").is_none() && said.get("given_name").is_none(), "that is for userinfo: {said}");
    assert_eq!(tokens["scope"], "openid read");
}

#[test]
fn without_openid_there_is_no_id_token_and_without_a_provider_no_such_scope() {
    let mut s = provider(json!({}));
    assert!(signed_in(&mut s, "read", &[]).get("id_token").is_none());
    let mut s = Setting::opaque();
    let answer = s.authorize(&[("scope", Some("openid"))]);
    assert_eq!(redirected_error(&answer, CALLBACK, Some("s&t")), "invalid_scope");
}

#[test]
fn az_056_a_nonce_comes_back_as_it_was_and_need_not_be_there() {
    let mut s = provider(json!({}));
    let long = "n".repeat(1024);
    for nonce in ["x", &"a".repeat(64), long.as_str(), "ä+/ %\"\\"] {
        let tokens = signed_in(&mut s, "openid", &[("nonce", Some(nonce))]);
        assert_eq!(verified(&mut s, &tokens)["nonce"], nonce);
    }
    let tokens = signed_in(&mut s, "openid", &[("nonce", None)]);
    assert!(verified(&mut s, &tokens).get("nonce").is_none());
    let too_long = "n".repeat(1025);
    let answer = s.authorize(&[("scope", Some("openid")), ("nonce", Some(&too_long))]);
    assert_eq!(redirected_error(&answer, CALLBACK, Some("s&t")), "invalid_request");
}

#[test]
fn an_exchange_with_an_id_token_takes_two_trips() {
    for access_token in ["opaque", "jwt"] {
        let mut s = provider(json!({}));
        s.world.ok(json!({ "clients.update": { "id": s.client, "accessToken": access_token } }));
        let code = code(&mut s, "openid email", &[]);
        jwks(&mut s.world);
        let (status, tokens) = s.redeem(&code);
        assert_eq!((status, s.world.asked().as_slice()), (200, ["load".to_owned(), "commit".to_owned()].as_slice()));
        verified(&mut s, &tokens);
    }
}

#[test]
fn tk_067_an_id_token_of_a_refresh_is_of_the_same_sign_in_without_its_nonce() {
    let mut s = provider(json!({}));
    let tokens = signed_in(&mut s, "openid read", &[]);
    let first = verified(&mut s, &tokens);
    s.world.advance(100);
    let (status, again) = s.refresh(text(&tokens["refresh_token"]));
    assert_eq!(status, 200, "{again}");
    let second = verified(&mut s, &again);
    for same in ["iss", "sub", "aud", "azp", "auth_time", "amr", "sid"] {
        assert_eq!(first[same], second[same], "{same}");
    }
    assert!(second.get("nonce").is_none() && first["iat"] != second["iat"], "{second}");
    let fields = [("grant_type", "refresh_token"), ("refresh_token", text(&again["refresh_token"])), ("scope", "read")];
    assert!(s.post("/token", &fields).1.get("id_token").is_none(), "it asked for less");
}

#[test]
fn each_client_chooses_what_its_id_tokens_are_signed_with() {
    let mut s = provider(json!({ "signing": { "alternatives": ["ES256", "ES384", "RS256"] } }));
    for algorithm in ["EdDSA", "ES256", "ES384", "RS256"] {
        let openid = json!({ "idTokenAlg": algorithm });
        s.world.ok(json!({ "clients.update": { "id": s.client, "openid": openid } }));
        let tokens = signed_in(&mut s, "openid", &[]);
        let said = verified(&mut s, &tokens);
        let alg = text(&tokens["id_token"]).split('.').next().unwrap().to_owned();
        let alg: Value = serde_json::from_slice(&decoded(&alg)).unwrap();
        assert_eq!((&alg["alg"], &alg["typ"]), (&json!(algorithm), &json!("JWT")));
        let half = match algorithm {
            "EdDSA" => 43,
            "ES384" => 32,
            _ => 22,
        };
        assert_eq!(text(&said["at_hash"]).len(), half);
    }
    let refused = s.world.refused(json!({ "clients.update": { "id": s.client, "openid": { "idTokenAlg": "HS256" } } }));
    assert_eq!(refused, "invalid_argument");
}

fn decoded(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap()
}

#[test]
fn keys_of_every_algorithm_rotate_and_no_token_fails_to_verify() {
    let mut s = provider(json!({ "signing": { "alternatives": ["ES256"] } }));
    s.world.ok(json!({ "clients.update": { "id": s.client, "openid": { "idTokenAlg": "ES256" } } }));
    let tokens = signed_in(&mut s, "openid", &[]);
    let before = jwks(&mut s.world).len();
    assert_eq!(before, 4, "one that signs and one that will, of each");
    s.world.ok(json!({ "keys.rotate": { "algorithm": "ES256" } }));
    verified(&mut s, &tokens);
    let after = signed_in(&mut s, "openid", &[]);
    verified(&mut s, &after);
    assert_ne!(header_of(&tokens), header_of(&after), "another key signs now");
}

fn header_of(tokens: &Value) -> String {
    text(&tokens["id_token"]).split('.').next().unwrap().to_owned()
}

#[test]
fn claims_of_scopes_are_in_id_tokens_where_that_is_configured() {
    let mut s = provider(json!({ "openid": { "claimsInIdToken": true, "claims": { "read": ["favourite"] } } }));
    let tokens = signed_in(&mut s, "openid email read", &[]);
    let said = verified(&mut s, &tokens);
    assert_eq!(
        (&said["email"], &said["favourite"], said.get("given_name")),
        (&json!("ada@example.com"), &json!("engines"), None)
    );
}

#[test]
fn az_075_nobody_gives_a_claim_that_only_the_engine_says() {
    let mut s = provider(json!({}));
    for name in ["sub", "iss", "aud", "exp", "nonce", "cnf", "acr", "sid"] {
        let update = json!({ "accounts.update": { "id": s.subject, "claims": { name: "x" } } });
        assert_eq!(s.world.refused(update), "invalid_argument", "{name}");
    }
}

#[test]
fn oi_012_clients_of_two_sectors_know_one_person_by_two_names() {
    let salt = "0123456789abcdef0123456789abcdef";
    let mut s = provider(json!({ "openid": { "pairwiseSalt": salt } }));
    let mut sub_at = |redirect_uri: &str| {
        let members = json!({ "redirectUris": [redirect_uri], "openid": { "subjectType": "pairwise" } });
        (s.client, s.secret) = client(&mut s.world, members);
        let tokens = signed_in_at(&mut s, redirect_uri);
        let said = verified(&mut s, &tokens);
        (text(&said["sub"]).to_owned(), text(&said["sid"]).to_owned())
    };
    let [(one, sid), (same, other_sid), (another, _)] =
        ["https://one.example/a", "https://one.example/b", "https://two.example/"].map(&mut sub_at);
    assert_eq!(one, same, "one sector");
    assert!(one != another && one != s.subject && sid != other_sid);
    let two = json!({ "redirectUris": ["https://one.example/", "https://two.example/"], "name": "x", "openid": { "subjectType": "pairwise" } });
    assert_eq!(s.world.refused(json!({ "clients.create": two })), "invalid_argument");
    let mut plain = provider(json!({}));
    let create = json!({ "name": "x", "redirectUris": [CALLBACK], "openid": { "subjectType": "pairwise" } });
    assert_eq!(plain.world.refused(json!({ "clients.create": create })), "invalid_argument");
}

fn signed_in_at(s: &mut Setting, redirect_uri: &str) -> Value {
    let code = code(s, "openid", &[("redirect_uri", Some(redirect_uri))]);
    let fields =
        [("grant_type", "authorization_code"), ("code", code.as_str()), ("code_verifier", claviger_tests::VERIFIER)];
    s.post("/token", &fields).1
}

#[test]
fn md_001_md_002_the_discovery_document_is_the_issuers_in_both_forms() {
    for (issuer, addresses) in [
        (World::ISSUER, vec!["https://auth.example.com/.well-known/openid-configuration"]),
        (
            "https://auth.example.com/tenant",
            vec![
                "https://auth.example.com/tenant/.well-known/openid-configuration",
                "https://auth.example.com/.well-known/openid-configuration/tenant",
            ],
        ),
    ] {
        let mut world = World::with(json!({ "issuer": issuer, "openid": {} }));
        for address in addresses {
            let (status, document) = reply(&send(&mut world, json!({ "http": { "method": "GET", "url": address } })));
            assert_eq!((status, &document["issuer"]), (200, &json!(issuer)));
            assert_eq!(document["userinfo_endpoint"], json!(format!("{issuer}/userinfo")));
            assert_eq!(document["subject_types_supported"], json!(["public"]));
            assert_eq!(document["id_token_signing_alg_values_supported"], json!(["EdDSA"]));
            assert_eq!(document["request_uri_parameter_supported"], json!(false));
            assert!(document["scopes_supported"].as_array().unwrap().contains(&json!("openid")), "{document}");
        }
    }
    let mut world = World::new();
    let address = "https://auth.example.com/.well-known/openid-configuration";
    assert_eq!(world.ok(json!({ "http": { "method": "GET", "url": address } }))["status"], 404);
}

#[test]
fn a_device_is_told_who_allowed_it() {
    const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
    let mut s = provider(json!({}));
    s.world.ok(json!({ "clients.update": { "id": s.client, "grantTypes": [GRANT, "authorization_code"] } }));
    let (_, asked) = s.post("/device_authorization", &[("scope", "openid read")]);
    let typed = claviger_tests::form(&[("user_code", text(&asked["user_code"]))]);
    let response = s.browser.post(&mut s.world, "/device", &typed);
    let handle = location_parameter(&response, "interaction").unwrap();
    s.browser.sign_in(&mut s.world, &handle, "ada", PASSWORD);
    s.browser.get(&mut s.world, &format!("/device?interaction={handle}"));
    let body = claviger_tests::form(&[
        ("interaction", &handle),
        ("decision", "allow"),
        ("scope", "openid"),
        ("scope", "read"),
    ]);
    s.browser.post(&mut s.world, "/device", &body);
    let (_, tokens) = s.post("/token", &[("grant_type", GRANT), ("device_code", text(&asked["device_code"]))]);
    assert_eq!(verified(&mut s, &tokens)["sub"], json!(s.subject));
}

#[test]
fn a_host_with_users_of_its_own_gives_their_claims_and_one_that_fails_gives_no_token() {
    let mut s = Setting::new(json!({ "openid": { "claimsInIdToken": true }, "capabilities": ["subject"] }), "opaque");
    let query = s.query(&[("scope", Some("openid email"))]);
    let interaction = s.browser.begin(&mut s.world, &query);
    let cookie = s.browser.cookie_header();
    let complete = json!({ "handle": interaction, "cookie": cookie, "subject": "ada", "methods": ["hwk"] });
    let onward = s.world.ok(json!({ "interactions.complete": complete }));
    s.browser.keep(&onward);
    let known = |ask: &Value| -> Option<Value> {
        let asked = ask.get("subject")?;
        let claims = asked.get("claims").map(|asked| {
            assert_eq!(asked["claims"], json!(["email", "email_verified"]));
            json!({ "email": "ada@host.example", "sub": "eve", "name": "not asked for" })
        });
        Some(json!({ "subject": { "id": "ada", "claims": claims.unwrap_or(json!({})) } }))
    };
    let consent = json!({ "interactions.consent": { "handle": interaction, "cookie": s.browser.cookie_header() } });
    let done = s.world.run_with(consent, |ask, _, store| known(ask).unwrap_or_else(|| store.answer(ask)));
    let location = text(&done["ok"]["location"]).to_owned();
    let code = claviger_tests::parameter(&location, "code").unwrap();
    let command = s.redeem_command(&code);
    let failed = s.world.run_with(command.clone(), |ask, _, store| match ask["subject"].get("claims") {
        Some(_) => json!({ "failed": "the users' table is gone" }),
        None => known(ask).unwrap_or_else(|| store.answer(ask)),
    });
    assert_eq!(failed["fault"]["status"], 503, "{failed}");
    let gone = s.world.run_with(command.clone(), |ask, _, store| match ask["subject"].get("claims") {
        Some(_) => json!({ "subject": null }),
        None => known(ask).unwrap_or_else(|| store.answer(ask)),
    });
    assert_eq!(reply(&gone["ok"]).1["error"], "invalid_grant");
    let done = s.world.run_with(command, |ask, _, store| known(ask).unwrap_or_else(|| store.answer(ask)));
    let said = claims_of(text(&reply(&done["ok"]).1["id_token"]));
    assert_eq!(
        (&said["sub"], &said["email"], &said["email_verified"]),
        (&json!("ada"), &json!("ada@host.example"), &json!(false))
    );
    assert_eq!((said.get("name"), &said["amr"]), (None, &json!(["hwk"])));
}

#[test]
fn the_provider_says_who_may_see_claims_of_a_client_by_its_basic_secret() {
    let mut s = provider(json!({}));
    let tokens = signed_in(&mut s, "openid", &[]);
    let asked = json!({ "method": "POST", "url": format!("{}/introspect", World::ISSUER),
        "headers": [["authorization", basic(&s.client, &s.secret)], ["content-type", "application/x-www-form-urlencoded"]],
        "body": format!("token={}", text(&tokens["id_token"])) });
    assert_eq!(
        reply(&s.world.ok(json!({ "http": asked }))).1,
        json!({ "active": false }),
        "an ID token is no access token"
    );
}

#[test]
fn jw_056_who_has_a_name_that_no_id_token_can_carry_is_not_signed_in() {
    let mut s = Setting::new(json!({ "openid": {}, "capabilities": ["subject"] }), "opaque");
    let query = s.query(&[("scope", Some("openid"))]);
    let interaction = s.browser.begin(&mut s.world, &query);
    let complete = |subject: Value| {
        let cookie = s.browser.cookie_header();
        json!({ "interactions.complete": {
            "handle": interaction, "cookie": cookie, "subject": subject, "methods": ["pwd"] } })
    };
    let long = "a".repeat(255);
    for bad in [json!(7), json!(""), json!(format!("{long}a")), json!("Ada\u{e9}"), json!("a\nb"), json!(null)] {
        assert_eq!(s.world.refused(complete(bad.clone())), "invalid_argument", "{bad}");
    }
    assert!(s.world.ok(complete(json!(long)))["location"].is_string());
}
