//! What people prove themselves with beside a password.

use serde::{Deserialize, Serialize};

use super::SubjectItem;
use crate::claviger::Claviger;
use crate::error::Error;

impl Claviger {
    /// What people prove themselves with beside a password: authenticator apps (TOTP, RFC 6238) and recovery codes.
    #[must_use]
    pub fn factors(&self) -> Factors<'_> {
        Factors(self)
    }
}

/// Commands on second factors.
#[derive(Debug, Clone, Copy)]
pub struct Factors<'a>(&'a Claviger);

impl Factors<'_> {
    /// Lists one person's.
    ///
    /// # Errors
    /// Faults.
    pub async fn list(&self, subject: &str) -> Result<SecondFactors, Error> {
        self.0.command("factors.list", &Whose { subject }).await
    }

    /// Makes a key for an authenticator app. It changes nothing until [`Factors::confirm_totp`] is called, within 15 minutes.
    ///
    /// # Errors
    /// `not_found`, `invalid_argument`, `already_exists` (there are five), and faults.
    pub async fn begin_totp(&self, subject: &str, new: NewTotp) -> Result<NewAuthenticator, Error> {
        self.0.command("factors.beginTotp", &BeginTotp { subject, new }).await
    }

    /// The first code of the app makes it a factor, and ends all sessions but `keep_session`. With a person's first one come recovery
    /// codes, shown this once.
    ///
    /// # Errors
    /// `wrong_code`, `not_found`, `already_exists`, and faults.
    pub async fn confirm_totp(
        &self,
        subject: &str,
        id: &str,
        code: &str,
        keep_session: Option<&str>,
    ) -> Result<Option<Vec<String>>, Error> {
        let item = SubjectItem { subject, id };
        let RecoveryCodes { recovery_codes } =
            self.0.command("factors.confirmTotp", &ConfirmTotp { item, code, keep_session }).await?;
        Ok(recovery_codes)
    }

    /// Makes ten new recovery codes, shown this once; those before are good no more.
    ///
    /// # Errors
    /// `not_found`, and faults.
    pub async fn regenerate_recovery_codes(&self, subject: &str) -> Result<Vec<String>, Error> {
        let RecoveryCodes { recovery_codes } =
            self.0.command("factors.regenerateRecoveryCodes", &Whose { subject }).await?;
        Ok(recovery_codes.unwrap_or_default())
    }

    /// Says whether a code by mail is a factor of theirs, for which their address must be verified; ends all sessions but `keep_session`.
    ///
    /// # Errors
    /// `invalid_argument` where the address is not verified, `not_found`, and faults.
    pub async fn set_email(&self, subject: &str, enabled: bool, keep_session: Option<&str>) -> Result<(), Error> {
        let ask = serde_json::json!({ "subject": subject, "enabled": enabled, "keepSession": keep_session });
        let _: serde_json::Value = self.0.command("factors.setEmail", &ask).await?;
        Ok(())
    }

    /// Removes an authenticator, and ends all sessions but `keep_session`; answers whether there was one. With the last one the recovery
    /// codes go.
    ///
    /// # Errors
    /// Faults.
    pub async fn remove(&self, subject: &str, id: &str, keep_session: Option<&str>) -> Result<bool, Error> {
        #[derive(Deserialize)]
        struct Removed {
            removed: bool,
        }
        let item = SubjectItem { subject, id };
        let Removed { removed } = self.0.command("factors.remove", &Remove { item, keep_session }).await?;
        Ok(removed)
    }

    /// Uses a code of an authenticator, or a recovery code: for what a person must prove again. A wrong one counts like a wrong
    /// password, for the person and for the address that it comes from, `remote`.
    ///
    /// # Errors
    /// `wrong_code`, `too_many_requests`, and faults.
    pub async fn verify(&self, subject: &str, code: &str, remote: Option<&str>) -> Result<VerifiedCode, Error> {
        self.0.command("factors.verify", &Verify { subject, code, remote }).await
    }
}

/// What somebody proves themselves with beside a password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SecondFactors {
    /// What a sign-in may be asked for; with none, there is no second factor.
    pub kinds: Vec<FactorKind>,
    /// At most five.
    pub authenticators: Vec<Authenticator>,
    /// How many are not used.
    pub recovery_codes_left: u32,
}

/// What a second factor is proved by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FactorKind {
    /// A code of an authenticator app.
    Totp,
    /// A code that is sent to the person's verified address.
    EmailCode,
    /// One of the codes for the day on which the app is gone.
    RecoveryCode,
}

/// An authenticator app that somebody has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Authenticator {
    /// Names it among its subject's.
    pub id: String,
    /// What its owner calls it.
    pub name: Option<String>,
    /// Whether it is a factor; until then it waits for its first code.
    pub confirmed: bool,
    /// Milliseconds since 1970.
    pub created_at: u64,
    /// When a code of it was good last, to 30 seconds.
    pub last_used_at: Option<u64>,
}

/// What an authenticator app should do. Many know the defaults alone.
#[derive(Debug, Clone, Default, Serialize)]
pub struct NewTotp {
    /// What its owner calls it, 1 to 100 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Default: SHA-1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<TotpAlgorithm>,
    /// 6 or 8. Default: 6.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digits: Option<u8>,
}

/// The hash of RFC 6238.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum TotpAlgorithm {
    /// HMAC-SHA-1.
    #[serde(rename = "SHA1")]
    Sha1,
    /// HMAC-SHA-256.
    #[serde(rename = "SHA256")]
    Sha256,
    /// HMAC-SHA-512.
    #[serde(rename = "SHA512")]
    Sha512,
}

/// A key for an authenticator app, shown this once.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NewAuthenticator {
    /// Names it among its subject's.
    pub id: String,
    /// In base32, for typing.
    pub secret: String,
    /// `otpauth://…`, for a QR code.
    pub uri: String,
    /// The first code must come before, in milliseconds since 1970.
    pub expires_at: u64,
}

impl std::fmt::Debug for NewAuthenticator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewAuthenticator").field("id", &self.id).finish_non_exhaustive()
    }
}

/// By what somebody proved themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct VerifiedCode {
    /// What the code was.
    pub kind: FactorKind,
    /// How many are not used.
    pub recovery_codes_left: u32,
}

#[derive(Serialize)]
struct Whose<'a> {
    subject: &'a str,
}

#[derive(Serialize)]
struct BeginTotp<'a> {
    subject: &'a str,
    #[serde(flatten)]
    new: NewTotp,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ConfirmTotp<'a> {
    #[serde(flatten)]
    item: SubjectItem<'a>,
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    keep_session: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Remove<'a> {
    #[serde(flatten)]
    item: SubjectItem<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keep_session: Option<&'a str>,
}

#[derive(Serialize)]
struct Verify<'a> {
    subject: &'a str,
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    remote: Option<&'a str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RecoveryCodes {
    recovery_codes: Option<Vec<String>>,
}
