//! Typed commands, in rooms by noun (`docs/contract.md`, section 5).
//!
//! Every method is one flow of the engine. Each refuses with [`Error::Refused`](crate::Error::Refused), whose code says
//! why: `not_found`, `invalid_argument`, `already_exists` and so on.

mod accounts;
mod authenticate;
mod clients;
mod devices;
mod factors;
mod grants;
mod interactions;
mod journeys;
mod jwts;
mod keys;
mod passwords;
mod pats;
mod purge;
mod registration_tokens;
mod resources;
mod seals;
mod sessions;
mod sign_in;
mod tokens;

use serde::{Deserialize, Serialize};

pub use accounts::{
    Account, AccountChange, Accounts, EmailVerified, MailSent, NewAccount, NewPassword, PasswordChange, PasswordReset,
    Registration, Who,
};
pub(crate) use authenticate::Seen;
pub use authenticate::{Actor, PatHolder, Principal, PrincipalKind, Requirement};
pub use clients::{
    AccessTokenFormat, AuthMethod, Client, ClientChange, ClientOrigin, ClientWithSecret, Clients, NewClient,
    OpenIdClient, SubjectType,
};
pub use devices::{DeviceAllowed, DeviceRequest, Devices};
pub use factors::{
    Authenticator, FactorKind, Factors, NewAuthenticator, NewTotp, SecondFactors, TotpAlgorithm, VerifiedCode,
};
pub use grants::{Grant, GrantState, Grants};
pub use interactions::{Allowed, Interaction, InteractionClient, InteractionScope, Interactions, Onward, Prompt};
pub use journeys::{Arrived, BegunJourney, CompletedJourney, Journeys, NewJourney};
pub use jwts::{AnyOf, JwtPolicy, JwtVerifier, Jwts, NewJwt, SignedJwt, VerifiedJwt};
pub use keys::{Algorithm, ExportedKey, Key, KeyPair, KeyState, Keys};
pub use passwords::{CheckedHash, HashAlgorithm, HashParameters, InspectedHash, Passwords};
pub use pats::{
    GeneratedPat, IssuedPat, LoadedPats, NewPat, Pat, PatChange, PatFilter, Pats, RolesChange, VerifiedPat,
};
pub use purge::{Purge, Purged};
pub use registration_tokens::{IssuedRegistrationToken, NewRegistrationToken, RegistrationToken, RegistrationTokens};
pub use seals::{SealPasswords, Seals};
pub use sessions::{Difference, OpenSession, Resumed, Session, SessionTokens, Sessions, Then};
pub use sign_in::{SentMail, SignIn, Stage, Visit};
pub use tokens::{Introspection, Tokens};

/// Which page of a list.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Paging {
    /// The `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// At most so many items, 1 to 1000. Default 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

impl Paging {
    /// The first page.
    #[must_use]
    pub fn first() -> Self {
        Self::default()
    }

    /// The page that begins after another, with that one's `next`.
    #[must_use]
    pub fn after(next: String) -> Self {
        Self { after: Some(next), limit: None }
    }

    /// At most so many items, 1 to 1000.
    #[must_use]
    pub fn limit(self, limit: u32) -> Self {
        Self { limit: Some(limit), ..self }
    }
}

/// One page of a list.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Items<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
}

/// A page of what belongs to one subject.
#[derive(Serialize)]
struct OfSubject<'a> {
    subject: &'a str,
    #[serde(flatten)]
    paging: Paging,
}

/// One thing of a subject's.
#[derive(Serialize)]
struct SubjectItem<'a> {
    subject: &'a str,
    id: &'a str,
}

#[derive(Serialize)]
struct ById<'a> {
    id: &'a str,
}

#[derive(Deserialize)]
struct Revoked {
    revoked: bool,
}
