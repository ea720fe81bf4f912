//! From the text of a token to its row: one load, none for what is no token at all.

use super::hash::{Hash, text_of};
use super::text::{Presented, Secret, parse};
use super::{Pat, Reason};
use crate::change::Change;
use crate::config::Pats;
use crate::event::Event;
use crate::host::Host;
use crate::key::set::KeySet;
use crate::record::{Slot, Stored};
use crate::refusal::Stop;
use crate::time::Seconds;

/// How often it is written that a token is in use.
const NOTED_EVERY: Seconds = Seconds(60);

/// A token that is not good.
pub(super) struct Refused {
    pub(super) reason: Reason,
    /// Its row, where the secret was right.
    pub(super) pat: Option<Pat>,
    /// The id that it says.
    pub(super) id: Option<String>,
}

/// What came of looking at a token, and what was loaded beside.
pub(super) type Examined = (Result<Pat, Refused>, Option<Stored<KeySet>>);

/// Looks at a token. The order of the checks is what the reason tells of: first what it looks like, then whether there is such a token, then
/// the secret, then whether it was revoked or has expired. One load, and at most once in a minute a commit that says that it is in use.
pub(super) async fn examine(
    host: &Host,
    settings: &Pats,
    text: &str,
    keys: Option<Slot<KeySet>>,
) -> Result<Examined, Stop> {
    let presented = match parse(&settings.prefix, text) {
        Ok(Presented { secret: Secret::Imported(..), .. }) if !settings.imported => Err(Reason::InvalidFormat),
        other => other,
    };
    let presented = match presented {
        Ok(presented) => presented,
        Err(reason) => return Ok((Err(Refused { reason, pat: None, id: None }), None)),
    };
    let (row, keys) = host.load((Pat::slot(host.config(), presented.id), keys)).await?;
    let judged = match row {
        None => first_of_all(host, settings, &presented).await?,
        Some(row) => judge(host, &presented, row).await?,
    };
    let id = Some(presented.id.to_owned());
    Ok((judged.map_err(|(reason, pat)| Refused { reason, pat, id }), keys))
}

type Judged = Result<Pat, (Reason, Option<Pat>)>;

async fn judge(host: &Host, presented: &Presented<'_>, row: Stored<Pat>) -> Result<Judged, Stop> {
    if row.value.deleted {
        Hash::accept_nothing(host, &presented.secret).await?;
        return Ok(Err((Reason::NotFound, None)));
    }
    let hash = match Hash::parse(&row.value.hash) {
        Ok(hash) => hash,
        Err(reason) => return Ok(Err((reason, None))),
    };
    if !hash.accepts(host, &presented.secret).await? {
        return Ok(Err((Reason::InvalidSecret, None)));
    }
    if let Some(reason) = row.value.amiss(host.now()) {
        return Ok(Err((reason, Some(row.value))));
    }
    let is_behind = matches!(hash, Hash::Imported(_));
    note_used(host, &row, is_behind.then(|| text_of(presented.secret.digest()))).await?;
    Ok(Ok(Pat { last_used_at: Some(host.now()), ..row.value }))
}

/// Writes that a token is in use, on the version of its row that was read: a row that is gone, or says something else by now, is not
/// written over. `hash` takes the place of a slow one.
async fn note_used(host: &Host, row: &Stored<Pat>, hash: Option<String>) -> Result<(), Stop> {
    let pat = &row.value;
    let is_due = pat.last_used_at.is_none_or(|last| NOTED_EVERY.after(last) <= host.now());
    if hash.is_none() && !(is_due && host.seen().claim(&pat.id, host.now(), NOTED_EVERY)) {
        return Ok(());
    }
    let hash = hash.unwrap_or_else(|| pat.hash.clone());
    match host.commit(Change::replace(row, Pat { last_used_at: Some(host.now()), hash, ..pat.clone() })).await {
        // Another request was faster, or somebody changed or deleted it since it was read.
        Err(Stop::Stale) => Ok(()),
        other => other.inspect_err(|_| host.seen().release(&pat.id)),
    }
}

/// The token that the configuration names is an administrator's from the first time that it is presented. Of many at once one creates the
/// row, and the others find it; the row stays when the token is deleted, so nothing brings it back.
async fn first_of_all(host: &Host, settings: &Pats, presented: &Presented<'_>) -> Result<Judged, Stop> {
    let Some(own) = settings.bootstrap.as_ref().filter(|own| own.id == presented.id) else {
        Hash::accept_nothing(host, &presented.secret).await?;
        return Ok(Err((Reason::NotFound, None)));
    };
    let hash = match Hash::parse(own.hash.text()) {
        Ok(hash) => hash,
        Err(reason) => return Ok(Err((reason, None))),
    };
    if !hash.accepts(host, &presented.secret).await? {
        return Ok(Err((Reason::InvalidSecret, None)));
    }
    let pat = Pat {
        id: own.id.clone(),
        hash: text_of(presented.secret.digest()),
        owner: "admin".to_owned(),
        admin: true,
        roles: Vec::new(),
        created_at: host.now(),
        last_used_at: Some(host.now()),
        revoked_at: None,
        expires_at: None,
        secret_since: None,
        bootstrap: true,
        deleted: false,
    };
    host.commit(Change::create(Pat::slot(host.config(), &pat.id), pat.clone())).await?;
    host.tell(Event::PatBootstrapped { token_id: pat.id.clone() });
    Ok(Ok(pat))
}
