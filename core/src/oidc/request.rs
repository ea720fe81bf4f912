//! What OpenID Connect adds to the authorization request (OpenID Connect Core section 3.1.2.1).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::acr::Wanted;
use super::claims::{gives, is_free};
use super::is_openid;
use crate::client::Client;
use crate::config::Config;
use crate::http::Form;
use crate::key::json::parse_object;
use crate::refusal::Refusal;

/// The longest `nonce`, in bytes.
const LONGEST_NONCE: usize = 1024;
/// The longest `claims` parameter, in bytes.
const LONGEST_CLAIMS: usize = 4096;
/// The most claims that are asked for one by one, in each place.
const MOST_CLAIMS: usize = 32;

/// The members of a request with the scope `openid`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OpenIdRequest {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) nonce: Option<String>,
    #[serde(default, skip_serializing_if = "ClaimsRequest::is_empty")]
    pub(crate) claims: ClaimsRequest,
    /// The `sub` of whom the request is about, as the client knows them; nobody else's sign-in answers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sub: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) acr: Option<Wanted>,
}

/// The `claims` parameter (section 5.5): names for each place. Claims are given where they are known; essential or not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClaimsRequest {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) id_token: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) userinfo: Vec<String>,
}

impl ClaimsRequest {
    pub(crate) fn is_empty(&self) -> bool {
        self.id_token.is_empty() && self.userinfo.is_empty()
    }

    /// The scopes that give what these scopes do not: who asks for a claim by its name asks the person for what a scope would give,
    /// and is bound by what the client may have.
    pub(crate) fn scopes_beyond(&self, config: &Config, client: &Client, scopes: &[String]) -> Vec<String> {
        let mut beyond: Vec<String> = Vec::new();
        for claim in self.id_token.iter().chain(&self.userinfo) {
            let would_give = |scope: &&String| gives(config, scope, claim) && client.may_have(config, scope);
            if !scopes.iter().chain(&beyond).any(|scope| would_give(&scope)) {
                beyond.extend(config.scopes.keys().find(would_give).cloned());
            }
        }
        beyond
    }

    /// Of the claims, those that one of these scopes gives.
    pub(super) fn given_by(&self, config: &Config, scopes: &[String]) -> Self {
        let given = |claims: &[String]| {
            let by_one = |claim: &&String| scopes.iter().any(|scope| gives(config, scope, claim));
            claims.iter().filter(by_one).cloned().collect()
        };
        Self { id_token: given(&self.id_token), userinfo: given(&self.userinfo) }
    }
}

impl OpenIdRequest {
    /// What the parameters say, if this is a request of OpenID Connect; `hinted` is the `sub` of the `id_token_hint`.
    pub(crate) fn read(
        config: &Config,
        scopes: &[String],
        parameters: &Form,
        hinted: Option<String>,
    ) -> Result<Option<Box<Self>>, Refusal> {
        if config.openid.is_none() || !is_openid(scopes) {
            return Ok(None);
        }
        let nonce = parameters.one("nonce")?.map(str::to_owned);
        if nonce.as_ref().is_some_and(|nonce| nonce.len() > LONGEST_NONCE) {
            return Err(Refusal::InvalidRequest("The parameter nonce is too long"));
        }
        let (claims, named, acr) = match parameters.one("claims")? {
            Some(text) => read_claims(text)?,
            None => Default::default(),
        };
        let acr = match (acr, parameters.one("acr_values")?) {
            (None, Some(text)) => Some(Wanted::of_parameter(text)?),
            (acr, _) => acr,
        };
        if acr.as_ref().is_some_and(|wanted| !wanted.can_be_met(config)) {
            return Err(Refusal::UnmetAuthenticationRequirements);
        }
        let sub = match (named, hinted) {
            (Some(named), Some(hinted)) if named != hinted => return Err(Refusal::LoginRequired),
            (named, hinted) => named.or(hinted),
        };
        Ok(Some(Box::new(Self { nonce, claims, sub, acr })))
    }
}

/// The names, the `sub` that the ID token must have, and the `acr` that it should have (section 5.5.1).
fn read_claims(text: &str) -> Result<(ClaimsRequest, Option<String>, Option<Wanted>), Refusal> {
    const MALFORMED: Refusal =
        Refusal::InvalidRequest("The parameter claims is not as OpenID Connect Core section 5.5 has it");
    if text.len() > LONGEST_CLAIMS {
        return Err(Refusal::InvalidRequest("The parameter claims is too long"));
    }
    let members = parse_object(text.as_bytes()).map_err(|_| MALFORMED)?;
    let place = |name: &str| match members.get(name) {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(asked)) if asked.len() <= MOST_CLAIMS => Ok(asked.clone()),
        Some(_) => Err(MALFORMED),
    };
    let (id_token, userinfo) = (place("id_token")?, place("userinfo")?);
    if !id_token.values().chain(userinfo.values()).all(|how| how.is_null() || how.is_object()) {
        return Err(MALFORMED);
    }
    let sub = match id_token.get("sub").and_then(|how| how.get("value")) {
        None => None,
        Some(Value::String(sub)) => Some(sub.clone()),
        Some(_) => return Err(MALFORMED),
    };
    let acr = id_token.get("acr").map(Wanted::of_claim).transpose()?;
    let names =
        |asked: Map<String, Value>| asked.into_iter().map(|(name, _)| name).filter(|name| is_free(name)).collect();
    Ok((ClaimsRequest { id_token: names(id_token), userinfo: names(userinfo) }, sub, acr))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn az_073_claims_are_asked_for_by_name_in_each_place() {
        let (claims, sub, acr) = read_claims(
            r#"{"userinfo":{"given_name":{"essential":true},"nickname":null},"id_token":{"email":null,"acr":{"values":["x"]}},"other":1}"#,
        )
        .unwrap();
        assert!(acr.is_some());
        assert_eq!(
            (claims.userinfo, claims.id_token, sub),
            (vec!["given_name".into(), "nickname".into()], vec!["email".into()], None)
        );
    }

    #[test]
    fn az_074_the_sub_that_is_asked_for_is_kept() {
        let (_, sub, _) = read_claims(r#"{"id_token":{"sub":{"value":"ada"}}}"#).unwrap();
        assert_eq!(sub.as_deref(), Some("ada"));
    }

    #[test]
    fn what_is_not_such_an_object_is_refused() {
        for bad in [
            "",
            "[]",
            "{",
            r#"{"userinfo":[]}"#,
            r#"{"userinfo":{"a":1}}"#,
            r#"{"id_token":{"sub":{"value":1}}}"#,
            r#"{"id_token":{"acr":{"values":[1]}}}"#,
        ] {
            assert!(read_claims(bad).is_err(), "{bad}");
        }
    }
}
