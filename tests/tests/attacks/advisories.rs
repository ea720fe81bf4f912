//! What went wrong in comparable systems, and must not here (PR6), where no other test shows all of it.

use claviger_tests::setting::{Setting, client, header, text};
use claviger_tests::{World, location_parameter};
use serde_json::{Value, json};

use crate::check::{authorize, is_error_page, refusal, send};
use crate::passwords::{cheap, sign_in_command};
use crate::pats::issue;
use crate::second_factor::{halfway, with_app};

const HTTPS: &str = "https://c.example/cb";
const LOOPBACK: &str = "http://127.0.0.1/cb";
const PRIVATE: &str = "com.example.app:/cb";

/// What resembles the registered addresses, to a reader who trims, decodes, folds, resolves or looks for a part of them.
fn resembling() -> Vec<String> {
    let mut all = Vec::new();
    for odd in [
        " ", "\t", "\n", "\r\n", "\0", "\u{b}", "\u{1f}", "\u{7f}", "\u{85}", "\u{a0}", "\u{200b}", "\u{feff}", "%20",
        "%00", "%09", "%0d%0a", "/", "\\", "//", ".", "@", ":", "..;/",
    ] {
        all.extend([format!("{odd}{HTTPS}"), format!("{HTTPS}{odd}"), format!("https:{odd}//c.example/cb")]);
        all.extend([format!("https://c.example{odd}/cb"), format!("https://c.example/{odd}cb")]);
    }
    for scheme in [
        "HTTPS://",
        "Https://",
        "http://",
        "https:/",
        "https:",
        "https:///",
        "//",
        "",
        "javascript:",
        "JavaScript://",
        "java\tscript:",
        " javascript:",
        "data:text/html,",
        "vbscript:",
        "view-source:https://",
        "blob:https://",
        "file://",
        "ftp://",
        "ws://",
        "intent://",
    ] {
        all.push(format!("{scheme}c.example/cb"));
    }
    for host in [
        "c.example.",
        "c.example:443",
        "c.example:80",
        "C.example",
        "cc.example",
        "x.c.example",
        "c.example.evil.example",
        "evil.example",
        "c.example@evil.example",
        "evil.example@c.example",
        "u:p@c.example",
        "c.example%2eevil.example",
        "c.example%00.evil.example",
        "c\u{3002}example",
        "\u{441}.example",
        "[::1]",
        "127.0.0.1",
        "c.example\\@evil.example",
        "c.example#@evil.example",
        "c.example?@evil.example",
        "c.example;evil.example",
        "c.example&evil.example",
        "c-example",
        "*",
        "*.example",
    ] {
        all.push(format!("https://{host}/cb"));
    }
    for path in [
        "",
        "/",
        "/cb/",
        "/cb//",
        "//cb",
        "/./cb",
        "/x/../cb",
        "/cb/..",
        "/cb/..;/evil",
        "/cb;x",
        "/..;/cb",
        "/%63b",
        "/c%62",
        "/cb%2f",
        "/cb%2e%2e",
        "/cb%5c..",
        "/cb/%2e%2e/evil",
        "/CB",
        "/c b",
        "/cb.",
        "/cb~",
        "/cb*",
        "/*",
        "/cb?",
        "/cb?x=1",
        "/cb#",
        "/cb#x",
        "/cb&x=1",
        "/cb?code=x",
        "/cb?redirect=https://evil.example",
        "/cb\\..\\evil",
        "/cbx",
        "/c",
        "/cb/../cb",
    ] {
        all.push(format!("https://c.example{path}"));
    }
    for (at, letter) in HTTPS.char_indices() {
        let (before, after) = (&HTTPS[..at], &HTTPS[at + 1..]);
        all.extend([format!("{before}{after}"), format!("{before}{letter}{letter}{after}")]);
    }
    let of_programs = [
        "http://127.0.0.1:99999/cb",
        "http://127.0.0.1:/cb",
        "http://127.0.0.1:1@evil.example/cb",
        "http://127.0.0.1.evil.example/cb",
        "https://127.0.0.1/cb",
        "http://localhost/cb",
        "http://localhost:1/cb",
        "http://127.1/cb",
        "http://2130706433/cb",
        "http://0.0.0.0/cb",
        "http://[::1]/cb",
        "http://127.0.0.1:80/cb/",
        "com.example.app://cb",
        "com.example.app:cb",
        "COM.example.app:/cb",
        "com.example.app:///cb",
        "com.example.app:/cb/",
        "com.example.app2:/cb",
    ];
    all.extend(of_programs.map(str::to_owned));
    all.sort();
    all.dedup();
    all
}

#[test]
fn pr6_cve_2020_15233_nothing_that_resembles_a_registered_address_is_gone_to() {
    let mut s = Setting::opaque();
    (s.client, s.secret) = client(&mut s.world, json!({ "redirectUris": [HTTPS, LOOPBACK, PRIVATE] }));
    for good in [HTTPS, LOOPBACK, "http://127.0.0.1:4711/cb", PRIVATE] {
        assert!(!is_error_page(&s.authorize(&[("redirect_uri", Some(good))])), "{good}");
    }
    let evil = resembling();
    assert!(evil.len() >= 200, "{}", evil.len());
    for uri in &evil {
        let response = authorize(&mut s, &[("redirect_uri", Some(uri))]);
        assert!(is_error_page(&response), "{uri:?}: {response}");
    }
}

