//! The typed commands on accounts.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::password::new_password;
use super::{Account, Login, by_login, id_for, normal_login};
use crate::call::{Items, Paging, page};
use crate::change::Change;
use crate::event::Event;
use crate::hash::b64u;
use crate::host::Host;
use crate::oidc::claims::{Claims, VERIFIED, is_free};
use crate::password::Typed;
use crate::record::Stored;
use crate::refusal::{Refusal, Stop};
use crate::session;
use crate::time::Millis;

/// The most claims of an account, as JSON.
const LONGEST_CLAIMS: usize = 16_384;

/// `accounts.create`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Create {
    pub login: String,
    #[serde(default)]
    pub password: Option<Typed>,
    #[serde(default)]
    pub password_hash: Option<Typed>,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub claims: Claims,
}

impl std::fmt::Debug for Create {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Create").field("login", &self.login).finish_non_exhaustive()
    }
}

/// `accounts.find`: by one of them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Find {
    #[serde(default)]
    pub id: Option<String>,
    #[serde(default)]
    pub login: Option<String>,
}

/// `accounts.update`: absent members stay as they are.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Update {
    pub id: String,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub disabled: Option<bool>,
    /// Each takes the place of the one with its name; `null` takes it away.
    #[serde(default)]
    pub claims: Claims,
}

/// An account as the host sees it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct View {
    id: String,
    login: String,
    name: Option<String>,
    disabled: bool,
    created_at: Millis,
    claims: Claims,
}

impl View {
    pub(super) fn of(account: &Account) -> Self {
        Self {
            id: account.id.clone(),
            login: account.login.clone(),
            name: account.name.clone(),
            disabled: account.disabled,
            created_at: account.created_at,
            claims: account.claims.clone(),
        }
    }
}

pub(crate) async fn create(host: &Host, ask: &Create) -> Result<View, Stop> {
    let login = normal_login(&ask.login).ok_or(Refusal::InvalidArgument("login: from 1 to 200 characters"))?;
    check_name(ask.name.as_deref())?;
    let password = new_password(host, ask.password.as_ref(), ask.password_hash.as_ref()).await?;
    let id = claim_login(host, &login).await?;
    let account = Account {
        id,
        login,
        name: ask.name.clone(),
        password,
        disabled: false,
        created_at: host.now(),
        claims: merged(Claims::new(), &ask.claims)?,
    };
    let view = View::of(&account);
    host.commit(Change::create(Account::slot(host.config(), &account.id), account)).await?;
    host.tell(Event::AccountCreated { subject: view.id.clone() });
    Ok(view)
}

/// The id that the login stands for. Claimed first, in the login's own partition; a claim whose account was never made is
/// simply gone on with, since making the account is what only one can do.
async fn claim_login(host: &Host, login: &str) -> Result<String, Stop> {
    let guess = id_for(host.config(), login);
    let slot = Login::slot(host.config(), login);
    let (claimed, guessed) = host.load((slot.clone(), Account::slot(host.config(), &guess))).await?;
    let Some(claimed) = claimed else {
        // Another account, made under this name and renamed since, may have the login's own id.
        let id = if guessed.is_some() { b64u(host.random().id("account id")) } else { guess };
        host.commit(Change::create(slot, Login { account: id.clone() })).await?;
        return Ok(id);
    };
    let account = if claimed.value.account == guess {
        guessed
    } else {
        host.load(Account::slot(host.config(), &claimed.value.account)).await?
    };
    match account {
        Some(_) => Err(Refusal::AlreadyExists("There is an account with this login").into()),
        None => Ok(claimed.value.account),
    }
}

/// Claims a login for an account that is there. `false`: another one has it.
pub(crate) async fn claim_for(host: &Host, login: &str, id: &str) -> Result<bool, Stop> {
    let slot = Login::slot(host.config(), login);
    match host.load(slot.clone()).await? {
        Some(claimed) => Ok(claimed.value.account == id),
        None => host.commit(Change::create(slot, Login { account: id.to_owned() })).await.map(|()| true),
    }
}

