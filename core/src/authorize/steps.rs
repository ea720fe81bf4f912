//! The steps of an interaction, behind both doors: the built-in pages and the typed commands.

use super::interaction::{Interaction, Next};
use super::response::{encoded, with_code, with_error};
use crate::change::Change;
use crate::client::{self, Client, redirect_uri_matches};
use crate::config::{Config, Pages};
use crate::consent::Consent;
use crate::event::Event;
use crate::grant::{Context, Grant, State};
use crate::handle::Kind;
use crate::hash::b64u;
use crate::host::Host;
use crate::oidc;
use crate::oidc::grant::SignIn;
use crate::page::Destination;
use crate::record::Stored;
use crate::refusal::{Refusal, Stop};
use crate::session::{Presented, SignedIn};
use crate::token::check_namesakes;

/// An interaction with everything that a decision about it needs.
pub(super) struct Situation {
    pub(super) interaction: Interaction,
    pub(super) client: Client,
    pub(super) signed_in: Option<SignedIn>,
    pub(super) grant: Option<Stored<Grant>>,
    pub(super) consent: Option<Stored<Consent>>,
    /// The client's row, as long as it has not had a grant.
    pub(super) unused: Option<Stored<Client>>,
}

/// What a person allows.
#[derive(Default)]
pub(super) struct Allowed {
    /// Of what was asked for; `None`: all.
    pub(super) scopes: Option<Vec<String>>,
    /// Whom the page asked; `None`: whoever is signed in.
    pub(super) subject: Option<String>,
    /// What to keep with the grant.
    pub(super) context: Option<Context>,
}

impl Situation {
    /// One load. The client is looked at again: it may have been disabled or changed since the request.
    pub(super) async fn load(
        host: &Host,
        interaction: Interaction,
        session_cookie: Option<&str>,
    ) -> Result<Self, Stop> {
        let config = host.config();
        let presented = Presented::read(config, session_cookie);
        let slots = Presented::slots(presented.as_ref(), host);
        let client_id = &interaction.request.client_id;
        let own = presented.as_ref().map(|presented| presented.owner().name());
        let grant_slot = own.map(|subject| Grant::slot(config, subject, &interaction.grant_id(config)));
        let consent_slot = own.map(|subject| Consent::slot(config, subject, client_id));
        let (client, session, grant, consent) =
            host.load((Client::slot(config, client_id), slots, grant_slot, consent_slot)).await?;
        let signed_in = Presented::check(presented.as_ref(), host, session).await?;
        let client =
            client.filter(|client| still_allows(&client.value, &interaction)).ok_or(Refusal::InteractionEnded)?;
        let (client, unused) = client::unused(client);
        Ok(Self { interaction, client, signed_in, grant, consent, unused })
    }

    /// What the person must do next, and where.
    pub(super) fn next(&self, host: &Host) -> Next {
        let config = host.config();
        let signed_in = self.signed_in.as_ref().filter(|signed_in| self.is_about(config, signed_in));
        let next = self.interaction.next(signed_in, self.allowed_before(host), host.now());
        match signed_in.filter(|signed_in| next != Next::SignIn && self.is_too_weak(config, signed_in)) {
            // Once, perhaps by other means; then the client is told.
            Some(signed_in) if signed_in.session.auth_time < self.interaction.began_at => Next::SignIn,
            Some(_) => Next::Nothing,
            None => next,
        }
    }

    /// Whether the client must not take this for a sign-in (OpenID Connect Core section 5.5.1.1).
    fn is_too_weak(&self, config: &Config, signed_in: &SignedIn) -> bool {
        let wanted = self.interaction.request.openid.as_ref().and_then(|openid| openid.acr.as_ref());
        wanted.is_some_and(|wanted| wanted.fails(config, &signed_in.session.methods))
    }

    /// Whom the client means, where it means somebody (OpenID Connect Core sections 3.1.2.2 and 5.5.1).
    fn meant(&self) -> Option<&String> {
        self.interaction.request.openid.as_ref().and_then(|openid| openid.sub.as_ref())
    }

    pub(super) fn names_somebody(&self) -> bool {
        self.meant().is_some()
    }

    /// Whether this is whom the client means.
    fn is_about(&self, config: &Config, signed_in: &SignedIn) -> bool {
        self.meant().is_none_or(|meant| *meant == oidc::subject::sub(config, &self.client, &signed_in.subject.id))
    }

    /// Whether the person allowed all of this to this client before. Where any program on the device may pose as the client, they
    /// are asked each time (RFC 8252 section 8.6).
    fn allowed_before(&self, host: &Host) -> bool {
        let config = host.config();
        let request = &self.interaction.request;
        let recognised =
            !self.client.is_public() || !Destination::of(&request.return_to.redirect_uri).is_on_this_device();
        let known = self.consent.as_ref().filter(|_| config.remember_consent && recognised);
        known.is_some_and(|known| known.value.covers(host, &self.client, &self.scopes(config), &request.resources))
    }

    /// What there is to consent to: the scopes that were asked for and those of claims that were asked for by name, as far as the
    /// client may still have them.
    pub(super) fn scopes(&self, config: &Config) -> Vec<String> {
        let request = &self.interaction.request;
        let mut scopes = request.scopes.clone();
        let claims = request.openid.as_ref().map(|openid| &openid.claims);
        scopes
            .extend(claims.into_iter().flat_map(|claims| claims.scopes_beyond(config, &self.client, &request.scopes)));
        scopes.retain(|name| self.client.may_have(config, name));
        scopes
    }

    pub(super) fn is_signed_in(&self, subject: &str) -> bool {
        self.signed_in.as_ref().is_some_and(|signed_in| signed_in.subject.id == subject)
    }

