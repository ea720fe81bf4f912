//! The passwords of accounts: proved at a sign-in, set, changed and checked.

use serde::{Deserialize, Serialize};

use super::manage::{View, existing};
use super::{Account, Login, Subject, id_for, normal_login};
use crate::change::Change;
use crate::event::Event;
use crate::host::Host;
use crate::password::{self, Found, Typed};
use crate::record::Stored;
use crate::refusal::{Refusal, Stop};
use crate::sign_in::{Attempts, Counted};
use crate::{email, mail, session};

/// Somebody whose password was right.
pub(crate) struct ByPassword {
    pub(crate) subject: Subject,
    account: Stored<Account>,
    /// A better hash of the same password.
    renewed: Option<String>,
}

impl ByPassword {
    /// See [`Account::password_digest`]: as the account will be.
    pub(crate) fn password_digest(&self) -> String {
        let Self { account, renewed, .. } = self;
        match renewed {
            None => account.value.password_digest(),
            renewed => Account { password: renewed.clone(), ..account.value.clone() }.password_digest(),
        }
    }

    /// The same change, if the account is still as it was read: nobody gets in by a password that was changed meanwhile, and no change
    /// is lost to the better hash.
    pub(crate) fn hold(self, change: Change) -> Change {
        let Self { account, renewed, .. } = self;
        match renewed {
            None => change.and_require(account.key, account.version),
            renewed => {
                let password = Account { password: renewed, ..account.value.clone() };
                change.and_replace(&account, password)
            }
        }
    }
}

/// The person of this account, if the password is theirs and they may act. Unknown, disabled and wrong cost the same.
pub(crate) async fn with_password(
    host: &Host,
    account: Option<Stored<Account>>,
    typed: &str,
) -> Result<Option<ByPassword>, Stop> {
    let found = match &account {
        Some(Stored { value, .. }) if !value.disabled => {
            Found::Of { subject: &value.id, hash: value.password.as_deref() }
        }
        _ => Found::Nobody,
    };
    let verified = password::verify(host, found, typed).await?;
    let (Some(verified), Some(account)) = (verified, account) else { return Ok(None) };
    let renewed = if verified.needs_rehash { password::rehash(host, typed).await? } else { None };
    if renewed.is_some() {
        host.tell(Event::PasswordRehashed { subject: account.value.id.clone() });
    }
    Ok(Some(ByPassword { subject: account.value.clone().subject(), account, renewed }))
}

/// What is stored for the password that a command gives, itself or as a hash.
pub(super) async fn new_password(
    host: &Host,
    password: Option<&Typed>,
    hash: Option<&Typed>,
) -> Result<Option<String>, Stop> {
    match (password, hash) {
        (None, None) => Ok(None),
        (Some(password), None) => Ok(Some(password::hash(host, password.text()).await?)),
        (None, Some(hash)) => Ok(Some(password::import(host, hash.text())?)),
        (Some(_), Some(_)) => Err(Refusal::InvalidArgument("Give password or passwordHash").into()),
    }
}

/// `accounts.setPassword`: one of the two.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct SetPassword {
    pub id: String,
    #[serde(default)]
    pub password: Option<Typed>,
    #[serde(default)]
    pub password_hash: Option<Typed>,
    #[serde(default = "yes")]
    pub end_sessions: bool,
}

/// Sets a password without asking for the old one, as whoever runs the server may.
pub(crate) async fn set_password(host: &Host, ask: &SetPassword) -> Result<View, Stop> {
    let view = match already(host, &ask.id).await? {
        Some(view) => view,
        None => {
            let password = new_password(host, ask.password.as_ref(), ask.password_hash.as_ref()).await?;
            let password = password.ok_or(Refusal::InvalidArgument("Give password or passwordHash"))?;
            replace(host, existing(host, &ask.id).await?, password, |change| change).await?
        }
    };
    if ask.end_sessions {
        session::end_all(host, &ask.id).await?;
    }
    Ok(view)
}

/// The account, in a flow that has given it its password already, and decides anew because sessions changed under it.
async fn already(host: &Host, id: &str) -> Result<Option<View>, Stop> {
    if !host.passed_before() {
        return Ok(None);
    }
    Ok(Some(View::of(&existing(host, id).await?.value)))
}

/// `accounts.changePassword`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct ChangePassword {
    pub id: String,
    pub current: Typed,
    pub new: Typed,
    #[serde(default = "yes")]
    pub end_sessions: bool,
    #[serde(default)]
    pub keep_session: Option<String>,
    #[serde(default)]
    pub remote: Option<String>,
}