/// Lets a login of an account go: whoever wants it may have it.
pub(crate) async fn let_go(host: &Host, login: &str, id: &str) -> Result<(), Stop> {
    match host.load(Login::slot(host.config(), login)).await? {
        Some(claimed) if claimed.value.account == id => host.commit(Change::remove(claimed.key, claimed.version)).await,
        _ => Ok(()),
    }
}

pub(crate) async fn find(host: &Host, ask: &Find) -> Result<Option<View>, Stop> {
    let found = match (&ask.id, &ask.login) {
        (Some(id), None) => host.load(Account::slot(host.config(), id)).await?,
        (None, Some(login)) => match normal_login(login) {
            Some(login) => by_login(host, &login).await?,
            None => None,
        },
        _ => return Err(Refusal::InvalidArgument("Give id or login").into()),
    };
    Ok(found.map(|account| View::of(&account.value)))
}

/// Ordered by login; a login whose account was never made is left out.
pub(crate) async fn list(host: &Host, ask: &Paging) -> Result<Items<View>, Stop> {
    let prefix = format!("{}.{}.", host.tenant(), Login::ROOM);
    let (logins, next) = host.scan::<Login>(page(prefix, ask.after.as_ref(), ask.limit)?).await?;
    let slots: Vec<_> = logins.iter().map(|login| Account::slot(host.config(), &login.value.account)).collect();
    let accounts = if slots.is_empty() { Vec::new() } else { host.load(slots).await? };
    let items = accounts.iter().flatten().map(|account| View::of(&account.value)).collect();
    Ok(Items { items, next: next.map(|key| key.0) })
}

pub(crate) async fn update(host: &Host, ask: &Update) -> Result<View, Stop> {
    check_name(ask.name.as_deref())?;
    let stored = existing(host, &ask.id).await?;
    let old = stored.value.clone();
    let account = Account {
        name: ask.name.clone().or(old.name),
        disabled: ask.disabled.unwrap_or(old.disabled),
        claims: merged(old.claims, &ask.claims)?,
        ..stored.value.clone()
    };
    let view = View::of(&account);
    host.tell(Event::AccountUpdated { subject: view.id.clone() });
    host.commit(Change::replace(&stored, account)).await?;
    if ask.disabled == Some(true) {
        session::end_all(host, &ask.id).await?;
    }
    Ok(view)
}

pub(super) async fn existing(host: &Host, id: &str) -> Result<Stored<Account>, Stop> {
    let found = host.load(Account::slot(host.config(), id)).await?;
    found.ok_or_else(|| Refusal::NotFound("There is no account with this id").into())
}

fn merged(mut claims: Claims, changes: &Claims) -> Result<Claims, Refusal> {
    for (claim, verified) in VERIFIED {
        // It was another address that somebody verified.
        if changes.get(claim).is_some_and(|value| claims.get(claim) != Some(value)) {
            claims.remove(verified);
        }
    }
    for (name, value) in changes {
        match value {
            Value::Null => _ = claims.remove(name),
            value => _ = claims.insert(name.clone(), value.clone()),
        }
    }
    let named = claims.len() <= 64 && claims.keys().all(|name| (1..=128).contains(&name.len()) && is_free(name));
    if !named {
        return Err(Refusal::InvalidArgument("claims: at most 64, none that the engine itself says, such as sub"));
    }
    if serde_json::to_string(&claims).map_or(0, |text| text.len()) > LONGEST_CLAIMS {
        return Err(Refusal::InvalidArgument("claims: at most 16 kB together"));
    }
    Ok(claims)
}

pub(crate) fn check_name(name: Option<&str>) -> Result<(), Refusal> {
    match name {
        Some(name) if !(1..=200).contains(&name.chars().count()) || name.contains(char::is_control) => {
            Err(Refusal::InvalidArgument("name: from 1 to 200 characters"))
        }
        _ => Ok(()),
    }
}
