//! The code with which somebody returns to a mobile application: good once, for a minute, and with the verifier of the challenge that the
//! journey began with (RFC 7636).

use serde::{Deserialize, Serialize};

use super::{NO_CHALLENGE, spend};
use crate::account::is_subject_id;
use crate::authorize::pkce::{is_challenge, verifies};
use crate::hash::b64u;
use crate::host::Host;
use crate::redacted::redacted_debug;
use crate::refusal::{Refusal, Stop};
use crate::ticket;
use crate::time::{Millis, Seconds};

const TICKET: ticket::Kind =
    ticket::Kind { prefix: "cvq_", context: "journey code ", nonce: "journey code nonce", longest: 2048 };
const LIFETIME: Seconds = Seconds(60);
const LONGEST_HANDLE: usize = 253;

/// `journeys.issueCode`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct IssueCode {
    pub subject: String,
    #[serde(default)]
    pub handle: Option<String>,
    pub code_challenge: String,
}

/// `journeys.redeemCode`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct RedeemCode {
    pub code: String,
    pub code_verifier: String,
}

redacted_debug!(IssueCode RedeemCode);

#[derive(Serialize, Deserialize)]
struct Code {
    id: String,
    subject: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    handle: Option<String>,
    code_challenge: String,
    until: Millis,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Issued {
    code: String,
    expires_at: Millis,
}

#[derive(Serialize)]
pub(crate) struct Redeemed {
    subject: String,
    handle: Option<String>,
}

/// No trip.
pub(crate) fn issue(host: &Host, ask: &IssueCode) -> Result<Issued, Refusal> {
    if !is_subject_id(&ask.subject) {
        return Err(Refusal::InvalidArgument("subject: from 1 to 255 ASCII characters"));
    }
    if ask.handle.as_ref().is_some_and(|handle| handle.len() > LONGEST_HANDLE) {
        return Err(Refusal::InvalidArgument("handle: at most 253 bytes"));
    }
    if !is_challenge(&ask.code_challenge) {
        return Err(NO_CHALLENGE);
    }
    let until = LIFETIME.after(host.now());
    let code = Code {
        id: b64u(host.random().id("journey code id")),
        subject: ask.subject.clone(),
        handle: ask.handle.clone(),
        code_challenge: ask.code_challenge.clone(),
        until,
    };
    Ok(Issued { code: TICKET.seal(host, &code), expires_at: until })
}

/// Spends the code. Who does not know the verifier spends nothing: a code that was overheard is no way to lock its owner out. One trip, two
/// when it was spent already.
pub(crate) async fn redeem(host: &Host, ask: &RedeemCode) -> Result<Redeemed, Stop> {
    let code: Code = TICKET
        .read(host, &ask.code)
        .filter(|code: &Code| host.now() < code.until && verifies(&ask.code_verifier, &code.code_challenge))
        .ok_or(Refusal::InvalidGrant)?;
    if !spend(host, "code", &code.id, code.until).await? {
        return Err(Refusal::InvalidGrant.into());
    }
    Ok(Redeemed { subject: code.subject, handle: code.handle })
}
