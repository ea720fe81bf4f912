//! Token exchange (RFC 8693): a client gives an access token that it holds, or that it received as the resource server, and gets one
//! for less, or for a resource that it calls in turn. What it may exchange is argued in decision 9.
//!
//! The result is an access token of the same grant, so whatever ends the grant ends it, and its person and all clients whose hands it
//! went through must be there whenever it is used; so must each token that it came from. It is delegation: the `act` claim says who acts (section 4.1). The same request again gets the same token
//! while more than half of its life is left, and stores nothing.

use super::{AccessToken, Exchanged, Grant};
use crate::change::Change;
use crate::client::{self, Client, Credentials, GrantType};
use crate::config::{Config, TokenForm};
use crate::dpop::Possession;
use crate::event::Event;
use crate::host::Host;
use crate::http::{Form, Request};
use crate::key::set::KeySet;
use crate::record::Stored;
use crate::refusal::{Refusal, Stop};
use crate::subset::Subset;
use crate::time::Millis;
use crate::token::{self, Actor, Meaning, Resolved, TOO_MANY_HANDS, TokenResponse, What};
use crate::{metadata, resource, scope};

/// Section 3.
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

const BAD_SUBJECT: Refusal = Refusal::InvalidRequest("The subject_token is not valid, or not the client's to exchange");
const BAD_ACTOR: Refusal = Refusal::InvalidRequest("The actor_token is not valid, or not the client's own");
const BAD_TYPE: Refusal = Refusal::InvalidRequest("The token type is not one that can be exchanged");

/// Section 2.1, read before anything is loaded.
struct Asked<'a> {
    subject_token: &'a str,
    actor_token: Option<&'a str>,
    requested: Option<&'a str>,
    target: Option<String>,
}

/// One load and one commit; a load more for an actor token, a proof, or keys that are not remembered; no commit when the same was
/// asked before.
pub(crate) async fn exchange(host: &Host, request: &Request, form: &Form) -> Result<TokenResponse, Stop> {
    let asked = Asked::read(host.config(), form)?;
    let credentials = Credentials::read(request, form)?;
    let possession = Possession::read(host, request, metadata::TOKEN).await?;
    let (client, subject) = token::resolve(host, asked.subject_token, Some(&credentials.client_id)).await?;
    let client = client::authenticate(host, client, &credentials).await?.value;
    if client.is_public() || !client.may_use(GrantType::TokenExchange) {
        return Err(Refusal::UnauthorizedClient.into());
    }
    possession.check(&client, None)?;
    let Some(Resolved::Granted(grant, What::Access(presented))) = subject else { return Err(BAD_SUBJECT.into()) };
    let meaning = grant.value.meaning(&presented);
    may_exchange(host.config(), &client, &meaning)?;
    token::check_namesakes(&grant.value.subject, &client.id)?;
    if !grant.value.may_pass(&presented, &client.id) {
        return Err(TOO_MANY_HANDS.into());
    }
    is_possessed(&possession, meaning.jkt.as_ref())?;
    let act = actor(host, &client, &possession, asked.actor_token).await?.over(meaning.act.clone())?;
    let wanted = Wanted { client: &client, presented: &presented, meaning: &meaning, act, asked: &asked };
    let wanted = wanted.access_token(host, &grant.value, form, possession.jkt().map(str::to_owned))?;
    let response = issue(host, &client, grant, wanted, &possession).await?;
    Ok(response.exchanged(if asked.requested == Some(JWT) { JWT } else { ACCESS_TOKEN }))
}

impl<'a> Asked<'a> {
    fn read(config: &Config, form: &'a Form) -> Result<Self, Refusal> {
        const NO_SUBJECT: Refusal = Refusal::InvalidRequest("The parameter subject_token is missing");
        const NO_SUBJECT_TYPE: Refusal = Refusal::InvalidRequest("The parameter subject_token_type is missing");
        const HALF_AN_ACTOR: Refusal = Refusal::InvalidRequest("actor_token and actor_token_type come together");
        let subject_token = form.one("subject_token")?.ok_or(NO_SUBJECT)?;
        is_of_type(subject_token, form.one("subject_token_type")?.ok_or(NO_SUBJECT_TYPE)?)?;
        let actor_token = form.one("actor_token")?;
        match (actor_token, form.one("actor_token_type")?) {
            (None, None) => {}
            (Some(token), Some(token_type)) => is_of_type(token, token_type)?,
            _ => return Err(HALF_AN_ACTOR),
        }
        let requested = form.one("requested_token_type")?;
        if requested.is_some_and(|requested| ![ACCESS_TOKEN, JWT].contains(&requested)) {
            return Err(BAD_TYPE);
        }
        Ok(Self { subject_token, actor_token, requested, target: target(config, form)? })
    }
}

fn is_of_type(token: &str, token_type: &str) -> Result<(), Refusal> {
    match token_type {
        ACCESS_TOKEN => Ok(()),
        JWT if token.contains('.') => Ok(()),
        _ => Err(BAD_TYPE),
    }
}

/// What the result is for: one resource, so that it is worth nothing at any other. `audience` names it as `resource` does.
fn target(config: &Config, form: &Form) -> Result<Option<String>, Refusal> {
    let mut targets = form.distinct("resource");
    targets.extend(form.distinct("audience"));
    targets.dedup();
    match targets.as_slice() {
        [] => Ok(None),
        [one] if resource::is_known(config, one) => Ok(Some(one.clone())),
        _ => Err(Refusal::InvalidTarget),
    }
}

