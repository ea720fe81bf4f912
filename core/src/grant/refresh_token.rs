//! The refresh token grant (RFC 6749 section 6), with convergent rotation (RFC 9700 section 4.14.2).

use super::presented::Presented;
use super::state::Refreshed;
use crate::event::Event;
use crate::handle::Kind;
use crate::host::Host;
use crate::http::{Form, Request};
use crate::refusal::{Refusal, Stop};
use crate::token::TokenResponse;

/// Rotates a refresh token: one load, one decision, one commit; the same request again inside the grace commits nothing.
pub(crate) async fn refresh(host: &Host, request: &Request, form: &Form) -> Result<TokenResponse, Stop> {
    let text = form.one("refresh_token")?.ok_or(Refusal::InvalidRequest("The parameter refresh_token is missing"))?;
    let presented = Presented::load(host, request, form, Kind::RefreshToken, text).await?;
    let (subject, client_id, grant_id) = presented.told();
    match presented.grant.value.state.clone().refresh(presented.serial, host.now(), presented.terms(host)) {
        Refreshed::Rotated(state) => {
            let response = presented.issue(host, form, state).await?;
            host.tell(Event::TokenRefreshed { subject, client_id, grant_id });
            Ok(response)
        }
        Refreshed::Again { since } => presented.issue_again(host, form, since).await,
        Refreshed::Replayed => presented.revoke(host, Event::RefreshTokenReplayed { client_id, grant_id }).await,
        Refreshed::Refused => Err(Refusal::InvalidGrant.into()),
    }
}
