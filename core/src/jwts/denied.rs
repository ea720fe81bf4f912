//! The deny list: tokens that are taken back before their time, by their `jti`.
//!
//! ```text
//!   jwts.deny            exp and the largest leeway are over
//!  -----------> denied ------------------------------> gone: so is the token
//!                 \______ jwts.allow ________________> gone
//! ```

use serde::{Deserialize, Serialize};

use super::verify::{MOST_LEEWAY, signed_here};
use crate::change::Change;
use crate::config::Config;
use crate::event::Event;
use crate::host::Host;
use crate::key::jws::{Compact, MAX_BYTES};
use crate::key::jwt::{Policy, Why};
use crate::record::{Record, Slot};
use crate::redacted::redacted_debug;
use crate::refusal::{Refusal, Stop};
use crate::time::{Millis, Seconds};
use crate::token::ACCESS_TOKEN_TYPE;
use crate::want::EvenIfOver;

const LONGEST_JTI: usize = 1024;
/// The longest that a token may have to live: a row is to be over some day.
const LONGEST_LIFE: Seconds = Seconds(3650 * 86_400);

/// That a token is taken back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Denied {
    until: Millis,
}

impl Record for Denied {
    const KIND: &'static str = "denied";

    fn expires(&self) -> Option<Millis> {
        Some(self.until)
    }
}

impl Denied {
    pub(crate) fn slot(config: &Config, jti: &str) -> Slot<Self> {
        Slot::new(&config.tenant, "denied", jti, "jti")
    }
}

/// `jwts.deny`: a token, or what is known of one.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Deny {
    #[serde(default)]
    pub token: Option<String>,
    #[serde(default)]
    pub jti: Option<String>,
    #[serde(default)]
    pub expires_at: Option<Millis>,
}

redacted_debug!(Deny);

/// `jwts.allow`, `jwts.isDenied`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct OfJti {
    pub jti: String,
}

#[derive(Serialize)]
pub(crate) struct IsDenied {
    denied: bool,
}

#[derive(Serialize)]
pub(crate) struct Allowed {
    allowed: bool,
}

/// A load and a commit; no commit when it is denied already, neither for a token that is over.
pub(crate) async fn deny(host: &Host, ask: &Deny) -> Result<IsDenied, Stop> {
    let Some((jti, expires_at)) = ask.which(host).await? else { return Ok(IsDenied { denied: false }) };
    // No reader takes a token for longer after its end.
    let denied = Denied { until: MOST_LEEWAY.after(expires_at) };
    if denied.until <= host.now() {
        return Ok(IsDenied { denied: false });
    }
    let slot = Denied::slot(host.config(), &jti);
    let change = match host.load(EvenIfOver(slot.clone())).await? {
        Some(known) if known.value.until >= denied.until => return Ok(IsDenied { denied: true }),
        Some(known) => Change::replace(&known, denied),
        None => Change::create(slot, denied),
    };
    host.tell(Event::JwtDenied { jti });
    host.commit(change).await?;
    Ok(IsDenied { denied: true })
}

/// Whether it is denied now.
pub(crate) async fn is_denied(host: &Host, ask: &OfJti) -> Result<IsDenied, Stop> {
    let denied = host.load(Denied::slot(host.config(), checked(&ask.jti)?)).await?;
    Ok(IsDenied { denied: denied.is_some() })
}

/// Takes a denial back.
pub(crate) async fn allow(host: &Host, ask: &OfJti) -> Result<Allowed, Stop> {
    let Some(denied) = host.load(Denied::slot(host.config(), checked(&ask.jti)?)).await? else {
        return Ok(Allowed { allowed: false });
    };
    host.tell(Event::JwtAllowed { jti: ask.jti.clone() });
    host.commit(Change::remove(denied.key, denied.version)).await?;
    Ok(Allowed { allowed: true })
}

impl Deny {
    /// The `jti` and the end of the token that is meant; `None` when it is over.
    async fn which(&self, host: &Host) -> Result<Option<(String, Millis)>, Stop> {
        const WHICH: Refusal = Refusal::InvalidArgument("Give token, or jti and expiresAt");
        match (&self.token, &self.jti, self.expires_at) {
            (Some(token), None, None) => of_token(host, token).await,
            (None, Some(jti), Some(expires_at)) if expires_at <= LONGEST_LIFE.after(host.now()) => {
                Ok(Some((checked(jti)?.to_owned(), expires_at)))
            }
            (None, Some(_), Some(_)) => Err(Refusal::InvalidArgument("expiresAt: at most 3650 days from now").into()),
            _ => Err(WHICH.into()),
        }
    }
}

/// Of a token that a key of this issuer has signed, whatever its kind: nobody else's takes room in the list.
async fn of_token(host: &Host, token: &str) -> Result<Option<(String, Millis)>, Stop> {
    let compact = Compact::parse(token, MAX_BYTES).map_err(|why| Refusal::InvalidJwt(Why::Malformed(why)))?;
    let verified = signed_here(host, token, compact).await?.ok_or(Refusal::InvalidJwt(Why::Signature))?;
    if verified.header.typ.as_deref().is_some_and(|typ| typ.eq_ignore_ascii_case(ACCESS_TOKEN_TYPE)) {
        return Err(Refusal::InvalidArgument(
            "token: an access token is revoked by tokens.revoke, a personal access token by pats.revoke",
        )
        .into());
    }
    let policy = Policy {
        max_bytes: MAX_BYTES,
        typ: None,
        issuer: None,
        audience: None,
        now: host.now(),
        leeway: MOST_LEEWAY.0,
        required: &["jti", "exp"],
    };
    match policy.check(&verified) {
        Ok(claims) => {
            let (jti, expires_at) = (claims.text("jti").unwrap_or_default(), claims.time("exp").unwrap_or_default());
            Ok(Some((checked(jti)?.to_owned(), expires_at)))
        }
        Err(refused) if refused.why() == Why::Expired => Ok(None),
        Err(refused) => Err(Refusal::InvalidJwt(refused.why()).into()),
    }
}

fn checked(jti: &str) -> Result<&str, Refusal> {
    if (1..=LONGEST_JTI).contains(&jti.len()) {
        Ok(jti)
    } else {
        Err(Refusal::InvalidArgument("jti: from 1 to 1024 bytes"))
    }
}
