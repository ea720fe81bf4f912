//! The typed commands, for a host with pages of its own: the same steps as behind the built-in ones.

use serde::{Deserialize, Serialize};

use super::pending::Pending;
use super::second::Halfway;
use super::visitor::Visit;
use super::{Came, Full, SignedIn, Visitor, begin, first_factor, password};
use crate::account::is_subject_id;
use crate::authorize::browser_of;
use crate::factor::Kind;
use crate::host::Host;
use crate::http::{Cookie, set_cookie};
use crate::password::Typed;
use crate::redacted::redacted_debug;
use crate::refusal::{Refusal, Stop};
use crate::session;

/// `signIn.withPassword`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct WithPassword {
    pub visit: Visit,
    pub login: String,
    pub password: Typed,
}

/// `signIn.withCode`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct WithCode {
    pub visit: Visit,
    /// As `signIn.withPassword` gave it.
    pub pending: String,
    pub code: Typed,
    /// Which kind of code it is; by its shape when absent, and then none that was mailed.
    #[serde(default)]
    pub kind: Option<Kind>,
}

/// `signIn.sendCode`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct SendCode {
    pub visit: Visit,
    pub pending: String,
}

/// `signIn.as`: the host signed somebody in.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct As {
    pub visit: Visit,
    pub subject: String,
    /// How (RFC 8176); not empty.
    pub methods: Vec<String>,
}

/// `signIn.out`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Out {
    pub visit: Visit,
}

redacted_debug!(WithCode SendCode);

/// How far somebody came.
#[derive(Serialize)]
#[serde(tag = "stage", rename_all = "lowercase", rename_all_fields = "camelCase")]
pub(crate) enum View {
    /// Signed in.
    Full { subject: String, session_id: String, headers: Vec<(&'static str, String)> },
    /// A second factor is wanted.
    Pending { pending: String, kinds: Vec<Kind>, headers: Vec<(&'static str, String)> },
}

impl From<SignedIn> for View {
    fn from(SignedIn { subject, session_id, headers }: SignedIn) -> Self {
        Self::Full { subject, session_id, headers }
    }
}

impl View {
    /// What is between the factors is bound to the browser by its cookie.
    pub(crate) fn of(host: &Host, came: Came, browser: &str) -> Self {
        match came {
            Came::In(signed_in) => signed_in.into(),
            Came::Halfway { pending, kinds, .. } => {
                let cookie = set_cookie(host.config(), Cookie::Browser, browser, host.config().lifetimes.interaction);
                Self::Pending { pending, kinds, headers: vec![cookie] }
            }
        }
    }
}

/// Two trips and the hash, as at the page.
pub(crate) async fn with_password(host: &Host, ask: &WithPassword) -> Result<View, Stop> {
    let visitor = Visitor::at_host(host, &ask.visit);
    let (someone, _) = password::look_up(host, &visitor, &ask.login, None).await?;
    let proved = someone.prove(host, &ask.login, ask.password.text()).await?;
    let browser = browser_of(host, visitor.browser());
    Ok(View::of(host, first_factor(host, &visitor, None, &browser, proved).await?, &browser))
}

pub(crate) async fn with_code(host: &Host, ask: &WithCode) -> Result<View, Stop> {
    let visitor = Visitor::at_host(host, &ask.visit);
    let pending = Pending::open(host, &ask.pending, visitor.browser())?;
    let (halfway, _) = Halfway::load(host, &visitor, pending, None).await?;
    Ok(halfway.prove(host, &visitor, ask.code.text(), ask.kind).await?.into())
}

/// That a code is on its way, if one by mail is a factor of theirs.
#[derive(Debug, Serialize)]
pub(crate) struct Sent {
    sent: bool,
}

pub(crate) async fn send_code(host: &Host, ask: &SendCode) -> Result<Sent, Stop> {
    let visitor = Visitor::at_host(host, &ask.visit);
    let pending = Pending::open(host, &ask.pending, visitor.browser())?;
    let (halfway, _) = Halfway::load(host, &visitor, pending, None).await?;
    let sent = halfway.kinds().contains(&Kind::EmailCode);
    halfway.send_code(host, &visitor).await?;
    Ok(Sent { sent })
}

pub(crate) async fn sign_in_as(host: &Host, ask: &As) -> Result<View, Stop> {
    Ok(by_host(host, &ask.visit, &ask.subject, &ask.methods).await?.into())
}

/// The host says that it is this person: two trips.
pub(crate) async fn by_host(host: &Host, visit: &Visit, subject: &str, methods: &[String]) -> Result<SignedIn, Stop> {
    check_word(subject, methods)?;
    let visitor = Visitor::at_host(host, visit);
    let former = host.load(visitor.old(host)).await?;
    let full = Full::by_host(subject, methods, host.now());
    begin(host, &visitor, (former, visitor.remember), &full, |change| change).await
}

/// What a host may say of somebody whom it signed in.
fn check_word(subject: &str, methods: &[String]) -> Result<(), Refusal> {
    if !is_subject_id(subject) {
        return Err(Refusal::InvalidArgument("subject: from 1 to 255 ASCII characters"));
    }
    if !(1..=8).contains(&methods.len()) || methods.iter().any(|method| !is_subject_id(method)) {
        return Err(Refusal::InvalidArgument("methods: from 1 to 8, each of 1 to 255 ASCII characters"));
    }
    Ok(())
}

/// What to set where somebody signed out.
#[derive(Serialize)]
pub(crate) struct SignedOut {
    headers: Vec<(&'static str, String)>,
}

/// The browser's session ends. Where there is none, nothing does.
pub(crate) async fn out(host: &Host, ask: &Out) -> Result<SignedOut, Stop> {
    let visitor = Visitor::at_host(host, &ask.visit);
    Ok(SignedOut { headers: session::sign_out(host, visitor.session(), visitor.remembered()).await? })
}
