//! From a token's text to what it stands for: one trip, none for a forged one.

use std::cmp::Ordering;

use super::issue::ACCESS_TOKEN_TYPE;
use super::meaning::Meaning;
use crate::account::{self, Subject};
use crate::client::Client;
use crate::config::Config;
use crate::grant::client_credentials::ServiceToken;
use crate::grant::{AccessToken, Grant};
use crate::handle::{Handle, Kind, Opened, Owner};
use crate::host::Host;
use crate::key::json::parse_object;
use crate::key::jws::{Compact, MAX_BYTES};
use crate::key::jwt::{Claims, Policy};
use crate::key::set::KeySet;
use crate::record::Stored;
use crate::refusal::{Fault, Stop};

/// A token that is authentic and alive.
pub(crate) enum Resolved {
    /// Of a person's grant.
    Granted(Stored<Grant>, What),
    /// A client's own; a JWT has no row.
    Service { handle: Handle, stored: Option<Stored<ServiceToken>>, meaning: Meaning },
}

impl Resolved {
    /// The client it was issued to.
    pub(super) fn client_id(&self) -> &str {
        match self {
            Self::Granted(grant, What::Access(token)) => grant.value.holder(token),
            Self::Granted(grant, What::Refresh | What::RotatedRefresh) => &grant.value.client_id,
            Self::Service { meaning, .. } => &meaning.client_id,
        }
    }

    /// Whose grant it is of.
    pub(super) fn person(&self) -> Option<&str> {
        match self {
            Self::Granted(grant, _) => Some(&grant.value.subject),
            Self::Service { .. } => None,
        }
    }

    /// Whether this client has the id of one that it is of, and was made after it.
    fn is_older_than(&self, client: &Client) -> bool {
        let since = match self {
            Self::Granted(grant, _) if grant.value.client_id == client.id => grant.value.created_at,
            Self::Granted(_, What::Access(token)) => token.issued_at,
            Self::Granted(..) => return false,
            // A JWT says it in whole seconds.
            Self::Service { meaning, .. } => meaning.issued_at.saturating_add(999),
        };
        !client.made_before(since)
    }

    /// Whether it is an access token for a resource of this client, which is then a resource server (RFC 7662 section 2.2).
    pub(super) fn is_for(&self, config: &Config, server: &Client) -> bool {
        let audience = match self {
            Self::Granted(grant, What::Access(token)) => grant.value.meaning(token).audience(config),
            Self::Granted(..) => return false,
            Self::Service { meaning, .. } => meaning.audience(config),
        };
        audience.iter().any(|resource| server.resources.contains(resource))
    }
}

/// Which of the grant's tokens it is.
pub(crate) enum What {
    Access(AccessToken),
    Refresh,
    /// A refresh token that gave way to its successor: worth nothing any more, but its family lives.
    RotatedRefresh,
}

/// A handle that was taken from the token, and the kind it was issued as. For a JWT access token this is its `jti`, read before
/// its signature is checked: the handle authenticates itself.
pub(super) struct Routed {
    kind: Kind,
    opened: Opened,
    is_jwt: bool,
}

impl Routed {
    pub(super) fn read(host: &Host, token: &str) -> Option<Self> {
        let config = host.config();
        let open = |kind: Kind, text: &str| Handle::open(&config.roots, &config.tenant, kind, text);
        if token.contains('.') {
            let jti = unverified_jti(token)?;
            return Some(Self { kind: Kind::TokenId, opened: open(Kind::TokenId, &jti)?, is_jwt: true });
        }
        let kind = [Kind::AccessToken, Kind::RefreshToken].into_iter().find(|kind| token.starts_with(kind.prefix()))?;
        Some(Self { kind, opened: open(kind, token)?, is_jwt: false })
    }
}

pub(super) fn unverified_jti(token: &str) -> Option<String> {
    let compact = Compact::parse(token, MAX_BYTES).ok()?;
    let claims = parse_object(compact.unverified_payload()).ok()?;
    claims.get("jti")?.as_str().map(str::to_owned)
}

/// What an access token of a person's grant leads to.
pub(crate) struct OfPerson {
    pub(crate) client: Client,
    pub(crate) grant: Grant,
    pub(crate) token: AccessToken,
    pub(crate) person: Subject,
}

/// The same for an access token of a person's grant alone, with its client and its person.
pub(crate) async fn resolve_person(host: &Host, token: &str) -> Result<Option<OfPerson>, Stop> {
    let config = host.config();
    let Some(routed) = Routed::read(host, token) else { return Ok(None) };
    let handle = &routed.opened.handle;
    // What came of an exchange was not given to whom the person signed in for.
    if handle.clients().count() > 1 {
        return Ok(None);
    }
    let (client, grant, account, keys) = host
        .load((
            Client::slot(config, handle.client()),
            Grant::slot_of(config, handle),
            account::slot_of(host, &handle.owner),
            routed.is_jwt.then(|| KeySet::slot(config)),
        ))
        .await?;
    let Some(client) = client.filter(|client| !client.value.disabled) else { return Ok(None) };
    let grant = grant.filter(|grant| client.value.made_before(grant.value.created_at));
    let keys = keys.map(|keys| keys.value).unwrap_or_default();
    let Some((grant, What::Access(token_of_grant))) = live_grant(host, &routed, grant) else { return Ok(None) };
    if !is_signed(host, &routed, &keys, token).await? {
        return Ok(None);
    }
    let person = account::active(host, account, &grant.value.subject).await?;
    Ok(person.map(|person| OfPerson { client: client.value, grant: grant.value, token: token_of_grant, person }))
}

