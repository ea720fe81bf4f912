//! What holds for every response, and what rejections have in common.

use claviger_tests::setting::{Setting, header, reply, text};
use claviger_tests::{World, location_parameter};
use serde_json::Value;

/// The prefixes of everything that grants something.
pub const CREDENTIALS: [&str; 12] =
    ["cvc_", "cvr_", "cva_", "cvs_", "cvd_", "cvg_", "cvm_", "cvk_", "cvlv_", "cvlc_", "cvlr_", "cvls_"];

/// Sends a request and checks what holds for every response: no server error, nothing secret in a cache, plain error texts.
pub fn send(world: &mut World, command: Value) -> Value {
    let response = world.ok(command);
    hold_everywhere(&response);
    response
}

/// What holds for every response (G1, G3, TK-036).
pub fn hold_everywhere(response: &Value) {
    let status = response["status"].as_u64().unwrap_or_default();
    assert!((200..500).contains(&status), "{response}");
    let whole = response.to_string();
    if CREDENTIALS.iter().any(|prefix| whole.contains(prefix)) || header(response, "set-cookie").is_some() {
        assert_eq!(header(response, "cache-control"), Some("no-store"), "{response}");
    }
    for pair in response["headers"].as_array().into_iter().flatten() {
        assert!(!text(&pair[1]).contains(['\r', '\n', '\0']), "{pair}");
    }
    if status >= 400 && header(response, "content-type") == Some("application/json") {
        let (_, body) = reply(response);
        let plain = |text: &str| text.bytes().all(|byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5B | 0x5D..=0x7E));
        assert!(plain(text(&body["error"])) && plain(text(&body["error_description"])), "{body}");
    }
}

/// Sends a request that must change no stored row, and returns the response.
pub fn send_unchanged(world: &mut World, command: Value) -> Value {
    let before = world.store.dump();
    let response = send(world, command);
    assert_eq!(world.store.dump(), before, "{response}");
    response
}

/// The status and the error code of a refused request that must change nothing.
pub fn refusal(world: &mut World, command: Value) -> (u64, String) {
    let response = send_unchanged(world, command);
    let (status, body) = reply(&response);
    (status, text(&body["error"]).to_owned())
}

/// Checks that a response is an error page (EP in the catalogue): 400, for the person, and nobody is sent anywhere.
pub fn is_error_page(response: &Value) -> bool {
    hold_everywhere(response);
    response["status"] == 400
        && header(response, "location").is_none()
        && header(response, "content-type") == Some("text/html; charset=utf-8")
}

/// The error that an authorization response takes to the client (RE in the catalogue), checked for `state` and `iss`.
pub fn redirected_error(response: &Value, to: &str, state: Option<&str>) -> String {
    hold_everywhere(response);
    assert_eq!(response["status"], 303, "{response}");
    let location = header(response, "location").unwrap_or_default();
    assert!(location.starts_with(&format!("{to}?")), "{location}");
    assert_eq!(location_parameter(response, "state").as_deref(), state, "{location}");
    assert_eq!(location_parameter(response, "iss").as_deref(), Some(World::ISSUER), "{location}");
    assert_eq!(location_parameter(response, "code"), None, "{location}");
    location_parameter(response, "error").unwrap_or_else(|| panic!("no error in {location}"))
}

/// The outcome of an authorization request with these changes, which must store nothing.
pub fn authorize(s: &mut Setting, changes: &[(&str, Option<&str>)]) -> Value {
    let before = s.world.store.dump();
    let response = s.authorize(changes);
    assert_eq!(s.world.store.dump(), before, "{response}");
    hold_everywhere(&response);
    response
}
