//! The typed commands on grants.

use serde::Serialize;

use super::{Grant, State};
use crate::account;
use crate::call::{Items, OfSubject, SubjectItem, page};
use crate::change::Change;
use crate::event::Event;
use crate::host::Host;
use crate::record::{Stored, partition};
use crate::refusal::Stop;
use crate::session::{Revoked, item_id};
use crate::time::Millis;

/// A grant as the host sees it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct View {
    id: String,
    subject: String,
    client_id: String,
    scopes: Vec<String>,
    state: &'static str,
    created_at: Millis,
    expires_at: Millis,
}

impl View {
    fn of(grant: Grant) -> Self {
        Self {
            state: match grant.state {
                State::CodeIssued { .. } => "code",
                State::Live { .. } => "live",
                State::Revoked { .. } => "revoked",
            },
            expires_at: grant.state.over_at(),
            id: grant.id,
            subject: grant.subject,
            client_id: grant.client_id,
            scopes: grant.scopes,
            created_at: grant.created_at,
        }
    }
}

pub(crate) async fn list(host: &Host, ask: &OfSubject) -> Result<Items<View>, Stop> {
    let prefix = format!("{}/grant.", partition(host.tenant(), account::ROOM, &ask.subject));
    let (grants, next) = host.scan::<Grant>(page(prefix, ask.after.as_ref(), ask.limit)?).await?;
    Ok(Items { items: grants.into_iter().map(|grant| View::of(grant.value)).collect(), next: next.map(|key| key.0) })
}

pub(crate) async fn revoke(host: &Host, ask: &SubjectItem) -> Result<Revoked, Stop> {
    let found = host.load(Grant::slot(host.config(), &ask.subject, &item_id(&ask.id)?)).await?;
    match found {
        Some(grant) => end(host, grant).await,
        None => Ok(Revoked { revoked: false }),
    }
}

/// Ends a grant and everything issued from it.
pub(crate) async fn end(host: &Host, grant: Stored<Grant>) -> Result<Revoked, Stop> {
    if matches!(grant.value.state, State::Revoked { .. }) {
        return Ok(Revoked { revoked: false });
    }
    let Grant { subject, client_id, id: grant_id, .. } = grant.value.clone();
    let state = grant.value.state.clone().revoke(host.now());
    host.commit(Change::replace(&grant, Grant { state, ..grant.value.clone() })).await?;
    host.tell(Event::GrantRevoked { subject, client_id, grant_id });
    Ok(Revoked { revoked: true })
}
