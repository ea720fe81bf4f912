//! Issuing: the token response (RFC 6749 section 5.1) and the JWT access token (RFC 9068).

use serde::Serialize;

use super::meaning::{Actor, Confirmation, Meaning};
use crate::client::Client;
use crate::config::{Config, TokenForm};
use crate::grant::{AccessToken, Grant};
use crate::handle::Kind;
use crate::host::Host;
use crate::http::Form;
use crate::key::set::KeySet;
use crate::oidc::id_token::Telling;
use crate::oidc::subject;
use crate::record::Stored;
use crate::refusal::{Fault, Refusal, Stop};
use crate::subset::Subset;
use crate::time::{Seconds, numeric_date};
use crate::{resource, scope};

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
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    /// OpenID Connect Core section 3.1.3.3.
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    /// RFC 8693 section 2.2.1.
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_token_type: Option<&'static str>,
}

/// RFC 9068 section 2.2.
#[derive(Serialize)]
struct AccessTokenClaims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: Audience,
    client_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<u64>,
    iat: u64,
    exp: u64,
    jti: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    act: Option<&'a Actor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<Confirmation>,
}

/// RFC 7519 section 4.1.3: one as text, several as a list.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    pub(crate) fn of(audience: Vec<String>) -> Self {
        match <[String; 1]>::try_from(audience) {
            Ok([one]) => Self::One(one),
            Err(many) => Self::Many(many),
        }
    }
}

/// An access token as this request asks for it: at most the grant's scopes (RFC 6749 section 6) and resources (RFC 8707 section
/// 2.2), and no scope that the client may not have any more, or that means nothing at these resources. `jkt` is the key
/// that it is bound to.
pub(crate) fn new_access_token(
    host: &Host,
    client: &Client,
    grant: &Grant,
    form: &Form,
    jkt: Option<String>,
) -> Result<AccessToken, Refusal> {
    let asked = form.distinct("resource");
    let asked = if asked.is_empty() { &grant.resources } else { &asked };
    let resources = Subset::all_of(&grant.resources, asked).ok_or(Refusal::InvalidTarget)?;
    let config = host.config();
    resource::all_known(config, asked)?;
    let held = Subset::of(&grant.scopes, &|name| client.may_have(config, name) && resource::takes(config, asked, name));
    let scopes = match form.one("scope")? {
        Some(text) => Subset::all_of(&grant.scopes, &scope::parse(text)?)
            .filter(|wanted| wanted.is_within(held))
            .ok_or(Refusal::InvalidScope)?,
        None => held,
    };
    let (form, lifetime) = form_and_lifetime(config, client, asked);
    let form = form_about_person(config, client, form);
    Ok(AccessToken {
        serial: 0,
        form,
        scopes,
        resources,
        issued_at: host.now(),
        expires_at: lifetime.after(host.now()).min(grant.ends_at),
        jkt,
        exchanged: None,
        revoked: false,
    })
}

/// What a token for these resources looks like, and how long it lives: opaque where one of them wants that, and no longer than any
/// of them lets it. Where nothing is said of a resource, as the client and the configuration say.
pub(crate) fn form_and_lifetime(config: &Config, client: &Client, resources: &[String]) -> (TokenForm, Seconds) {
    let usual = (client.access_token, config.lifetimes.access_token);
    let at = |resource: &String| {
        let settings = config.resources.get(resource);
        let form = settings.and_then(|settings| settings.access_token).unwrap_or(usual.0);
        (form, settings.and_then(|settings| settings.lifetime).unwrap_or(usual.1))
    };
    let stricter = |one: (TokenForm, Seconds), other: (TokenForm, Seconds)| {
        (if one.0 == TokenForm::Opaque { one.0 } else { other.0 }, one.1.min(other.1))
    };
    resources.iter().map(at).reduce(stricter).unwrap_or(usual)
}

/// A JWT that stands for a person names them as resources do, to whoever has it: a client that must not learn that name gets none.
pub(crate) fn form_about_person(config: &Config, client: &Client, form: TokenForm) -> TokenForm {
    if subject::is_pairwise(config, client) { TokenForm::Opaque } else { form }
}

/// The response for the grant as it stands: this access token of its, its live refresh token, and the ID token if something is to
/// be told. The same state, the same bytes; an ID token says when it was issued.
pub(crate) async fn respond(
    host: &Host,
    keys: Option<Stored<KeySet>>,
    grant: &Grant,
    serial: u32,
    telling: Option<Telling<'_>>,
) -> Result<TokenResponse, Stop> {
    let token = grant.access_token(serial).ok_or(Fault::bad_row("an access token is not in its grant"))?;
    let meaning = grant.meaning(token);
    let handle = |kind, serial| grant.handle(host.config(), kind, serial);
    let keys = match (token.form, &telling) {
        (TokenForm::Opaque, None) => None,
        _ => Some(KeySet::current(host, keys).await?),
    };
    let access_token = match (token.form, &keys) {
        (TokenForm::Jwt, Some(keys)) => sign_with(host, keys, &meaning, handle(Kind::TokenId, serial)).await?,
        _ => handle(Kind::AccessToken, serial),
    };
    let id_token = match (telling, &keys) {
        (Some(telling), Some(keys)) => Some(telling.sign(host, keys, grant, &access_token).await?),
        _ => None,
    };
    let refreshable = grant.state.generation().filter(|_| token.exchanged.is_none());
    let refresh_token = refreshable.map(|generation| handle(Kind::RefreshToken, generation));
    Ok(TokenResponse { id_token, ..TokenResponse::of(host, &meaning, access_token, refresh_token) })
}

impl TokenResponse {
    pub(crate) fn of(host: &Host, meaning: &Meaning, access_token: String, refresh_token: Option<String>) -> Self {
        Self {
            access_token,
            token_type: meaning.token_type(),
            expires_in: meaning.expires_at.saturating_sub(host.now()) / 1000,
            refresh_token,
            scope: scope::text(&meaning.scopes),
            id_token: None,
            issued_token_type: None,
        }
    }

    /// The same as what was exchanged for another token.
    pub(crate) fn exchanged(self, issued_token_type: &'static str) -> Self {
        Self { issued_token_type: Some(issued_token_type), ..self }
    }
}

/// The JWT access token (RFC 9068) that says what it stands for.
pub(crate) async fn sign(
    host: &Host,
    keys: Option<Stored<KeySet>>,
    meaning: &Meaning,
    jti: String,
) -> Result<String, Stop> {
    let keys = KeySet::current(host, keys).await?;
    Ok(sign_with(host, &keys, meaning, jti).await?)
}

async fn sign_with(host: &Host, keys: &KeySet, meaning: &Meaning, jti: String) -> Result<String, Fault> {
    let claims = AccessTokenClaims {
        iss: &host.config().issuer.text,
        sub: meaning.sub(),
        aud: Audience::of(meaning.audience(host.config())),
        client_id: &meaning.client_id,
        scope: scope::text(&meaning.scopes),
        auth_time: meaning.auth_time.map(numeric_date),
        iat: numeric_date(meaning.issued_at),
        exp: numeric_date(meaning.expires_at),
        jti,
        act: meaning.act.as_ref(),
        cnf: meaning.confirmation(),
    };
    let claims = serde_json::to_vec(&claims).map_err(|_| Fault::Cryptography("claims cannot be written"))?;
    keys.sign(host, ACCESS_TOKEN_TYPE, &claims).await
}
