//! Which endpoint answers which path.

use super::{Request, Response};
use crate::authorize::{
    TRY_AGAIN, authorize, consent_page, error_page, form_post_page, post_consent, problem_page, push,
};
use crate::client::{client_configuration_endpoint, registration_endpoint};
use crate::config::{Config, Pages, Passwordless};
use crate::device::{device_authorization_endpoint, device_page, post_device};
use crate::dpop;
use crate::email;
use crate::host::Host;
use crate::key::set::KeySet;
use crate::oidc::logout::logout_endpoint;
use crate::oidc::userinfo::userinfo_endpoint;
use crate::overview::{account_page, post_account};
use crate::pat;
use crate::refusal::{Fault, Refusal, Stop};
use crate::security::{SECURITY, post_security, security_page};
use crate::session::remember;
use crate::sign_in::{SECOND, post_second_factor, post_sign_in, sign_in_page};
use crate::token::{introspection_endpoint, revocation_endpoint, token_endpoint};
use crate::{metadata, resource};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Endpoint {
    Authorize,
    Pushed,
    SignIn,
    SecondFactor,
    Consent,
    FormPost,
    Token,
    Introspect,
    Revoke,
    DeviceAuthorization,
    Device,
    Account,
    ByMail(ByMail),
    Security,
    Jwks,
    Metadata,
    UserInfo,
    Logout,
    ResourceMetadata,
    Register,
    ClientConfiguration,
    Pats,
}

/// The pages of what goes by way of a mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ByMail {
    Forgot,
    Reset,
    VerifyEmail,
    SignUp,
    SignIn,
    SignInLink,
}

impl ByMail {
    /// A page that is configured to be elsewhere is not here.
    fn of(config: &Config, path: &str) -> Option<Self> {
        let (pages, sign_in) = (&config.pages, &config.sign_in);
        let page = match path {
            Pages::FORGOT if pages.forgot == Pages::FORGOT => Self::Forgot,
            Pages::RESET if pages.reset == Pages::RESET => Self::Reset,
            Pages::VERIFY_EMAIL if pages.verify_email == Pages::VERIFY_EMAIL => Self::VerifyEmail,
            Pages::SIGN_UP if pages.sign_up == Pages::SIGN_UP && sign_in.sign_up => Self::SignUp,
            Pages::SIGN_IN_BY_MAIL if !sign_in.passwordless.is_empty() => Self::SignIn,
            Pages::SIGN_IN_LINK if pages.sign_in_link == path && sign_in.passwordless.contains(&Passwordless::Link) => {
                Self::SignInLink
            }
            _ => return None,
        };
        config.mails_to_accounts().then_some(page)
    }

    async fn answer(self, host: &Host, request: &Request) -> Result<Response, Stop> {
        match (self, request.method == "POST") {
            (Self::Forgot, false) => Ok(email::forgot_page(host)),
            (Self::Forgot, true) => email::post_forgot(host, request).await,
            (Self::Reset, false) => email::reset_page(host, request).await,
            (Self::Reset, true) => email::post_reset(host, request).await,
            (Self::VerifyEmail, false) => email::verify_email_page(host, request).await,
            (Self::VerifyEmail, true) => email::post_verify_email(host, request).await,
            (Self::SignUp, false) => email::sign_up_page(host, request),
            (Self::SignUp, true) => email::post_sign_up(host, request).await,
            (Self::SignIn, false) => email::sign_in_by_mail_page(host, request),
            (Self::SignIn, true) => email::post_sign_in_by_mail(host, request).await,
            (Self::SignInLink, false) => email::sign_in_link_page(host, request).await,
            (Self::SignInLink, true) => email::post_sign_in_link(host, request).await,
        }
    }
}