#[test]
fn pr6_cve_2025_4143_an_address_that_was_taken_out_meanwhile_is_not_gone_to() {
    let mut s = Setting::opaque();
    let interaction = s.interaction();
    s.world.ok(json!({ "clients.update": { "id": s.client, "redirectUris": [HTTPS] } }));
    let answer = s.browser.allow(&mut s.world, &interaction, &["read"]);
    assert_eq!((header(&answer, "location"), location_parameter(&answer, "code")), (None, None), "{answer}");
    let deny = claviger_tests::form(&[("interaction", &interaction), ("decision", "deny")]);
    let answer = s.browser.post(&mut s.world, "/consent", &deny);
    assert_eq!(header(&answer, "location"), None, "{answer}");
}

/// Every shorter text, every text with one bit changed, and the text with one more letter.
fn bent(text: &str) -> Vec<String> {
    let mut all: Vec<String> = (0..text.len()).map(|length| text[..length].to_owned()).collect();
    for at in 0..text.len() {
        for bit in 0..8 {
            let flipped = char::from(text.as_bytes()[at] ^ (1 << bit));
            all.push(format!("{}{flipped}{}", &text[..at], &text[at + 1..]));
        }
    }
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=.";
    all.extend(letters.chars().flat_map(|letter| [format!("{text}{letter}"), format!("{letter}{text}")]));
    all
}

#[test]
fn pr6_cve_2026_27840_a_handle_that_is_cut_lengthened_or_bent_by_one_bit_is_none() {
    let mut s = Setting::opaque();
    let (tokens, code) = (s.tokens(), s.code());
    let (access, refresh) = (text(&tokens["access_token"]), text(&tokens["refresh_token"]));
    let before = s.world.store.dump();
    for bad in bent(access) {
        let done = s.world.run(json!({ "tokens.verify": { "token": bad } }));
        assert!(done.get("refused").is_some(), "{bad}: {done}");
        assert_eq!(s.introspect(&bad).get("sub"), None, "{bad}");
    }
    for bad in bent(refresh) {
        let done = s.world.run(s.refresh_command(&bad));
        assert_eq!(done["ok"]["status"], 400, "{bad}: {done}");
    }
    for bad in bent(&code) {
        let done = s.world.run(s.redeem_command(&bad));
        assert_eq!(done["ok"]["status"], 400, "{bad}: {done}");
    }
    let cookies = s.browser.cookie_header();
    let session = cookies.split("; ").find_map(|pair| pair.strip_prefix("__Host-claviger-session=")).unwrap();
    for bad in bent(session) {
        let headers = json!([["cookie", format!("__Host-claviger-session={bad}")]]);
        // White space around a value and what follows a semicolon are none of it (RFC 6265 section 5.2).
        let value = bad.split(';').next().unwrap().trim().trim_matches('"');
        let done = s.world.run(json!({ "authenticate": { "headers": headers } }));
        assert!(done.get("refused").is_some() || value == session, "{bad}: {done}");
    }
    assert_eq!(s.world.store.dump(), before, "and nothing was spent");
    assert!(s.is_active(&tokens["access_token"]));
    assert_eq!((s.redeem(&code).0, s.refresh(refresh).0), (200, 200));
}

#[test]
fn pr6_cve_2026_9802_what_was_revoked_stays_so_through_any_restart() {
    // How many questions of the revocation are answered before the engine dies: none, the load, the load and the commit.
    for answered in 0..3 {
        let mut s = Setting::opaque();
        let first = s.tokens();
        s.world.reopen(json!({}));
        let second = s.refresh(text(&first["refresh_token"])).1;
        s.world.reopen(json!({}));
        let mut step = s.world.begin(s.post_command("/revoke", &[("token", text(&second["refresh_token"]))]));
        for number in 0..answered {
            let answer = s.world.store.answer(&step["ask"]);
            if number + 1 < answered {
                step = s.world.resume(&step["flow"], answer);
            }
        }
        s.world.reopen(json!({}));
        if answered < 2 {
            assert!(s.is_active(&second["refresh_token"]), "nobody was told that it is revoked");
            s.world.reopen(json!({}));
            assert_eq!(s.post("/revoke", &[("token", text(&second["refresh_token"]))]).0, 200);
            s.world.reopen(json!({}));
        }
        for tokens in [&second, &first, &second] {
            let command = s.refresh_command(text(&tokens["refresh_token"]));
            assert_eq!(refusal(&mut s.world, command), (400, "invalid_grant".into()), "{answered}");
            assert!(!s.is_active(&tokens["access_token"]), "{answered}");
            s.world.reopen(json!({}));
        }
    }
}

