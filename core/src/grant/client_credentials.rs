//! The client credentials grant (RFC 6749 section 4.4, OAuth 2.1 section 4.2): a client acts for itself. There is no person, no
//! consent and no refresh token.
//!
//! A JWT stores nothing: its claims say what it stands for. An opaque token has a row in the client's own partition. Whichever is
//! revoked leaves a row that says so until the token would have been over anyway.

use serde::{Deserialize, Serialize};

use crate::account;
use crate::change::Change;
use crate::client::{self, Client, Credentials, GrantType};
use crate::config::{Config, TokenForm};
use crate::dpop::Possession;
use crate::event::Event;
use crate::handle::{Handle, Id, Kind, Owner, Secret};
use crate::hash::{b64u, same, sha256};
use crate::host::Host;
use crate::http::{Form, Request};
use crate::key::set::KeySet;
use crate::record::{Record, Slot, Stored};
use crate::refusal::{Refusal, Stop};
use crate::time::Millis;
use crate::token::{self, Meaning, TokenResponse};
use crate::{metadata, resource, scope};

/// Scopes that speak of a person (OpenID Connect Core sections 5.4 and 11). No client is one.
const OF_A_PERSON: [&str; 6] = ["openid", "profile", "email", "address", "phone", "offline_access"];

/// Section 4.4.2: the client authenticates, and that is all there is to show. One load; an opaque token costs a commit, and so does
/// a DPoP proof; together one.
pub(crate) async fn issue(host: &Host, request: &Request, form: &Form) -> Result<TokenResponse, Stop> {
    let config = host.config();
    let credentials = Credentials::read(request, form)?;
    let possession = Possession::read(host, request, metadata::TOKEN).await?;
    let own = Owner::Client(credentials.client_id.clone());
    let namesake = Owner::Subject(credentials.client_id.clone());
    let (client, keys, account, used) = host
        .load((
            Client::slot(config, &credentials.client_id),
            KeySet::wanted(host),
            account::slot_of(host, &namesake),
            possession.slot(config, &own),
        ))
        .await?;
    KeySet::remember(host, keys.as_ref());
    let (client, unused) = client::unused(client::authenticate(host, client, &credentials).await?);
    if client.is_public() || !client.may_use(GrantType::ClientCredentials) {
        return Err(Refusal::UnauthorizedClient.into());
    }
    possession.check(&client, used.as_ref())?;
    // RFC 9068 section 5: the token's subject is the client, and must never be a person's too.
    if account.is_some() || account::active(host, None, &client.id).await?.is_some() {
        return Err(Refusal::UnauthorizedClient.into());
    }
    let resources = resource::requested(config, form)?;
    let (token_form, lifetime) = token::form_and_lifetime(config, &client, &resources);
    let meaning = Meaning {
        subject: None,
        scopes: scopes(config, &client, &resources, form)?,
        issued_at: client.since(host.now()),
        client_id: client.id,
        resources,
        act: None,
        auth_time: None,
        expires_at: lifetime.after(host.now()),
        jkt: possession.jkt().map(str::to_owned),
    };
    client::mark_used(host, unused.as_ref()).await?;
    let id = host.random().bytes("service token id");
    let access_token = match token_form {
        TokenForm::Opaque => keep(host, id, &meaning, &possession).await?,
        TokenForm::Jwt => {
            let jti = handle(host, id, &meaning, Kind::TokenId, [0; 16]);
            let access_token = token::sign(host, keys, &meaning, jti).await?;
            possession.spend_alone(host, &own).await?;
            access_token
        }
    };
    host.tell(Event::TokenIssued { subject: None, client_id: meaning.client_id.clone(), grant_id: b64u(id) });
    Ok(TokenResponse::of(host, &meaning, access_token, None))
}

/// Section 3.3: at most what the client may have; without the parameter, the configured defaults.
fn scopes(config: &Config, client: &Client, resources: &[String], form: &Form) -> Result<Vec<String>, Refusal> {
    let mut scopes = scope::requested(config, client, form)?;
    let asked = scopes.len();
    scopes.retain(|name| !OF_A_PERSON.contains(&name.as_str()) && resource::takes(config, resources, name));
    if scopes.len() < asked && form.one("scope")?.is_some() { Err(Refusal::InvalidScope) } else { Ok(scopes) }
}

