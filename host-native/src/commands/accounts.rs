//! The people who sign in.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{ById, Items, Paging};
use crate::claviger::Claviger;
use crate::error::Error;

impl Claviger {
    /// The people who sign in.
    #[must_use]
    pub fn accounts(&self) -> Accounts<'_> {
        Accounts(self)
    }
}

/// Commands on accounts.
#[derive(Debug, Clone, Copy)]
pub struct Accounts<'a>(&'a Claviger);

impl Accounts<'_> {
    /// Makes an account. Without a password nobody can sign in to it yet.
    ///
    /// # Errors
    /// `invalid_argument`, `already_exists`, and faults.
    pub async fn create(&self, account: &NewAccount) -> Result<Account, Error> {
        self.0.command("accounts.create", account).await
    }

    /// Looks an account up by its id.
    ///
    /// # Errors
    /// Faults only.
    pub async fn find(&self, id: &str) -> Result<Option<Account>, Error> {
        self.0.command("accounts.find", &ById { id }).await
    }

    /// Looks an account up by the name that its owner signs in with.
    ///
    /// # Errors
    /// Faults only.
    pub async fn find_by_login(&self, login: &str) -> Result<Option<Account>, Error> {
        self.0.command("accounts.find", &ByLogin { login }).await
    }

    /// Lists all accounts.
    ///
    /// # Errors
    /// `invalid_argument`, and faults.
    pub async fn list(&self, paging: &Paging) -> Result<Items<Account>, Error> {
        self.0.command("accounts.list", paging).await
    }

    /// Changes an account; what is absent from the change stays.
    ///
    /// # Errors
    /// `not_found`, `invalid_argument`, and faults.
    pub async fn update(&self, id: &str, change: &AccountChange) -> Result<Account, Error> {
        self.0.command("accounts.update", &Update { id, change }).await
    }

    /// Sets an account's password.
    ///
    /// # Errors
    /// `not_found`, `invalid_argument`, and faults.
    pub async fn set_password(&self, id: &str, password: &str) -> Result<Account, Error> {
        self.0.command("accounts.setPassword", &SetPassword { id, password }).await
    }
}

/// Somebody who may sign in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Account {
    /// The `sub` of tokens; it never changes.
    pub id: String,
    /// What its owner signs in with.
    pub login: String,
    /// What pages call its owner.
    pub name: Option<String>,
    /// Whether signing in is refused.
    pub disabled: bool,
    /// Milliseconds since 1970.
    pub created_at: u64,
    /// What applications may be told beside the name and the login (OpenID Connect Core section 5.1).
    pub claims: Map<String, Value>,
}

/// An account to make.
#[derive(Clone, Default, Serialize)]
pub struct NewAccount {
    /// What its owner signs in with.
    pub login: String,
    /// What its owner proves to be by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// What pages call its owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What applications may be told, by name.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub claims: Map<String, Value>,
}

impl std::fmt::Debug for NewAccount {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { login, name, .. } = self;
        formatter.debug_struct("NewAccount").field("login", login).field("name", name).finish_non_exhaustive()
    }
}

/// What to change of an account; `None` leaves it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct AccountChange {
    /// What pages call its owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether signing in is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
    /// Each takes the place of the one with its name; `null` takes it away.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub claims: Map<String, Value>,
}

#[derive(Serialize)]
struct ByLogin<'a> {
    login: &'a str,
}

#[derive(Serialize)]
struct Update<'a> {
    id: &'a str,
    #[serde(flatten)]
    change: &'a AccountChange,
}

#[derive(Serialize)]
struct SetPassword<'a> {
    id: &'a str,
    password: &'a str,
}
