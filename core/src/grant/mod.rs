//! Grants: what a person allowed a client, and everything issued from it, in one row (what a client gets for itself is in
//! [`client_credentials`]). Code, refresh tokens and opaque access
//! tokens store nothing of their own: their secrets are a PRF of the row's salt, so a store that leaks gives nothing away, and
//! the same state always gives the same tokens.

pub(crate) mod authorization_code;
pub(crate) mod client_credentials;
mod context;
pub(crate) mod device_code;
mod manage;
mod presented;
pub(crate) mod refresh_token;
pub(crate) mod state;
pub(crate) mod token_exchange;

use serde::{Deserialize, Serialize};

pub use context::Context;
pub use manage::{RevokeAll, Update};
pub(crate) use manage::{end, end_of_sessions, end_together, list, revoke, revoke_all, update};
pub(crate) use state::State;

use crate::config::{Config, TokenForm};
use crate::handle::{Handle, Id, Kind, Opened, Owner, Secret};
use crate::hash::{b64u, from_b64u, same};
use crate::oidc::OFFLINE_ACCESS;
use crate::oidc::grant::SignIn;
use crate::record::{Record, Slot};
use crate::seal::{Purpose, RootIndex, Roots};
use crate::subset::Subset;
use crate::time::Millis;
use crate::token::{Actor, Meaning};
use crate::{account, session};

/// How many of those that were exchanged: each says more, and the client's own are not forgotten for them.
const MOST_EXCHANGED: usize = 8;

/// How many access tokens of one grant can be told apart; the oldest is forgotten, and so dead, when more are issued.
const MOST_ACCESS_TOKENS: usize = 16;

/// What a person allowed a client.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Grant {
    pub(crate) id: String,
    pub(crate) subject: String,
    pub(crate) client_id: String,
    pub(crate) scopes: Vec<String>,
    /// Resources (RFC 8707), or none: the issuer itself.
    pub(crate) resources: Vec<String>,
    pub(crate) redirect_uri: String,
    /// S256 (RFC 7636).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) code_challenge: Option<String>,
    /// The session that it was allowed in; empty for a device's, which is in no browser's.
    pub(crate) session_id: String,
    pub(crate) auth_time: Millis,
    /// What all secrets of the grant are made of, with the root secret.
    pub(crate) salt: String,
    /// The key (RFC 7638) that the code or the live refresh token is bound to (RFC 9449 sections 5 and 10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) jkt: Option<String>,
    /// Of a sign-in (OpenID Connect).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) openid: Option<Box<SignIn>>,
    /// What the application around the engine keeps with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) context: Option<Context>,
    pub(crate) state: State,
    pub(crate) access_tokens: Vec<AccessToken>,
    pub(crate) next_serial: u32,
    /// The interaction that made it can be answered until then, so the row must be there until then to say that it was.
    #[serde(default)]
    pub(crate) answerable_until: Millis,
    pub(crate) created_at: Millis,
    /// The grant ends here, however often it is refreshed.
    pub(crate) ends_at: Millis,
}

/// One access token of a grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AccessToken {
    pub(crate) serial: u32,
    pub(crate) form: TokenForm,
    /// Of the grant's scopes.
    pub(crate) scopes: Subset,
    /// Of the grant's resources.
    pub(crate) resources: Subset,
    pub(crate) issued_at: Millis,
    pub(crate) expires_at: Millis,
    /// The key that it is bound to (RFC 9449 section 6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) jkt: Option<String>,
    /// Of one that was exchanged for another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) exchanged: Option<Box<Exchanged>>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) revoked: bool,
}

/// How an access token came to be exchanged (RFC 8693).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Exchanged {
    /// Who holds it.
    pub(crate) client_id: String,
    /// The access token that it was exchanged for.
    pub(crate) from: u32,
    /// What it is for; `None`: what the other one is for.
    pub(crate) resource: Option<String>,
    pub(crate) act: Actor,
}

impl Record for Grant {
    const KIND: &'static str = "grant";

    /// When nothing issued from it can be valid any more. A row that is gone denies as well as one that is over.
    fn expires(&self) -> Option<Millis> {
        let last_access = self.access_tokens.iter().map(|token| token.expires_at).max().unwrap_or(0);
        Some(self.state.over_at().max(last_access).max(self.answerable_until))
    }
}

