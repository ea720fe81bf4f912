//! Issuing: the token response (RFC 6749 section 5.1) and the JWT access token (RFC 9068).

use serde::Serialize;

use crate::client::Client;
use crate::config::TokenForm;
use crate::grant::{AccessToken, Grant};
use crate::handle::Kind;
use crate::host::Host;
use crate::http::Form;
use crate::key::set::KeySet;
use crate::record::Stored;
use crate::refusal::{Fault, Refusal, Stop};
use crate::scope;
use crate::subset::Subset;
use crate::time::numeric_date;

/// The `typ` of a JWT access token (RFC 9068 section 2.1).
pub(crate) const ACCESS_TOKEN_TYPE: &str = "at+jwt";

/// RFC 6749 section 5.1.
#[derive(Serialize)]
pub(crate) struct TokenResponse {
    access_token: String,
    token_type: &'static str,
    /// Seconds.
    expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    scope: String,
}

/// RFC 9068 section 2.2.
#[derive(Serialize)]
struct AccessTokenClaims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: Audience<'a>,
    client_id: &'a str,
    scope: String,
    auth_time: u64,
    iat: u64,
    exp: u64,
    jti: String,
}

/// RFC 7519 section 4.1.3: one as text, several as a list.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Audience<'a> {
    One(&'a str),
    Many(&'a [String]),
}

/// The same, for keeping.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum OwnedAudience {
    One(String),
    Many(Vec<String>),
}

impl<'a> Audience<'a> {
    pub(super) fn to_owned(&self) -> OwnedAudience {
        match self {
            Self::One(one) => OwnedAudience::One((*one).to_owned()),
            Self::Many(many) => OwnedAudience::Many(many.to_vec()),
        }
    }

    /// Without a resource the token is for the issuer itself.
    pub(super) fn of(host: &'a Host, resources: &'a [String]) -> Self {
        match resources {
            [] => Self::One(&host.config().issuer.text),
            [one] => Self::One(one),
            many => Self::Many(many),
        }
    }
}

/// An access token as this request asks for it: at most the grant's scopes (RFC 6749 section 6) and resources (RFC 8707 section
/// 2.2), and no scope that the client may not have any more.
pub(crate) fn new_access_token(
    host: &Host,
    client: &Client,
    grant: &Grant,
    form: &Form,
) -> Result<AccessToken, Refusal> {
    let held = Subset::of(&grant.scopes, &|name| client.may_have(host.config(), name));
    let scopes = match form.one("scope")? {
        Some(text) => Subset::all_of(&grant.scopes, &scope::parse(text)?)
            .filter(|wanted| wanted.is_within(held))
            .ok_or(Refusal::InvalidScope)?,
        None => held,
    };
    let asked = form.distinct("resource");
    let asked = if asked.is_empty() { &grant.resources } else { &asked };
    let resources = Subset::all_of(&grant.resources, asked).ok_or(Refusal::InvalidTarget)?;
    let settings = asked.first().and_then(|resource| host.config().resources.get(resource));
    let lifetime = settings.and_then(|settings| settings.lifetime).unwrap_or(host.config().lifetimes.access_token);
    Ok(AccessToken {
        serial: 0,
        form: settings.and_then(|settings| settings.access_token).unwrap_or(client.access_token),
        scopes,
        resources,
        issued_at: host.now(),
        expires_at: lifetime.after(host.now()).min(grant.ends_at),
        revoked: false,
    })
}

/// The response for the grant as it stands: this access token of its, and its live refresh token. The same state, the same bytes.
pub(crate) async fn respond(
    host: &Host,
    keys: Option<Stored<KeySet>>,
    grant: &Grant,
    serial: u32,
) -> Result<TokenResponse, Stop> {
    let token = grant.access_token(serial).ok_or(Fault::bad_row("an access token is not in its grant"))?;
    Ok(TokenResponse {
        access_token: match token.form {
            TokenForm::Opaque => grant.handle(host.config(), Kind::AccessToken, token.serial),
            TokenForm::Jwt => jwt(host, keys, grant, token).await?,
        },
        token_type: "Bearer",
        expires_in: token.expires_at.saturating_sub(host.now()) / 1000,
        refresh_token: grant
            .state
            .generation()
            .map(|generation| grant.handle(host.config(), Kind::RefreshToken, generation)),
        scope: token.scopes.pick(&grant.scopes).join(" "),
    })
}

async fn jwt(host: &Host, keys: Option<Stored<KeySet>>, grant: &Grant, token: &AccessToken) -> Result<String, Stop> {
    let resources = token.resources.pick(&grant.resources);
    let claims = AccessTokenClaims {
        iss: &host.config().issuer.text,
        sub: &grant.subject,
        aud: Audience::of(host, &resources),
        client_id: &grant.client_id,
        scope: token.scopes.pick(&grant.scopes).join(" "),
        auth_time: numeric_date(grant.auth_time),
        iat: numeric_date(token.issued_at),
        exp: numeric_date(token.expires_at),
        jti: grant.handle(host.config(), Kind::TokenId, token.serial),
    };
    let claims = serde_json::to_vec(&claims).map_err(|_| Fault::Cryptography("claims cannot be written"))?;
    let keys = KeySet::current(host, keys).await?;
    Ok(keys.sign(host, ACCESS_TOKEN_TYPE, &claims).await?)
}
