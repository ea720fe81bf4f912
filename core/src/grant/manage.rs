//! The typed commands on grants.

use serde::{Deserialize, Serialize};

use super::{Context, Grant, State};
use crate::account;
use crate::ask::Key;
use crate::call::{Items, OfSubject, SubjectItem, page};
use crate::change::Change;
use crate::consent::Consent;
use crate::event::Event;
use crate::host::Host;
use crate::record::{Record, Stored, partition};
use crate::refusal::{Refusal, Stop};
use crate::session::{Revoked, Session, item_id};
use crate::time::Millis;

/// A grant as the host sees it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct View {
    id: String,
    subject: String,
    client_id: String,
    scopes: Vec<String>,
    resources: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<Context>,
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
            resources: grant.resources,
            context: grant.context,
            created_at: grant.created_at,
        }
    }
}

pub(crate) async fn list(host: &Host, ask: &OfSubject) -> Result<Items<View>, Stop> {
    let prefix = format!("{}/grant.", partition(host.tenant(), account::ROOM, &ask.subject));
    let (grants, next) = host.scan::<Grant>(page(prefix, ask.after.as_ref(), ask.limit)?).await?;
    Ok(Items { items: grants.into_iter().map(|grant| View::of(grant.value)).collect(), next: next.map(|key| key.0) })
}

/// Takes a grant back: it ends, and what was allowed with it is asked anew.
pub(crate) async fn revoke(host: &Host, ask: &SubjectItem) -> Result<Revoked, Stop> {
    let found = host.load(Grant::slot(host.config(), &ask.subject, &item_id(&ask.id)?)).await?;
    match found {
        Some(grant) => {
            let consent = Consent::slot(host.config(), &ask.subject, &grant.value.client_id).key;
            if grant.value.state.is_revoked() {
                // The client gave it back before. The person takes back what they allowed.
                host.commit(Change::delete(consent)).await?;
                return Ok(Revoked { revoked: false });
            }
            end_and_delete(host, grant, Some(consent)).await
        }
        None => Ok(Revoked { revoked: false }),
    }
}

/// `grants.update`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Update {
    pub subject: String,
    pub id: String,
    /// In place of the one before; none takes it away.
    #[serde(default)]
    pub context: Option<Context>,
}

/// Changes what the application keeps with a grant.
pub(crate) async fn update(host: &Host, ask: &Update) -> Result<View, Stop> {
    let found = host.load(Grant::slot(host.config(), &ask.subject, &item_id(&ask.id)?)).await?;
    let found = found.ok_or(Refusal::NotFound("There is no such grant"))?;
    let changed = Grant { context: ask.context.clone(), ..found.value.clone() };
    host.commit(Change::replace(&found, changed.clone())).await?;
    Ok(View::of(changed))
}

/// `grants.revokeAll`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct RevokeAll {
    pub subject: String,
    /// Of this client only.
    #[serde(default)]
    pub client_id: Option<String>,
}

/// How many there were.
#[derive(Debug, Serialize)]
pub(crate) struct RevokedAll {
    revoked: usize,
}

/// Takes back all that a person allowed, or all that they allowed one client. The consents go first, so that nothing new is made
/// of them.
pub(crate) async fn revoke_all(host: &Host, ask: &RevokeAll) -> Result<RevokedAll, Stop> {
    let of_client = |id: &String| ask.client_id.as_ref().is_none_or(|client| client == id);
    for consent in all::<Consent>(host, &ask.subject, "consent.").await? {
        if of_client(&consent.value.client_id) {
            host.commit(Change::delete(consent.key)).await?;
        }
    }
    for grant in all::<Grant>(host, &ask.subject, "grant.").await? {
        if of_client(&grant.value.client_id) {
            end(host, grant).await?;
        }
    }
    // A decision that lost a race had ended some already.
    Ok(RevokedAll { revoked: host.count_told(&|event| matches!(event, Event::GrantRevoked { .. })) })
}

/// All records of a person whose names start so.
async fn all<T: Record>(host: &Host, subject: &str, start: &str) -> Result<Vec<Stored<T>>, Stop> {
    host.scan_all(format!("{}/{start}", partition(host.tenant(), account::ROOM, subject))).await
}

/// Ends what applications got in these sessions for as long as they last, or in any. What comes in between, such as a refresh, is
/// looked at again here: the sessions are over, so nobody could ask anew.
pub(crate) async fn end_of_sessions(host: &Host, subject: &str, sessions: Option<&[String]>) -> Result<(), Stop> {
    if host.config().openid.is_none() {
        return Ok(());
    }
    for _ in 0..3 {
        let mut ended = all::<Grant>(host, subject, "grant.").await?;
        ended.retain(|grant| grant.value.lasts_as_long_as(sessions) && !grant.value.state.is_revoked());
        if ended.is_empty() {
            return Ok(());
        }
        match host.commit(ended.iter().fold(Change::default(), |change, grant| and_end(host, change, grant))).await {
            Err(Stop::Stale) => host.untell(),
            done => return done,
        }
    }
    Err(Stop::Stale)
}

/// Ends a grant and everything issued from it.
pub(crate) async fn end(host: &Host, grant: Stored<Grant>) -> Result<Revoked, Stop> {
    end_and_delete(host, grant, None).await
}

async fn end_and_delete(host: &Host, grant: Stored<Grant>, also: Option<Key>) -> Result<Revoked, Stop> {
    if grant.value.state.is_revoked() {
        return Ok(Revoked { revoked: false });
    }
    host.commit(and_end(host, Change::default(), &grant).and_delete(also)).await?;
    Ok(Revoked { revoked: true })
}

/// The person takes back, from a session of theirs that is still there, what they allowed a client: live grants of it, and the
/// consent.
pub(crate) async fn end_together(
    host: &Host,
    grants: Vec<Stored<Grant>>,
    by: Option<&Stored<Session>>,
    consent: Key,
) -> Result<(), Stop> {
    let change =
        by.map_or_else(Change::default, |by| Change::default().and_require(by.key.clone(), by.version.clone()));
    let change = grants.iter().fold(change, |change, grant| and_end(host, change, grant));
    host.commit(change.and_delete(Some(consent))).await
}

fn and_end(host: &Host, change: Change, grant: &Stored<Grant>) -> Change {
    let Grant { subject, client_id, id: grant_id, .. } = grant.value.clone();
    let state = grant.value.state.clone().revoke(host.now());
    host.tell(Event::GrantRevoked { subject, client_id, grant_id });
    change.and_replace(grant, Grant { state, ..grant.value.clone() })
}
