//! What an access token stands for: said by a JWT itself, and by the store of an opaque one.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::Config;
use crate::key::jwt::Claims;
use crate::refusal::Refusal;
use crate::scope;
use crate::time::Millis;

/// The `cnf` claim and member (RFC 9449 sections 6.1 and 6.2).
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Confirmation {
    jkt: String,
}

pub(crate) const TOO_MANY_HANDS: Refusal = Refusal::InvalidRequest("The subject_token went through too many hands");

/// The `act` claim and member (RFC 8693 section 4.1): who acts, and in it those who acted before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Actor {
    sub: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    act: Option<Box<Actor>>,
}

impl Actor {
    /// How many may have acted one after the other.
    const MOST: usize = 4;

    pub(crate) fn new(sub: String) -> Self {
        Self { sub, act: None }
    }

    /// The same, after another. Each link must fit in the grant's row with all the others.
    pub(crate) fn over(self, before: Option<Self>) -> Result<Self, Refusal> {
        let mut earlier = before.as_ref();
        for _ in 1..Self::MOST {
            earlier = earlier.and_then(|actor| actor.act.as_deref());
        }
        match earlier {
            Some(_) => Err(TOO_MANY_HANDS),
            None => Ok(Self { act: before.map(Box::new), ..self }),
        }
    }
}

/// A token of a client for itself has the client's id for its subject, so no person with that id may be what it acts for (RFC 9068
/// section 5).
pub(crate) fn check_namesakes(subject: &str, client_id: &str) -> Result<(), Refusal> {
    if subject == client_id { Err(Refusal::UnauthorizedClient) } else { Ok(()) }
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
    /// Who acts for the subject, when that is not the client that was allowed to.
    pub(crate) act: Option<Actor>,
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
            act: claims.get("act").and_then(|act| serde_json::from_value(act.clone()).ok()),
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
    pub(crate) fn sub(&self) -> &str {
        self.subject.as_ref().unwrap_or(&self.client_id)
    }

    /// Whom the token is for: without a resource, the issuer itself.
    pub(crate) fn audience(&self, config: &Config) -> Vec<String> {
        match self.resources.as_slice() {
            [] => vec![config.issuer.text.clone()],
            resources => resources.to_vec(),
        }
    }
}
