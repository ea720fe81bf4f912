//! ID tokens that come back: `id_token_hint` (OpenID Connect Core section 3.1.2.1, RP-Initiated Logout section 2).

use super::id_token::TYPE;
use crate::host::Host;
use crate::key::jws::MAX_BYTES;
use crate::key::jwt::{Claims, Policy};
use crate::key::set::KeySet;
use crate::refusal::{Refusal, Stop};

/// An ID token that this issuer signed, however long ago it expired, with its clients and its subject.
pub(crate) async fn read(host: &Host, hint: &str) -> Result<Claims, Stop> {
    const NOT_OURS: Refusal = Refusal::InvalidRequest("The id_token_hint is no ID token of this issuer");
    let policy = Policy {
        max_bytes: MAX_BYTES,
        typ: Some(TYPE),
        issuer: Some(&host.config().issuer.text),
        audience: None,
        now: host.now(),
        // Section 3.1.2.1: it need not be valid any more.
        leeway: u64::MAX,
        required: &["sub", "aud", "azp", "exp", "iat", "auth_time", "at_hash"],
    };
    let keys = KeySet::for_verifying(host, hint).await?;
    Ok(keys.verify(host, hint, &policy).await?.ok_or(NOT_OURS)?)
}

/// Whom a client's hint is about, in the client's words.
pub(crate) async fn subject_for(host: &Host, hint: Option<&str>, client_id: &str) -> Result<Option<String>, Stop> {
    let Some(hint) = hint.filter(|_| host.config().openid.is_some()) else { return Ok(None) };
    let claims = read(host, hint).await?;
    if !claims.audience().any(|one| one == client_id) {
        return Err(Refusal::InvalidRequest("The id_token_hint is of another client").into());
    }
    Ok(claims.text("sub").map(str::to_owned))
}
