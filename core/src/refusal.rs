//! Whose fault it is: a [`Refusal`] is somebody's request refused, a [`Fault`] is the engine's or its host's.
//! The registered error code, the status and the safe text of each are written here and nowhere else.

use serde::Serialize;

use crate::ask::Key;
use crate::key::jwt::Why;

/// Somebody's request is refused. The texts hold only characters that RFC 6749 section 5.2 allows, and never echo input.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// Malformed, missing, repeated or contradictory parameters (RFC 6749 section 5.2).
    InvalidRequest(&'static str),
    /// The client is unknown, disabled or did not authenticate (RFC 6749 section 5.2).
    InvalidClient {
        /// The client used the `Authorization` header, so the answer must carry a challenge.
        challenge: bool,
    },
    /// The code or refresh token is invalid, expired, revoked, or another client's (RFC 6749 section 5.2).
    InvalidGrant,
    /// The client may not use this grant type (RFC 6749 section 5.2).
    UnauthorizedClient,
    /// No such grant type here (RFC 6749 section 5.2).
    UnsupportedGrantType,
    /// Only `code` is offered (RFC 6749 section 4.1.2.1).
    UnsupportedResponseType,
    /// A scope is malformed, unknown, or more than was granted (RFC 6749 section 5.2).
    InvalidScope,
    /// The resource is unknown or was not granted (RFC 8707 section 2).
    InvalidTarget,
    /// The person or the server said no (RFC 6749 section 4.1.2.1).
    AccessDenied,
    /// `prompt=none`, but nobody is signed in (OpenID Connect Core section 3.1.2.6).
    LoginRequired,
    /// `prompt=none`, but consent is needed (OpenID Connect Core section 3.1.2.6).
    ConsentRequired,
    /// OpenID Connect Core Error Code unmet_authentication_requirements 1.0.
    UnmetAuthenticationRequirements,
    /// Request objects are not offered (OpenID Connect Core section 3.1.2.6).
    RequestNotSupported,
    /// Request objects by reference are not offered (OpenID Connect Core section 3.1.2.6).
    RequestUriNotSupported,
    /// Clients do not register in requests (OpenID Connect Core section 3.1.2.6).
    RegistrationNotSupported,
    /// The DPoP proof is missing, malformed, of another request, or used before (RFC 9449 section 5).
    InvalidDpopProof(&'static str),
    /// The DPoP proof must hold this nonce (RFC 9449 section 8).
    UseDpopNonce(String),
    /// The pushed request is unknown, over, or was begun in another browser (RFC 9126 section 4, OpenID Connect Core section 3.1.2.6).
    InvalidRequestUri,
    /// The access token is missing, malformed, expired or revoked (RFC 6750 section 3.1).
    InvalidToken,
    /// A JWT of the application is not what its reader expects; outwardly it looks the same whatever is wrong.
    InvalidJwt(Why),
    /// Nothing was presented at all (RFC 6750 section 3.1: no error code in the challenge).
    TokenMissing,
    /// The access token is good, but not for this (RFC 6750 section 3.1).
    InsufficientScope,
    /// The person signed in too long ago, or by less than is wanted (RFC 9470 section 3).
    InsufficientUserAuthentication,
    /// The redirect URI is not one of the client's; the browser must not be sent there.
    RedirectUriMismatch,
    /// The page's form came from elsewhere, or from another browser.
    Forbidden(&'static str),
    /// The interaction is unknown, expired or already answered.
    InteractionEnded,
    /// A link or a code that was mailed is over, was used, or was never one.
    LinkEnded,
    /// The person's address is not verified, and what was asked for needs that.
    EmailNotVerified,
    /// Login or password is wrong; which of them is not told.
    WrongCredentials,
    /// A one-time code is wrong, over, or was used before; which of them is not told.
    WrongCode,
    /// Nobody has decided yet (RFC 8628 section 3.5).
    AuthorizationPending,
    /// The same, and the device polls too often (RFC 8628 section 3.5).
    SlowDown,
    /// The device code's time was up (RFC 8628 section 3.5).
    ExpiredToken,
    /// No such user code waits to be entered; whether it never did, did once, or waits for somebody else is not told.
    UnknownUserCode,
    /// A redirect URI may not be registered (RFC 7591 section 3.2.2).
    InvalidRedirectUri(&'static str),
    /// What a client says of itself cannot be registered (RFC 7591 section 3.2.2).
    InvalidClientMetadata(&'static str),
    /// Nobody's software statements are trusted here (RFC 7591 section 3.2.2).
    UnapprovedSoftwareStatement,
    /// Clients do not register themselves, or not this one any more.
    RegistrationRefused(&'static str),
    /// The client id is an address, and what is there is not the client's metadata document.
    ClientDocument(&'static str),
    /// Another request is at it; soon there will be an answer.
    TryAgain(&'static str),
    /// The body is not `application/json`.
    JsonExpected,
    /// There is no such page.
    NoSuchEndpoint,
    /// The method is not one of these.
    MethodNotAllowed(&'static str),
    /// The body is not `application/x-www-form-urlencoded`.
    UnsupportedMediaType,
    /// The body is over the limit.
    PayloadTooLarge,
    /// The URL is over the limit.
    UriTooLong,
    /// Too much of this in a while (RFC 6585 section 4).
    TooManyRequests {
        /// Seconds until it may be tried again.
        retry_after: u64,
    },
    /// A typed command's argument is out of bounds.
    InvalidArgument(&'static str),
    /// A typed command's argument is missing, unknown, or not of its type: which, and what it should be.
    Mistyped(String),
    /// A typed command's key cannot be used: why.
    UnfitKey(String),
    /// A typed command names what does not exist.
    NotFound(&'static str),
    /// A typed command would make something twice.
    AlreadyExists(&'static str),
}

/// The four members that tell a refusal or a fault to a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Told {
    /// Stable, for programs.
    pub code: &'static str,
    /// The HTTP status that fits.
    pub status: u16,
    /// For people; safe to show to anyone.
    pub message: String,
    /// What to do about it.
    pub help: &'static str,
    /// Why, where one code stands for several reasons that a requester must not learn: for programs of the host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// The headers of the response that tells it, when it says more than the status.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(&'static str, String)>,
}

impl Refusal {
    /// The code, the status, the text and the help of this refusal.
    pub fn told(&self) -> Told {
        let (code, status, message, help) = self.parts();
        let message = if let Self::Mistyped(told) | Self::UnfitKey(told) = self { told } else { message };
        let headers = match self {
            Self::TooManyRequests { retry_after } => vec![("retry-after", retry_after.to_string())],
            _ => Vec::new(),
        };
        let reason = if let Self::InvalidJwt(why) = self { Some(why.reason()) } else { None };
        Told { code, status, message: message.to_owned(), help, reason, headers }
    }

    /// The registered error code.
    pub fn code(&self) -> &'static str {
        self.parts().0
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.parts().1
    }

    /// Seconds after which the same request may be answered otherwise (RFC 9110 section 10.2.3).
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::TryAgain(_) => Some(2),
            Self::TooManyRequests { retry_after } => Some(*retry_after),
            _ => None,
        }
    }

    /// The text that may be sent as `error_description`.
    pub fn message(&self) -> &'static str {
        self.parts().2
    }

    #[rustfmt::skip]
    fn parts(&self) -> (&'static str, u16, &'static str, &'static str) {
        use Refusal as R;
        match self {
            R::InvalidRequest(why) => ("invalid_request", 400, why, "Correct the request; RFC 6749 says what each parameter holds."),
            R::InvalidClient { .. } => ("invalid_client", 401, "Client authentication failed", "Check the client id, its secret, and that it authenticates by its registered method."),
            R::InvalidGrant => ("invalid_grant", 400, "The code or refresh token is invalid, expired, revoked, or was issued to another client", "Start the authorization again."),
            R::UnauthorizedClient => ("unauthorized_client", 400, "The client may not use this grant type", "Add the grant type to the client."),
            R::UnsupportedGrantType => ("unsupported_grant_type", 400, "The grant type is not supported", "Use one of grant_types_supported in the server's metadata."),
            R::UnsupportedResponseType => ("unsupported_response_type", 400, "Only response_type=code is supported", "Use the authorization code flow with PKCE."),
            R::InvalidScope => ("invalid_scope", 400, "A scope is malformed, unknown, or not granted", "Ask for scopes that the server and the client know."),
            R::InvalidTarget => ("invalid_target", 400, "The resource is unknown or was not granted", "Ask for a resource that the server knows."),
            R::AccessDenied => ("access_denied", 400, "The request was denied", "Nothing to do: it was refused on purpose."),
            R::LoginRequired => ("login_required", 400, "Nobody is signed in", "Send the person through an authorization request without prompt=none."),
            R::UnmetAuthenticationRequirements => ("unmet_authentication_requirements", 400, "The sign-in is not as strong as it must be", "Ask for one of acr_values_supported in the server's metadata."),
            R::ConsentRequired => ("consent_required", 400, "The person must consent first", "Send the person through an authorization request without prompt=none."),
            R::RegistrationNotSupported => ("registration_not_supported", 400, "Clients do not register in requests", "Register the client first."),
            R::RequestNotSupported => ("request_not_supported", 400, "Request objects are not supported", "Send the parameters in the query."),
            R::RequestUriNotSupported => ("request_uri_not_supported", 400, "Request objects by reference are not supported", "Send the parameters in the query."),
            R::InvalidDpopProof(why) => ("invalid_dpop_proof", 400, why, "Send one DPoP header, with a new proof for this very request."),
            R::UseDpopNonce(_) => ("use_dpop_nonce", 400, "The DPoP proof needs a nonce of the server", "Send a new proof with the nonce of the DPoP-Nonce header."),
            R::InvalidRequestUri => ("invalid_request_uri", 400, "The request_uri is unknown, expired or was used", "Push the request again."),
            R::InvalidToken => ("invalid_token", 401, "The access token is invalid, expired or revoked", "Obtain a new access token."),
            R::InvalidJwt(why) => ("invalid_token", 401, "The token is not valid here", why.help()),
            R::TokenMissing => ("unauthenticated", 401, "No access token or session was presented", "Send the access token in the Authorization header, or sign in."),
            R::InsufficientUserAuthentication => ("insufficient_user_authentication", 401, "This needs a more recent or a stronger sign-in", "Send the person to sign in again, with the max_age of the challenge."),
            R::InsufficientScope => ("insufficient_scope", 403, "The access token does not cover this request", "Ask for the scopes named in the challenge."),
            R::RedirectUriMismatch => ("invalid_request", 400, "The redirect_uri is not registered for this client", "Register the exact redirect URI, byte for byte."),
            R::Forbidden(why) => ("forbidden", 403, why, "Go back to the application and start again."),
            R::InteractionEnded => ("interaction_ended", 400, "This sign-in has expired or was already completed", "Go back to the application and start again."),
            R::LinkEnded => ("link_ended", 400, "This link has expired or was used, or a newer one was sent since", "Ask for a new one where you asked for this one."),
            R::EmailNotVerified => ("email_not_verified", 403, "The email address is not verified", "Open the link that was sent to the address, or ask for a new one."),
            R::WrongCredentials => ("wrong_credentials", 401, "The user name or password is wrong", "Try again, or reset the password."),
            R::WrongCode => ("wrong_code", 401, "The code is wrong, or was used before", "Try again with the code that is shown next."),
            R::AuthorizationPending => ("authorization_pending", 400, "Nobody has decided yet", "Poll again after the interval."),
            R::SlowDown => ("slow_down", 400, "The device polls too often; the interval is 5 seconds longer from now on", "Poll again after the longer interval."),
            R::ExpiredToken => ("expired_token", 400, "The device code has expired", "Ask for a new device code."),
            R::UnknownUserCode => ("unknown_user_code", 400, "This code is not known, has expired, or was already used. Check it, or let the device show a new one", "Check the code, or ask for a new one on the device."),
            R::InvalidRedirectUri(why) => ("invalid_redirect_uri", 400, why, "Register absolute redirect URIs in their normal form; RFC 7591 section 2 and OAuth 2.1 section 2.3 say which."),
            R::InvalidClientMetadata(why) => ("invalid_client_metadata", 400, why, "Correct the client's metadata; RFC 7591 section 2 says what each member holds."),
            R::UnapprovedSoftwareStatement => ("unapproved_software_statement", 400, "Software statements are not accepted here", "Register without software_statement."),
            R::RegistrationRefused(why) => ("access_denied", 403, why, "Ask the people who run the server for a client."),
            R::ClientDocument(why) => ("invalid_client", 400, why, "Correct the client's metadata document; it is read again in a few seconds."),
            R::TryAgain(why) => ("temporarily_unavailable", 503, why, "Try again in a few seconds."),
            R::JsonExpected => ("invalid_request", 415, "The body must be application/json", "Send the parameters as a JSON object."),
            R::NoSuchEndpoint => ("not_found", 404, "There is nothing here", "See the server's metadata for its endpoints."),
            R::MethodNotAllowed(_) => ("method_not_allowed", 405, "The method is not allowed here", "Use a method named in the Allow header."),
            R::UnsupportedMediaType => ("invalid_request", 415, "The body must be application/x-www-form-urlencoded", "Send the parameters as a form."),
            R::PayloadTooLarge => ("invalid_request", 413, "The request is too large", "Send less."),
            R::UriTooLong => ("invalid_request", 414, "The URL is too long", "Send less in the query."),
            R::TooManyRequests { .. } => ("too_many_requests", 429, "There were too many of these requests", "Wait as long as Retry-After says."),
            R::InvalidArgument(why) => ("invalid_argument", 400, why, "Correct the argument."),
            R::Mistyped(_) => ("invalid_argument", 400, "An argument is mistyped", "Correct the argument that the message names."),
            R::UnfitKey(_) => ("invalid_argument", 400, "The key cannot be used", "Give another key."),
            R::NotFound(why) => ("not_found", 404, why, "Check the id."),
            R::AlreadyExists(why) => ("already_exists", 409, why, "Choose another, or use the one that exists."),
        }
    }
}

/// The engine or its host is at fault. Details go to the log, never to the requester.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The store failed or could not say; the request is denied.
    StoreFailed(String),
    /// Another ask failed.
    HostFailed(String),
    /// A row is not what its key promises: another tenant's, another purpose's, or unreadable.
    BadRow {
        /// Which, where it is known.
        key: Option<Key>,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Other requests changed the same rows three times in a row.
    Contended,
    /// The table of flows is full.
    Busy,
    /// The host has too much to do; it may be tried again after so many seconds.
    HostBusy(u64),
    /// The call cannot be read.
    BadCall(String),
    /// The call's seed is not random: all of one byte, or that of the call before.
    BadSeed,
    /// The answer does not fit the ask.
    BadAnswer(&'static str),
    /// `open` was not called, or failed.
    NotOpen,
    /// The configuration is wrong.
    Configuration(String),
    /// A derivation or signature inside the engine failed.
    Cryptography(&'static str),
}

const BAD_ROW: &str = "Something else wrote it, or another version of the engine, or for another tenant or with another secret: list the secret of that time after yours.";

impl Fault {
    pub(crate) const fn bad_row(why: &'static str) -> Self {
        Self::BadRow { key: None, why }
    }

    /// The same of a row that is known.
    pub(crate) fn of_row(self, key: &Key) -> Self {
        match self {
            Self::BadRow { key: None, why } => Self::BadRow { key: Some(key.clone()), why },
            other => other,
        }
    }

    /// The code, the status, the text and the help of this fault. The text is for the log.
    #[rustfmt::skip]
    pub fn told(&self) -> Told {
        let (code, status, message, help) = match self {
            Self::StoreFailed(why) => ("store_failed", 503, format!("The store failed: {why}"), "See the store's own log; the request was denied and may be tried again."),
            Self::HostFailed(why) => ("host_failed", 503, format!("The host could not do what was asked: {why}"), "See the host's log; the request was denied and may be tried again."),
            Self::BadRow { key: None, why } => ("bad_row", 500, format!("A stored row cannot be used: {why}"), BAD_ROW),
            Self::BadRow { key: Some(Key(key)), why } => ("bad_row", 500, format!("The stored row {key} cannot be used: {why}"), BAD_ROW),
            Self::Contended => ("contended", 503, "Other requests changed the same rows three times in a row".into(), "Try again."),
            Self::Busy => ("busy", 503, "Too many requests are in flight".into(), "Try again, or raise limits.flows."),
            Self::HostBusy(_) => ("busy", 503, "The host has too much to do".into(), "Try again in a moment; if it persists, give what derives keys more threads."),
            Self::BadCall(why) => ("bad_call", 500, format!("The call cannot be read: {why}"), "Send a call whose members and command this release of the engine knows; the message names what it does not."),
            Self::BadSeed => ("bad_call", 500, "The seed is constant, or that of the call before".into(), "Draw 32 fresh random bytes for each call; the source has failed."),
            Self::BadAnswer(why) => ("bad_answer", 500, format!("The host's answer does not fit: {why}"), "Answer an ask with the answer of its kind, or with failed; the host and the engine must be of one release."),
            Self::NotOpen => ("not_open", 500, "The engine is not open".into(), "Call open with a configuration first."),
            Self::Configuration(why) => ("configuration", 500, why.clone(), "Correct the member that the message names, and open the engine again."),
            Self::Cryptography(why) => ("cryptography", 500, (*why).into(), "This is a defect; please report it."),
        };
        Told { code, status, message, help, reason: None, headers: Vec::new() }
    }

    /// Seconds after which the same request may be answered otherwise (RFC 9110 section 10.2.3).
    pub(crate) fn retry_after(&self) -> u64 {
        match self {
            Self::HostBusy(seconds) => (*seconds).clamp(1, 3600),
            _ => 1,
        }
    }
}

/// Why a flow ends early, or starts anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    Refused(Refusal),
    Fault(Fault),
    /// A commit lost its race: read again, decide again.
    Stale,
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}
