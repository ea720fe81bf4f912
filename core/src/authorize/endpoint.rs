//! The authorization endpoint (RFC 6749 section 3.1).

use super::interaction::{Interaction, Next, browser_of};
use super::pages::error_page;
use super::pushed::{PushedRequest, Reference};
use super::request::{AuthorizationRequest, Prompt, ReturnTo};
use super::response::with_error;
use super::steps::{Allowed, Situation, page_address, still_allows};
use crate::client::{self, Client};
use crate::config::Config;
use crate::consent::Consent;
use crate::grant::Grant;
use crate::host::Host;
use crate::http::{Cookie, Form, Request, Response, read_cookie, set_cookie};
use crate::oidc::hint;
use crate::record::Stored;
use crate::refusal::{Refusal, Stop};
use crate::session::{Presented, SignedIn};

/// Checks the request and sends the browser on: to a page, or back to the client. Nothing is written but that a pushed request has
/// met its browser, and the grant where the person allowed all of it before.
pub(crate) async fn authorize(host: &Host, request: &Request) -> Result<Response, Stop> {
    match arrive(host, request).await {
        Err(Stop::Refused(refusal)) => Ok(error_page(host, &refusal)),
        other => other,
    }
}

/// Refuses to the person's face whatever must not be sent to the client.
async fn arrive(host: &Host, request: &Request) -> Result<Response, Stop> {
    let parameters = read_parameters(request)?;
    let arrival = Arrival::load(host, request, &parameters).await?;
    let return_to = arrival.return_to(host.config(), &parameters)?;
    match arrival.go_on(host, request, &return_to, &parameters).await {
        Err(Stop::Refused(refusal)) if refusal != Refusal::InvalidRequestUri => {
            Ok(Response::see_other(with_error(host, &return_to, &refusal)))
        }
        other => other,
    }
}

/// GET in the query, POST in a form (OpenID Connect Core section 3.1.2.1).
fn read_parameters(request: &Request) -> Result<Form, Refusal> {
    if request.method == "POST" { request.form() } else { Form::parse(request.query()) }
}

/// Everything that one trip brings about who comes, from where, and with what.
struct Arrival {
    client: Client,
    unused: Option<Stored<Client>>,
    signed_in: Option<SignedIn>,
    consent: Option<Stored<Consent>>,
    pushed: Option<(Reference, Stored<PushedRequest>)>,
    /// What the pushed request came to, if it was answered.
    grant: Option<Stored<Grant>>,
}

impl Arrival {
    async fn load(host: &Host, request: &Request, parameters: &Form) -> Result<Self, Stop> {
        const UNKNOWN: Refusal = Refusal::InvalidRequest("The client is unknown or disabled");
        let config = host.config();
        let id = parameters.one("client_id")?.ok_or(UNKNOWN)?;
        let presented = Presented::read(config, read_cookie(config, request, Cookie::Session));
        let subject = presented.as_ref().map(|presented| presented.owner().name());
        let reference = match parameters.one("request_uri")? {
            Some(request_uri) if Reference::is_ours(request_uri) => Some(Reference::read(config, request_uri, id)?),
            _ => None,
        };
        let grant_slot = subject
            .zip(reference.as_ref())
            .map(|(subject, reference)| Grant::slot(config, subject, &Interaction::grant_of(config, &reference.id)));
        let (client, session, consent, pushed, grant) = host
            .load((
                Client::slot(config, id),
                Presented::slots(presented.as_ref(), host),
                subject.map(|subject| Consent::slot(config, subject, id)),
                reference.as_ref().map(|reference| reference.slot(config)),
                grant_slot,
            ))
            .await?;
        let client = client::current(host, request.remote.as_deref(), id, client).await?;
        let (client, unused) = client::unused(client.filter(|client| !client.value.disabled).ok_or(UNKNOWN)?);
        let pushed = match reference {
            Some(reference) => Some((reference, pushed.ok_or(Refusal::InvalidRequestUri)?)),
            None => None,
        };
        let signed_in = Presented::check(presented.as_ref(), host, session).await?;
        Ok(Self { client, unused, signed_in, consent, pushed, grant })
    }

    fn return_to(&self, config: &Config, parameters: &Form) -> Result<ReturnTo, Refusal> {
        match &self.pushed {
            Some((_, pushed)) => Ok(pushed.value.request.return_to.clone()),
            None => ReturnTo::read(config, parameters, &self.client),
        }
    }

    async fn go_on(
        self,
        host: &Host,
        request: &Request,
        return_to: &ReturnTo,
        parameters: &Form,
    ) -> Result<Response, Stop> {
        let config = host.config();
        let browser = browser_of(host, read_cookie(config, request, Cookie::Browser));
        let interaction = match self.pushed {
            Some((reference, pushed)) => {
                let (request, begun) = reference.begin(host, pushed, &browser).await?;
                let interaction = Interaction::of_pushed(&reference.id, request, &begun);
                if !still_allows(&self.client, &interaction) {
                    return Err(Refusal::InvalidRequestUri.into());
                }
                interaction
            }
            None => {
                require_pushed(host, &self.client)?;
                let hint = hint::subject_for(host, parameters.one("id_token_hint")?, &self.client.id).await?;
                let request = AuthorizationRequest::read(config, &self.client, return_to.clone(), parameters, hint)?;
                Interaction::begin(host, request, &browser)
            }
        };
        let Self { client, unused, signed_in, consent, grant, .. } = self;
        let situation = Situation { interaction, client, signed_in, grant, consent, unused };
        let (name, value) = set_cookie(config, Cookie::Browser, &browser, config.lifetimes.interaction);
        Ok(Response::see_other(onward(host, situation).await?).with(name, value))
    }
}

/// RFC 9126 section 5.
fn require_pushed(host: &Host, client: &Client) -> Result<(), Refusal> {
    if host.config().require_pushed_authorization_requests || client.require_pushed_authorization_requests {
        return Err(Refusal::InvalidRequest("The request must be pushed first (RFC 9126)"));
    }
    Ok(())
}

/// Where the browser goes: to a page, or back with a code.
async fn onward(host: &Host, situation: Situation) -> Result<String, Stop> {
    if situation.grant.is_some() {
        return Err(Refusal::InvalidRequestUri.into());
    }
    match (situation.interaction.request.prompt, situation.next(host)) {
        (Prompt::None, Next::SignIn) => Err(Refusal::LoginRequired.into()),
        // Nor does it learn from the error whether this is whom it named.
        (Prompt::None, Next::Consent) if situation.names_somebody() => Err(Refusal::LoginRequired.into()),
        (Prompt::None, Next::Consent) => Err(Refusal::ConsentRequired.into()),
        (_, Next::Nothing) => situation.allow(host, Allowed::default()).await,
        (_, next) => Ok(page_address(host.config(), next, &situation.interaction.seal_bounded(host)?)),
    }
}
