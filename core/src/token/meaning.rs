//! What an access token stands for: said by a JWT itself, and by the store of an opaque one.

use serde::Serialize;
use serde_json::Value;

use crate::config::Config;
use crate::key::jwt::Claims;
use crate::scope;
use crate::time::Millis;

/// The `cnf` claim and member (RFC 9449 sections 6.1 and 6.2).
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Confirmation {
    jkt: String,
}

/// Who acts, for whom, and with what.
#[derive(Clone, Debug)]
pub(crate) struct Meaning {
    /// The person; `None`: the client acts for itself.
    pub(crate) subject: Option<String>,
    pub(crate) client_id: String,
    pub(crate) scopes: Vec<String>,
    /// Resources (RFC 8707), or none: the issuer itself.
    pub(crate) resources: Vec<String>,
    /// When the person proved who they are.
    pub(crate) auth_time: Option<Millis>,
    pub(crate) issued_at: Millis,
    pub(crate) expires_at: Millis,
    /// The key that whoever uses it must prove to have (RFC 9449 section 6); `None`: a bearer token.
    pub(crate) jkt: Option<String>,
}

impl Meaning {
    /// What the checked claims of a JWT access token say (RFC 9068 section 2.2): the subject is the client where there is no person.
    pub(crate) fn of(claims: &Claims) -> Self {
        let text = |name: &str| claims.text(name).unwrap_or_default().to_owned();
        let (subject, client_id) = (text("sub"), text("client_id"));
        Self {
            subject: (subject != client_id).then_some(subject),
            client_id,
            scopes: claims.text("scope").and_then(|text| scope::parse(text).ok()).unwrap_or_default(),
            resources: claims.audience().map(str::to_owned).collect(),
            auth_time: claims.time("auth_time"),
            issued_at: claims.time("iat").unwrap_or_default(),
            expires_at: claims.time("exp").unwrap_or_default(),
            jkt: claims.get("cnf").and_then(|cnf| cnf.get("jkt")).and_then(Value::as_str).map(str::to_owned),
        }
    }

    /// RFC 6749 section 7.1, RFC 9449 section 5.
    pub(super) fn token_type(&self) -> &'static str {
        if self.jkt.is_some() { "DPoP" } else { "Bearer" }
    }

    /// RFC 7800 section 3.1.
    pub(super) fn confirmation(&self) -> Option<Confirmation> {
        self.jkt.clone().map(|jkt| Confirmation { jkt })
    }

    /// The `sub` claim.
    pub(super) fn sub(&self) -> &str {
        self.subject.as_ref().unwrap_or(&self.client_id)
    }

    /// Whom the token is for: without a resource, the issuer itself.
    pub(super) fn audience(&self, config: &Config) -> Vec<String> {
        match self.resources.as_slice() {
            [] => vec![config.issuer.text.clone()],
            resources => resources.to_vec(),
        }
    }
}
