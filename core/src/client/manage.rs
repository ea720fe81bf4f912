//! The typed commands on clients.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::keys::Jwks;
use super::rules::{Stated, check};
use super::{About, AuthMethod, Client, ClientKeys, GrantType, OpenIdClient, Origin, SecretHash};
use crate::call::{ById, Items, Paging, page};
use crate::change::Change;
use crate::config::{Config, TokenForm};
use crate::event::Event;
use crate::hash::b64u;
use crate::host::Host;
use crate::key::Algorithm;
use crate::record::{Record, Stored};
use crate::refusal::{Refusal, Stop};
use crate::time::{Millis, Seconds};
use crate::want::EvenIfOver;

/// `clients.create`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Create {
    pub name: String,
    pub redirect_uris: Vec<String>,
    #[serde(default)]
    pub scopes: Option<Vec<String>>,
    #[serde(default)]
    pub grant_types: Option<Vec<GrantType>>,
    #[serde(default)]
    pub auth_method: AuthMethod,
    #[serde(default)]
    pub access_token: TokenForm,
    #[serde(default)]
    pub dpop_bound_access_tokens: bool,
    #[serde(default)]
    pub resources: Vec<String>,
    #[serde(default)]
    pub exchange_for: Vec<String>,
    #[serde(default)]
    pub require_pushed_authorization_requests: bool,
    #[serde(default)]
    pub jwks: Option<Value>,
    #[serde(default)]
    pub jwks_uri: Option<String>,
    #[serde(default)]
    pub auth_signing_alg: Option<Algorithm>,
    #[serde(default)]
    pub openid: OpenIdClient,
    #[serde(default)]
    pub id: Option<String>,
}

/// `clients.update`: absent members stay as they are.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Update {
    pub id: String,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub redirect_uris: Option<Vec<String>>,
    #[serde(default)]
    pub scopes: Option<Vec<String>>,
    #[serde(default)]
    pub grant_types: Option<Vec<GrantType>>,
    #[serde(default)]
    pub access_token: Option<TokenForm>,
    #[serde(default)]
    pub dpop_bound_access_tokens: Option<bool>,
    /// Takes the place of `jwksUri`, and the other way round.
    #[serde(default)]
    pub jwks: Option<Value>,
    #[serde(default)]
    pub jwks_uri: Option<String>,
    #[serde(default)]
    pub auth_signing_alg: Option<Algorithm>,
    #[serde(default)]
    pub resources: Option<Vec<String>>,
    #[serde(default)]
    pub exchange_for: Option<Vec<String>>,
    #[serde(default)]
    pub require_pushed_authorization_requests: Option<bool>,
    /// The whole of it.
    #[serde(default)]
    pub openid: Option<OpenIdClient>,
    #[serde(default)]
    pub disabled: Option<bool>,
}

impl Update {
    fn changes_what_a_document_says(&self) -> bool {
        let lists = self.redirect_uris.is_some() || self.scopes.is_some() || self.grant_types.is_some();
        let keys = self.jwks.is_some() || self.jwks_uri.is_some() || self.auth_signing_alg.is_some();
        let flags = self.dpop_bound_access_tokens.is_some() || self.require_pushed_authorization_requests.is_some();
        let flags = flags || self.openid.is_some();
        self.name.is_some() || lists || keys || flags
    }
}

/// `clients.rotateSecret`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct RotateSecret {
    pub id: String,
    /// How long the old secret still works; at most 30 days.
    #[serde(default)]
    pub overlap: Option<Seconds>,
}

/// A client as the host sees it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct View {
    id: String,
    name: String,
    redirect_uris: Vec<String>,
    scopes: Vec<String>,
    grant_types: Vec<GrantType>,
    auth_method: AuthMethod,
    access_token: TokenForm,
    dpop_bound_access_tokens: bool,
    resources: Vec<String>,
    exchange_for: Vec<String>,
    require_pushed_authorization_requests: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    jwks: Option<Jwks>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jwks_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_signing_alg: Option<Algorithm>,
    #[serde(skip_serializing_if = "OpenIdClient::is_default")]
    openid: OpenIdClient,
    disabled: bool,
    created_at: Millis,
    origin: &'static str,
    /// In the words of RFC 7591 section 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Box<About>>,
}

