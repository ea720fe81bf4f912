//! The typed commands that make tokens, show them and remove them.

use serde::{Deserialize, Deserializer, Serialize};

use super::hash::{Hash, text_of};
use super::presented::{Refused, examine};
use super::{Pat, Reason, is_id, settings, text};
use crate::ask::Key;
use crate::call::{ById, Items, page};
use crate::change::Change;
use crate::event::Event;
use crate::host::Host;
use crate::password::Typed;
use crate::redacted::redacted_debug;
use crate::refusal::{Refusal, Stop};
use crate::time::Millis;

/// Roles of one token, and how long each may be.
const MOST_ROLES: usize = 50;
const LONGEST_NAME: usize = 100;
/// All roles together, in bytes: a JWT with them must stay one that is looked at, whatever has to be escaped.
const LONGEST_ROLES: usize = 5000;
/// Tokens that are loaded at once: what one batch of the smallest store takes.
const MOST_AT_ONCE: usize = 100;
/// How many pages of rows are looked at for one page of a list that leaves some out.
const PAGES_FOR_ONE: usize = 10;
/// Times that every reader of JSON reads as they are.
const LATEST: Millis = 9_007_199_254_740_991;

/// `pats.issue` (without `hash`) and `pats.register`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct New {
    pub owner: String,
    #[serde(default)]
    pub admin: bool,
    #[serde(default)]
    pub roles: Vec<String>,
    #[serde(default)]
    pub expires_at: Option<Millis>,
    #[serde(default)]
    pub id: Option<String>,
    #[serde(default)]
    pub hash: Option<Typed>,
}

/// `pats.generate`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Generate {
    #[serde(default)]
    pub id: Option<String>,
}

/// `pats.verify`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Verify {
    pub token: Typed,
}

/// `pats.load`, and of one `pats.find`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Load {
    pub ids: Vec<String>,
    #[serde(default)]
    pub include_hash: bool,
}

/// `pats.list`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct List {
    pub after: Option<String>,
    pub limit: Option<u32>,
    pub owner: Option<String>,
    pub has_role: Option<String>,
    pub include_revoked: bool,
    pub include_expired: bool,
    pub include_hash: bool,
}

/// `pats.update` and `pats.revoke`, of which the latter takes `id` and `expiresAt` alone.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Update {
    pub id: String,
    #[serde(default)]
    pub owner: Option<String>,
    #[serde(default)]
    pub admin: Option<bool>,
    #[serde(default)]
    pub roles: Option<Vec<String>>,
    #[serde(default)]
    pub add_roles: Option<Vec<String>>,
    #[serde(default)]
    pub remove_roles: Option<Vec<String>>,
    /// `Some(None)`: it does not expire.
    #[serde(default, deserialize_with = "said")]
    pub expires_at: Option<Option<Millis>>,
    #[serde(default)]
    pub hash: Option<Typed>,
}

/// A member that is there, be it `null`.
fn said<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Millis>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A token as the host sees it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct View {
    pub(super) id: String,
    pub(super) owner: String,
    pub(super) admin: bool,
    pub(super) roles: Vec<String>,
    pub(super) created_at: Millis,
    pub(super) last_used_at: Option<Millis>,
    pub(super) revoked_at: Option<Millis>,
    pub(super) expires_at: Option<Millis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) hash: Option<String>,
}

redacted_debug!(View);

impl View {
    pub(super) fn of(pat: Pat, with_hash: bool) -> Self {
        let Pat { id, hash, owner, admin, roles, created_at, last_used_at, revoked_at, expires_at, .. } = pat;
        let hash = with_hash.then_some(hash);
        Self { id, owner, admin, roles, created_at, last_used_at, revoked_at, expires_at, hash }
    }
}

/// A new token, shown this once.
#[derive(Serialize)]
pub(crate) struct Issued {
    pub(super) token: String,
    pub(super) pat: View,
}

