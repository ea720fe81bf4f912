//! Where a client's registration is from, and whether anybody has used it.

use serde::{Deserialize, Serialize};

use super::{Client, SecretHash};
use crate::change::Change;
use crate::host::Host;
use crate::oidc::subject;
use crate::record::Stored;
use crate::refusal::Stop;
use crate::time::Millis;

/// Where a client's registration is from.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Origin {
    /// The operator made it.
    #[default]
    Operator,
    /// It registered itself (RFC 7591).
    Registered {
        /// Its registration access tokens (RFC 7592 section 3): the live one, and the one before for a short while.
        tokens: Vec<SecretHash>,
        /// Until it has its first grant it ends then; afterwards never.
        unused_until: Option<Millis>,
    },
    /// It is what the metadata document at its id says.
    Document {
        /// Until then the document is not read again.
        fresh_until: Millis,
        /// As above.
        unused_until: Option<Millis>,
    },
}

impl Origin {
    /// The name of the one that somebody at the operator's has looked at.
    pub(crate) const OPERATOR: &'static str = "operator";

    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Operator => Self::OPERATOR,
            Self::Registered { .. } => "registered",
            Self::Document { .. } => "document",
        }
    }

    /// When nobody has used it for so long that it is forgotten; `None`: never.
    pub(super) const fn unused_until(&self) -> Option<Millis> {
        match self {
            Self::Operator => None,
            Self::Registered { unused_until, .. } | Self::Document { unused_until, .. } => *unused_until,
        }
    }

    /// What somebody decided about is not forgotten.
    pub(super) fn into_used(mut self) -> Self {
        if let Self::Registered { unused_until, .. } | Self::Document { unused_until, .. } = &mut self {
            *unused_until = None;
        }
        self
    }
}

impl Client {
    /// Whether nobody at the operator's has looked at it: people must be told.
    pub(crate) const fn is_self_made(&self) -> bool {
        !matches!(self.origin, Origin::Operator)
    }

    /// The same, with what is not the client's to say as it was: the operator decides that. One that is to know people by other names
    /// begins anew, and what it got before is over: it would tell it how a sector knows them whose redirect URIs it never was at.
    pub(super) fn decided_as(self, before: &Self) -> Self {
        // What began at this very instant began before.
        let anew = self.created_at.saturating_add(1).max(before.created_at);
        Self {
            disabled: before.disabled,
            access_token: before.access_token,
            resources: before.resources.clone(),
            exchange_for: before.exchange_for.clone(),
            created_at: if subject::is_the_same(&self, before) { before.created_at } else { anew },
            ..self
        }
    }

    /// Whether it is what a metadata document said when it was read last.
    pub(crate) const fn is_document(&self) -> bool {
        matches!(self.origin, Origin::Document { .. })
    }
}

/// A client, and its row as long as it is to be forgotten if nobody uses it.
pub(crate) fn unused(client: Stored<Client>) -> (Client, Option<Stored<Client>>) {
    let unused = client.value.origin.unused_until().is_some().then(|| client.clone());
    (client.value, unused)
}

/// Keeps a client that made itself from being forgotten, before it gets its first grant: one commit in its whole life.
pub(crate) async fn mark_used(host: &Host, unused: Option<&Stored<Client>>) -> Result<(), Stop> {
    let Some(client) = unused else { return Ok(()) };
    let used = Client { origin: client.value.origin.clone().into_used(), ..client.value.clone() };
    host.commit(Change::replace(client, used)).await
}
