//! Client metadata (RFC 7591 section 2), as a client states it about itself: in a registration, or in a document at its id.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::keys::read_jwks;
use super::redirect_uri::may_be_registered;
use super::rules::{fits, fits_in_a_row};
use super::{AuthMethod, Client, ClientKeys, GrantType, Origin, openid};
use crate::config::Config;
use crate::key::Algorithm;
use crate::page::display_name;
use crate::refusal::Refusal;
use crate::scope;
use crate::time::Millis;
use crate::uri::Uri;

/// The most redirect URIs.
const MOST_REDIRECT_URIS: usize = 50;
/// The most contacts.
const MOST_CONTACTS: usize = 20;
/// The longest `client_name`, in characters.
const LONGEST_NAME: usize = 200;
/// The longest of the other texts, in bytes.
const LONGEST: usize = 1024;

/// Why a document may not ask for one (client id metadata documents, section 4.1).
pub(super) const NO_SHARED_SECRET: &str = "A metadata document has no place for a shared secret";

/// What a client is called that says no name.
const NAMELESS: &str = "Unnamed client";

/// What a client says of itself for people and for the operator, in the words of RFC 7591 section 2.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct About {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) application_type: Option<ApplicationType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) logo_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tos_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) policy_uri: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) contacts: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) software_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) software_version: Option<String>,
}

/// OpenID Connect Dynamic Client Registration section 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ApplicationType {
    Web,
    Native,
}

/// Who states the metadata, and so what is taken for granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// Written for this server: what it does not know is refused.
    Registration,
    /// Written for every server: what it does not know is passed over.
    Document,
}

/// Reads members of their types; one that is `null` is absent (RFC 7592 section 2.2).
pub(super) struct Members<'a>(pub(super) &'a Map<String, Value>);

impl<'a> Members<'a> {
    fn get(&self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub(super) fn text(&self, name: &'static str) -> Result<Option<&'a str>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(mistyped(name)),
        }
    }

    /// Absent is `false`.
    pub(super) fn flag(&self, name: &'static str) -> Result<bool, Refusal> {
        match self.get(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(mistyped(name)),
        }
    }

    pub(super) fn number(&self, name: &'static str) -> Result<Option<u64>, Refusal> {
        self.get(name).map(|value| value.as_u64().ok_or(mistyped(name))).transpose()
    }

    pub(super) fn texts(&self, name: &'static str) -> Result<Option<Vec<String>>, Refusal> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let items = value.as_array().ok_or(mistyped(name))?;
        let texts = items.iter().map(|item| item.as_str().map(str::to_owned).ok_or(mistyped(name)));
        texts.collect::<Result<_, _>>().map(Some)
    }
}

fn mistyped(name: &'static str) -> Refusal {
    match name {
        "redirect_uris" => Refusal::InvalidRedirectUri("redirect_uris is not a list of texts"),
        _ => Refusal::InvalidClientMetadata("A member is not of its type"),
    }
}

const fn refused(why: &'static str) -> Refusal {
    Refusal::InvalidClientMetadata(why)
}

/// The client that the metadata describes, without secrets. The id, and whatever else a caller may not choose, is the server's.
pub(super) fn read(
    config: &Config,
    source: Source,
    members: &Members<'_>,
    (id, origin, now): (String, Origin, Millis),
) -> Result<Client, Refusal> {
    if members.has("software_statement") {
        return Err(Refusal::UnapprovedSoftwareStatement);
    }
    let grant_types = grant_types(config, source, members)?;
    let about = about(members)?;
    let auth_method = auth_method(source, members)?;
    let client = Client {
        id,
        name: name(source, members)?,
        redirect_uris: redirect_uris(members, about.application_type)?,
        scopes: scopes(config, source, members)?,
        auth_method,
        keys: keys(config, members, auth_method)?,
        grant_types,
        dpop_bound_access_tokens: members.flag("dpop_bound_access_tokens")?,
        require_pushed_authorization_requests: members.flag("require_pushed_authorization_requests")?,
        created_at: now,
        origin,
        openid: openid::read(config, source, members)?,
        about: Some(Box::new(about)),
        ..Client::default()
    };
    client.openid.check(config, &client.redirect_uris).map_err(refused)?;
    if client.may_use(GrantType::AuthorizationCode) && client.redirect_uris.is_empty() {
        return Err(Refusal::InvalidRedirectUri("The authorization code grant needs at least one redirect URI"));
    }
    if !fits_in_a_row(&client) {
        return Err(refused("The metadata is more than 56 kB"));
    }
    if client.is_public() && client.may_use(GrantType::ClientCredentials) {
        return Err(refused("A public client has no credentials of its own for client_credentials"));
    }
    Ok(client)
}

