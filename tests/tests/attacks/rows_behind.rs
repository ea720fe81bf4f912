//! Rows whose values stand behind the message (`docs/contract.md` section 4).

use claviger_tests::scenario::Export;
use claviger_tests::setting::Setting;
use serde_json::{Value, json};

/// The message with the values of its rows behind it.
fn behind(flow: &Value, mut answer: Value) -> String {
    let mut values = String::new();
    for row in answer.get_mut("rows").and_then(Value::as_array_mut).into_iter().flatten().filter(|row| !row.is_null()) {
        let value = row.as_object_mut().unwrap().remove("value").unwrap();
        values.push('\0');
        values.push_str(value.as_str().unwrap());
    }
    format!("{}{values}", json!({ "flow": flow, "answer": answer }))
}

/// Redeems a code, each answer written by `write`; gives the end, as text.
fn redeemed(write: impl Fn(&Value, Value) -> String) -> String {
    let mut s = Setting::opaque();
    let code = s.code();
    let command = s.redeem_command(&code);
    let mut step = s.world.begin(command);
    loop {
        let Some(ask) = step.get("ask") else { return step.to_string() };
        let answer = s.world.store.answer(ask);
        let written = write(&step["flow"], answer);
        step = serde_json::from_str(&s.world.exchange(Export::Resume, written)).unwrap();
    }
}

#[test]
fn rows_mean_the_same_inside_the_message_and_behind_it() {
    let inside = redeemed(|flow, answer| json!({ "flow": flow, "answer": answer }).to_string());
    assert!(inside.contains("access_token"), "{inside}");
    assert_eq!(redeemed(behind), inside);
}

#[test]
fn a_message_with_too_little_or_too_much_behind_it_is_a_store_that_failed() {
    let spoiled: [fn(String) -> String; 5] = [
        |message| message[..message.rfind('\0').unwrap()].to_owned(),
        |message| message[..message.find('\0').unwrap()].to_owned(),
        |message| format!("{message}\0"),
        |message| format!("{message}\0{{}}"),
        |message| message.replacen('\0', "\0\0", 1),
    ];
    for spoil in spoiled {
        let ended = redeemed(|flow, answer| {
            let has_rows = answer["rows"].as_array().is_some_and(|rows| rows.iter().any(|row| !row.is_null()));
            let message = behind(flow, answer);
            if has_rows { spoil(message) } else { message }
        });
        assert!(ended.contains("\"status\":503") && ended.contains("store_failed"), "{ended}");
    }
}
