//! Calls and steps: the Rust form of `docs/contract.md` sections 2, 3 and 5.

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::value::{RawValue, to_raw_value};

use crate::ask::{Answer, Ask, Key, Scan};
use crate::event::Dated;
use crate::hash::from_b64u;
use crate::mail::Mail;
use crate::redacted::redacted_debug;
use crate::refusal::{Fault, Refusal, Told};
use crate::time::Millis;
use crate::{
    account, authorize, client, device, email, factor, grant, http, iron, journey, jwts, key, oidc, password, pat,
    purge, resource, session, sign_in, token,
};

/// One request to the engine, with all that it learns of time and chance.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// The host's clock.
    pub now: Millis,
    /// 32 fresh random bytes (base64url in JSON); never used twice.
    pub seed: Seed,
    /// Which issuer it is for, where the engine has several; without it a request's by its address, and otherwise the first.
    #[serde(default)]
    pub issuer: Option<String>,
    /// What is asked for.
    pub command: Command,
}

/// 32 fresh random bytes.
#[derive(Clone, Copy)]
pub struct Seed(pub [u8; 32]);

redacted_debug!(Seed);

impl<'de> Deserialize<'de> for Seed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        from_b64u(&text)
            .and_then(|bytes| bytes.try_into().ok())
            .map(Self)
            .ok_or_else(|| de::Error::custom("a seed is base64url of 32 bytes"))
    }
}

