//! Personal access tokens.

use serde::{Deserialize, Serialize};

use super::{ById, Items};
use crate::claviger::Claviger;
use crate::error::Error;

impl Claviger {
    /// What somebody lets a program act with. They need [`Builder::pats`](crate::Builder::pats).
    #[must_use]
    pub fn pats(&self) -> Pats<'_> {
        Pats(self)
    }
}

/// Commands on personal access tokens.
#[derive(Debug, Clone, Copy)]
pub struct Pats<'a>(&'a Claviger);

impl Pats<'_> {
    /// Makes a token. It is shown here and never again.
    ///
    /// # Errors
    /// `invalid_argument`, `already_exists`, and faults.
    pub async fn issue(&self, pat: &NewPat) -> Result<IssuedPat, Error> {
        self.0.command("pats.issue", pat).await
    }

    /// Takes a token that was made elsewhere: its secret never comes here.
    ///
    /// # Errors
    /// `invalid_argument`, `already_exists`, and faults.
    pub async fn register(&self, id: &str, hash: &str, pat: &NewPat) -> Result<Pat, Error> {
        let pat = NewPat { id: Some(id.to_owned()), ..pat.clone() };
        self.0.command("pats.register", &Register { hash, pat: &pat }).await
    }

    /// A token for [`Pats::register`], here or at another server. Nothing is stored.
    ///
    /// # Errors
    /// `invalid_argument`, and faults.
    pub async fn generate(&self, id: Option<&str>) -> Result<GeneratedPat, Error> {
        self.0.command("pats.generate", &Generate { id }).await
    }

    /// Whether a token is good, and why it is not. [`Claviger::authenticate`] takes tokens by itself.
    ///
    /// # Errors
    /// `invalid_argument`, and faults.
    pub async fn verify(&self, token: &str) -> Result<VerifiedPat, Error> {
        self.0.command("pats.verify", &Verify { token }).await
    }

    /// Finds a token by its id.
    ///
    /// # Errors
    /// `invalid_argument`, and faults.
    pub async fn find(&self, id: &str) -> Result<Option<Pat>, Error> {
        self.0.command("pats.find", &ById { id }).await
    }

    /// Finds at most 100 tokens in one trip.
    ///
    /// # Errors
    /// `invalid_argument`, and faults.
    pub async fn load(&self, ids: &[&str]) -> Result<LoadedPats, Error> {
        self.0.command("pats.load", &Load { ids }).await
    }

    /// Lists tokens in the order of their ids. A page that leaves some out may hold fewer than its limit and have a `next`.
    ///
    /// # Errors
    /// `invalid_argument`, and faults.
    pub async fn list(&self, filter: &PatFilter) -> Result<Items<Pat>, Error> {
        self.0.command("pats.list", filter).await
    }

    /// Changes a token. Of roles that several add and remove at once none is lost.
    ///
    /// # Errors
    /// `not_found`, `invalid_argument`, and faults.
    pub async fn update(&self, id: &str, change: &PatChange) -> Result<Pat, Error> {
        self.0.command("pats.update", &Update { id, change }).await
    }

    /// Revokes a token. Its expiry stays what it was.
    ///
    /// # Errors
    /// `not_found`, `invalid_argument`, and faults.
    pub async fn revoke(&self, id: &str) -> Result<Pat, Error> {
        self.0.command("pats.revoke", &ById { id }).await
    }

    /// Revokes a token, and says in the same step when it ends: milliseconds since 1970.
    ///
    /// # Errors
    /// `not_found`, `invalid_argument`, and faults.
    pub async fn revoke_and_end(&self, id: &str, expires_at: u64) -> Result<Pat, Error> {
        self.0.command("pats.revoke", &Revoke { id, expires_at }).await
    }

    /// Takes that back, with the expiry that the token had.
    ///
    /// # Errors
    /// `not_found`, `invalid_argument`, and faults.
    pub async fn restore(&self, id: &str) -> Result<Pat, Error> {
        self.0.command("pats.restore", &ById { id }).await
    }

    /// Removes a token; answers whether there was one.
    ///
    /// # Errors
    /// `invalid_argument`, and faults.
    pub async fn delete(&self, id: &str) -> Result<bool, Error> {
        let Deleted { deleted } = self.0.command("pats.delete", &ById { id }).await?;
        Ok(deleted)
    }
}

