//! Why somebody signs in, and where they go on then: an application asks, or they have an errand of their own.

use super::SignedIn;
use crate::authorize::{Interaction, Next, page_address, still_allows};
use crate::client::Client;
use crate::config::Pages;
use crate::device::Errand;
use crate::email;
use crate::host::Host;
use crate::http::{Cookie, Form, Request, Response, read_cookie};
use crate::page::{Destination, Problem, SignIn};
use crate::record::{Slot, Stored};
use crate::refusal::Refusal;

/// A handle that is authentic and of this browser; what it is of is not looked up yet.
pub(crate) enum Door {
    Application { handle: String, interaction: Box<Interaction> },
    Errand { handle: String, onward: String },
}

impl Door {
    pub(crate) fn read(host: &Host, request: &Request, form: &Form) -> Result<Self, Refusal> {
        const FORGED: Refusal = Refusal::Forbidden("This form was not sent from a page of this server");
        let missing = if request.method == "POST" { FORGED } else { Refusal::InteractionEnded };
        let handle = form.one("interaction")?.ok_or(missing)?;
        Self::open(host, handle, read_cookie(host.config(), request, Cookie::Browser))
    }

    pub(crate) fn open(host: &Host, handle: &str, browser: Option<&str>) -> Result<Self, Refusal> {
        if Errand::is_handle(handle) {
            let onward = Errand::onward(host, handle, browser)?;
            return Ok(Self::Errand { handle: handle.to_owned(), onward });
        }
        let interaction = Box::new(Interaction::open(host, handle, browser)?);
        Ok(Self::Application { handle: handle.to_owned(), interaction })
    }

    /// The client that asks, to be loaded with everything else.
    pub(crate) fn client(&self, host: &Host) -> Option<Slot<Client>> {
        match self {
            Self::Application { interaction, .. } => Some(Client::slot(host.config(), &interaction.request.client_id)),
            Self::Errand { .. } => None,
        }
    }

    /// Where the browser may end when a form is sent: at the application, if nothing is left to ask, or at a page of the host's.
    fn form_source(&self, host: &Host) -> String {
        let destination = match self {
            Self::Errand { onward, .. } => {
                let rest = onward.strip_prefix(&host.config().issuer.origin);
                if rest.is_some_and(|rest| rest.starts_with('/')) {
                    return String::new();
                }
                onward
            }
            Self::Application { interaction, .. } => &interaction.request.return_to.redirect_uri,
        };
        Destination::of(destination).form_source().to_owned()
    }

    /// Without a look at the client: the page that the browser goes on to will look.
    pub(crate) fn unnamed_place(self, host: &Host) -> Place {
        let form_source = self.form_source(host);
        let (onward, handle) = match self {
            Self::Errand { handle, onward } => (onward, handle),
            Self::Application { handle, .. } => (page_address(host.config(), Next::Nothing, &handle), handle),
        };
        Place { handle, client_name: None, login_hint: None, onward, form_source }
    }

    /// The client is looked at again: it may have been disabled or changed since the request.
    pub(crate) fn place(self, host: &Host, client: Option<Stored<Client>>) -> Result<Place, Refusal> {
        let (client_name, login_hint) = match &self {
            Self::Errand { .. } => (None, None),
            Self::Application { interaction, .. } => {
                let client = client.filter(|client| still_allows(&client.value, interaction));
                let client = client.ok_or(Refusal::InteractionEnded)?;
                (Some(client.value.name), interaction.request.login_hint.clone())
            }
        };
        Ok(Place { client_name, login_hint, ..self.unnamed_place(host) })
    }
}

/// What the pages of a sign-in show of why it is, and where the browser goes on.
pub(crate) struct Place {
    pub(crate) handle: String,
    pub(crate) client_name: Option<String>,
    pub(crate) login_hint: Option<String>,
    pub(crate) onward: String,
    /// Where the browser may end when the form is sent: at the application, if nothing is left to ask, or at a page of the host's.
    pub(crate) form_source: String,
}

impl Place {
    /// The browser goes on, signed in.
    pub(super) fn go_on(&self, signed_in: SignedIn) -> Response {
        let onward = Response::see_other(self.onward.clone());
        signed_in.headers.into_iter().fold(onward, |response, (name, value)| response.with(name, value))
    }

    pub(super) fn sign_in(&self, host: &Host, problem: Option<Problem>, login: Option<&str>) -> String {
        SignIn {
            brand: crate::authorize::brand(host.config()),
            client_name: self.client_name.as_deref(),
            action: &crate::authorize::form_action(host, Pages::SIGN_IN),
            interaction: &self.handle,
            login_hint: login,
            may_remember: host.config().sign_in.remember_for.is_some(),
            problem,
            ways: email::ways_in(host.config(), &self.handle),
        }
        .render()
    }
}
