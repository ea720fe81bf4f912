//! The authorization request (RFC 6749 section 4.1.1): read from the raw parameters, checked against the client, never skipped.

use serde::{Deserialize, Serialize};

use super::pkce;
use super::response::ResponseMode;
use crate::client::{Client, GrantType, redirect_uri_matches};
use crate::config::Config;
use crate::hash::from_b64u;
use crate::http::Form;
use crate::oidc::request::OpenIdRequest;
use crate::oidc::{OPENID, is_openid};
use crate::refusal::Refusal;
use crate::{resource, scope};

/// The longest `state` that is carried.
const LONGEST_STATE: usize = 4096;
/// The longest of any other parameter that is carried.
const LONGEST: usize = 2048;

/// Where an answer goes: known before anything else is looked at, so that an error is never sent to a stranger.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ReturnTo {
    pub(crate) redirect_uri: String,
    pub(crate) state: Option<String>,
    #[serde(default)]
    pub(crate) mode: ResponseMode,
}

/// A request that passed every check that needs no person.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct AuthorizationRequest {
    pub(crate) client_id: String,
    pub(crate) return_to: ReturnTo,
    pub(crate) scopes: Vec<String>,
    pub(crate) resources: Vec<String>,
    /// `None`: the client did without PKCE, as the configuration lets it.
    pub(crate) code_challenge: Option<String>,
    /// The key that the code is bound to (RFC 9449 section 10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) dpop_jkt: Option<String>,
    pub(crate) login_hint: Option<String>,
    pub(crate) prompt: Prompt,
    /// Seconds.
    pub(crate) max_age: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) openid: Option<Box<OpenIdRequest>>,
}

/// `prompt` (OpenID Connect Core section 3.1.2.1), as far as it changes what happens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Prompt {
    #[default]
    AsNeeded,
    None,
    Login,
    Consent,
    LoginAndConsent,
}

impl Prompt {
    /// What `prompt_values_supported` says.
    pub(crate) const NAMES: [&str; 4] = ["none", "login", "consent", "select_account"];

    pub(super) const fn wants_sign_in(self) -> bool {
        matches!(self, Self::Login | Self::LoginAndConsent)
    }

    pub(super) const fn wants_consent(self) -> bool {
        matches!(self, Self::Consent | Self::LoginAndConsent)
    }
}

impl ReturnTo {
    /// The redirect URI of the request, if it is the client's. Without one, or with two, nothing may be redirected. A request of OpenID
    /// Connect always says it (OpenID Connect Core section 3.1.2.1).
    pub(super) fn read(config: &Config, query: &Form, client: &Client) -> Result<Self, Refusal> {
        let mut scopes = query.all("scope").flat_map(|scope| scope.split(' '));
        let openid = config.openid.is_some() && scopes.any(|scope| scope == OPENID);
        let redirect_uri = match query.one("redirect_uri")? {
            Some(sent) => client
                .redirect_uris
                .iter()
                .find(|registered| redirect_uri_matches(registered, sent))
                .map(|_| sent.to_owned()),
            None => match client.redirect_uris.as_slice() {
                [only] if !openid => Some(only.clone()),
                _ => None,
            },
        };
        // A repeated state is an error to report, but then there is none to report it with.
        let state = query.one("state").ok().flatten().filter(|state| state.len() <= LONGEST_STATE).map(str::to_owned);
        // The same goes for a mode that is not known.
        let mode = ResponseMode::read(query).unwrap_or_default();
        Ok(Self { redirect_uri: redirect_uri.ok_or(Refusal::RedirectUriMismatch)?, state, mode })
    }
}