#[test]
fn pr6_ghsa_xg6x_a_cookie_that_holds_its_session_itself_holds_none_before_the_second_factor() {
    let (mut s, app, _) = with_app(json!({ "sessions": { "form": "sealed", "revalidate": "60s" } }));
    let (answer, pending) = halfway(&mut s);
    assert!(!answer["headers"].to_string().contains("cvz_"), "{answer}");
    for cookie in [s.browser.cookie_header(), format!("__Host-claviger-session={pending}")] {
        let headers = json!([["cookie", cookie]]);
        assert_eq!(s.world.refused(json!({ "authenticate": { "headers": headers } })), "unauthenticated");
    }
    let query = s.query(&[]);
    let begun = s.browser.get(&mut s.world, &format!("/authorize?{query}"));
    let interaction = location_parameter(&begun, "interaction").unwrap();
    let allowed = s.browser.allow(&mut s.world, &interaction, &["read"]);
    assert_eq!(location_parameter(&allowed, "code"), None, "{allowed}");
    let fields = claviger_tests::form(&[("pending", &pending), ("by", "totp"), ("code", &app.code(s.world.now))]);
    let answer = s.browser.post(&mut s.world, "/sign-in/second", &fields);
    assert!(answer["headers"].to_string().contains("cvz_"), "{answer}");
    let headers = json!([["cookie", s.browser.cookie_header()]]);
    s.world.ok(json!({ "authenticate": { "headers": headers, "methods": ["mfa"] } }));
}

/// Every text that differs from a row's in one member, and some that are no row at all.
fn damaged(row: &Value) -> Vec<String> {
    let whole = row.to_string();
    let half: String = whole.chars().take(whole.chars().count() / 2).collect();
    let mut all = vec![half, format!("{whole}{whole}"), "[".repeat(5000), "\u{e9}".repeat(100)];
    all.extend(["", "null", "{}", "[]", "0", "\"\u{e9}\""].map(str::to_owned));
    let mut pointers = Vec::new();
    members(row, String::new(), &mut pointers);
    for pointer in pointers {
        for value in [
            Value::Null,
            json!(""),
            json!("\u{e9}$2b$04$\u{e9}"),
            json!("$argon2id$v=19$m=99999999,t=1,p=1$\u{e9}$"),
            json!(-1),
            json!(1.5),
            json!(u64::MAX),
            json!([]),
            json!({}),
        ] {
            let mut changed = row.clone();
            *changed.pointer_mut(&pointer).unwrap() = value;
            all.push(changed.to_string());
        }
    }
    all
}

fn members(value: &Value, at: String, pointers: &mut Vec<String>) {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, value)| (name.replace('/', "~1"), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    for (name, value) in inner {
        members(value, format!("{at}/{name}"), pointers);
    }
    pointers.push(at);
}

#[test]
fn pr6_rustsec_2026_0199_a_row_of_any_content_is_a_typed_answer_and_no_panic() {
    let mut s = Setting::new(json!({ "password": cheap(), "pats": {}, "openid": {} }), "opaque");
    let (tokens, code) = (s.tokens(), s.code());
    let (pat, _) = issue(&mut s.world, json!({ "roles": ["a"] }));
    let get = |path: &str| json!({ "http": { "method": "GET", "url": format!("{}{path}", World::ISSUER) } });
    let commands = [
        s.refresh_command(text(&tokens["refresh_token"])),
        s.redeem_command(&code),
        s.post_command("/introspect", &[("token", text(&tokens["access_token"]))]),
        s.browser.get_command("/account"),
        json!({ "pats.verify": { "token": pat } }),
        json!({ "accounts.find": { "login": "ada" } }),
        json!({ "sessions.list": { "subject": s.subject } }),
        json!({ "grants.list": { "subject": s.subject } }),
        json!({ "keys.list": {} }),
        get("/jwks"),
    ];
    let signing_in = sign_in_command(&mut s, "ada", "a wrong horse");
    let (good, mut tried) = (s.world.store.clone(), 0);
    for key in good.keys("") {
        let Some(row) = good.value(&key) else { continue };
        for text in damaged(&row) {
            let own = key.contains("account").then_some(&signing_in);
            for command in commands.iter().chain(own) {
                s.world.store = good.clone();
                s.world.store.put(&key, &text);
                let done = s.world.run(command.clone());
                let answered = ["ok", "refused"].iter().filter(|end| done.get(**end).is_some()).count();
                let failed = done.get("fault").is_some();
                assert!(answered == 1 || failed && answered == 0, "{key} = {text}: {done}");
                // A request is answered after a fault too, and not with a success.
                let status = done["ok"]["status"].as_u64();
                assert!(status.is_none_or(|status| failed == (status >= 500)), "{key} = {text}: {done}");
            }
            tried += 1;
        }
    }
    assert!(tried > 1000, "{tried}");
    s.world.store = good;
    let refreshed = commands[0].clone();
    assert_eq!(send(&mut s.world, refreshed)["status"], 200, "the engine goes on");
}
