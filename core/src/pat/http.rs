//! The shapes of the administration API: strict bodies and queries, times in seconds, and what is said of a request that does not fit.

use serde::Serialize;
use serde_json::{Map, Value};

use super::commands::View;
use crate::http::{Form, Request, Response};
use crate::key::json::parse_object;
use crate::refusal::Refusal;
use crate::time::{Millis, numeric_date};

/// A token as this API shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record {
    token_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_phc: Option<String>,
    owner: String,
    is_admin: bool,
    roles: Vec<String>,
    created_at: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<u64>,
}

impl From<View> for Record {
    fn from(view: View) -> Self {
        let View { id, owner, admin, roles, created_at, last_used_at, revoked_at, expires_at, hash } = view;
        Self {
            token_id: id,
            secret_phc: hash,
            owner,
            is_admin: admin,
            roles,
            created_at: numeric_date(created_at),
            last_used_at: last_used_at.map(numeric_date),
            revoked_at: revoked_at.map(numeric_date),
            expires_at: expires_at.map(numeric_date),
        }
    }
}

/// 400, with the member that is at fault where the refusal names one.
pub(super) fn invalid(refusal: &Refusal) -> Response {
    #[derive(Serialize)]
    struct Detail<'a> {
        path: &'a str,
        message: &'a str,
    }
    #[derive(Serialize)]
    struct Invalid<'a> {
        error: &'static str,
        error_description: &'static str,
        details: [Detail<'a>; 1],
    }
    let told = refusal.told();
    let (path, message) = told.message.split_once(": ").unwrap_or(("", &told.message));
    let path = match path {
        "id" => "tokenId",
        "ids" => "tokenIds",
        "hash" => "secretPhc",
        "after" => "afterTokenId",
        other => other,
    };
    let details = [Detail { path, message }];
    Response::json(400, &Invalid { error: "invalid_request", error_description: "Invalid request", details })
}

/// A name that somebody made up, as far as it is told.
fn short(name: &str) -> &str {
    if name.len() <= 64 { name } else { "A member" }
}

fn mistyped(name: &str, rule: &str) -> Refusal {
    Refusal::Mistyped(format!("{name}: {rule}"))
}

/// A JSON object with none but known members.
pub(super) struct Body(Map<String, Value>);

impl Body {
    /// No body at all is an empty object.
    pub(super) fn read(request: &Request, known: &[&str]) -> Result<Self, Refusal> {
        if request.body.as_ref().is_none_or(String::is_empty) {
            return Ok(Self(Map::new()));
        }
        let members = parse_object(&request.json()?)
            .map_err(|_| Refusal::InvalidArgument("A JSON object without two members of one name"))?;
        match members.keys().find(|name| !known.contains(&name.as_str())) {
            Some(unknown) => Err(mistyped(short(unknown), "unknown")),
            None => Ok(Self(members)),
        }
    }

    fn read_as<T>(&self, name: &str, rule: &str, read: impl FnOnce(&Value) -> Option<T>) -> Result<Option<T>, Refusal> {
        self.0.get(name).map(|value| read(value).ok_or_else(|| mistyped(name, rule))).transpose()
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<String>, Refusal> {
        self.read_as(name, "a text", |value| value.as_str().map(str::to_owned))
    }

    pub(super) fn needed(&self, name: &str) -> Result<String, Refusal> {
        self.text(name)?.ok_or_else(|| mistyped(name, "missing"))
    }

    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        self.read_as(name, "true or false", Value::as_bool)
    }

    pub(super) fn texts(&self, name: &str) -> Result<Option<Vec<String>>, Refusal> {
        self.read_as(name, "a list of texts", texts)
    }

    /// A time in whole seconds, or `null`: none.
    pub(super) fn instant(&self, name: &str) -> Result<Option<Option<Millis>>, Refusal> {
        self.read_as(name, "whole seconds since 1970, or null", |value| match value {
            Value::Null => Some(None),
            value => value.as_u64().and_then(|seconds| seconds.checked_mul(1000)).map(Some),
        })
    }

    /// `roles`: all of them, or those to add, or those to remove.
    pub(super) fn roles(&self) -> Result<[Option<Vec<String>>; 3], Refusal> {
        let rule = "a list of texts, or an object with such a list as add or as remove, and not both";
        let said = self.read_as("roles", rule, |value| match value {
            Value::Object(change) if change.len() == 1 => match (change.get("add"), change.get("remove")) {
                (Some(add), _) => Some([None, Some(texts(add)?), None]),
                (_, Some(remove)) => Some([None, None, Some(texts(remove)?)]),
                _ => None,
            },
            list => Some([Some(texts(list)?), None, None]),
        });
        Ok(said?.unwrap_or_default())
    }
}

fn texts(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
}

/// A query with none but known parameters.
pub(super) struct Query(Form);

impl Query {
    pub(super) fn read(request: &Request, known: &[&str]) -> Result<Self, Refusal> {
        let form = Form::parse(request.query())?;
        let unknown = form.names().find(|name| !known.contains(name)).map(|name| mistyped(short(name), "unknown"));
        unknown.map_or(Ok(Self(form)), Err)
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<String>, Refusal> {
        Ok(self.0.one(name)?.map(str::to_owned))
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<u32>, Refusal> {
        let read = |text: &str| text.parse().map_err(|_| mistyped(name, "a whole number"));
        self.0.one(name)?.map(read).transpose()
    }

    pub(super) fn flag(&self, name: &str) -> Result<bool, Refusal> {
        match self.0.one(name)? {
            Some("1" | "true") => Ok(true),
            None | Some("0" | "false") => Ok(false),
            Some(_) => Err(mistyped(name, "1, true, 0 or false")),
        }
    }
}