#[derive(Serialize)]
pub(crate) struct WithSecret {
    client: View,
    /// Shown this once; the store holds its digest.
    secret: Option<String>,
}

impl View {
    fn of(config: &Config, client: &Client) -> Self {
        Self {
            id: client.id.clone(),
            name: client.name.clone(),
            redirect_uris: client.redirect_uris.clone(),
            scopes: config.scopes.keys().filter(|name| client.may_have(config, name)).cloned().collect(),
            grant_types: client.grant_types.clone(),
            auth_method: client.auth_method,
            access_token: client.access_token,
            dpop_bound_access_tokens: client.dpop_bound_access_tokens,
            resources: client.resources.clone(),
            exchange_for: client.exchange_for.clone(),
            require_pushed_authorization_requests: client.require_pushed_authorization_requests,
            jwks: client.keys.to_jwks(),
            jwks_uri: client.keys.jwks_uri.clone(),
            auth_signing_alg: client.keys.signing_alg,
            openid: client.openid.clone(),
            disabled: client.disabled,
            created_at: client.created_at,
            origin: client.origin.name(),
            metadata: client.about.clone(),
        }
    }
}

pub(crate) async fn create(host: &Host, ask: &Create) -> Result<WithSecret, Stop> {
    let id = ask.id.clone().unwrap_or_else(|| b64u(host.random().id("client id")));
    let secret = ask.auth_method.has_secret().then(|| new_secret(host));
    let keys = ClientKeys::default()
        .stated(host.config(), ask.jwks.as_ref(), ask.jwks_uri.as_ref(), ask.auth_signing_alg)
        .map_err(Refusal::InvalidArgument)?;
    let client = Client {
        id,
        name: ask.name.clone(),
        redirect_uris: ask.redirect_uris.clone(),
        scopes: ask.scopes.clone(),
        grant_types: ask.grant_types.clone().unwrap_or_else(|| usual_grant_types(ask)),
        auth_method: ask.auth_method,
        secrets: secret.iter().map(|secret| SecretHash::of(secret, None)).collect(),
        access_token: ask.access_token,
        dpop_bound_access_tokens: ask.dpop_bound_access_tokens,
        resources: ask.resources.clone(),
        exchange_for: ask.exchange_for.clone(),
        require_pushed_authorization_requests: ask.require_pushed_authorization_requests,
        keys,
        openid: ask.openid.clone(),
        disabled: false,
        created_at: host.now(),
        origin: Origin::Operator,
        about: None,
    };
    check(host.config(), &client, &Stated::ALL)?;
    let view = View::of(host.config(), &client);
    keep(host, client).await?;
    host.tell(Event::ClientCreated { client_id: view.id.clone() });
    Ok(WithSecret { client: view, secret })
}

/// Makes the row of a new client. One that is over, and that the store still has, gives way.
async fn keep(host: &Host, client: Client) -> Result<(), Stop> {
    let slot = Client::slot(host.config(), &client.id);
    let created = host.commit(Change::create(slot.clone(), client.clone())).await;
    if !matches!(created, Err(Stop::Stale)) {
        return created;
    }
    match host.load(EvenIfOver(slot)).await? {
        Some(over) if over.value.is_over(host.now()) => host.commit(Change::replace(&over, client)).await,
        Some(_) => Err(Refusal::AlreadyExists("There is a client with this id").into()),
        None => Err(Stop::Stale),
    }
}

/// Those of an application; none for what only serves resources.
fn usual_grant_types(ask: &Create) -> Vec<GrantType> {
    match ask.redirect_uris.is_empty() && !ask.resources.is_empty() {
        true => Vec::new(),
        false => vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
    }
}

pub(crate) async fn find(host: &Host, ask: &ById) -> Result<Option<View>, Stop> {
    let found = host.load(Client::slot(host.config(), &ask.id)).await?;
    Ok(found.map(|client| View::of(host.config(), &client.value)))
}

pub(crate) async fn list(host: &Host, ask: &Paging) -> Result<Items<View>, Stop> {
    let prefix = format!("{}.{}.", host.tenant(), Client::ROOM);
    let (clients, next) = host.scan::<Client>(page(prefix, ask.after.as_ref(), ask.limit)?).await?;
    let items = clients.iter().map(|client| View::of(host.config(), &client.value)).collect();
    Ok(Items { items, next: next.map(|key| key.0) })
}