/// Every command.
#[derive(Debug, Deserialize)]
#[allow(missing_docs, reason = "each is a row of docs/contract.md section 5")]
#[non_exhaustive]
pub enum Command {
    #[serde(rename = "http")]
    Http(http::Request),
    #[serde(rename = "authenticate")]
    Authenticate(token::Authenticate),
    #[serde(rename = "tokens.verify")]
    TokensVerify(token::VerifyToken),
    #[serde(rename = "tokens.introspect")]
    TokensIntrospect(token::TokenArgument),
    #[serde(rename = "tokens.revoke")]
    TokensRevoke(token::TokenArgument),
    #[serde(rename = "resources.metadata")]
    ResourcesMetadata(resource::Named),
    #[serde(rename = "clients.create")]
    ClientsCreate(client::Create),
    #[serde(rename = "clients.find")]
    ClientsFind(ById),
    #[serde(rename = "clients.list")]
    ClientsList(Paging),
    #[serde(rename = "clients.update")]
    ClientsUpdate(client::Update),
    #[serde(rename = "clients.delete")]
    ClientsDelete(ById),
    #[serde(rename = "clients.rotateSecret")]
    ClientsRotateSecret(client::RotateSecret),
    #[serde(rename = "registrationTokens.issue")]
    RegistrationTokensIssue(client::IssueToken),
    #[serde(rename = "registrationTokens.list")]
    RegistrationTokensList(Paging),
    #[serde(rename = "registrationTokens.revoke")]
    RegistrationTokensRevoke(client::RevokeToken),
    #[serde(rename = "accounts.create")]
    AccountsCreate(account::Create),
    #[serde(rename = "accounts.find")]
    AccountsFind(account::Find),
    #[serde(rename = "accounts.list")]
    AccountsList(Paging),
    #[serde(rename = "accounts.update")]
    AccountsUpdate(account::Update),
    #[serde(rename = "accounts.setPassword")]
    AccountsSetPassword(account::SetPassword),
    #[serde(rename = "signIn.withPassword")]
    SignInWithPassword(sign_in::WithPassword),
    #[serde(rename = "signIn.withCode")]
    SignInWithCode(sign_in::WithCode),
    #[serde(rename = "signIn.sendCode")]
    SignInSendCode(sign_in::SendCode),
    #[serde(rename = "signIn.sendMail")]
    SignInSendMail(email::SendMail),
    #[serde(rename = "signIn.withMail")]
    SignInWithMail(email::WithMail),
    #[serde(rename = "signIn.withLink")]
    SignInWithLink(email::WithLink),
    #[serde(rename = "signIn.as")]
    SignInAs(sign_in::As),
    #[serde(rename = "signIn.out")]
    SignInOut(sign_in::Out),
    #[serde(rename = "accounts.changePassword")]
    AccountsChangePassword(account::ChangePassword),
    #[serde(rename = "accounts.verifyPassword")]
    AccountsVerifyPassword(account::VerifyPassword),
    #[serde(rename = "passwords.hash")]
    PasswordsHash(password::commands::Hash),
    #[serde(rename = "passwords.verify")]
    PasswordsVerify(password::commands::Verify),
    #[serde(rename = "passwords.inspect")]
    PasswordsInspect(password::commands::Inspect),
    #[serde(rename = "accounts.register")]
    AccountsRegister(email::Register),
    #[serde(rename = "accounts.sendVerification")]
    AccountsSendVerification(ById),
    #[serde(rename = "accounts.verifyEmail")]
    AccountsVerifyEmail(email::ByToken),
    #[serde(rename = "accounts.requestEmailChange")]
    AccountsRequestEmailChange(email::RequestEmailChange),
    #[serde(rename = "accounts.requestReset")]
    AccountsRequestReset(email::RequestReset),
    #[serde(rename = "accounts.reset")]
    AccountsReset(email::Reset),
    #[serde(rename = "sessions.list")]
    SessionsList(OfSubject),
    #[serde(rename = "sessions.revoke")]
    SessionsRevoke(SubjectItem),
    #[serde(rename = "sessions.revokeAll")]
    SessionsRevokeAll(session::RevokeAll),
    #[serde(rename = "sessions.revokeOthers")]
    SessionsRevokeOthers(session::RevokeOthers),
    #[serde(rename = "factors.list")]
    FactorsList(factor::Whose),
    #[serde(rename = "factors.beginTotp")]
    FactorsBeginTotp(factor::BeginTotp),
    #[serde(rename = "factors.confirmTotp")]
    FactorsConfirmTotp(factor::ConfirmTotp),
    #[serde(rename = "factors.regenerateRecoveryCodes")]
    FactorsRegenerateRecoveryCodes(factor::Whose),
    #[serde(rename = "factors.setEmail")]
    FactorsSetEmail(factor::SetEmail),
    #[serde(rename = "factors.remove")]
    FactorsRemove(factor::Remove),
    #[serde(rename = "factors.verify")]
    FactorsVerify(factor::Verify),
    #[serde(rename = "sessions.open")]
    SessionsOpen(session::Open),
    #[serde(rename = "sessions.save")]
    SessionsSave(session::Save),
    #[serde(rename = "sessions.resume")]
    SessionsResume(session::Resume),
    #[serde(rename = "sessions.issueTokens")]
    SessionsIssueTokens(session::IssueTokens),
    #[serde(rename = "sessions.refreshTokens")]
    SessionsRefreshTokens(session::RefreshTokens),
    #[serde(rename = "logout.deliver")]
    LogoutDeliver(oidc::backchannel::Deliver),
    #[serde(rename = "grants.list")]
    GrantsList(OfSubject),
    #[serde(rename = "grants.revoke")]
    GrantsRevoke(SubjectItem),
    #[serde(rename = "grants.update")]
    GrantsUpdate(grant::Update),
    #[serde(rename = "grants.revokeAll")]
    GrantsRevokeAll(grant::RevokeAll),
    #[serde(rename = "keys.list")]
    KeysList(Nothing),
    #[serde(rename = "keys.generate")]
    KeysGenerate(key::manage::Generate),
    #[serde(rename = "keys.import")]
    KeysImport(key::portable::Import),
    #[serde(rename = "keys.export")]
    KeysExport(key::portable::Export),
    #[serde(rename = "keys.jwks")]
    KeysJwks(Nothing),
    #[serde(rename = "keys.pair")]
    KeysPair(key::portable::Pair),
    #[serde(rename = "keys.rotate")]
    KeysRotate(key::manage::Rotate),
    #[serde(rename = "keys.withdraw")]
    KeysWithdraw(key::manage::Withdraw),
    #[serde(rename = "jwts.sign")]
    JwtsSign(jwts::Sign),
    #[serde(rename = "jwts.verify")]
    JwtsVerify(jwts::Verify),
    #[serde(rename = "jwts.deny")]
    JwtsDeny(jwts::Deny),
    #[serde(rename = "jwts.allow")]
    JwtsAllow(jwts::OfJti),
    #[serde(rename = "jwts.isDenied")]
    JwtsIsDenied(jwts::OfJti),
    #[serde(rename = "interactions.get")]
    InteractionsGet(authorize::Get),
    #[serde(rename = "interactions.complete")]
    InteractionsComplete(authorize::Complete),
    #[serde(rename = "interactions.consent")]
    InteractionsConsent(authorize::Consent),
    #[serde(rename = "interactions.deny")]
    InteractionsDeny(authorize::Get),
    #[serde(rename = "device.begin")]
    DeviceBegin(device::Begin),
    #[serde(rename = "device.get")]
    DeviceGet(device::Get),
    #[serde(rename = "device.approve")]
    DeviceApprove(device::Approve),
    #[serde(rename = "device.deny")]
    DeviceDeny(device::At),
    #[serde(rename = "journeys.begin")]
    JourneysBegin(journey::Begin),
    #[serde(rename = "journeys.complete")]
    JourneysComplete(journey::Complete),
    #[serde(rename = "journeys.issueCode")]
    JourneysIssueCode(journey::IssueCode),
    #[serde(rename = "journeys.redeemCode")]
    JourneysRedeemCode(journey::RedeemCode),
    #[serde(rename = "pats.issue")]
    PatsIssue(pat::commands::New),
    #[serde(rename = "pats.register")]
    PatsRegister(pat::commands::New),
    #[serde(rename = "pats.generate")]
    PatsGenerate(pat::commands::Generate),
    #[serde(rename = "pats.verify")]
    PatsVerify(pat::commands::Verify),
    #[serde(rename = "pats.find")]
    PatsFind(ById),
    #[serde(rename = "pats.load")]
    PatsLoad(pat::commands::Load),
    #[serde(rename = "pats.list")]
    PatsList(pat::commands::List),
    #[serde(rename = "pats.update")]
    PatsUpdate(pat::commands::Update),
    #[serde(rename = "pats.revoke")]
    PatsRevoke(pat::commands::Update),
    #[serde(rename = "pats.restore")]
    PatsRestore(ById),
    #[serde(rename = "pats.delete")]
    PatsDelete(ById),
    #[serde(rename = "seals.seal")]
    SealsSeal(iron::Seal),
    #[serde(rename = "seals.unseal")]
    SealsUnseal(iron::Unseal),
    #[serde(rename = "purge")]
    Purge(purge::Purge),
}