/// A client may exchange what was issued to it, and what was sent to it as the resource server.
fn may_exchange(config: &Config, client: &Client, subject: &Meaning) -> Result<(), Refusal> {
    let received = || subject.audience(config).iter().any(|resource| client.resources.contains(resource));
    if subject.client_id == client.id || received() { Ok(()) } else { Err(BAD_SUBJECT) }
}

/// RFC 9449 section 5: what is bound to a key is exchanged by whoever has the key.
fn is_possessed(possession: &Possession, bound_to: Option<&String>) -> Result<(), Refusal> {
    match bound_to {
        Some(jkt) if possession.jkt() != Some(jkt) => {
            Err(Refusal::InvalidDpopProof("What is exchanged is bound to a key: send a DPoP proof of it"))
        }
        _ => Ok(()),
    }
}

/// Who acts: the actor token's subject, else the client itself. The actor token must be one of the client's own.
async fn actor(host: &Host, client: &Client, possession: &Possession, token: Option<&str>) -> Result<Actor, Stop> {
    let Some(token) = token else { return Ok(Actor::new(client.id.clone())) };
    let meaning = match token::resolve(host, token, None).await?.1 {
        Some(Resolved::Granted(grant, What::Access(token))) => grant.value.meaning(&token),
        Some(Resolved::Service { meaning, .. }) => meaning,
        _ => return Err(BAD_ACTOR.into()),
    };
    is_possessed(possession, meaning.jkt.as_ref())?;
    if meaning.client_id != client.id || meaning.act.is_some() {
        return Err(BAD_ACTOR.into());
    }
    Ok(Actor::new(meaning.sub().to_owned()))
}

/// All that the result is made of.
struct Wanted<'a> {
    client: &'a Client,
    presented: &'a AccessToken,
    meaning: &'a Meaning,
    act: Actor,
    asked: &'a Asked<'a>,
}

impl Wanted<'_> {
    /// At most the subject token's scopes, its life, and of its audience one resource or all; or a resource that the client may
    /// exchange for.
    fn access_token(
        self,
        host: &Host,
        grant: &Grant,
        form: &Form,
        jkt: Option<String>,
    ) -> Result<AccessToken, Refusal> {
        let (config, client) = (host.config(), self.client);
        let audience = match &self.asked.target {
            None => self.meaning.audience(config),
            Some(target) if self.meaning.audience(config).contains(target) => vec![target.clone()],
            Some(target) if client.exchange_for.contains(target) => vec![target.clone()],
            Some(_) => return Err(Refusal::InvalidTarget),
        };
        resource::all_known(config, &audience)?;
        let may_have = |name: &String| client.may_have(config, name) && resource::takes(config, &audience, name);
        let held = Subset::of(&grant.scopes, &|name| self.meaning.scopes.contains(name) && may_have(name));
        let scopes = match form.one("scope")? {
            Some(text) => Subset::all_of(&grant.scopes, &scope::parse(text)?)
                .filter(|wanted| wanted.is_within(held))
                .ok_or(Refusal::InvalidScope)?,
            None => held,
        };
        let (token_form, lifetime) = token::form_and_lifetime(config, client, &audience);
        let form = if self.asked.requested == Some(JWT) { TokenForm::Jwt } else { token_form };
        let form = token::form_about_person(config, client, form);
        if self.asked.requested == Some(JWT) && form != TokenForm::Jwt {
            return Err(BAD_TYPE);
        }
        let inherited = self.presented.exchanged.as_ref().and_then(|exchanged| exchanged.resource.clone());
        Ok(AccessToken {
            serial: 0,
            form,
            scopes,
            resources: self.presented.resources,
            issued_at: client.since(host.now()),
            expires_at: lifetime.after(host.now()).min(self.presented.expires_at),
            jkt,
            exchanged: Some(Box::new(Exchanged {
                client_id: client.id.clone(),
                from: self.presented.serial,
                resource: self.asked.target.clone().or(inherited),
                act: self.act,
            })),
            revoked: false,
        })
    }
}

/// The token, once the grant's row has it. What was issued for the same not long ago is given again.
async fn issue(
    host: &Host,
    client: &Client,
    grant: Stored<Grant>,
    wanted: AccessToken,
    possession: &Possession,
) -> Result<TokenResponse, Stop> {
    let owner = grant.value.owner();
    let signing = KeySet::wanted(host).filter(|_| wanted.form == TokenForm::Jwt);
    let (keys, used) = host.load((signing, possession.slot(host.config(), &owner))).await?;
    KeySet::remember(host, keys.as_ref());
    possession.check(client, used.as_ref())?;
    let mut changed = grant.value.clone();
    let known = changed.issued_like(&wanted, half_a_life_before(host.now(), &wanted).max(client.created_at));
    let serial = known.unwrap_or_else(|| changed.add_access_token(host.now(), wanted));
    let response = token::respond(host, keys, &changed, serial, None).await?;
    if known.is_some() {
        possession.spend_alone(host, &owner).await?;
        return Ok(response);
    }
    let Grant { subject, id: grant_id, .. } = changed.clone();
    host.commit(possession.spend(Change::replace(&grant, changed), host.config(), &owner)).await?;
    host.tell(Event::TokenExchanged { subject, client_id: client.id.clone(), grant_id });
    Ok(response)
}

/// A token that was issued since has more than half of its life left.
fn half_a_life_before(now: Millis, token: &AccessToken) -> Millis {
    now.saturating_sub(token.expires_at.saturating_sub(now) / 2)
}
