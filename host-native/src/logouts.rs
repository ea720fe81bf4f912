//! Tells clients that sessions are over (OpenID Connect Back-Channel Logout 1.0), while nobody waits.

use std::sync::{Arc, Weak};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::error::Error;
use crate::event::Event;
use crate::host::Host;

/// Seconds before it is tried again after this host itself failed.
const AFTER_FAULT: u64 = 30;

/// How many clients are yet to be told, or tried again.
#[derive(Debug, Default)]
pub(crate) struct Logouts(watch::Sender<usize>);

/// What the event `logout.due` says.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Due {
    subject: Value,
    session_id: Value,
    client_id: Value,
    attempt: u8,
    #[serde(skip)]
    issuer: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delivered {
    retry_in: Option<u64>,
}

impl Logouts {
    /// Begins what an event asks for. Clients that are not told yet when the last handle of the server is gone are not told.
    pub(crate) fn note(host: &Arc<Host>, event: &Event) {
        if event.name != "logout.due" {
            return;
        }
        let member = |name: &str| event.details.get(name).cloned().unwrap_or_default();
        let due = Due {
            subject: member("subject"),
            session_id: member("sessionId"),
            client_id: member("clientId"),
            attempt: 1,
            issuer: event.issuer.clone(),
        };
        host.logouts.0.send_modify(|under_way| *under_way += 1);
        tokio::spawn(tell(Arc::downgrade(host), due));
    }

    /// Waits until no client is left to be told.
    pub(crate) async fn settled(&self) {
        drop(self.0.subscribe().wait_for(|under_way| *under_way == 0).await);
    }
}

async fn tell(host: Weak<Host>, mut due: Due) {
    while let Some(seconds) = attempt(&host, &due).await {
        sleep(Duration::from_secs(seconds)).await;
        due.attempt = due.attempt.saturating_add(1);
    }
    if let Some(host) = host.upgrade() {
        host.logouts.0.send_modify(|under_way| *under_way = under_way.saturating_sub(1));
    }
}

/// After how many seconds to try again, if at all. How often is for the engine to say: it refuses an attempt too many.
async fn attempt(host: &Weak<Host>, due: &Due) -> Option<u64> {
    let ended = host.upgrade()?.run(due.issuer.as_deref(), "logout.deliver", due).await;
    match ended {
        Ok(outcome) => serde_json::from_str::<Delivered>(outcome.ok.get()).ok()?.retry_in,
        Err(Error::Refused(_)) => None,
        Err(error) => {
            tracing::warn!(%error, "a client could not be told that a session is over");
            Some(AFTER_FAULT)
        }
    }
}
