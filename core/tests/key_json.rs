//! JSON as the security formats want it.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test may fail"
)]

use claviger_core::key::json::{MAX_DEPTH, parse, parse_object};
use proptest::prelude::*;
use serde_json::{Value, json};

#[test]
fn jw_013_duplicate_members_are_refused_however_they_are_escaped() {
    for text in
        [r#"{"alg":1,"alg":1}"#, r#"{"alg":1,"\u0061lg":1}"#, r#"{"a":{"b":1,"b":2}}"#, r#"[{"b":1,"\u0062":2}]"#]
    {
        assert!(parse(text.as_bytes()).is_err(), "{text}");
    }
    assert!(parse(br#"{"a":{"b":1},"b":1}"#).is_ok());
}

#[test]
fn jw_014_only_json_is_json() {
    let refused = [
        "",
        " ",
        "{} {}",
        "{}x",
        "\u{feff}{}",
        "{}/**/",
        "{'a':1}",
        "{a:1}",
        "[NaN]",
        "[Infinity]",
        "[01]",
        "[1,]",
        "[+1]",
        "{}\0",
    ];
    for text in refused {
        assert!(parse(text.as_bytes()).is_err(), "{text:?}");
    }
    assert_eq!(parse(b"{ \"a\" :\r\n\t1 }"), Ok(json!({ "a": 1 })));
}

#[test]
fn jw_015_only_unicode_is_text() {
    for text in [
        &b"[\"\xff\"]"[..],
        b"[\"\xc0\x80\"]",
        b"[\"\xed\xa0\x80\"]",
        br#"["\ud800"]"#,
        br#"["\udc00"]"#,
        br#"["\ud800\ud800"]"#,
    ] {
        assert!(parse(text).is_err(), "{text:?}");
    }
    assert_eq!(parse(br#"["\ud83d\ude00"]"#), Ok(json!(["😀"])));
}

#[test]
fn jw_016_depth_is_bounded() {
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        let nested = |depth| format!("{}1{}", open.repeat(depth), close.repeat(depth));
        assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert!(parse(nested(MAX_DEPTH + 1).as_bytes()).is_err());
        assert!(parse(nested(10_000).as_bytes()).is_err());
        assert!(parse(open.repeat(1_000_000).as_bytes()).is_err());
    }
}

#[test]
fn numbers_beyond_all_bounds_are_refused() {
    assert!(parse(b"[1e999]").is_err());
    assert!(parse(b"[-1e999]").is_err());
}

#[test]
fn an_object_is_asked_for() {
    assert!(parse_object(b"{}").is_ok());
    for text in ["[]", "null", "\"{}\"", "1", "true"] {
        assert!(parse_object(text.as_bytes()).is_err(), "{text}");
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, |inside| {
        prop_oneof![
            prop::collection::vec(inside.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(".{0,6}", inside, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_reads_back(value in any_json()) {
        prop_assert_eq!(parse(value.to_string().as_bytes()), Ok(value));
    }

    #[test]
    fn no_bytes_make_it_panic_and_what_it_accepts_serde_json_accepts(bytes: Vec<u8>) {
        if let Ok(value) = parse(&bytes) {
            prop_assert_eq!(serde_json::from_slice::<Value>(&bytes).unwrap(), value);
        }
    }
}
