//! The authorization code grant (RFC 6749 section 4.1.3, RFC 7636 section 4.5).

use super::Grant;
use super::presented::Presented;
use super::state::Redeemed;
use crate::authorize::pkce;
use crate::client::{Client, GrantType, redirect_uri_matches};
use crate::event::Event;
use crate::handle::Kind;
use crate::host::Host;
use crate::http::{Form, Request};
use crate::refusal::{Refusal, Stop};
use crate::token::TokenResponse;

/// Redeems a code: one load, one decision, one commit.
pub(crate) async fn redeem(host: &Host, request: &Request, form: &Form) -> Result<TokenResponse, Stop> {
    let code = form.one("code")?.ok_or(Refusal::InvalidRequest("The parameter code is missing"))?;
    let presented = Presented::load(host, request, form, Kind::Code, code).await?;
    presented.check_possession()?;
    check_bindings(&presented.grant.value, &presented.client, form)?;
    let refreshable = presented.client.may_use(GrantType::RefreshToken);
    let (subject, client_id, grant_id) = presented.told();
    match presented.grant.value.state.clone().redeem(host.now(), refreshable, presented.terms(host)) {
        Redeemed::Now(state) => {
            presented
                .issue(host, form, state, None, Event::TokenIssued { subject: Some(subject), client_id, grant_id })
                .await
        }
        Redeemed::Replayed => presented.revoke(host, Event::CodeReplayed { client_id, grant_id }).await,
        Redeemed::Refused => Err(Refusal::InvalidGrant.into()),
    }
}

/// What the code was issued for. Nothing is spent or revoked when these do not match: a thief without the verifier can do no harm.
fn check_bindings(grant: &Grant, client: &Client, form: &Form) -> Result<(), Refusal> {
    // OAuth 2.1 section 4.1.3 no longer sends it; RFC 6749 clients do, and then it must be the very same.
    if form.one("redirect_uri")?.is_some_and(|sent| sent != grant.redirect_uri) {
        return Err(Refusal::InvalidGrant);
    }
    // The registration may have changed since the code was issued; a metadata document counts as it was then.
    if !client.is_document()
        && !client.redirect_uris.iter().any(|registered| redirect_uri_matches(registered, &grant.redirect_uri))
    {
        return Err(Refusal::InvalidGrant);
    }
    // A verifier that nothing was said of before is as bad as a wrong one (RFC 9700 section 4.8.2).
    match (form.one("code_verifier")?, &grant.code_challenge) {
        (Some(verifier), Some(challenge)) if pkce::verifies(verifier, challenge) => Ok(()),
        (None, None) if !client.is_public() => Ok(()),
        _ => Err(Refusal::InvalidGrant),
    }
}
