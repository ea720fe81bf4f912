//! Claims about a person: which a scope gives, and what may never come from outside (OpenID Connect Core section 5).

use serde_json::{Map, Value};

use crate::config::Config;
use crate::refusal::Fault;

/// Claims by name.
pub(crate) type Claims = Map<String, Value>;

/// The most that is told of one person, as JSON: an ID token travels in headers.
const MOST: usize = 16_384;

/// Section 5.4.
const OF_SCOPES: [(&str, &[&str]); 4] = [
    (
        "profile",
        &[
            "name",
            "family_name",
            "given_name",
            "middle_name",
            "nickname",
            "preferred_username",
            "profile",
            "picture",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
            "locale",
            "updated_at",
        ],
    ),
    ("email", &["email", "email_verified"]),
    ("address", &["address"]),
    ("phone", &["phone_number", "phone_number_verified"]),
];

/// What somebody may have verified, and the claim that says so.
pub(crate) const VERIFIED: [(&str, &str); 2] = [("email", "email_verified"), ("phone_number", "phone_number_verified")];

/// What the engine alone says: of the token, of the sign-in, and of the key.
const RESERVED: [&str; 19] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "nonce",
    "auth_time",
    "acr",
    "amr",
    "azp",
    "sid",
    "at_hash",
    "c_hash",
    "s_hash",
    "cnf",
    "act",
    "events",
];

/// Whether a claim may come from the host or from an account.
pub(crate) fn is_free(name: &str) -> bool {
    !RESERVED.contains(&name)
}

/// The names that a scope gives.
fn of_scope<'a>(config: &'a Config, scope: &str) -> impl Iterator<Item = &'a str> {
    let standard = OF_SCOPES.iter().find(|(name, _)| *name == scope).map(|(_, claims)| *claims);
    let own = config.openid.as_ref().and_then(|openid| openid.claims.get(scope));
    standard.into_iter().flatten().copied().chain(own.into_iter().flatten().map(String::as_str))
}

/// Whether a scope gives this claim.
pub(super) fn gives(config: &Config, scope: &str, claim: &str) -> bool {
    of_scope(config, scope).any(|name| name == claim)
}

/// The names that these scopes give, and those that were asked for one by one: each once, none that is reserved.
pub(crate) fn names<'a>(
    config: &'a Config,
    scopes: impl Iterator<Item = &'a String>,
    asked: &'a [String],
) -> Vec<&'a str> {
    let mut names: Vec<&str> = scopes.flat_map(|scope| of_scope(config, scope)).collect();
    names.extend(asked.iter().map(String::as_str));
    names.retain(|name| is_free(name));
    names.sort_unstable();
    names.dedup();
    names
}

/// Every claim that some scope gives, for `claims_supported`.
pub(crate) fn supported(config: &Config) -> Vec<&str> {
    let mut all = vec!["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "acr", "amr", "azp", "sid"];
    all.extend(names(config, config.scopes.keys(), &[]));
    all
}

/// Of what is known, these. What is `null` is not known (section 5.3.2), and what nobody has verified is told so.
pub(crate) fn pick(known: &Claims, names: &[&str]) -> Result<Claims, Fault> {
    let mut picked = Claims::new();
    for name in names.iter().filter(|name| is_free(name)) {
        if let Some(value) = known.get(*name).filter(|value| !value.is_null()) {
            picked.insert((*name).to_owned(), value.clone());
        }
    }
    for (claim, verified) in VERIFIED {
        if picked.contains_key(claim) || picked.contains_key(verified) {
            let yes = known.get(verified).is_some_and(|value| *value == Value::Bool(true));
            picked.insert(verified.to_owned(), yes.into());
        }
    }
    if serde_json::to_string(&picked).map_or(0, |text| text.len()) > MOST {
        return Err(Fault::BadAnswer("the claims of a subject are at most 16 kB"));
    }
    Ok(picked)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(known: Value, names: &[&str]) -> Value {
        pick(known.as_object().unwrap(), names).unwrap().into()
    }

    #[test]
    fn oi_007_only_what_was_asked_for_and_known_is_told() {
        let known = json!({ "name": "Ada", "nickname": null, "email": "ada@example.com" });
        assert_eq!(of(known, &["name", "nickname", "picture"]), json!({ "name": "Ada" }));
    }

    #[test]
    fn az_075_nobody_but_the_engine_says_what_is_reserved() {
        let known: Claims = RESERVED.iter().map(|name| ((*name).to_owned(), json!("x"))).collect();
        assert_eq!(pick(&known, &RESERVED).unwrap(), Claims::new());
    }

    #[test]
    fn oi_013_an_address_is_verified_only_where_that_is_said_outright() {
        for (said, told) in [(json!(true), true), (json!(false), false), (json!("true"), false), (Value::Null, false)] {
            let known = json!({ "email": "ada@example.com", "email_verified": said });
            assert_eq!(of(known, &["email"])["email_verified"], json!(told));
        }
        assert_eq!(of(json!({ "email": "a@b" }), &["email"])["email_verified"], json!(false));
    }

    #[test]
    fn claims_that_would_not_fit_a_header_are_a_fault() {
        let known = json!({ "name": "x".repeat(17_000) });
        assert!(pick(known.as_object().unwrap(), &["name"]).is_err());
    }
}
