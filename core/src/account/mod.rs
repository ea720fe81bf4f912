//! Accounts: people that the engine itself keeps, enough to sign in.
//!
//! An account's id is a PRF of the login name it was made with, so that a sign-in can load the login and the account in one
//! trip. That is a guess only: the login row says which account it really is.

mod manage;
mod older;
mod password;

use serde::{Deserialize, Serialize};

pub use manage::{Create, Find, Update};
pub(crate) use manage::{check_name, claim_for, create, find, let_go, list, update};
pub(crate) use older::Older;
pub use password::{ChangePassword, SetPassword, VerifyPassword};
pub(crate) use password::{change_password, set_password, verify_password, with_password};

use crate::ask::{SubjectAsk, SubjectFound};
use crate::config::{Capability, Config};
use crate::handle::Owner;
use crate::hash::{as_id, b64u, sha256};
use crate::host::Host;
use crate::mail::is_address;
use crate::oidc;
use crate::oidc::claims::Claims;
use crate::record::{Record, Slot, Stored};
use crate::redacted::redacted_debug;
use crate::refusal::{Fault, Refusal, Stop};
use crate::seal::{Purpose, RootIndex};
use crate::time::Millis;

/// The partition of everything that belongs to a subject: account, sessions, grants.
pub(crate) const ROOM: &str = "account";

/// A person.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) login: String,
    pub(crate) name: Option<String>,
    /// What [`crate::password`] makes of it; `None`: no password signs in.
    pub(crate) password: Option<String>,
    pub(crate) disabled: bool,
    pub(crate) created_at: Millis,
    /// What applications may be told (OpenID Connect Core section 5.1), beside the name and the login.
    #[serde(default, skip_serializing_if = "Claims::is_empty")]
    pub(crate) claims: Claims,
}

redacted_debug!(Account);

impl Record for Account {
    const KIND: &'static str = "account";

    fn expires(&self) -> Option<Millis> {
        None
    }
}

impl Account {
    /// Where mail to its owner goes: the claim `email`, or else the login, if that is an address. Exactly as it is stored.
    pub(crate) fn address(&self) -> Option<&str> {
        let claimed = self.claims.get("email").and_then(|email| email.as_str());
        claimed.or(Some(&self.login)).filter(|address| is_address(address))
    }

    /// Whether that address was shown to be its owner's.
    pub(crate) fn is_address_verified(&self) -> bool {
        self.claims.contains_key("email") && self.claims.get("email_verified").is_some_and(|verified| *verified == true)
    }

    /// The same at this address, which its owner has shown to be theirs.
    pub(crate) fn with_verified(mut self, address: &str) -> Self {
        self.claims.insert("email".to_owned(), address.into());
        self.claims.insert("email_verified".to_owned(), true.into());
        self
    }

    pub(crate) fn slot(config: &Config, id: &str) -> Slot<Self> {
        Slot::new(&config.tenant, ROOM, id, "account")
    }
}

/// Who a login name belongs to. Claimed before the account is made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Login {
    pub(crate) account: String,
}

impl Record for Login {
    const KIND: &'static str = "login";

    fn expires(&self) -> Option<Millis> {
        None
    }
}

impl Login {
    pub(crate) const ROOM: &'static str = "login";

    pub(crate) fn slot(config: &Config, login: &str) -> Slot<Self> {
        Slot::new(&config.tenant, Self::ROOM, login, "login")
    }
}

/// A login name as it is compared: trimmed, in lower case. `None` when it cannot be one.
pub(crate) fn normal_login(typed: &str) -> Option<String> {
    let login = typed.trim().to_lowercase();
    let fits = (1..=200).contains(&login.chars().count()) && !login.contains(char::is_control);
    fits.then_some(login)
}

/// The id of the account made with this login.
pub(crate) fn id_for(config: &Config, login: &str) -> String {
    id_by(config, RootIndex::CURRENT, login)
}

/// The same by this root secret.
fn id_by(config: &Config, root: RootIndex, login: &str) -> String {
    let parts: [&[u8]; 3] = [config.tenant.as_bytes(), &[0], login.as_bytes()];
    b64u(as_id(config.roots.prf(root, Purpose::AccountId, &parts)))
}