impl Endpoint {
    fn of(config: &Config, path: &str) -> Option<Self> {
        let issuer_path = &config.issuer.path;
        // RFC 8414 section 3.1 puts the well-known part before the issuer's path; many clients put it behind.
        if let Some(rest) = path.strip_prefix(metadata::WELL_KNOWN)
            && rest == issuer_path
        {
            return Some(Self::Metadata);
        }
        if config.openid.is_some()
            && let Some(rest) = path.strip_prefix(metadata::OPENID_WELL_KNOWN)
            && rest == issuer_path
        {
            return Some(Self::Metadata);
        }
        if path.starts_with(resource::WELL_KNOWN) {
            return Some(Self::ResourceMetadata);
        }
        Some(match path.strip_prefix(issuer_path.as_str())? {
            metadata::AUTHORIZE => Self::Authorize,
            metadata::PUSHED => Self::Pushed,
            metadata::FORM_POST => Self::FormPost,
            metadata::TOKEN => Self::Token,
            metadata::INTROSPECT => Self::Introspect,
            metadata::REVOKE => Self::Revoke,
            metadata::DEVICE_AUTHORIZATION => Self::DeviceAuthorization,
            metadata::JWKS => Self::Jwks,
            metadata::WELL_KNOWN => Self::Metadata,
            metadata::OPENID_WELL_KNOWN if config.openid.is_some() => Self::Metadata,
            metadata::USERINFO if config.openid.is_some() => Self::UserInfo,
            metadata::LOGOUT if config.openid.is_some() => Self::Logout,
            metadata::REGISTER => Self::Register,
            Pages::SIGN_IN => Self::SignIn,
            SECOND => Self::SecondFactor,
            Pages::CONSENT => Self::Consent,
            Pages::DEVICE => Self::Device,
            Pages::ACCOUNT => Self::Account,
            SECURITY => Self::Security,
            other if client_of(other).is_some() => Self::ClientConfiguration,
            other if pat::is_at(config, other) => Self::Pats,
            other => Self::ByMail(ByMail::of(config, other)?),
        })
    }

    const fn methods(self) -> &'static str {
        match self {
            Self::Authorize | Self::SignIn | Self::Consent | Self::Device | Self::Account | Self::Security => {
                "GET, POST"
            }
            Self::Pushed | Self::DeviceAuthorization | Self::Token | Self::Introspect | Self::Revoke => "POST",
            Self::UserInfo | Self::Logout | Self::ByMail(_) => "GET, POST",
            Self::SecondFactor => "POST",
            Self::FormPost => "GET",
            Self::Jwks | Self::Metadata | Self::ResourceMetadata => "GET, HEAD",
            Self::Register => "POST",
            Self::ClientConfiguration => "GET, PUT, DELETE",
            Self::Pats => "GET, POST, PUT, PATCH, DELETE",
        }
    }

    fn allows(self, method: &str) -> bool {
        self.methods().split(", ").any(|allowed| allowed == method)
    }

    /// Scripts of browser applications call these (RFC 9700 section 2.6); never the authorization endpoint.
    const fn is_for_scripts(self) -> bool {
        !self.is_page() && !matches!(self, Self::Introspect | Self::Pats)
    }

    /// Where it counts who is signed in, when somebody comes.
    const fn is_about_a_person(self) -> bool {
        matches!(self, Self::Authorize | Self::Device | Self::Account | Self::Logout)
    }

    const fn is_page(self) -> bool {
        matches!(
            self,
            Self::Authorize
                | Self::SignIn
                | Self::SecondFactor
                | Self::Consent
                | Self::Device
                | Self::Account
                | Self::ByMail(_)
                | Self::Security
                | Self::FormPost
                | Self::Logout
        )
    }
}

/// Whether this issuer has an endpoint at the address. Issuers of one origin share the place of the resources' metadata: there it
/// counts whose the resource is.
pub(crate) fn is_endpoint(config: &Config, request: &Request) -> bool {
    match Endpoint::of(config, request.path()) {
        Some(Endpoint::ResourceMetadata) => resource::is_at(config, request),
        other => other.is_some(),
    }
}

/// Whether a person sees the answer: at a page, or where there is nothing, with a browser.
fn is_for_a_person(endpoint: Option<Endpoint>, request: &Request) -> bool {
    endpoint.map_or_else(|| takes_html(request), Endpoint::is_page)
}

fn takes_html(request: &Request) -> bool {
    request.header_values("accept").any(|accepted| accepted.contains("text/html"))
}

/// Answers a request. A refusal becomes the error that its endpoint speaks; only faults and lost races come back as errors.
pub(crate) async fn serve(host: &Host, request: &Request) -> Result<Response, Stop> {
    let endpoint = Endpoint::of(host.config(), request.path());
    let answered = match endpoint {
        None => Err(Refusal::NoSuchEndpoint.into()),
        Some(endpoint) => answer(host, request, endpoint).await,
    };
    let response = match answered {
        Err(Stop::Refused(refusal)) if is_for_a_person(endpoint, request) => error_page(host, &refusal),
        Err(Stop::Refused(refusal)) => Response::refusal(&refusal),
        other => other?,
    };
    let response = match endpoint {
        Some(Endpoint::Token | Endpoint::Pushed) if host.config().dpop.require_nonce => {
            response.with_dpop_nonce(dpop::nonce::current(host.config(), host.now()))
        }
        _ => response,
    };
    Ok(for_whom(endpoint, response))
}