fn name(source: Source, members: &Members<'_>) -> Result<String, Refusal> {
    let Some(name) = members.text("client_name")?.map(str::trim) else {
        return match source {
            Source::Registration => Ok(NAMELESS.to_owned()),
            Source::Document => Err(refused("client_name is missing")),
        };
    };
    if display_name(name).is_empty() || name.chars().count() > LONGEST_NAME {
        return Err(refused("client_name has from 1 to 200 characters"));
    }
    Ok(name.to_owned())
}

fn redirect_uris(members: &Members<'_>, application: Option<ApplicationType>) -> Result<Vec<String>, Refusal> {
    let uris = members.texts("redirect_uris")?.unwrap_or_default();
    if uris.len() > MOST_REDIRECT_URIS || !fits(&uris) {
        return Err(Refusal::InvalidRedirectUri("There are at most 50 redirect URIs, of 16 kB together"));
    }
    if !uris.iter().all(|uri| may_be_registered(uri)) {
        return Err(Refusal::InvalidRedirectUri(
            "Each redirect URI is https, http on a loopback host, or a private-use scheme with a dot; in normal form, without fragment, user or parameters of a response",
        ));
    }
    // OpenID Connect Dynamic Client Registration section 2.
    let on_the_web = |uri: &String| Uri::parse(uri).is_some_and(|uri| uri.scheme == "https" && !uri.is_loopback());
    if application == Some(ApplicationType::Web) && !uris.iter().all(on_the_web) {
        return Err(Refusal::InvalidRedirectUri("A web application's redirect URIs are https, and not of this device"));
    }
    Ok(uris)
}

/// RFC 7591 section 2: a secret in the header where nothing is said; a document has no place for one.
fn auth_method(source: Source, members: &Members<'_>) -> Result<AuthMethod, Refusal> {
    let method = match (members.text("token_endpoint_auth_method")?, source) {
        (None, Source::Document) => AuthMethod::None,
        (None, Source::Registration) => AuthMethod::default(),
        (Some(name), _) => {
            AuthMethod::of_name(name).ok_or(refused("The token_endpoint_auth_method is not supported"))?
        }
    };
    if source == Source::Document && method.has_secret() {
        return Err(refused(NO_SHARED_SECRET));
    }
    Ok(method)
}

/// `jwks` or `jwks_uri`. A client that authenticates otherwise has no use for them here: they are looked at, and not kept.
fn keys(config: &Config, members: &Members<'_>, auth_method: AuthMethod) -> Result<ClientKeys, Refusal> {
    let jwks = members.get("jwks");
    let jwks_uri = members.text("jwks_uri")?.map(str::to_owned);
    let signing_alg = match members.text("token_endpoint_auth_signing_alg")? {
        Some(name) => {
            Some(name.parse::<Algorithm>().map_err(|_| refused("The algorithm of assertions is not supported"))?)
        }
        None => None,
    };
    if jwks.is_some() && jwks_uri.is_some() {
        return Err(refused("There are jwks or a jwks_uri, not both"));
    }
    if auth_method != AuthMethod::PrivateKeyJwt {
        jwks.map(read_jwks).transpose().map_err(refused)?;
        return Ok(ClientKeys::default());
    }
    let keys = ClientKeys::default().stated(config, jwks, jwks_uri.as_ref(), signing_alg).map_err(refused)?;
    keys.check(auth_method).map_err(refused)?;
    Ok(keys)
}

