//! Revocation (RFC 7009): a refresh token ends its grant, an access token only itself. A refresh token that was rotated ends its
//! grant too: the client that lost the reply of its refresh has no other, and a refresh at the same moment must not outlive it.

use super::resolve::{Resolved, What, resolve};
use crate::change::Change;
use crate::client::{self, Credentials};
use crate::event::Event;
use crate::grant::{self, Grant, client_credentials};
use crate::host::Host;
use crate::http::{Form, Request, Response};
use crate::refusal::{Refusal, Stop};
use crate::session::Revoked;

/// Revokes for the host itself.
pub(crate) async fn revoke_any(host: &Host, token: &str) -> Result<Revoked, Stop> {
    match resolve(host, token, None).await?.1 {
        Some(resolved) => revoke(host, resolved).await,
        None => Ok(Revoked { revoked: false }),
    }
}

/// The endpoint: a client revokes what was issued to it. Anything else is already as good as revoked (RFC 7009 section 2.2).
pub(super) async fn revoke_for_client(host: &Host, request: &Request, form: &Form) -> Result<Response, Stop> {
    let credentials = Credentials::read(request, form)?;
    let token = form.one("token")?.ok_or(Refusal::InvalidRequest("The parameter token is missing"))?;
    let (caller, resolved) = resolve(host, token, Some(&credentials.client_id)).await?;
    let caller = client::authenticate(host, caller, &credentials).await?.value;
    if let Some(resolved) = resolved.filter(|resolved| resolved.client_id() == caller.id) {
        revoke(host, resolved).await?;
    }
    Ok(Response::json(200, &Empty {}))
}

async fn revoke(host: &Host, resolved: Resolved) -> Result<Revoked, Stop> {
    match resolved {
        Resolved::Granted(grant, What::Refresh | What::RotatedRefresh) => return grant::end(host, grant).await,
        Resolved::Granted(grant, What::Access(token)) => {
            let mut changed: Grant = grant.value.clone();
            changed.revoke_access_token(token.serial);
            host.commit(Change::replace(&grant, changed)).await?;
            host.tell(Event::TokenRevoked { client_id: grant.value.client_id, grant_id: grant.value.id });
        }
        Resolved::Service { handle, stored, meaning } => {
            client_credentials::revoke(host, &handle, stored, meaning).await?;
        }
    }
    Ok(Revoked { revoked: true })
}

/// RFC 7009 section 2.2: the status says it all.
#[derive(serde::Serialize)]
struct Empty {}