fn for_whom(endpoint: Option<Endpoint>, response: Response) -> Response {
    if endpoint.is_some_and(Endpoint::is_for_scripts) { response.for_any_origin() } else { response }
}

async fn answer(host: &Host, request: &Request, endpoint: Endpoint) -> Result<Response, Stop> {
    request.check_size(host.config().limits.body)?;
    if request.method == "OPTIONS" && endpoint.is_for_scripts() {
        return Ok(preflight(endpoint));
    }
    if !endpoint.allows(&request.method) {
        return Err(Refusal::MethodNotAllowed(endpoint.methods()).into());
    }
    if request.method == "GET"
        && endpoint.is_about_a_person()
        && let Some(again) = remember::before_page(host, request).await?
    {
        return Ok(again);
    }
    match endpoint {
        Endpoint::Authorize => authorize(host, request).await,
        Endpoint::Pushed => push(host, request).await,
        Endpoint::FormPost => form_post_page(host, request),
        Endpoint::SignIn if request.method == "POST" => post_sign_in(host, request).await,
        Endpoint::SignIn => sign_in_page(host, request).await,
        Endpoint::SecondFactor => post_second_factor(host, request).await,
        Endpoint::Consent if request.method == "POST" => post_consent(host, request).await,
        Endpoint::Consent => consent_page(host, request).await,
        Endpoint::Device if request.method == "POST" => post_device(host, request).await,
        Endpoint::Device => device_page(host, request).await,
        Endpoint::Account if request.method == "POST" => post_account(host, request).await,
        Endpoint::Account => account_page(host, request).await,
        Endpoint::ByMail(page) => page.answer(host, request).await,
        Endpoint::Security if request.method == "POST" => post_security(host, request).await,
        Endpoint::Security => security_page(host, request).await,
        Endpoint::DeviceAuthorization => device_authorization_endpoint(host, request).await,
        Endpoint::Token => token_endpoint(host, request).await,
        Endpoint::Introspect => introspection_endpoint(host, request).await,
        Endpoint::Revoke => revocation_endpoint(host, request).await,
        Endpoint::Jwks => jwks(host).await,
        Endpoint::UserInfo => userinfo_endpoint(host, request).await,
        Endpoint::Logout => logout_endpoint(host, request).await,
        Endpoint::Metadata => Ok(metadata::respond(host.config())),
        Endpoint::ResourceMetadata => Ok(resource::respond(host.config(), request)?),
        Endpoint::Register => registration_endpoint(host, request).await,
        Endpoint::Pats => pat::admin_endpoint(host, request).await,
        Endpoint::ClientConfiguration => {
            let path = request.path().strip_prefix(host.config().issuer.path.as_str());
            let id = path.and_then(client_of).ok_or(Refusal::NoSuchEndpoint)?;
            client_configuration_endpoint(host, request, id).await
        }
    }
}

/// The client whose configuration a path under the issuer's is of. Ids that registration gives need no escaping.
fn client_of(path: &str) -> Option<&str> {
    path.strip_prefix(metadata::REGISTER)?.strip_prefix('/').filter(|id| !id.is_empty() && !id.contains('/'))
}

fn preflight(endpoint: Endpoint) -> Response {
    Response::empty(204)
        .with("access-control-allow-methods", endpoint.methods())
        .with("access-control-allow-headers", "authorization, content-type, dpop")
        .with("access-control-max-age", "86400")
}

/// How long anyone may keep the keys, in seconds: less than the hour for which a key is published at the least before it signs.
const JWKS_FRESH: u32 = 900;

async fn jwks(host: &Host) -> Result<Response, Stop> {
    let stored = host.load(KeySet::slot(host.config())).await?;
    let keys = KeySet::current(host, stored).await?;
    Ok(Response::public_json("application/jwk-set+json", JWKS_FRESH, &keys.to_jwks(host)))
}

/// What a requester sees when the engine or its host failed: nothing but that, and when to come again. A person at a page is told
/// in a page.
pub(crate) fn fault_response(config: &Config, request: &Request, fault: &Fault) -> Response {
    let status = fault.told().status;
    let (code, message) = match status {
        503 => ("temporarily_unavailable", "The server cannot answer now; try again"),
        _ => ("server_error", "The server failed"),
    };
    let endpoint = Endpoint::of(config, request.path());
    let response = if is_for_a_person(endpoint, request) && takes_html(request) {
        problem_page(config, status, code, message, TRY_AGAIN)
    } else {
        Response::error(status, code, message)
    };
    let response = if status == 503 { response.with("retry-after", fault.retry_after().to_string()) } else { response };
    for_whom(endpoint, response)
}