/// RFC 7591 section 2.1: `authorization_code` and the response type `code` go together.
fn grant_types(config: &Config, source: Source, members: &Members<'_>) -> Result<Vec<GrantType>, Refusal> {
    let allowed = &config.registration.grant_types;
    let mut grant_types = Vec::new();
    for name in members.texts("grant_types")?.iter().flatten() {
        match GrantType::of_name(name).filter(|grant_type| allowed.contains(grant_type)) {
            Some(grant_type) if !grant_types.contains(&grant_type) => grant_types.push(grant_type),
            None if source == Source::Registration => return Err(refused("A grant type may not be registered")),
            _ => {}
        }
    }
    if !members.has("grant_types") {
        let usual = [GrantType::AuthorizationCode, GrantType::RefreshToken];
        grant_types = usual.into_iter().filter(|grant_type| allowed.contains(grant_type)).collect();
    }
    if grant_types.is_empty() {
        return Err(refused("There is no grant type that may be registered"));
    }
    if let Some(mut response_types) = members.texts("response_types")? {
        if source == Source::Document {
            response_types.retain(|response_type| response_type == "code");
        }
        if response_types.iter().any(|response_type| response_type != "code") {
            return Err(refused("The only response type is code"));
        }
        if response_types.is_empty() == grant_types.contains(&GrantType::AuthorizationCode) {
            return Err(refused("The grant type authorization_code and the response type code go together"));
        }
    }
    Ok(grant_types)
}

/// `None`: all that a client of this kind may have.
fn scopes(config: &Config, source: Source, members: &Members<'_>) -> Result<Option<Vec<String>>, Refusal> {
    let Some(text) = members.text("scope")?.filter(|text| !text.is_empty()) else { return Ok(None) };
    let mut scopes = scope::parse(text).map_err(|_| refused("The scope is malformed"))?;
    let allowed = config.registration.scopes.as_ref();
    let known = |name: &String| config.scopes.contains_key(name) && allowed.is_none_or(|all| all.contains(name));
    match source {
        Source::Document => scopes.retain(known),
        Source::Registration if !scopes.iter().all(known) => {
            return Err(refused("A scope is unknown, or may not be registered"));
        }
        Source::Registration => {}
    }
    Ok(Some(scopes))
}

fn about(members: &Members<'_>) -> Result<About, Refusal> {
    let page = |name| match members.text(name)? {
        Some(text) if is_page(text) => Ok(Some(text.to_owned())),
        Some(_) => Err(refused("An address of the client is not an https URL")),
        None => Ok(None),
    };
    let short = |name| match members.text(name)? {
        Some(text) if text.len() > LONGEST || text.contains(char::is_control) => Err(refused("A text is too long")),
        text => Ok(text.map(str::to_owned)),
    };
    let contacts = members.texts("contacts")?.unwrap_or_default();
    if contacts.len() > MOST_CONTACTS || contacts.iter().any(|contact| !is_contact(contact)) {
        return Err(refused("There are at most 20 contacts, each a plain text of at most 254 bytes"));
    }
    Ok(About {
        application_type: match members.text("application_type")? {
            None => None,
            Some("web") => Some(ApplicationType::Web),
            Some("native") => Some(ApplicationType::Native),
            Some(_) => return Err(refused("The application_type is web or native")),
        },
        client_uri: page("client_uri")?,
        logo_uri: page("logo_uri")?,
        tos_uri: page("tos_uri")?,
        policy_uri: page("policy_uri")?,
        contacts,
        software_id: short("software_id")?,
        software_version: short("software_version")?,
    })
}

/// Whether a person may be sent there: https, so never a script.
fn is_page(text: &str) -> bool {
    text.len() <= LONGEST && Uri::parse(text).is_some_and(|uri| uri.scheme == "https" && uri.host.is_some())
}

fn is_contact(text: &str) -> bool {
    (1..=254).contains(&text.len()) && !text.contains(char::is_control)
}
