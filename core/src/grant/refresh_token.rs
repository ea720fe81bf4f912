//! The refresh token grant (RFC 6749 section 6), with convergent rotation (RFC 9700 section 4.14.2).

use super::presented::Presented;
use super::state::Refreshed;
use crate::event::Event;
use crate::handle::Kind;
use crate::host::Host;
use crate::http::{Form, Request};
use crate::refusal::{Refusal, Stop};
use crate::time::Seconds;
use crate::token::TokenResponse;

/// Rotates a refresh token: one load, one decision, one commit; the same request again inside the grace commits nothing.
pub(crate) async fn refresh(host: &Host, request: &Request, form: &Form) -> Result<TokenResponse, Stop> {
    let text = form.one("refresh_token")?.ok_or(Refusal::InvalidRequest("The parameter refresh_token is missing"))?;
    let presented = Presented::load(host, request, form, Kind::RefreshToken, text).await?;
    let (subject, client_id, grant_id) = presented.told();
    let decided = presented.grant.value.state.clone().refresh(presented.serial, host.now(), presented.terms(host));
    // A copy is about, whatever proof comes with it. Where there is no grace, even a lost race is a replay.
    if decided == Refreshed::Replayed && (!host.passed_before() || host.config().refresh_grace == Seconds(0)) {
        return presented.revoke(host, Event::RefreshTokenReplayed { client_id, grant_id }).await;
    }
    presented.check_possession()?;
    let (state, repeats) = match decided {
        Refreshed::Rotated(state) => (state, None),
        Refreshed::Again { since } => (presented.grant.value.state.clone(), Some(since)),
        Refreshed::Replayed | Refreshed::Refused => return Err(Refusal::InvalidGrant.into()),
    };
    host.note_passed();
    presented.issue(host, form, state, repeats, Event::TokenRefreshed { subject, client_id, grant_id }).await
}
