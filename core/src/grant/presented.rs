//! What the code and the refresh token grant share: who presents it, whether it is authentic, and what issuing ends with.

use super::state::Terms;
use super::{Grant, State, end};
use crate::account::{self, Subject};
use crate::change::Change;
use crate::client::{self, Client, Credentials, GrantType};
use crate::dpop::Possession;
use crate::event::Event;
use crate::handle::{Handle, Kind};
use crate::host::Host;
use crate::http::{Form, Request};
use crate::key::set::KeySet;
use crate::marker::Marker;
use crate::metadata;
use crate::oidc::id_token::Telling;
use crate::record::Stored;
use crate::refusal::{Refusal, Stop};
use crate::time::Millis;
use crate::token::{self, TokenResponse};

/// An authentic code or refresh token, presented by the client it was issued to, for a person who may still act.
pub(super) struct Presented {
    pub(super) client: Client,
    pub(super) grant: Stored<Grant>,
    pub(super) serial: u32,
    person: Subject,
    keys: Option<Stored<KeySet>>,
    possession: Possession,
    /// That the proof was used before.
    used: Option<Stored<Marker>>,
}

impl Presented {
    /// Everything in one load. Whatever is wrong with the handle looks the same from outside.
    pub(super) async fn load(
        host: &Host,
        request: &Request,
        form: &Form,
        kind: Kind,
        text: &str,
    ) -> Result<Self, Stop> {
        let config = host.config();
        let credentials = Credentials::read(request, form)?;
        let possession = Possession::read(host, request, metadata::TOKEN).await?;
        let opened = Handle::open(&config.roots, &config.tenant, kind, text);
        let routed = opened.as_ref().map(|opened| &opened.handle);
        let (client, grant, account, keys, used) = host
            .load((
                Client::slot(config, &credentials.client_id),
                routed.and_then(|handle| Grant::slot_of(config, handle)),
                routed.and_then(|handle| account::slot_of(host, &handle.owner)),
                KeySet::wanted(host),
                routed.and_then(|handle| possession.slot(config, &handle.owner)),
            ))
            .await?;
        KeySet::remember(host, keys.as_ref());
        let client = client::authenticate(host, client, &credentials).await?.value;
        if !client.may_use(grant_type(kind)) {
            return Err(Refusal::UnauthorizedClient.into());
        }
        let (Some(opened), Some(grant)) = (opened, grant) else { return Err(Refusal::InvalidGrant.into()) };
        if !client.made_before(grant.value.created_at) {
            return Err(Refusal::InvalidGrant.into());
        }
        if grant.value.client_id != client.id || !grant.value.issued(&config.roots, kind, &opened) {
            return Err(Refusal::InvalidGrant.into());
        }
        let person = account::active(host, account, &grant.value.subject).await?.ok_or(Refusal::InvalidGrant)?;
        Ok(Self { client, grant, serial: opened.handle.serial, person, keys, possession, used })
    }

    /// Whether the proof, or that there is none, is good for what was presented. Nothing is given without this.
    pub(super) fn check_possession(&self) -> Result<(), Refusal> {
        self.possession.check(&self.client, self.used.as_ref())?;
        self.possession.check_binding(self.grant.value.jkt.as_ref())
    }

    pub(super) fn terms(&self, host: &Host) -> Terms {
        let config = host.config();
        Terms {
            grace: config.refresh_grace,
            lifetime: config.lifetimes.refresh_token,
            ends_at: self.grant.value.ends_at,
        }
    }

    pub(super) fn told(&self) -> (String, String, String) {
        (self.grant.value.subject.clone(), self.client.id.clone(), self.grant.value.id.clone())
    }

    /// Moves the grant on with a new access token, and tells so. It is signed first, so that a host key that is out of reach spends
    /// nothing; the answer leaves when the commit is acknowledged. A request like one that was answered since `repeats` gets the
    /// same answer, and nothing moves; only its proof is spent.
    pub(super) async fn issue(
        self,
        host: &Host,
        form: &Form,
        state: State,
        repeats: Option<Millis>,
        event: Event,
    ) -> Result<TokenResponse, Stop> {
        let jkt = self.possession.jkt().map(str::to_owned);
        // OpenID Connect Core section 12.2: later ID tokens need no nonce.
        let is_first = self.grant.value.state.generation().is_none();
        let mut live = Grant { state, ..self.grant.value.clone() };
        live.jkt = self.family_key();
        let wanted = token::new_access_token(host, &self.client, &live, form, jkt)?;
        let known = repeats.and_then(|since| live.issued_like(&wanted, since));
        let serial = known.unwrap_or_else(|| live.add_access_token(host.now(), wanted));
        let nonce = live.openid.as_ref().and_then(|sign_in| sign_in.nonce.as_deref()).filter(|_| is_first);
        let telling = Telling::of(host, &self.client, &live, serial, &self.person, nonce).await?;
        let response = token::respond(host, self.keys, &live, serial, telling).await?;
        let owner = live.owner();
        if known.is_none() {
            host.tell(event);
            let change = Change::replace(&self.grant, live);
            host.commit(self.possession.spend(change, host.config(), &owner)).await?;
        } else {
            self.possession.spend_alone(host, &owner).await?;
        }
        Ok(response)
    }

    /// What the refresh tokens are bound to (RFC 9449 section 5): to the key that the code was redeemed with; those of a client that
    /// authenticates are bound to that already. A family that began without a key stays without one: whoever stole one of its tokens
    /// could bind it to a key of their own, and lock its client out.
    fn family_key(&self) -> Option<String> {
        match self.grant.value.state {
            State::CodeIssued { .. } => self.possession.jkt().filter(|_| self.client.is_public()).map(str::to_owned),
            State::Live { .. } | State::Revoked { .. } => self.grant.value.jkt.clone(),
        }
    }

    /// A copy is about: the grant ends, and the request is refused all the same.
    pub(super) async fn revoke(self, host: &Host, event: Event) -> Result<TokenResponse, Stop> {
        host.tell(event);
        end(host, self.grant).await?;
        Err(Refusal::InvalidGrant.into())
    }
}

fn grant_type(kind: Kind) -> GrantType {
    if kind == Kind::RefreshToken { GrantType::RefreshToken } else { GrantType::AuthorizationCode }
}
