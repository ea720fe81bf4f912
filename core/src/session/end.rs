//! The end of a session: at once its cookie, and what was given to applications for as long as it lasts.

use super::bag::Bag;
use super::remember::{self, Remembered};
use super::{Session, epoch, is_sealed, slot_of};
use crate::account;
use crate::ask::Key;
use crate::change::Change;
use crate::event::Event;
use crate::grant;
use crate::host::Host;
use crate::record::{Stored, partition};
use crate::refusal::Stop;

/// Ends a session. Its row goes first, so that nothing new is made in it; then what was made goes too, also of a session whose row is
/// gone: whoever could not finish may try again.
pub(crate) async fn end(host: &Host, subject: &str, id: &str, row: Option<Stored<Session>>) -> Result<(), Stop> {
    match row {
        Some(row) => remove(host, Change::default(), vec![row]).await?,
        None if is_sealed(host.config()) => epoch::end(host, subject, id).await?,
        None => {}
    }
    grant::end_of_sessions(host, subject, Some(&[id.to_owned()])).await
}

/// Ends sessions of one person as they were read, together; where another session of theirs asks for it, while that one is there.
pub(crate) async fn end_found(
    host: &Host,
    ended: Vec<Stored<Session>>,
    by: Option<&Stored<Session>>,
) -> Result<(), Stop> {
    let Some(subject) = ended.first().map(|session| session.value.subject.clone()) else { return Ok(()) };
    let ids: Vec<String> = ended.iter().map(|session| session.value.id.clone()).collect();
    let by = by.filter(|by| ended.iter().all(|session| session.key != by.key));
    let change =
        by.map_or_else(Change::default, |by| Change::default().and_require(by.key.clone(), by.version.clone()));
    remove(host, change, ended).await?;
    grant::end_of_sessions(host, &subject, Some(&ids)).await
}

/// Ends all sessions of a person. What would begin others goes first.
pub(crate) async fn end_all(host: &Host, subject: &str) -> Result<(), Stop> {
    remember::forget(host, subject, None).await?;
    remove(host, Change::default(), host.scan_all::<Session>(prefix(host, subject)).await?).await?;
    if is_sealed(host.config()) {
        epoch::raise(host, subject, None).await?;
    }
    grant::end_of_sessions(host, subject, None).await
}

/// Ends all sessions of a person but this one.
pub(crate) async fn end_others(host: &Host, subject: &str, keep_id: &str) -> Result<(), Stop> {
    forget_others(host, subject, keep_id).await?;
    let mut others = host.scan_all::<Session>(prefix(host, subject)).await?;
    others.retain(|session| session.value.id != keep_id);
    if is_sealed(host.config()) {
        epoch::raise(host, subject, Some(keep_id)).await?;
    }
    end_found(host, others, None).await
}

/// The remembered browsers of a person are forgotten, but for the one that this session is of.
pub(crate) async fn forget_others(host: &Host, subject: &str, keep_id: &str) -> Result<(), Stop> {
    if host.config().sign_in.remember_for.is_none() {
        return Ok(());
    }
    let kept = host.load(slot_of(host.config(), subject, keep_id)?).await?;
    remember::forget(host, subject, kept.as_ref().and_then(|kept| kept.value.remember.as_deref())).await
}

fn prefix(host: &Host, subject: &str) -> String {
    format!("{}/session.", partition(host.tenant(), account::ROOM, subject))
}

/// The rows are gone as they were read, together, and whom they say to tell will be told.
pub(super) async fn remove(host: &Host, mut change: Change, ended: Vec<Stored<Session>>) -> Result<(), Stop> {
    if ended.is_empty() {
        return Ok(());
    }
    let mut remembered: Vec<_> = ended.iter().filter_map(|session| remembered_key(host, &session.value)).collect();
    remembered.sort_unstable();
    remembered.dedup();
    for Stored { key, version, value: Session { id, subject, clients, .. } } in ended {
        for client_id in clients {
            host.tell(Event::LogoutDue { subject: subject.clone(), client_id, session_id: id.clone() });
        }
        let bag = Bag::slot(host.config(), &subject, &id).key;
        host.tell(Event::SessionRevoked { subject, session_id: id });
        change = change.and_remove(key, version).and_delete(Some(bag));
    }
    host.commit(remembered.into_iter().fold(change, |change, key| change.and_delete(Some(key)))).await
}

/// The remembered browser that a session is of goes with it: who signs out is not signed in again by itself.
fn remembered_key(host: &Host, session: &Session) -> Option<Key> {
    session.remember.as_ref().map(|id| Remembered::slot(host.config(), &session.subject, id).key)
}

/// How many sessions this flow has ended, also in a decision that lost a race later on.
pub(super) fn count(host: &Host) -> usize {
    host.count_told(&|event| matches!(event, Event::SessionRevoked { .. }))
}