pub(crate) async fn update(host: &Host, ask: &Update) -> Result<View, Stop> {
    let stored = existing(host, &ask.id).await?;
    let old = stored.value.clone();
    if stored.value.is_document() && ask.changes_what_a_document_says() {
        return Err(Refusal::InvalidArgument(
            "Only disabled, accessToken, resources and exchangeFor: the rest is what the client's metadata document says",
        )
        .into());
    }
    let keys = old
        .keys
        .stated(host.config(), ask.jwks.as_ref(), ask.jwks_uri.as_ref(), ask.auth_signing_alg)
        .map_err(Refusal::InvalidArgument)?;
    let client = Client {
        name: ask.name.clone().unwrap_or(old.name),
        redirect_uris: ask.redirect_uris.clone().unwrap_or(old.redirect_uris),
        scopes: ask.scopes.clone().or(old.scopes),
        grant_types: ask.grant_types.clone().unwrap_or(old.grant_types),
        access_token: ask.access_token.unwrap_or(old.access_token),
        dpop_bound_access_tokens: ask.dpop_bound_access_tokens.unwrap_or(old.dpop_bound_access_tokens),
        resources: ask.resources.clone().unwrap_or(old.resources),
        exchange_for: ask.exchange_for.clone().unwrap_or(old.exchange_for),
        require_pushed_authorization_requests: ask
            .require_pushed_authorization_requests
            .unwrap_or(old.require_pushed_authorization_requests),
        keys,
        openid: ask.openid.clone().unwrap_or(old.openid),
        disabled: ask.disabled.unwrap_or(old.disabled),
        origin: if ask.disabled.is_some() { old.origin.into_used() } else { old.origin },
        ..stored.value.clone()
    };
    check(host.config(), &client, &Stated::in_update(ask))?;
    let view = View::of(host.config(), &client);
    host.commit(Change::replace(&stored, client)).await?;
    host.tell(Event::ClientUpdated { client_id: view.id.clone() });
    Ok(view)
}

#[derive(Debug, Serialize)]
pub(crate) struct Deleted {
    deleted: bool,
}

/// Its tokens are dead with it: every use of one loads the client's row, and what is older than that is none of its.
pub(crate) async fn delete(host: &Host, ask: &ById) -> Result<Deleted, Stop> {
    let Some(stored) = host.load(Client::slot(host.config(), &ask.id)).await? else {
        return Ok(Deleted { deleted: false });
    };
    host.commit(Change::remove(stored.key, stored.version)).await?;
    host.tell(Event::ClientDeleted { client_id: ask.id.clone() });
    Ok(Deleted { deleted: true })
}

pub(crate) async fn rotate_secret(host: &Host, ask: &RotateSecret) -> Result<WithSecret, Stop> {
    let overlap = ask.overlap.unwrap_or(Seconds(0));
    if overlap > Seconds(30 * 86_400) {
        return Err(Refusal::InvalidArgument("overlap: at most 30 days").into());
    }
    let stored = existing(host, &ask.id).await?;
    if !stored.value.auth_method.has_secret() {
        return Err(Refusal::InvalidArgument("The client has no secret").into());
    }
    let secret = new_secret(host);
    let until = overlap.after(host.now());
    let still = stored
        .value
        .secrets
        .iter()
        .map(|old| SecretHash { expires: Some(old.expires.map_or(until, |own| own.min(until))), ..old.clone() });
    let alive = still.filter(|old| old.expires.is_some_and(|expires| host.now() < expires));
    let secrets = std::iter::once(SecretHash::of(&secret, None)).chain(alive).take(4).collect();
    let client = Client { secrets, ..stored.value.clone() };
    let view = View::of(host.config(), &client);
    host.commit(Change::replace(&stored, client)).await?;
    host.tell(Event::ClientSecretRotated { client_id: view.id.clone() });
    Ok(WithSecret { client: view, secret: Some(secret) })
}

async fn existing(host: &Host, id: &str) -> Result<Stored<Client>, Stop> {
    let found = host.load(Client::slot(host.config(), id)).await?;
    found.ok_or_else(|| Refusal::NotFound("There is no client with this id").into())
}

/// 32 random bytes behind a prefix that secret scanners can look for.
pub(super) fn new_secret(host: &Host) -> String {
    format!("cvk_{}", b64u(host.random().bytes::<32>("client secret")))
}