/// No arguments.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// Which page of a list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paging {
    /// The `next` of the page before.
    #[serde(default)]
    pub after: Option<String>,
    /// At most so many items, 1 to 1000; 100 when absent.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// Which page of a subject's items.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfSubject {
    /// Whose.
    pub subject: String,
    /// The `next` of the page before.
    #[serde(default)]
    pub after: Option<String>,
    /// At most so many items.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// One item of all.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ById {
    /// Which.
    pub id: String,
}

/// One item of a subject.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubjectItem {
    /// Whose.
    pub subject: String,
    /// Which.
    pub id: String,
}

/// One page of items.
#[derive(Debug, Serialize)]
pub(crate) struct Items<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next: Option<String>,
}

/// A command's result.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Outcome {
    /// Of `http`.
    Http(http::Response),
    /// Of a typed command.
    Value(Box<RawValue>),
}

impl std::fmt::Debug for Outcome {
    /// Without the value of a typed command: it may be a new secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Http(response) => f.debug_tuple("Http").field(response).finish(),
            Self::Value(_) => f.write_str("Value(..)"),
        }
    }
}

impl Outcome {
    pub(crate) fn of(value: impl Serialize) -> Result<Self, Fault> {
        to_raw_value(&value).map(Self::Value).map_err(|_| Fault::bad_row("a result cannot be written as JSON"))
    }
}

/// What the host gives back for an ask.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resume {
    /// The flow that asked.
    pub flow: u64,
    /// What came of it.
    pub answer: Answer,
}

/// A flow that nobody waits for any more. Other members are not looked at.
#[derive(Debug, Deserialize)]
pub struct Cancel {
    /// The flow.
    pub flow: u64,
}

/// What the engine wants or gives.
#[derive(Debug, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Step {
    /// Carry this out, then resume.
    Asking {
        /// The flow's number.
        flow: u64,
        /// What to do.
        ask: Ask,
    },
    /// The flow has ended.
    Ended {
        /// Its end.
        done: Done,
    },
}

/// How a flow ended: one of `ok`, `refused` and `fault`, or `ok` with the fault that it renders.
#[derive(Debug, Default, Serialize)]
pub struct Done {
    /// The command's result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ok: Option<Outcome>,
    /// Somebody's request is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<Told>,
    /// The engine or its host is at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<Told>,
    /// What happened.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Dated>,
    /// What is to be sent, once the requester is answered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mail: Vec<Mail>,
}

/// The most items of a page, and how many there are when nothing is said.
const MOST_ITEMS: u32 = 1000;
const USUAL_ITEMS: u32 = 100;
/// The longest key that a store keeps.
const LONGEST_KEY: usize = 512;

/// The page of the rows under `prefix` that a list's arguments ask for.
pub(crate) fn page(prefix: String, after: Option<&String>, limit: Option<u32>) -> Result<Scan, Refusal> {
    let limit = limit.unwrap_or(USUAL_ITEMS);
    if !(1..=MOST_ITEMS).contains(&limit) {
        return Err(Refusal::InvalidArgument("limit: from 1 to 1000"));
    }
    if after.is_some_and(|key| key.len() > LONGEST_KEY) {
        return Err(Refusal::InvalidArgument("after: the next of the page before"));
    }
    Ok(Scan { prefix, after: after.cloned().map(Key), limit })
}