/// An opaque token, once its row is committed.
async fn keep(host: &Host, id: Id, meaning: &Meaning, possession: &Possession) -> Result<String, Stop> {
    let secret = host.random().bytes("service token secret");
    let Meaning { client_id, scopes, resources, issued_at, expires_at, jkt, .. } = meaning.clone();
    let own = Owner::Client(client_id.clone());
    let slot = ServiceToken::slot(host.config(), &client_id, &id);
    let secret_sha256 = b64u(sha256(&secret));
    let kept = ServiceToken::Live { client_id, scopes, resources, issued_at, expires_at, jkt, secret_sha256 };
    host.commit(possession.spend(Change::create(slot, kept), host.config(), &own)).await?;
    Ok(handle(host, id, meaning, Kind::AccessToken, secret))
}

fn handle(host: &Host, id: Id, meaning: &Meaning, kind: Kind, secret: Secret) -> String {
    let owner = Owner::Client(meaning.client_id.clone());
    Handle { owner, id, serial: 0, secret, client: String::new() }.seal(&host.config().roots, host.tenant(), kind)
}

/// What the store knows of a token with which a client acts for itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum ServiceToken {
    /// An opaque token.
    Live {
        client_id: String,
        scopes: Vec<String>,
        resources: Vec<String>,
        issued_at: Millis,
        expires_at: Millis,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        jkt: Option<String>,
        secret_sha256: String,
    },
    /// Any token, until it would have been over.
    Revoked { until: Millis },
}

impl Record for ServiceToken {
    const KIND: &'static str = "service";

    fn expires(&self) -> Option<Millis> {
        match self {
            Self::Live { expires_at: until, .. } | Self::Revoked { until } => Some(*until),
        }
    }
}

impl ServiceToken {
    /// Apart from the clients' own rows, so that listing clients never meets tokens.
    pub(crate) const ROOM: &'static str = "service";

    fn slot(config: &Config, client_id: &str, id: &Id) -> Slot<Self> {
        Slot::new(&config.tenant, Self::ROOM, client_id, &format!("token.{}", b64u(id)))
    }

    /// The row of the token that a handle is of, if its owner is a client.
    pub(crate) fn slot_of(config: &Config, handle: &Handle) -> Option<Slot<Self>> {
        match &handle.owner {
            Owner::Client(client_id) => Some(Self::slot(config, client_id, &handle.id)),
            Owner::Subject(_) | Owner::Device(_) => None,
        }
    }

    /// What an opaque token stands for, if it is alive and this is its handle.
    pub(crate) fn meaning(self, handle: &Handle) -> Option<Meaning> {
        match self {
            Self::Live { client_id, scopes, resources, issued_at, expires_at, jkt, secret_sha256 } => {
                let authentic = same(secret_sha256.as_bytes(), b64u(sha256(&handle.secret)).as_bytes());
                authentic.then_some(Meaning {
                    subject: None,
                    client_id,
                    scopes,
                    resources,
                    act: None,
                    auth_time: None,
                    issued_at,
                    expires_at,
                    jkt,
                })
            }
            Self::Revoked { .. } => None,
        }
    }
}

/// Ends a token that is alive: its row says so from now on; a JWT has none yet.
pub(crate) async fn revoke(
    host: &Host,
    handle: &Handle,
    stored: Option<Stored<ServiceToken>>,
    meaning: Meaning,
) -> Result<(), Stop> {
    let revoked = ServiceToken::Revoked { until: meaning.expires_at };
    let change = match stored {
        Some(stored) => Change::replace(&stored, revoked),
        None => Change::create(ServiceToken::slot(host.config(), &meaning.client_id, &handle.id), revoked),
    };
    host.commit(change).await?;
    host.tell(Event::TokenRevoked { client_id: meaning.client_id, grant_id: b64u(handle.id) });
    Ok(())
}
