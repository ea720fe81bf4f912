//! A code by mail as a factor: nothing is kept of it but that it is one.

use serde::{Deserialize, Serialize};

use super::{Factors, Own, put};
use crate::account::Account;
use crate::change::Change;
use crate::event::Event;
use crate::host::Host;
use crate::refusal::{Refusal, Stop};

/// The id by which events name it.
const ID: &str = "email";

/// `factors.setEmail`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct SetEmail {
    pub subject: String,
    pub enabled: bool,
    #[serde(default)]
    pub keep_session: Option<String>,
}

/// What is so now.
#[derive(Debug, Serialize)]
pub(crate) struct Enabled {
    enabled: bool,
}

/// Two trips, and those that end the other sessions. Only whose address is verified can be asked for what is sent there.
pub(crate) async fn set_email(host: &Host, ask: &SetEmail) -> Result<Enabled, Stop> {
    if !host.config().mails_to_accounts() {
        return Err(Refusal::NotFound("This server sends no mail to accounts of its own").into());
    }
    let slot = Factors::slot(host.config(), &ask.subject);
    let (account, stored) = host.load((Account::slot(host.config(), &ask.subject), slot.clone())).await?;
    let account = account.ok_or(Refusal::NotFound("There is no account with this id"))?;
    if ask.enabled && !account.value.is_address_verified() {
        return Err(Refusal::InvalidArgument("enabled: the person's address must be verified first").into());
    }
    let factors = stored.as_ref().map(|stored| stored.value.clone()).unwrap_or_default();
    if factors.is_by_mail() != ask.enabled {
        let (subject, factor_id) = (ask.subject.clone(), ID.to_owned());
        host.tell(if ask.enabled {
            Event::FactorAdded { subject, factor_id }
        } else {
            Event::FactorRemoved { subject, factor_id }
        });
        // Of the very address that was looked at.
        let change = Change::default().and_require(account.key, account.version);
        host.commit(put(change, stored.as_ref(), slot, factors.with_mail(ask.enabled))).await?;
    }
    let own = Own { host, subject: &ask.subject, stored: None, by: None, keep: ask.keep_session.as_deref() };
    own.end_others_for_good().await?;
    Ok(Enabled { enabled: ask.enabled })
}