impl Grant {
    pub(crate) fn slot(config: &Config, subject: &str, id: &Id) -> Slot<Self> {
        Slot::new(&config.tenant, account::ROOM, subject, &format!("grant.{}", b64u(id)))
    }

    /// The grant that a handle is of, if its owner is a person.
    pub(crate) fn slot_of(config: &Config, handle: &Handle) -> Option<Slot<Self>> {
        Some(Self::slot(config, handle.owner.subject()?, &handle.id))
    }

    pub(crate) fn owner(&self) -> Owner {
        Owner::Subject(self.subject.clone())
    }

    /// Whether it ends with these sessions, or with any: that of a sign-in by OpenID Connect is not for when the person is away, unless the client may
    /// stay connected then (OpenID Connect Core section 11, Back-Channel Logout section 2.7).
    fn lasts_as_long_as(&self, sessions: Option<&[String]>) -> bool {
        let is_of_it = sessions.map_or(!self.session_id.is_empty(), |sessions| sessions.contains(&self.session_id));
        is_of_it && self.openid.is_some() && !self.scopes.iter().any(|name| name == OFFLINE_ACCESS)
    }

    fn id_bytes(&self) -> Id {
        session::item_id(&self.id).unwrap_or_default()
    }

    /// The secret inside a handle of this grant.
    fn secret(&self, roots: &Roots, root: RootIndex, kind: Kind, serial: u32) -> Secret {
        let salt = from_b64u(&self.salt).unwrap_or_default();
        roots.prf(root, Purpose::TokenSecret, &[kind.prefix().as_bytes(), &serial.to_be_bytes(), &salt])
    }

    /// Whether a presented handle is really one of this grant's.
    pub(crate) fn issued(&self, roots: &Roots, kind: Kind, presented: &Opened) -> bool {
        let expected = self.secret(roots, presented.root, kind, presented.handle.serial);
        from_b64u(&self.salt).is_some_and(|salt| salt.len() == 32) && same(&expected, &presented.handle.secret)
    }

    /// The text of a handle of this grant: always the same for the same state.
    pub(crate) fn handle(&self, config: &Config, kind: Kind, serial: u32) -> String {
        let secret = self.secret(&config.roots, RootIndex::CURRENT, kind, serial);
        // A code is always presented by its client; tokens travel alone, and must say whose row to load.
        let client = match kind {
            Kind::Code => String::new(),
            Kind::AccessToken | Kind::TokenId => self.holders(serial),
            _ => self.client_id.clone(),
        };
        Handle { owner: self.owner(), id: self.id_bytes(), serial, secret, client }.seal(
            &config.roots,
            &config.tenant,
            kind,
        )
    }

    /// Adds an access token and returns its serial; those that are over are forgotten.
    pub(crate) fn add_access_token(&mut self, now: Millis, token: AccessToken) -> u32 {
        self.access_tokens.retain(|old| now < old.expires_at);
        self.make_room_for(&token);
        let serial = self.next_serial;
        self.access_tokens.push(AccessToken { serial, ..token });
        self.next_serial = serial.saturating_add(1);
        serial
    }

    /// Forgets the oldest tokens of its kind that it did not come from, and with each what came of that.
    fn make_room_for(&mut self, token: &AccessToken) {
        let exchanged = token.exchanged.as_ref();
        let line = exchanged.and_then(|exchanged| self.line(exchanged.from)).unwrap_or_default();
        let line: Vec<u32> = line.iter().map(|token| token.serial).collect();
        let of_its_kind = |old: &AccessToken| old.exchanged.is_some() == exchanged.is_some();
        let most = if exchanged.is_some() { MOST_EXCHANGED } else { MOST_ACCESS_TOKENS };
        let mut excess = (self.access_tokens.iter().filter(|old| of_its_kind(old)).count() + 1).saturating_sub(most);
        let mut there = Vec::new();
        // Whatever came of a token stands after it.
        self.access_tokens.retain(|old| {
            let too_many = excess > 0 && of_its_kind(old) && !line.contains(&old.serial);
            excess -= usize::from(too_many);
            let is_kept = !too_many && old.exchanged.as_ref().is_none_or(|exchanged| there.contains(&exchanged.from));
            there.extend(is_kept.then_some(old.serial));
            is_kept
        });
    }

