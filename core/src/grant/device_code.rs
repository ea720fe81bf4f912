//! The device code grant (RFC 8628 section 3.4): a device asks whether a person has decided.
//!
//! A poll is one load. The grant is made at the poll that finds an approval, by creating its row, whose id is a function of the
//! device code: it can be made once. The same commit holds the person's account to the version that it had at the approval, so
//! that the person need not be loaded; only if that fails is it looked at what happened.

use super::state::Terms;
use super::{Grant, State};
use crate::account::{self, Account, Subject};
use crate::change::Change;
use crate::client::{self, Client, Credentials, GrantType};
use crate::config::{Capability, Config};
use crate::device::{Approval, Device, Polled};
use crate::dpop::Possession;
use crate::event::Event;
use crate::handle::{Handle, Kind, Owner};
use crate::hash::b64u;
use crate::host::Host;
use crate::http::{Form, Request};
use crate::key::set::KeySet;
use crate::metadata;
use crate::oidc;
use crate::oidc::id_token::Telling;
use crate::record::{Slot, Stored};
use crate::refusal::{Refusal, Stop};
use crate::token::{self, TokenResponse};

/// Answers a poll: one load, and a commit when there are tokens.
pub(crate) async fn redeem(host: &Host, request: &Request, form: &Form) -> Result<TokenResponse, Stop> {
    let code = form.one("device_code")?.ok_or(Refusal::InvalidRequest("The parameter device_code is missing"))?;
    let config = host.config();
    let credentials = Credentials::read(request, form)?;
    let possession = Possession::read(host, request, metadata::TOKEN).await?;
    let handle = Handle::open(&config.roots, &config.tenant, Kind::DeviceCode, code).map(|opened| opened.handle);
    let (client, device, keys) = host
        .load((
            Client::slot(config, &credentials.client_id),
            handle.as_ref().and_then(|handle| Device::slot_of(config, handle)),
            KeySet::wanted(host),
        ))
        .await?;
    KeySet::remember(host, keys.as_ref());
    let (client, unused) = client::unused(client::authenticate(host, client, &credentials).await?);
    if !client.may_use(GrantType::DeviceCode) {
        return Err(Refusal::UnauthorizedClient.into());
    }
    // Whether the proof was used before comes out when it is spent: only tokens are worth one.
    possession.check(&client, None)?;
    let handle = handle.filter(|handle| handle.client == client.id).ok_or(Refusal::InvalidGrant)?;
    // The handle is authentic: where its row is gone, or another's, its time was up.
    let device = device.filter(|device| device.value.is_of(&handle) && client.made_before(device.value.created_at));
    let device = device.ok_or(Refusal::ExpiredToken)?;
    match device.value.state.clone().poll() {
        Polled::Pending => Err(wait(host, &handle, &device).await),
        Polled::Denied => Err(Refusal::AccessDenied.into()),
        Polled::Approved(approval) => {
            client::mark_used(host, unused.as_ref()).await?;
            Redemption { client, device: device.value, approval, keys, possession }.run(host, form).await
        }
    }
}

/// Nobody has decided. A device that polls too often is told, and must wait longer from then on.
async fn wait(host: &Host, handle: &Handle, device: &Stored<Device>) -> Stop {
    if !host.pace().is_too_fast(handle.id, host.now(), device.value.interval) {
        return Refusal::AuthorizationPending.into();
    }
    match host.commit(Change::replace(device, device.value.slower())).await {
        // Another poll was as fast, or somebody decided just now: it is told at the next one.
        Ok(()) | Err(Stop::Stale) => Refusal::SlowDown.into(),
        Err(other) => other,
    }
}

/// An approved code, in the hands of its device.
struct Redemption {
    client: Client,
    device: Device,
    approval: Approval,
    keys: Option<Stored<KeySet>>,
    possession: Possession,
}