/// The token, if it is alive: not expired, not revoked, its clients and its person still there and enabled. `caller` loads another
/// row in the same trip.
pub(crate) async fn resolve(
    host: &Host,
    token: &str,
    caller: Option<&str>,
) -> Result<(Option<Stored<Client>>, Option<Resolved>), Stop> {
    let config = host.config();
    let routed = Routed::read(host, token);
    let handle = routed.as_ref().map(|routed| &routed.opened.handle);
    let holders = handle.into_iter().flat_map(Handle::clients).filter(|id| caller != Some(id));
    let holders: Vec<_> = holders.map(|id| Client::slot(config, id)).collect();
    let ((calling, loaded), grant, service, account, keys) = host
        .load((
            (caller.map(|id| Client::slot(config, id)), holders),
            handle.and_then(|handle| Grant::slot_of(config, handle)),
            handle.and_then(|handle| ServiceToken::slot_of(config, handle)),
            handle.and_then(|handle| account::slot_of(host, &handle.owner)),
            routed.as_ref().filter(|routed| routed.is_jwt).map(|_| KeySet::slot(config)),
        ))
        .await?;
    let Some(routed) = routed else { return Ok((calling, None)) };
    let handle = &routed.opened.handle;
    let enabled = |id: &str| {
        let mut known = calling.iter().chain(loaded.iter().flatten()).map(|client| &client.value);
        known.find(|client| client.id == id && !client.disabled)
    };
    let holders = handle.clients().map(enabled);
    let Some(holders) = holders.collect::<Option<Vec<&Client>>>() else { return Ok((calling, None)) };
    let keys = keys.map(|keys| keys.value).unwrap_or_default();
    let resolved = match &routed.opened.handle.owner {
        Owner::Client(_) => of_client(host, routed, service, &keys, token).await?,
        Owner::Device(_) => None,
        Owner::Subject(subject) => match live_grant(host, &routed, grant) {
            Some((grant, what)) if is_signed(host, &routed, &keys, token).await? => {
                let active = account::active(host, account, subject).await?;
                active.map(|_| Resolved::Granted(grant, what))
            }
            _ => None,
        },
    };
    let resolved = resolved.filter(|resolved| !holders.iter().any(|client| resolved.is_older_than(client)));
    Ok((calling, resolved))
}

/// A row that is there decides; a JWT without one is what it says.
async fn of_client(
    host: &Host,
    routed: Routed,
    stored: Option<Stored<ServiceToken>>,
    keys: &KeySet,
    token: &str,
) -> Result<Option<Resolved>, Fault> {
    let handle = routed.opened.handle;
    let meaning = match &stored {
        Some(stored) => stored.value.clone().meaning(&handle),
        None if routed.is_jwt => signed_claims(host, keys, token).await?.map(|claims| Meaning::of(&claims)),
        None => None,
    };
    Ok(meaning.map(|meaning| Resolved::Service { handle, stored, meaning }))
}

fn live_grant(host: &Host, routed: &Routed, grant: Option<Stored<Grant>>) -> Option<(Stored<Grant>, What)> {
    let Routed { kind, opened, .. } = routed;
    let grant = grant.filter(|grant| {
        grant.value.client_id == opened.handle.client()
            && grant.value.state.is_live()
            && grant.value.issued(&host.config().roots, *kind, opened)
    })?;
    let what = match kind {
        Kind::RefreshToken => live_refresh(&grant.value, opened.handle.serial, host),
        _ => live_access(&grant.value, opened.handle.serial, host),
    }?;
    Some((grant, what))
}

/// What is no JWT needs no signature: its secret was compared.
async fn is_signed(host: &Host, routed: &Routed, keys: &KeySet, token: &str) -> Result<bool, Fault> {
    Ok(!routed.is_jwt || signed_claims(host, keys, token).await?.is_some())
}

fn live_refresh(grant: &Grant, generation: u32, host: &Host) -> Option<What> {
    let live = grant.state.generation().filter(|_| host.now() < grant.state.over_at())?;
    match generation.cmp(&live) {
        Ordering::Less => Some(What::RotatedRefresh),
        Ordering::Equal => Some(What::Refresh),
        Ordering::Greater => None,
    }
}

fn live_access(grant: &Grant, serial: u32, host: &Host) -> Option<What> {
    grant.live_access_token(serial, host.now()).cloned().map(What::Access)
}

/// The claims of a JWT access token of this issuer (RFC 9068 section 4), whatever its audience.
pub(super) async fn signed_claims(host: &Host, keys: &KeySet, token: &str) -> Result<Option<Claims>, Fault> {
    let policy = Policy {
        max_bytes: MAX_BYTES,
        typ: Some(ACCESS_TOKEN_TYPE),
        issuer: Some(&host.config().issuer.text),
        audience: None,
        now: host.now(),
        leeway: 0,
        required: &["sub", "aud", "client_id", "exp", "iat", "jti"],
    };
    // One for nobody at all would read as one for the issuer, whom a token without resources is for.
    Ok(keys.verify(host, token, &policy).await?.filter(|claims| claims.audience().any(|one| !one.is_empty())))
}
