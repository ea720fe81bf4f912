//! What changes a token that is there: each reads the row, decides, and writes on what it read, as often as others are faster.

use super::commands::{Update, View, expiry_of, id_of, owner_of, roles_of};
use super::hash::Hash;
use super::{NO_SUCH_TOKEN, Pat, settings};
use crate::call::ById;
use crate::change::Change;
use crate::event::Event;
use crate::host::Host;
use crate::password::Typed;
use crate::refusal::{Refusal, Stop};

/// More than may ever change one token at once.
const MOST_ROUNDS: usize = 1000;

/// A load and a commit; no commit when nothing changes.
pub(crate) async fn update(host: &Host, ask: &Update) -> Result<View, Stop> {
    if [&ask.roles, &ask.add_roles, &ask.remove_roles].into_iter().flatten().count() > 1 {
        return Err(Refusal::InvalidArgument("roles, addRoles, removeRoles: one of them").into());
    }
    if let Some(hash) = &ask.hash {
        Hash::check(hash.text(), settings(host)?.imported)?;
    }
    let (pat, changed) = change(host, &ask.id, |pat| {
        let next = Pat {
            owner: ask.owner.as_deref().map_or_else(|| Ok(pat.owner.clone()), owner_of)?,
            admin: ask.admin.unwrap_or(pat.admin),
            roles: roles_of(roles_after(pat, ask))?,
            expires_at: match ask.expires_at {
                Some(said) => said.map(expiry_of).transpose()?,
                None => pat.expires_at,
            },
            hash: ask.hash.as_ref().map_or(pat.hash.as_str(), Typed::text).to_owned(),
            secret_since: match &ask.hash {
                Some(hash) if hash.text() != pat.hash => Some(host.now()),
                _ => pat.secret_since,
            },
            ..pat.clone()
        };
        Ok((!is_same(&next, pat)).then_some(next))
    })
    .await?;
    if changed {
        host.tell(Event::PatUpdated { token_id: pat.id.clone() });
    }
    Ok(View::of(pat, false))
}

fn roles_after(pat: &Pat, ask: &Update) -> Vec<String> {
    let mut roles = ask.roles.clone().unwrap_or_else(|| pat.roles.clone());
    roles.extend(ask.add_roles.iter().flatten().cloned());
    roles.retain(|role| !ask.remove_roles.iter().flatten().any(|removed| removed == role));
    roles
}

fn is_same(one: &Pat, other: &Pat) -> bool {
    (&one.owner, one.admin, &one.roles, one.expires_at, &one.hash)
        == (&other.owner, other.admin, &other.roles, other.expires_at, &other.hash)
}

/// A load and a commit; no commit when it is revoked already. Its expiry stays what it was, unless another is said.
pub(crate) async fn revoke(host: &Host, ask: &Update) -> Result<View, Stop> {
    let Update {
        id,
        owner: None,
        admin: None,
        roles: None,
        add_roles: None,
        remove_roles: None,
        expires_at,
        hash: None,
    } = ask
    else {
        return Err(Refusal::InvalidArgument("A token is revoked by its id, and at most with another expiresAt").into());
    };
    let (pat, changed) = change(host, id, |pat| {
        let end = match expires_at {
            Some(said) => said.map(expiry_of).transpose()?,
            None => pat.expires_at,
        };
        let revoked = Pat { revoked_at: Some(host.now()), expires_at: end, ..pat.clone() };
        Ok(pat.revoked_at.is_none().then_some(revoked))
    })
    .await?;
    if changed {
        host.tell(Event::PatRevoked { token_id: pat.id.clone() });
    }
    Ok(View::of(pat, false))
}

/// A load and a commit; no commit when it is not revoked. Its expiry stays what it was.
pub(crate) async fn restore(host: &Host, ask: &ById) -> Result<View, Stop> {
    let (pat, changed) =
        change(host, &ask.id, |pat| Ok(pat.revoked_at.map(|_| Pat { revoked_at: None, ..pat.clone() }))).await?;
    if changed {
        host.tell(Event::PatRestored { token_id: pat.id.clone() });
    }
    Ok(View::of(pat, false))
}

/// The token as it is afterwards, and whether that is another than before. Whoever loses a race reads and decides anew: somebody else has
/// got on with it, so all get there. A commit that is refused though nobody changed the row is for the engine to give up.
async fn change(
    host: &Host,
    id: &str,
    decide: impl Fn(&Pat) -> Result<Option<Pat>, Refusal>,
) -> Result<(Pat, bool), Stop> {
    let slot = Pat::slot(host.config(), id_of(id)?);
    let mut lost_on = None;
    for _ in 0..MOST_ROUNDS {
        let stored = host.load(slot.clone()).await?.filter(|stored| !stored.value.deleted).ok_or(NO_SUCH_TOKEN)?;
        if lost_on.as_ref() == Some(&stored.version) {
            break;
        }
        let Some(next) = decide(&stored.value)? else { return Ok((stored.value, false)) };
        match host.commit(Change::replace(&stored, next.clone())).await {
            Err(Stop::Stale) => lost_on = Some(stored.version),
            other => return other.map(|()| (next, true)),
        }
    }
    Err(Stop::Stale)
}