impl Redemption {
    async fn run(self, host: &Host, form: &Form) -> Result<TokenResponse, Stop> {
        let subject = &self.approval.by.subject;
        let first = match &self.approval.account_version {
            _ if host.config().offers(Capability::Subject) => {
                account::active(host, None, subject).await?.ok_or(Refusal::InvalidGrant)?;
                self.issue(host, form, None).await
            }
            Some(version) => self.issue(host, form, Some(version.clone())).await,
            None => Err(Stop::Stale),
        };
        if !matches!(first, Err(Stop::Stale)) {
            return first;
        }
        let owner = Owner::Subject(subject.clone());
        let used = self.possession.slot(host.config(), &owner);
        let (account, grant, used) =
            host.load((account::slot_of(host, &owner), self.slot(host.config()), used)).await?;
        if grant.is_some() {
            return Err(Refusal::InvalidGrant.into());
        }
        self.possession.check(&self.client, used.as_ref())?;
        let version = account.as_ref().map(|account| account.version.clone());
        account::active(host, account, subject).await?.ok_or(Refusal::InvalidGrant)?;
        self.issue(host, form, version).await
    }

    /// Makes the grant with its first tokens, if there is none yet and the account is as it was.
    async fn issue(&self, host: &Host, form: &Form, account_version: Option<String>) -> Result<TokenResponse, Stop> {
        let mut grant = self.grant(host);
        let wanted =
            token::new_access_token(host, &self.client, &grant, form, self.possession.jkt().map(str::to_owned))?;
        let serial = grant.add_access_token(host.now(), wanted);
        let telling = self.telling(host, &grant, serial).await?;
        let response = token::respond(host, self.keys.clone(), &grant, serial, telling).await?;
        let (subject, client_id, grant_id) = (grant.subject.clone(), grant.client_id.clone(), grant.id.clone());
        let config = host.config();
        let account = Account::slot(config, &subject).key;
        let owner = grant.owner();
        let change = Change::create(self.slot(config), grant);
        let change = match account_version {
            Some(version) => change.and_require(account, version),
            None => change,
        };
        host.commit(self.possession.spend(change, config, &owner)).await?;
        host.tell(Event::TokenIssued { subject: Some(subject), client_id, grant_id });
        Ok(response)
    }

    /// The account is looked at only where the ID token says something of it.
    async fn telling(&self, host: &Host, grant: &Grant, serial: u32) -> Result<Option<Telling<'_>>, Stop> {
        if !host.config().openid.as_ref().is_some_and(|openid| openid.claims_in_id_token) {
            return Telling::of(host, &self.client, grant, serial, &Subject::unknown(&grant.subject), None).await;
        }
        let account = host.load(account::slot_of(host, &grant.owner())).await?;
        let person = account::active(host, account, &grant.subject).await?.ok_or(Refusal::InvalidGrant)?;
        Telling::of(host, &self.client, grant, serial, &person, None).await
    }

    fn grant(&self, host: &Host) -> Grant {
        let config = host.config();
        let ends_at = config.lifetimes.grant.after(host.now());
        let terms = Terms { grace: config.refresh_grace, lifetime: config.lifetimes.refresh_token, ends_at };
        Grant {
            context: self.approval.context.clone(),
            id: b64u(self.device.grant_id(config)),
            subject: self.approval.by.subject.clone(),
            client_id: self.client.id.clone(),
            scopes: self.approval.scopes.clone(),
            resources: self.device.resources.clone(),
            redirect_uri: String::new(),
            code_challenge: Some(String::new()),
            // The device stays signed in when the browser signs out.
            session_id: String::new(),
            auth_time: self.approval.auth_time,
            salt: b64u(host.random().bytes::<32>("grant salt")),
            // RFC 9449 section 5: the refresh tokens of a client that authenticates are bound to that already.
            openid: oidc::is_openid(&self.approval.scopes).then(Box::default),
            jkt: self.possession.jkt().filter(|_| self.client.is_public()).map(str::to_owned),
            state: State::live(host.now(), self.client.may_use(GrantType::RefreshToken), terms),
            access_tokens: Vec::new(),
            next_serial: 0,
            // As long as the device code is, so that it meets the grant it made.
            answerable_until: self.device.expires_at,
            created_at: self.client.since(host.now()),
            ends_at,
        }
    }

    fn slot(&self, config: &Config) -> Slot<Grant> {
        Grant::slot(config, &self.approval.by.subject, &self.device.grant_id(config))
    }
}