/// Changes a password for whoever knows the current one: an attempt like any other.
pub(crate) async fn change_password(host: &Host, ask: &ChangePassword) -> Result<View, Stop> {
    let view = match already(host, &ask.id).await? {
        Some(view) => view,
        None => {
            let attempt = Attempt::at(host, &ask.id, ask.remote.as_deref()).await?;
            let proved = attempt.check(host, ask.current.text()).await?.ok_or(Refusal::WrongCredentials)?;
            let password = password::hash(host, ask.new.text()).await?;
            // Before the change, since whoever has to try again after it would not know the current password any more; and after it,
            // since somebody may have signed in meanwhile.
            end_sessions(host, ask).await?;
            replace(host, proved.by.account, password, |change| proved.attempts.passed(change)).await?
        }
    };
    end_sessions(host, ask).await?;
    Ok(view)
}

async fn end_sessions(host: &Host, ask: &ChangePassword) -> Result<(), Stop> {
    match &ask.keep_session {
        _ if !ask.end_sessions => Ok(()),
        Some(kept) => session::end_others(host, &ask.id, kept).await,
        None => session::end_all(host, &ask.id).await,
    }
}

async fn replace(
    host: &Host,
    stored: Stored<Account>,
    password: String,
    also: impl FnOnce(Change) -> Change,
) -> Result<View, Stop> {
    let account = Account { password: Some(password), ..stored.value.clone() };
    let view = View::of(&account);
    mail::password_changed(host, &account);
    let change = email::void_all(host.config(), &stored.value.id, Change::replace(&stored, account), None);
    host.tell(Event::PasswordSet { subject: stored.value.id });
    host.commit(also(change)).await?;
    host.note_passed();
    Ok(view)
}

/// `accounts.verifyPassword`: by `id` or by `login`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct VerifyPassword {
    #[serde(default)]
    pub id: Option<String>,
    #[serde(default)]
    pub login: Option<String>,
    pub password: Typed,
    #[serde(default)]
    pub remote: Option<String>,
}

/// Whether the password is right.
#[derive(Debug, Serialize)]
pub(crate) struct Valid {
    valid: bool,
}

/// Whoever there is not has no password that is right. An attempt like any other.
pub(crate) async fn verify_password(host: &Host, ask: &VerifyPassword) -> Result<Valid, Stop> {
    let attempt = match (&ask.id, &ask.login) {
        (Some(id), None) => Attempt::at(host, id, ask.remote.as_deref()).await?,
        (None, Some(login)) => Attempt::by_login(host, login, ask.remote.as_deref()).await?,
        _ => return Err(Refusal::InvalidArgument("Give id or login").into()),
    };
    let Some(Proved { by, attempts }) = attempt.check(host, ask.password.text()).await? else {
        return Ok(Valid { valid: false });
    };
    host.commit(by.hold(attempts.passed(Change::default()))).await?;
    Ok(Valid { valid: true })
}

/// A guess at somebody's password, counted.
struct Attempt {
    account: Option<Stored<Account>>,
    attempts: Attempts,
    counted: Counted,
}

/// A right one, that is yet to be held to the counters.
struct Proved {
    by: ByPassword,
    attempts: Attempts,
}

impl Attempt {
    async fn at(host: &Host, id: &str, remote: Option<&str>) -> Result<Self, Stop> {
        let attempts = Attempts::of(host, id, remote, None);
        let (account, counted) = host.load((Account::slot(host.config(), id), &attempts)).await?;
        Ok(Self { account, attempts, counted })
    }

    async fn by_login(host: &Host, login: &str, remote: Option<&str>) -> Result<Self, Stop> {
        // Nobody has the empty one.
        let login = normal_login(login).unwrap_or_default();
        let guess = id_for(host.config(), &login);
        match host.load(Login::slot(host.config(), &login)).await? {
            Some(login) => Self::at(host, &login.value.account, remote).await,
            None => Ok(Self { account: None, ..Self::at(host, &guess, remote).await? }),
        }
    }

    /// `None`: it was wrong, and is counted. Of too many, none is looked at.
    async fn check(self, host: &Host, typed: &str) -> Result<Option<Proved>, Stop> {
        let known = self.account.as_ref().map(|account| account.value.id.clone());
        self.attempts.check(host, self.counted, known.as_deref())?;
        match with_password(host, self.account, typed).await? {
            Some(by) => Ok(Some(Proved { by, attempts: self.attempts })),
            None => {
                host.tell(Event::SignInFailed { subject: known });
                self.attempts.failed(host).await?;
                Ok(None)
            }
        }
    }
}

const fn yes() -> bool {
    true
}