impl AuthorizationRequest {
    /// `hinted` is whom the `id_token_hint` is about.
    pub(super) fn read(
        config: &Config,
        client: &Client,
        return_to: ReturnTo,
        query: &Form,
        hinted: Option<String>,
    ) -> Result<Self, Refusal> {
        refuse_unsupported(query)?;
        ResponseMode::read(query)?;
        match query.one("response_type")? {
            Some("code") => {}
            Some(_) => return Err(Refusal::UnsupportedResponseType),
            None => return Err(Refusal::InvalidRequest("The parameter response_type is missing")),
        }
        if !client.may_use(GrantType::AuthorizationCode) {
            return Err(Refusal::UnauthorizedClient);
        }
        if query.one("state")?.is_some_and(|state| state.len() > LONGEST_STATE) {
            return Err(Refusal::InvalidRequest("The parameter state is too long"));
        }
        let scopes = scope::requested(config, client, query)?;
        Ok(Self {
            client_id: client.id.clone(),
            return_to,
            openid: OpenIdRequest::read(config, &scopes, query, hinted)?,
            resources: resource::requested(config, query)?,
            code_challenge: read_challenge(query, may_do_without_pkce(config, client, &scopes))?,
            scopes,
            dpop_jkt: read_dpop_jkt(query)?,
            login_hint: query.one("login_hint")?.filter(|hint| hint.len() <= LONGEST).map(str::to_owned),
            prompt: read_prompt(query)?,
            max_age: read_max_age(query)?.or(client.openid.default_max_age),
        })
    }
}

fn refuse_unsupported(query: &Form) -> Result<(), Refusal> {
    if query.one("request")?.is_some() {
        return Err(Refusal::RequestNotSupported);
    }
    if query.one("registration")?.is_some() {
        return Err(Refusal::RegistrationNotSupported);
    }
    match query.one("request_uri")? {
        Some(_) => Err(Refusal::RequestUriNotSupported),
        None => Ok(()),
    }
}

/// RFC 9700 section 2.1.1 requires it of public clients; of others, who cannot spend what they injected without their secret, it is
/// recommended.
fn may_do_without_pkce(config: &Config, client: &Client, scopes: &[String]) -> bool {
    config.openid.as_ref().is_some_and(|openid| openid.pkce_optional) && is_openid(scopes) && !client.is_public()
}

/// RFC 7636 section 4.3, S256 only (RFC 9700 section 2.1.1).
fn read_challenge(query: &Form, optional: bool) -> Result<Option<String>, Refusal> {
    let Some(challenge) = query.one("code_challenge")? else {
        if optional && query.one("code_challenge_method")?.is_none() {
            return Ok(None);
        }
        return Err(Refusal::InvalidRequest("PKCE is required: code_challenge is missing"));
    };
    if query.one("code_challenge_method")? != Some("S256") {
        return Err(Refusal::InvalidRequest("PKCE is required with code_challenge_method=S256"));
    }
    if !pkce::is_challenge(challenge) {
        return Err(Refusal::InvalidRequest("The code_challenge is not base64url of a SHA-256 digest"));
    }
    Ok(Some(challenge.to_owned()))
}

/// RFC 9449 section 10: the thumbprint of the key whose proof must come with the code.
fn read_dpop_jkt(query: &Form) -> Result<Option<String>, Refusal> {
    let Some(jkt) = query.one("dpop_jkt")? else { return Ok(None) };
    if from_b64u(jkt).is_some_and(|digest| digest.len() == 32) {
        Ok(Some(jkt.to_owned()))
    } else {
        Err(Refusal::InvalidRequest("The dpop_jkt is not base64url of a SHA-256 digest"))
    }
}

fn read_prompt(query: &Form) -> Result<Prompt, Refusal> {
    let Some(text) = query.one("prompt")? else { return Ok(Prompt::AsNeeded) };
    let prompts: Vec<&str> = text.split(' ').collect();
    if !prompts.iter().all(|prompt| Prompt::NAMES.contains(prompt)) {
        return Err(Refusal::InvalidRequest("The prompt is not known"));
    }
    let has = |name| prompts.contains(&name);
    match (has("none"), has("login") || has("select_account"), has("consent")) {
        (true, ..) if prompts.len() > 1 => Err(Refusal::InvalidRequest("prompt=none stands alone")),
        (true, ..) => Ok(Prompt::None),
        (_, true, true) => Ok(Prompt::LoginAndConsent),
        (_, true, false) => Ok(Prompt::Login),
        (..) => Ok(Prompt::Consent),
    }
}

fn read_max_age(query: &Form) -> Result<Option<u64>, Refusal> {
    query
        .one("max_age")?
        .map(|text| text.parse().map_err(|_| Refusal::InvalidRequest("The max_age is not a number of seconds")))
        .transpose()
}