/// A person who may act now.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Of an account of the engine's own.
    claims: Claims,
}

/// The account row to load beside others, where the engine keeps the accounts itself.
pub(crate) fn slot_of(host: &Host, owner: &Owner) -> Option<Slot<Account>> {
    match owner {
        Owner::Subject(id) if !host.config().offers(Capability::Subject) => Some(Account::slot(host.config(), id)),
        _ => None,
    }
}

/// Whether the subject may act: its own account is there and enabled, or the host says so. `None` when not.
pub(crate) async fn active(host: &Host, account: Option<Stored<Account>>, id: &str) -> Result<Option<Subject>, Stop> {
    if host.config().offers(Capability::Subject) {
        let found = host.subject(SubjectAsk::Status { id: id.to_owned() }).await?;
        return Ok(found.filter(|found| found.id == id).map(Subject::of_host));
    }
    Ok(account.filter(|account| !account.value.disabled).map(|account| account.value.subject()))
}

impl Account {
    /// What a sign-in that is not at its end stands on: with another password it begins anew.
    pub(crate) fn password_digest(&self) -> String {
        b64u(sha256(self.password.as_deref().unwrap_or_default().as_bytes()))
    }

    fn subject(self) -> Subject {
        let mut claims = self.claims;
        let mut usual = |name: &str, value: &str| {
            claims.entry(name).or_insert_with(|| value.into());
        };
        if let Some(name) = &self.name {
            usual("name", name);
        }
        usual("preferred_username", &self.login);
        Subject { name: self.name.unwrap_or(self.login), id: self.id, claims }
    }
}

impl Subject {
    /// What they sign in with, where the engine knows it.
    pub(crate) fn login(&self) -> &str {
        self.claims.get("preferred_username").and_then(|login| login.as_str()).unwrap_or(&self.name)
    }

    /// Somebody of whom nothing is to be told but that it is them.
    pub(crate) fn unknown(id: &str) -> Self {
        Self { id: id.to_owned(), name: String::new(), claims: Claims::new() }
    }

    fn of_host(found: SubjectFound) -> Self {
        Self { name: found.name.unwrap_or_else(|| found.id.clone()), id: found.id, claims: Claims::new() }
    }
}

/// What is known of somebody under these names. A host with users of its own is asked, if there is anything to ask.
pub(crate) async fn claims(host: &Host, subject: &Subject, names: &[&str]) -> Result<Claims, Stop> {
    if names.is_empty() || !host.config().offers(Capability::Subject) {
        return Ok(oidc::claims::pick(&subject.claims, names)?);
    }
    let names_asked = names.iter().map(|name| (*name).to_owned()).collect();
    let found = host.subject(SubjectAsk::Claims { id: subject.id.clone(), claims: names_asked }).await?;
    let found = found.filter(|found| found.id == subject.id).ok_or(Refusal::InvalidGrant)?;
    Ok(oidc::claims::pick(&found.claims, names)?)
}

/// The host's own user with this login and password.
pub(crate) async fn sign_in_at_host(host: &Host, login: &str, password: &str) -> Result<Option<Subject>, Stop> {
    let ask = SubjectAsk::SignIn { login: login.trim().to_owned(), password: password.to_owned() };
    match host.subject(ask).await? {
        Some(found) if !is_subject_id(&found.id) => {
            Err(Fault::BadAnswer("a subject's id is 1 to 255 ASCII characters").into())
        }
        found => Ok(found.map(Subject::of_host)),
    }
}

pub(crate) async fn by_login(host: &Host, login: &str) -> Result<Option<Stored<Account>>, Stop> {
    let config = host.config();
    let guess = id_for(config, login);
    let older = Older::of(config, Some(login), |id| Account::slot(config, id));
    let (login, account, older) = host.load((Login::slot(config, login), Account::slot(config, &guess), older)).await?;
    match login.map(|login| login.value.account) {
        None => Ok(None),
        Some(id) if id == guess => Ok(account),
        Some(id) => match older.under(&id) {
            Some(account) => Ok(account),
            None => host.load(Account::slot(config, &id)).await,
        },
    }
}

/// OpenID Connect Core section 2: at most 255 ASCII characters.
pub(crate) fn is_subject_id(id: &str) -> bool {
    (1..=255).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
}
