use claviger_core::toolkit::ToolError;
use js_sys::{Error, JSON, Reflect};
use wasm_bindgen::JsValue;

/// What an export gives: a value, or an `Error` with `code`, `status`, `help` and perhaps `reason`, and what it says as its message.
pub(crate) type Given<T = JsValue> = Result<T, JsValue>;

/// The JSON text of a value, as `JSON.stringify` writes it; a value that has none is thrown back.
pub(crate) fn text_of(value: &JsValue) -> Given<String> {
    JSON::stringify(value)?.as_string().ok_or_else(|| thrown(&ToolError::Argument("a value that JSON can hold")))
}

/// The value of a JSON text, as `JSON.parse` reads it: no member of it can become a prototype.
pub(crate) fn value_of(text: &str) -> Given {
    JSON::parse(text)
}

/// The error as JavaScript throws it.
pub(crate) fn thrown(error: &ToolError) -> JsValue {
    let told = error.told();
    let thrown = Error::new(&told.message);
    let members = [("code", told.code.into()), ("status", told.status.into()), ("help", told.help.into())];
    let reason = told.reason.map(|reason| ("reason", reason.into()));
    for (name, value) in members.iter().chain(&reason) {
        // A fresh object takes every member.
        let _ = Reflect::set(&thrown, &JsValue::from_str(name), value);
    }
    thrown.into()
}
