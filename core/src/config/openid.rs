//! The `openid` member: what makes an issuer an OpenID provider.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Written;
use super::check::ensure;
use crate::refusal::Fault;

/// How the issuer is an OpenID provider (OpenID Connect Core).
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct OpenId {
    /// Further claims by scope.
    pub(crate) claims: BTreeMap<String, Vec<String>>,
    /// Whether ID tokens hold the claims of scopes, or only the userinfo endpoint gives them (section 5.4).
    pub(crate) claims_in_id_token: bool,
    /// What pairwise subjects are made with (section 8.1); without it there are none.
    pub(crate) pairwise_salt: Option<String>,
    /// What a sign-in is called that was made by all of these methods (`acr`, and RFC 8176).
    pub(crate) acr: BTreeMap<String, Vec<String>>,
    /// Whether clients that authenticate may leave PKCE out of requests with the scope `openid`, as OAuth 2.0 let them.
    pub(crate) pkce_optional: bool,
}

impl std::fmt::Debug for OpenId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenId").field("claims", &self.claims).finish_non_exhaustive()
    }
}

/// Sections 5.4 and 11, in words for the consent page.
const STANDARD_SCOPES: [(&str, &str); 6] = [
    ("openid", "Know that it is you"),
    ("profile", "See your name, picture and the rest of your profile"),
    ("email", "See your email address"),
    ("address", "See your postal address"),
    ("phone", "See your telephone number"),
    ("offline_access", "Stay connected while you are away"),
];

/// The configured scopes and the standard ones; whoever configures one of these says it in other words.
pub(super) fn with_standard_scopes(mut scopes: BTreeMap<String, String>) -> BTreeMap<String, String> {
    for (name, words) in STANDARD_SCOPES {
        scopes.entry(name.to_owned()).or_insert_with(|| words.to_owned());
    }
    scopes
}

pub(super) fn check(written: &Written) -> Result<(), Fault> {
    let Some(openid) = &written.openid else { return Ok(()) };
    let known = |scope: &String| {
        written.scopes.contains_key(scope) || STANDARD_SCOPES.iter().any(|(standard, _)| standard == scope)
    };
    ensure(
        openid.claims.len() <= 1000 && openid.claims.keys().all(known),
        "openid.claims: at most 1000 scopes, each in scopes",
    )?;
    let named = |claims: &Vec<String>| {
        claims.len() <= 64
            && claims.iter().all(|name| (1..=128).contains(&name.len()) && !name.contains(char::is_control))
    };
    let is_word = |text: &String| (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    ensure(
        openid.acr.len() <= 32
            && openid
                .acr
                .iter()
                .all(|(value, methods)| is_word(value) && methods.len() <= 8 && methods.iter().all(is_word)),
        "openid.acr: at most 32 values, each with at most 8 methods, all of 1 to 128 characters without spaces",
    )?;
    ensure(
        openid.pairwise_salt.as_ref().is_none_or(|salt| (32..=1024).contains(&salt.len())),
        "openid.pairwiseSalt: from 32 to 1024 characters, kept for ever: with another one, people are strangers to clients",
    )?;
    ensure(
        openid.claims.values().all(named),
        "openid.claims: at most 64 claims for each scope, each of 1 to 128 characters",
    )
}