/// What a new token is.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewPat {
    /// From 1 to 100 characters: a name, and nobody's account.
    pub owner: String,
    /// Whether it may administer the others.
    pub admin: bool,
    /// At most 50.
    pub roles: Vec<String>,
    /// Milliseconds since 1970; `None`: it does not expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<u64>,
    /// 21 letters and digits; `None`: of the engine's own choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

impl NewPat {
    /// Of this owner, without roles and without an end.
    #[must_use]
    pub fn of(owner: impl Into<String>) -> Self {
        Self { owner: owner.into(), ..Self::default() }
    }
}

/// What becomes of a token. What is `None` stays.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PatChange {
    /// Another owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Whether it may administer the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin: Option<bool>,
    /// Its roles.
    #[serde(flatten)]
    pub roles: Option<RolesChange>,
    /// Milliseconds since 1970; `Some(None)`: it does not expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Option<u64>>,
    /// That of another secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
}

/// What becomes of a token's roles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum RolesChange {
    /// All of them.
    #[serde(rename = "roles")]
    Set(Vec<String>),
    /// These too.
    #[serde(rename = "addRoles")]
    Add(Vec<String>),
    /// Not these any more.
    #[serde(rename = "removeRoles")]
    Remove(Vec<String>),
}

/// Which tokens are listed. By default, all that are neither revoked nor expired.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PatFilter {
    /// The `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// At most so many, 1 to 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Of this owner alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// With this role alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub has_role: Option<String>,
    /// Revoked ones too.
    pub include_revoked: bool,
    /// Expired ones too.
    pub include_expired: bool,
    /// With what stands in place of their secrets.
    pub include_hash: bool,
}

/// A token, without what makes it one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Pat {
    /// 21 letters and digits.
    pub id: String,
    /// A name.
    pub owner: String,
    /// Whether it may administer the others.
    pub admin: bool,
    /// What it may, in order.
    pub roles: Vec<String>,
    /// Milliseconds since 1970.
    pub created_at: u64,
    /// Milliseconds since 1970, to the minute.
    pub last_used_at: Option<u64>,
    /// Milliseconds since 1970.
    pub revoked_at: Option<u64>,
    /// Milliseconds since 1970.
    pub expires_at: Option<u64>,
    /// What stands in place of its secret, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
}

/// A token that was made just now.
#[derive(Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct IssuedPat {
    /// Shown once.
    pub token: String,
    /// What is known of it.
    pub pat: Pat,
}

impl std::fmt::Debug for IssuedPat {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("IssuedPat").field("pat", &self.pat).finish_non_exhaustive()
    }
}

/// A token that nothing knows of yet.
#[derive(Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GeneratedPat {
    /// Shown once.
    pub token: String,
    /// Its id.
    pub id: String,
    /// What stands in place of its secret.
    pub hash: String,
}

impl std::fmt::Debug for GeneratedPat {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("GeneratedPat").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Whether a token is good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct VerifiedPat {
    /// Whether it is.
    pub valid: bool,
    /// Why it is not, for your log: `not_found`, `invalid_secret`, `revoked`, `expired` and so on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What is known of it, where its secret is right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pat: Option<Pat>,
}

/// Several tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct LoadedPats {
    /// Those that there are.
    pub found: Vec<Pat>,
    /// The ids of those that there are not.
    pub not_found: Vec<String>,
}

#[derive(Serialize)]
struct Register<'a> {
    hash: &'a str,
    #[serde(flatten)]
    pat: &'a NewPat,
}

#[derive(Serialize)]
struct Generate<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
}

#[derive(Serialize)]
struct Verify<'a> {
    token: &'a str,
}

#[derive(Serialize)]
struct Load<'a> {
    ids: &'a [&'a str],
}

#[derive(Serialize)]
struct Update<'a> {
    id: &'a str,
    #[serde(flatten)]
    change: &'a PatChange,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Revoke<'a> {
    id: &'a str,
    expires_at: u64,
}

#[derive(Deserialize)]
struct Deleted {
    deleted: bool,
}
