//! The people who sign in.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

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

    /// Sets an account's password without asking for the old one, and signs its owner out everywhere.
    ///
    /// # Errors
    /// `not_found`, `invalid_argument`, and faults.
    pub async fn set_password(&self, id: &str, password: &str) -> Result<Account, Error> {
        self.set_password_as(id, &NewPassword::Text(password), true).await
    }

    /// The same with the hash that another system made of the password, or without an end of sessions.
    ///
    /// # Errors
    /// `not_found`, `invalid_argument`, and faults.
    pub async fn set_password_as(
        &self,
        id: &str,
        password: &NewPassword<'_>,
        end_sessions: bool,
    ) -> Result<Account, Error> {
        self.0.command("accounts.setPassword", &SetPassword { id, password, end_sessions }).await
    }

    /// Changes a password for whoever knows the current one: counts as an attempt to sign in.
    ///
    /// # Errors
    /// `wrong_credentials`, `too_many_requests`, `invalid_argument`, and faults.
    pub async fn change_password(&self, id: &str, change: &PasswordChange<'_>) -> Result<Account, Error> {
        self.0.command("accounts.changePassword", &ChangePassword { id, change }).await
    }

    /// Whether this is the person's password. Signs nobody in, and counts as an attempt to sign in. `remote` is the address that it comes
    /// from.
    ///
    /// # Errors
    /// `too_many_requests`, and faults.
    pub async fn verify_password(&self, who: &Who<'_>, password: &str, remote: Option<&str>) -> Result<bool, Error> {
        let guess = VerifyPassword { who, password, remote };
        let Valid { valid } = self.0.command("accounts.verifyPassword", &guess).await?;
        Ok(valid)
    }

    /// Somebody makes an account for themselves (`signIn.signUp`): a link to their address verifies it. Where there is such an account,
    /// its owner is told by mail, and whoever asks is not.
    ///
    /// # Errors
    /// `invalid_argument`, `not_found` (people do not sign up here), and faults.
    pub async fn register(&self, registration: &Registration) -> Result<MailSent, Error> {
        self.0.command("accounts.register", registration).await
    }

    /// Sends a link to the address of the account, which verifies it.
    ///
    /// # Errors
    /// `not_found`, `invalid_argument` (it has no address), and faults.
    pub async fn send_verification(&self, id: &str) -> Result<MailSent, Error> {
        self.0.command("accounts.sendVerification", &ById { id }).await
    }

    /// Sends a link to a new address, which takes the place of the old one when it is opened.
    ///
    /// # Errors
    /// `not_found`, `invalid_argument`, and faults.
    pub async fn request_email_change(&self, id: &str, email: &str) -> Result<MailSent, Error> {
        self.0.command("accounts.requestEmailChange", &json!({ "id": id, "email": email })).await
    }

    /// Verifies the address that the link with this token was sent to. Only for a POST: programs that look for viruses open links too.
    ///
    /// # Errors
    /// `not_found` (this server sends no mail), and faults.
    pub async fn verify_email(&self, token: &str) -> Result<EmailVerified, Error> {
        self.0.command("accounts.verifyEmail", &json!({ "token": token })).await
    }

    /// Sends a link to choose a new password, if there is such an account; whether there is shows in nothing. `remote` is the peer's
    /// address, of which each may ask sixty times in an hour; without it mails are counted for the person alone.
    ///
    /// # Errors
    /// `not_found` (this server sends no mail), and faults.
    pub async fn request_reset(&self, login: &str, remote: Option<&str>) -> Result<MailSent, Error> {
        self.0.command("accounts.requestReset", &json!({ "login": login, "remote": remote })).await
    }

    /// Sets the password of whom the link with this token was sent to, and ends all their sessions. Nobody is signed in by it.
    ///
    /// # Errors
    /// `invalid_argument` (the password cannot be one), `not_found` (this server sends no mail), and faults.
    pub async fn reset(&self, token: &str, password: &str) -> Result<PasswordReset, Error> {
        self.0.command("accounts.reset", &json!({ "token": token, "password": password })).await
    }
}