    /// What one of its access tokens stands for.
    pub(crate) fn meaning(&self, token: &AccessToken) -> Meaning {
        let exchanged = token.exchanged.as_ref();
        let resource = exchanged.and_then(|exchanged| exchanged.resource.clone());
        Meaning {
            subject: Some(self.subject.clone()),
            client_id: self.holder(token).to_owned(),
            scopes: token.scopes.pick(&self.scopes),
            resources: resource.map_or_else(|| token.resources.pick(&self.resources), |resource| vec![resource]),
            act: exchanged.map(|exchanged| exchanged.act.clone()),
            auth_time: Some(self.auth_time),
            issued_at: token.issued_at,
            expires_at: token.expires_at,
            jkt: token.jkt.clone(),
        }
    }

    /// The client that holds an access token.
    pub(crate) fn holder<'a>(&'a self, token: &'a AccessToken) -> &'a str {
        token.exchanged.as_ref().map_or(&self.client_id, |exchanged| &exchanged.client_id)
    }

    /// The clients that must be there when an access token is used: the grant's own, and whose hands it went through.
    fn holders(&self, serial: u32) -> String {
        let mut holders = vec![self.client_id.as_str()];
        for token in self.line(serial).unwrap_or_default().into_iter().rev() {
            let holder = self.holder(token);
            if !holders.contains(&holder) {
                holders.push(holder);
            }
        }
        Handle::clients_text(&holders)
    }

    /// Whether the handles of what comes of this token in the hands of a client have room for all its holders.
    pub(crate) fn may_pass(&self, token: &AccessToken, client_id: &str) -> bool {
        self.holders(token.serial).len() + 1 + client_id.len() <= Handle::LONGEST_CLIENTS
    }

    /// An access token, the one that it was exchanged for, and so on; `None` when one of them is forgotten.
    fn line(&self, serial: u32) -> Option<Vec<&AccessToken>> {
        let mut token = self.access_token(serial)?;
        let mut line = vec![token];
        while let Some(exchanged) = &token.exchanged {
            // What came of a token is younger, so this ends.
            token = self.access_token(exchanged.from).filter(|from| from.serial < token.serial)?;
            line.push(token);
        }
        Some(line)
    }

    /// An access token that is good now: neither it nor any that it came from is over, revoked or forgotten.
    pub(crate) fn live_access_token(&self, serial: u32, now: Millis) -> Option<&AccessToken> {
        let line = self.line(serial)?;
        line.iter().all(|token| !token.revoked && now < token.expires_at).then(|| self.access_token(serial))?
    }

    /// Whether the client can do anything with it.
    pub(crate) fn acts(&self, now: Millis) -> bool {
        let is_good = |token: &AccessToken| !token.revoked && now < token.expires_at;
        !self.state.is_revoked() && (self.state.may_be_used(now) || self.access_tokens.iter().any(is_good))
    }

    /// When something was issued from it last, as far as that is known.
    pub(crate) fn last_issued_at(&self) -> Option<Millis> {
        self.access_tokens.iter().map(|token| token.issued_at).chain(self.state.rotated_at()).max()
    }

    pub(crate) fn access_token(&self, serial: u32) -> Option<&AccessToken> {
        self.access_tokens.iter().find(|token| token.serial == serial)
    }

    /// The token that was already issued for a request like this one, since the refresh token was rotated last.
    pub(crate) fn issued_like(&self, wanted: &AccessToken, since: Millis) -> Option<u32> {
        let good = |token: &&AccessToken| {
            !token.revoked
                && token.issued_at >= since
                && wanted.issued_at < token.expires_at
                && (token.scopes, token.resources, &token.jkt) == (wanted.scopes, wanted.resources, &wanted.jkt)
                && (token.form, &token.exchanged) == (wanted.form, &wanted.exchanged)
        };
        self.access_tokens.iter().rev().find(good).map(|token| token.serial)
    }

    /// Ends an access token, and those that it was exchanged for.
    pub(crate) fn revoke_access_token(&mut self, serial: u32) {
        let mut ended = vec![serial];
        // Whatever came of a token stands after it.
        for token in &mut self.access_tokens {
            let came_of = token.exchanged.as_ref().is_some_and(|exchanged| ended.contains(&exchanged.from));
            if came_of || token.serial == serial {
                token.revoked = true;
                ended.push(token.serial);
            }
        }
    }
}