    /// Who decides. Nobody can decide before signing in.
    pub(super) fn decider(&self, host: &Host) -> Result<&SignedIn, Refusal> {
        match (&self.signed_in, self.next(host)) {
            (Some(signed_in), Next::Consent | Next::Nothing) => Ok(signed_in),
            _ => Err(Refusal::Forbidden("Sign in first")),
        }
    }

    /// Consent to these scopes, or to all that were asked for: the grant is made, once, and the code goes to the client.
    pub(super) async fn allow(self, host: &Host, allowed: Allowed) -> Result<String, Stop> {
        let config = host.config();
        let signed_in = self.decider(host)?.clone();
        if allowed.subject.is_some_and(|asked| asked != signed_in.subject.id) {
            return Err(Refusal::Forbidden("Somebody else is signed in now: ask them").into());
        }
        if self.is_too_weak(config, &signed_in) {
            return Ok(self.answer(host, &Refusal::UnmetAuthenticationRequirements));
        }
        check_namesakes(&signed_in.subject.id, &self.client.id)?;
        if self.grant.is_some() {
            return Err(Refusal::InteractionEnded.into());
        }
        let request = &self.interaction.request;
        let mut scopes = self.scopes(config);
        if let Some(chosen) = &allowed.scopes {
            if !chosen.iter().all(|name| scopes.contains(name) || request.scopes.contains(name)) {
                return Err(Refusal::InvalidRequest("Only what was asked for can be granted").into());
            }
            // Without it the client would not even learn that it is the same person: that is to deny, not to allow a part.
            scopes.retain(|name| chosen.contains(name) || name == oidc::OPENID);
        }
        client::mark_used(host, self.unused.as_ref()).await?;
        let grant = Grant { context: allowed.context, ..self.grant_of(host, &signed_in, &scopes) };
        let code = grant.handle(config, Kind::Code, 0);
        let (subject, client_id, grant_id) = (grant.subject.clone(), grant.client_id.clone(), grant.id.clone());
        let scope = grant.scopes.join(" ");
        host.tell(Event::ConsentGranted { subject: subject.clone(), client_id: client_id.clone(), scope });
        host.tell(Event::CodeIssued { subject, client_id, grant_id });
        let subject = &signed_in.subject.id;
        let resources = grant.resources.clone();
        let of_sign_in = grant.openid.is_some();
        let made = Change::create(Grant::slot(config, subject, &self.interaction.grant_id(config)), grant);
        let made = signed_in.hold(host, made, of_sign_in.then_some(&self.client));
        let known = self.consent.as_ref();
        host.commit(Consent::remember(host, made, known, subject, &self.client, (&scopes, &resources))).await?;
        Ok(with_code(host, &request.return_to, &code))
    }

    /// `allowed` may be more than is granted: what a claim was asked for by name is no scope of the client's tokens.
    fn grant_of(&self, host: &Host, signed_in: &SignedIn, allowed: &[String]) -> Grant {
        let config = host.config();
        let request = &self.interaction.request;
        let scopes: Vec<String> = allowed.iter().filter(|name| request.scopes.contains(name)).cloned().collect();
        Grant {
            context: None,
            id: b64u(self.interaction.grant_id(config)),
            subject: signed_in.subject.id.clone(),
            client_id: request.client_id.clone(),
            resources: request.resources.clone(),
            redirect_uri: request.return_to.redirect_uri.clone(),
            code_challenge: request.code_challenge.clone(),
            session_id: signed_in.session.id.clone(),
            auth_time: signed_in.session.auth_time,
            salt: b64u(host.random().bytes::<32>("grant salt")),
            jkt: request.dpop_jkt.clone(),
            openid: request
                .openid
                .as_ref()
                .filter(|_| oidc::is_openid(&scopes))
                .map(|openid| Box::new(SignIn::new(config, openid, &signed_in.session.methods, allowed))),
            state: State::code_issued(config.lifetimes.code.after(host.now())),
            access_tokens: Vec::new(),
            next_serial: 0,
            scopes,
            answerable_until: self.interaction.over_at(config),
            created_at: self.client.since(host.now()),
            ends_at: config.lifetimes.grant.after(host.now()),
        }
    }

    /// The person says no. Nothing is stored; the client is told.
    pub(super) fn refuse(&self, host: &Host) -> String {
        if let Some(signed_in) = &self.signed_in {
            host.tell(Event::ConsentDenied {
                subject: signed_in.subject.id.clone(),
                client_id: self.client.id.clone(),
            });
        }
        self.answer(host, &Refusal::AccessDenied)
    }

    fn answer(&self, host: &Host, refusal: &Refusal) -> String {
        with_error(host, &self.interaction.request.return_to, refusal)
    }
}

pub(crate) fn still_allows(client: &Client, interaction: &Interaction) -> bool {
    let redirect_uri = &interaction.request.return_to.redirect_uri;
    !client.disabled && client.redirect_uris.iter().any(|registered| redirect_uri_matches(registered, redirect_uri))
}

/// The address of the sign-in page, built in or the host's own.
pub(crate) fn sign_in_address(config: &Config, handle: &str) -> String {
    page_address(config, Next::SignIn, handle)
}

/// The address of the page for the next step, built in or the host's own. Whether anything is left to ask is found out at ours.
pub(crate) fn page_address(config: &Config, next: Next, handle: &str) -> String {
    let page = match next {
        Next::SignIn => config.pages.sign_in.as_str(),
        Next::Consent => config.pages.consent.as_str(),
        Next::Nothing => Pages::CONSENT,
    };
    let page = if page.starts_with('/') { config.issuer.address(page) } else { page.to_owned() };
    format!("{page}{}interaction={}", if page.contains('?') { '&' } else { '?' }, encoded(handle))
}