/// Somebody who makes an account for themselves.
#[derive(Clone, Default, Serialize)]
pub struct Registration {
    /// Their login, too. It is sent a link that verifies it.
    pub email: String,
    /// What they prove to be themselves by.
    pub password: String,
    /// What pages call them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The address of the peer: one may ask sixty times in an hour. Without it mails are counted for the person alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote: Option<String>,
}

impl std::fmt::Debug for Registration {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Registration").field("email", &self.email).finish_non_exhaustive()
    }
}

/// What became of asking for a mail: the same whether or not there is anybody who gets it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct MailSent {
    /// `sent`; `throttled`: one was sent so short a while ago that none is now; `verified`: there is nothing left to verify.
    pub status: String,
    /// Seconds until another may be asked for.
    pub retry_after: Option<u64>,
}

/// What became of a link that verifies an address.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct EmailVerified {
    /// `verified`; `token`: the link is over; `taken`: the address is another account's login.
    pub status: String,
    /// Whose address it is.
    pub subject: Option<String>,
    /// The address.
    pub email: Option<String>,
}

/// What became of a link to choose a new password.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct PasswordReset {
    /// `reset`; `token`: the link is over; `user`: there is no such account any more, or it is disabled.
    pub status: String,
    /// Whose password it is.
    pub subject: Option<String>,
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
#[serde(rename_all = "camelCase")]
pub struct NewAccount {
    /// What its owner signs in with.
    pub login: String,
    /// What its owner proves to be by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// In its place what another system made of it: argon2, bcrypt, scrypt or pbkdf2, in one of the forms of `docs/contract.md`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_hash: Option<String>,
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

/// A password to set.
#[derive(Clone, Copy, Serialize)]
#[non_exhaustive]
pub enum NewPassword<'a> {
    /// Itself.
    #[serde(rename = "password")]
    Text(&'a str),
    /// What another system made of it.
    #[serde(rename = "passwordHash")]
    Hash(&'a str),
}

impl std::fmt::Debug for NewPassword<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("NewPassword(..)")
    }
}

/// A change of a password by whoever knows the current one.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PasswordChange<'a> {
    /// The one that is to be another.
    pub current: &'a str,
    /// The other.
    pub new: &'a str,
    /// Whether the person is signed out.
    pub end_sessions: bool,
    /// The session that goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_session: Option<&'a str>,
    /// The address that it comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote: Option<&'a str>,
}

impl<'a> PasswordChange<'a> {
    /// Signs the person out everywhere.
    #[must_use]
    pub fn new(current: &'a str, new: &'a str) -> Self {
        Self { current, new, end_sessions: true, keep_session: None, remote: None }
    }
}

impl std::fmt::Debug for PasswordChange<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { end_sessions, keep_session, remote, .. } = self;
        let mut shown = formatter.debug_struct("PasswordChange");
        shown.field("end_sessions", end_sessions).field("keep_session", keep_session).field("remote", remote);
        shown.finish_non_exhaustive()
    }
}

/// Whose password it may be.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Who<'a> {
    /// By the account's id.
    Id(&'a str),
    /// By what its owner signs in with.
    Login(&'a str),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SetPassword<'a> {
    id: &'a str,
    #[serde(flatten)]
    password: &'a NewPassword<'a>,
    end_sessions: bool,
}

#[derive(Serialize)]
struct ChangePassword<'a> {
    id: &'a str,
    #[serde(flatten)]
    change: &'a PasswordChange<'a>,
}

#[derive(Serialize)]
struct VerifyPassword<'a> {
    #[serde(flatten)]
    who: &'a Who<'a>,
    password: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    remote: Option<&'a str>,
}

#[derive(Deserialize)]
struct Valid {
    valid: bool,
}
