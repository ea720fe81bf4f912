//! What happened, for the host's listeners and log. No event carries a secret.

use serde::Serialize;

use crate::factor::Kind;
use crate::pat::Reason;
use crate::time::Millis;

/// An event and its instant.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Dated {
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
    /// Milliseconds since 1970.
    pub at: Millis,
    /// Of which issuer; absent for the engine's first one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
}

/// What happened. The names are the contract's.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "name", rename_all_fields = "camelCase")]
#[allow(missing_docs, reason = "the members are named by what they hold")]
#[non_exhaustive]
pub enum Event {
    #[serde(rename = "client.created")]
    ClientCreated { client_id: String },
    #[serde(rename = "client.registered")]
    ClientRegistered { client_id: String },
    #[serde(rename = "client.document_read")]
    ClientDocumentRead { client_id: String },
    #[serde(rename = "client.document_refused")]
    ClientDocumentRefused { client_id: String, reason: String },
    #[serde(rename = "registration_token.issued")]
    RegistrationTokenIssued { id: String },
    #[serde(rename = "registration_token.revoked")]
    RegistrationTokenRevoked { id: String },
    #[serde(rename = "client.updated")]
    ClientUpdated { client_id: String },
    #[serde(rename = "client.deleted")]
    ClientDeleted { client_id: String },
    #[serde(rename = "client.secret_rotated")]
    ClientSecretRotated { client_id: String },
    #[serde(rename = "client.authentication_failed")]
    ClientAuthenticationFailed { client_id: String },
    #[serde(rename = "account.created")]
    AccountCreated { subject: String },
    #[serde(rename = "account.updated")]
    AccountUpdated { subject: String },
    #[serde(rename = "account.password_set")]
    PasswordSet { subject: String },
    #[serde(rename = "account.password_rehashed")]
    PasswordRehashed { subject: String },
    #[serde(rename = "account.password_unusable")]
    PasswordUnusable { subject: String, reason: &'static str },
    #[serde(rename = "account.registered")]
    AccountRegistered { subject: String },
    #[serde(rename = "account.registration_repeated")]
    RegistrationRepeated { subject: String },
    #[serde(rename = "email.verification_requested")]
    VerificationRequested { subject: String },
    #[serde(rename = "email.change_requested")]
    EmailChangeRequested { subject: String },
    #[serde(rename = "email.verified")]
    EmailVerified { subject: String },
    #[serde(rename = "email.changed")]
    EmailChanged { subject: String },
    #[serde(rename = "password.reset_requested")]
    PasswordResetRequested { subject: String },
    #[serde(rename = "password.reset")]
    PasswordReset { subject: String },
    #[serde(rename = "sign_in.mail_requested")]
    SignInMailRequested { subject: String },
    #[serde(rename = "sign_in.succeeded")]
    SignInSucceeded { subject: String, session_id: String },
    #[serde(rename = "sign_in.failed")]
    SignInFailed { subject: Option<String> },
    #[serde(rename = "sign_in.throttled")]
    SignInThrottled { subject: Option<String> },
    #[serde(rename = "session.remembered")]
    SessionRemembered { subject: String, session_id: String },
    #[serde(rename = "remember.replayed")]
    RememberReplayed { subject: String, remembered_id: String },
    #[serde(rename = "session_token.replayed")]
    SessionTokenReplayed { subject: String, session_id: String },
    #[serde(rename = "session.revoked")]
    SessionRevoked { subject: String, session_id: String },
    #[serde(rename = "logout.due")]
    LogoutDue { subject: String, client_id: String, session_id: String },
    #[serde(rename = "logout.delivered")]
    LogoutDelivered { subject: String, client_id: String, session_id: String },
    #[serde(rename = "logout.not_delivered")]
    LogoutNotDelivered { subject: String, client_id: String, session_id: String, reason: String },
    #[serde(rename = "factor.added")]
    FactorAdded { subject: String, factor_id: String },
    #[serde(rename = "factor.removed")]
    FactorRemoved { subject: String, factor_id: String },
    #[serde(rename = "factor.used")]
    FactorUsed { subject: String, kind: Kind },
    #[serde(rename = "factor.refused")]
    FactorRefused { subject: String },
    #[serde(rename = "recovery_codes.regenerated")]
    RecoveryCodesRegenerated { subject: String },
    #[serde(rename = "authentication.succeeded")]
    AuthenticationSucceeded {
        subject: Option<String>,
        client_id: Option<String>,
        session_id: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        token_id: Option<String>,
    },
    #[serde(rename = "authentication.failed")]
    AuthenticationFailed { code: &'static str },
    #[serde(rename = "consent.granted")]
    ConsentGranted { subject: String, client_id: String, scope: String },
    #[serde(rename = "consent.denied")]
    ConsentDenied { subject: String, client_id: String },
    #[serde(rename = "code.issued")]
    CodeIssued { subject: String, client_id: String, grant_id: String },
    #[serde(rename = "code.replayed")]
    CodeReplayed { client_id: String, grant_id: String },
    #[serde(rename = "token.issued")]
    TokenIssued { subject: Option<String>, client_id: String, grant_id: String },
    #[serde(rename = "token.refreshed")]
    TokenRefreshed { subject: String, client_id: String, grant_id: String },
    #[serde(rename = "token.exchanged")]
    TokenExchanged { subject: String, client_id: String, grant_id: String },
    #[serde(rename = "token.revoked")]
    TokenRevoked { client_id: String, grant_id: String },
    #[serde(rename = "refresh_token.replayed")]
    RefreshTokenReplayed { client_id: String, grant_id: String },
    #[serde(rename = "grant.revoked")]
    GrantRevoked { subject: String, client_id: String, grant_id: String },
    #[serde(rename = "pat.issued")]
    PatIssued { token_id: String },
    #[serde(rename = "pat.registered")]
    PatRegistered { token_id: String },
    #[serde(rename = "pat.bootstrapped")]
    PatBootstrapped { token_id: String },
    #[serde(rename = "pat.updated")]
    PatUpdated { token_id: String },
    #[serde(rename = "pat.revoked")]
    PatRevoked { token_id: String },
    #[serde(rename = "pat.restored")]
    PatRestored { token_id: String },
    #[serde(rename = "pat.deleted")]
    PatDeleted { token_id: String },
    #[serde(rename = "pat.exchanged")]
    PatExchanged {
        token_id: String,
        owner: String,
        /// Of the JWT.
        jti: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        remote: Option<String>,
    },
    #[serde(rename = "pat.refused")]
    PatRefused {
        token_id: Option<String>,
        reason: Reason,
        #[serde(skip_serializing_if = "Option::is_none")]
        remote: Option<String>,
    },
    #[serde(rename = "key.generated")]
    KeyGenerated { kid: String },
    #[serde(rename = "key.imported")]
    KeyImported { kid: String },
    #[serde(rename = "key.rotated")]
    KeyRotated { kid: String },
    #[serde(rename = "jwt.denied")]
    JwtDenied { jti: String },
    #[serde(rename = "jwt.allowed")]
    JwtAllowed { jti: String },
    #[serde(rename = "key.withdrawn")]
    KeyWithdrawn { kid: String },
}
