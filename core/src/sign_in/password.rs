//! Signing in with a login and a password: of an account, or of a user of the host's.

use super::attempts::{Attempts, Counted};
use super::stage::First;
use super::{Proved, Visitor};
use crate::account::{self, Account, Login, Older, id_for, normal_login};
use crate::change::Change;
use crate::client::Client;
use crate::config::Capability;
use crate::event::Event;
use crate::factor::Factors;
use crate::host::Host;
use crate::record::{Slot, Stored};
use crate::refusal::{Refusal, Stop};
use crate::session::Former;

/// Whoever a login may be of, with all that a sign-in as them needs.
pub(super) struct Someone {
    account: Option<Stored<Account>>,
    attempts: Attempts,
    counted: Counted,
    factors: Option<Stored<Factors>>,
    former: Former,
}

/// One load, whichever root secret an account was made under; another one where the login was given to one that was made with another.
pub(super) async fn look_up(
    host: &Host,
    visitor: &Visitor<'_>,
    typed: &str,
    client: Option<Slot<Client>>,
) -> Result<(Someone, Option<Stored<Client>>), Stop> {
    let config = host.config();
    // Nobody has the empty one.
    let login = normal_login(typed).unwrap_or_default();
    let guess = id_for(config, &login);
    let attempts = visitor.attempts(host, &guess);
    let own = !config.offers(Capability::Subject);
    let (login_slot, account) = own.then(|| (Login::slot(config, &login), Account::slot(config, &guess))).unzip();
    let factors = own.then(|| Factors::slot(config, &guess));
    let slots = |id: &str| (Account::slot(config, id), visitor.attempts_there(host, id), Factors::slot(config, id));
    let older = Older::of(config, own.then_some(&login), slots);
    let (client, (login, account), counted, factors, former, older) =
        host.load((client, (login_slot, account), &attempts, factors, visitor.old(host), older)).await?;
    let someone = match login.map(|login| login.value.account) {
        None => Someone { account: None, attempts, counted, factors: None, former },
        Some(id) if id == guess => Someone { account, attempts, counted, factors, former },
        Some(id) => {
            let (account, there, factors) = match older.under(&id) {
                Some(found) => found,
                None => host.load(slots(&id)).await?,
            };
            let attempts = attempts.at_other(visitor.attempts_there(host, &id));
            Someone { account, attempts, counted: counted.at_other(there), factors, former }
        }
    };
    Ok((someone, client))
}

impl Someone {
    /// Unknown, disabled and wrong cost the same and look the same; of too many, none is looked at.
    pub(super) async fn prove(self, host: &Host, login: &str, password: &str) -> Result<Proved, Stop> {
        let known = self.account.as_ref().map(|account| account.value.id.clone());
        self.attempts.check(host, self.counted, known.as_deref())?;
        let Self { account, attempts, factors, former, .. } = self;
        if host.config().offers(Capability::Subject) {
            let Some(subject) = account::sign_in_at_host(host, login, password).await? else {
                return Err(wrong(host, &attempts, known).await);
            };
            // They were counted under the name that was typed, in another partition: it is all that was known of them.
            host.commit(attempts.passed(Change::default())).await?;
            let factors = host.load(Factors::slot(host.config(), &subject.id)).await?;
            let first = First::by(&subject.id, "pwd");
            return Ok(Proved { first, attempts: None, factors, former, change: None, password_digest: None });
        }
        let Some(by) = account::with_password(host, account, password).await? else {
            return Err(wrong(host, &attempts, known).await);
        };
        let first = First::by(&by.subject.id, "pwd");
        let password_digest = Some(by.password_digest());
        let change = Some(Box::new(|change| by.hold(change)) as Box<_>);
        Ok(Proved { first, attempts: Some(attempts), factors, former, change, password_digest })
    }
}

/// Counted before it is told.
async fn wrong(host: &Host, attempts: &Attempts, subject: Option<String>) -> Stop {
    host.tell(Event::SignInFailed { subject });
    match attempts.failed(host).await {
        Ok(()) => Refusal::WrongCredentials.into(),
        Err(stop) => stop,
    }
}