/// A token that nothing knows of yet.
#[derive(Serialize)]
pub(crate) struct Generated {
    token: String,
    id: String,
    hash: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct Verified {
    valid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pat: Option<View>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Loaded {
    pub(super) found: Vec<View>,
    pub(super) not_found: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Deleted {
    deleted: bool,
}

/// A commit.
pub(crate) async fn issue(host: &Host, ask: &New) -> Result<Issued, Stop> {
    let prefix = &settings(host)?.prefix;
    if ask.hash.is_some() {
        return Err(Refusal::InvalidArgument("hash: a token that is there already is registered").into());
    }
    if ask.expires_at.is_some_and(|end| end <= host.now()) {
        return Err(Refusal::InvalidArgument("expiresAt: in milliseconds since 1970, and later than now").into());
    }
    let id = ask.id.as_deref().map(id_of).transpose()?;
    let made = text::make(host, prefix, id);
    let pat = new(host, ask, made.id, text_of(&made.digest))?;
    create(host, &pat).await?;
    host.tell(Event::PatIssued { token_id: pat.id.clone() });
    Ok(Issued { token: made.text, pat: View::of(pat, false) })
}

/// A commit.
pub(crate) async fn register(host: &Host, ask: &New) -> Result<View, Stop> {
    let (Some(id), Some(hash)) = (&ask.id, &ask.hash) else {
        return Err(Refusal::InvalidArgument("id, hash: those of the token").into());
    };
    Hash::check(hash.text(), settings(host)?.imported)?;
    let pat = new(host, ask, id_of(id)?.to_owned(), hash.text().to_owned())?;
    create(host, &pat).await?;
    host.tell(Event::PatRegistered { token_id: pat.id.clone() });
    Ok(View::of(pat, false))
}

/// No trip.
pub(crate) fn generate(host: &Host, ask: &Generate) -> Result<Generated, Refusal> {
    let id = ask.id.as_deref().map(id_of).transpose()?;
    let made = text::make(host, &settings(host)?.prefix, id);
    Ok(Generated { token: made.text, id: made.id, hash: text_of(&made.digest) })
}

fn new(host: &Host, ask: &New, id: String, hash: String) -> Result<Pat, Refusal> {
    Ok(Pat {
        bootstrap: is_configured(host, &id),
        id,
        hash,
        owner: owner_of(&ask.owner)?,
        admin: ask.admin,
        roles: roles_of(ask.roles.clone())?,
        created_at: host.now(),
        last_used_at: None,
        revoked_at: None,
        expires_at: ask.expires_at.map(expiry_of).transpose()?,
        secret_since: None,
        deleted: false,
    })
}

/// Whether the configuration has a token with this id, however it came to be.
fn is_configured(host: &Host, id: &str) -> bool {
    let own = host.config().pats.as_ref().and_then(|pats| pats.bootstrap.as_ref());
    own.is_some_and(|own| own.id == id)
}

async fn create(host: &Host, pat: &Pat) -> Result<(), Stop> {
    let slot = Pat::slot(host.config(), &pat.id);
    match host.commit(Change::create(slot.clone(), pat.clone())).await {
        Err(Stop::Stale) if host.load(slot).await?.is_some() => {
            Err(Refusal::AlreadyExists("There is such a token already").into())
        }
        other => other,
    }
}

/// One load, and when use of it is to be noted a commit. What is said of a token whose secret is wrong is only that.
pub(crate) async fn verify(host: &Host, ask: &Verify) -> Result<Verified, Stop> {
    Ok(match examine(host, settings(host)?, ask.token.text(), None).await?.0 {
        Ok(pat) => Verified { valid: true, reason: None, pat: Some(View::of(pat, false)) },
        Err(Refused { reason, pat, .. }) => {
            Verified { valid: false, reason: Some(reason), pat: pat.map(|pat| View::of(pat, false)) }
        }
    })
}

/// One load.
pub(crate) async fn find_one(host: &Host, ask: &ById) -> Result<Option<View>, Stop> {
    let found = host.load(Pat::slot(host.config(), id_of(&ask.id)?)).await?;
    Ok(found.filter(|stored| !stored.value.deleted).map(|stored| View::of(stored.value, false)))
}

/// One load, of all that are named.
pub(crate) async fn load(host: &Host, ask: &Load) -> Result<Loaded, Stop> {
    let mut ids = ask.ids.clone();
    ids.sort_unstable();
    ids.dedup();
    if !(1..=MOST_AT_ONCE).contains(&ids.len()) {
        return Err(Refusal::InvalidArgument("ids: from 1 to 100").into());
    }
    let slots = ids.iter().map(|id| Ok(Pat::slot(host.config(), id_of(id)?))).collect::<Result<Vec<_>, Refusal>>()?;
    let rows = host.load(slots).await?;
    let mut loaded = Loaded { found: Vec::new(), not_found: Vec::new() };
    for (id, row) in ids.into_iter().zip(rows) {
        match row.filter(|row| !row.value.deleted) {
            Some(row) => loaded.found.push(View::of(row.value, ask.include_hash)),
            None => loaded.not_found.push(id),
        }
    }
    Ok(loaded)
}

/// A page in the order of the ids, of which `next` is the last that was looked at: nothing is missed and nothing comes twice, whatever is
/// issued meanwhile. A list that leaves some out may give fewer than `limit`, and still say that there are more.
pub(crate) async fn list(host: &Host, ask: &List) -> Result<Items<View>, Stop> {
    let after = ask.after.as_deref().map(|id| Ok(Pat::slot(host.config(), id_of(id)?).key.0)).transpose();
    let after = after.map_err(|_: Refusal| Refusal::InvalidArgument("after: the next of the page before"))?;
    let mut scan = page(format!("{}.{}.", host.tenant(), Pat::ROOM), after.as_ref(), ask.limit)?;
    let limit = usize::try_from(scan.limit).unwrap_or(usize::MAX);
    let (mut items, mut last) = (Vec::new(), None);
    for _ in 0..PAGES_FOR_ONE {
        let (rows, next) = host.scan::<Pat>(scan.clone()).await?;
        for row in rows {
            last = Some(row.value.id.clone());
            if ask.wants(&row.value, host.now()) {
                items.push(View::of(row.value, ask.include_hash));
            }
            if items.len() == limit {
                return Ok(Items { items, next: last });
            }
        }
        match next {
            Some(Key(key)) => scan.after = Some(Key(key)),
            None => return Ok(Items { items, next: None }),
        }
    }
    Ok(Items { items, next: last })
}

impl List {
    fn wants(&self, pat: &Pat, now: Millis) -> bool {
        !pat.deleted
            && (self.include_revoked || pat.revoked_at.is_none())
            && (self.include_expired || !pat.is_expired(now))
            && self.owner.as_ref().is_none_or(|owner| *owner == pat.owner)
            && self.has_role.as_ref().is_none_or(|role| pat.roles.contains(role))
    }
}

/// A load and a commit. Of a token of the configuration the row stays, so that it is not made anew.
pub(crate) async fn delete(host: &Host, ask: &ById) -> Result<Deleted, Stop> {
    let stored = host.load(Pat::slot(host.config(), id_of(&ask.id)?)).await?;
    let Some(stored) = stored.filter(|stored| !stored.value.deleted) else { return Ok(Deleted { deleted: false }) };
    let change = if stored.value.bootstrap || is_configured(host, &ask.id) {
        Change::replace(&stored, Pat { deleted: true, bootstrap: true, ..stored.value.clone() })
    } else {
        Change::remove(stored.key, stored.version)
    };
    host.commit(change).await?;
    host.tell(Event::PatDeleted { token_id: ask.id.clone() });
    Ok(Deleted { deleted: true })
}

pub(super) fn id_of(id: &str) -> Result<&str, Refusal> {
    if is_id(id) { Ok(id) } else { Err(Refusal::InvalidArgument("id: 21 letters and digits")) }
}

fn is_name(name: &str) -> bool {
    (1..=LONGEST_NAME).contains(&name.chars().count()) && !name.contains(char::is_control)
}

pub(super) fn owner_of(owner: &str) -> Result<String, Refusal> {
    let good = is_name(owner);
    good.then(|| owner.to_owned())
        .ok_or(Refusal::InvalidArgument("owner: from 1 to 100 characters, none of them a control character"))
}

/// A set: in order, each once.
pub(super) fn roles_of(mut roles: Vec<String>) -> Result<Vec<String>, Refusal> {
    roles.sort_unstable();
    roles.dedup();
    let bytes: usize = roles.iter().map(String::len).sum();
    let good = roles.len() <= MOST_ROLES && bytes <= LONGEST_ROLES && roles.iter().all(|role| is_name(role));
    good.then_some(roles).ok_or(Refusal::InvalidArgument(
        "roles: at most 50, each of 1 to 100 characters, none of them a control character, and 5000 bytes together",
    ))
}

pub(super) fn expiry_of(end: Millis) -> Result<Millis, Refusal> {
    if end <= LATEST { Ok(end) } else { Err(Refusal::InvalidArgument("expiresAt: milliseconds since 1970")) }
}
