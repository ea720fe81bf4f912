//! Who is behind a request.

use serde::Serialize;

use super::meaning::{Actor, Meaning};
use crate::host::Host;
use crate::pat::Holder;
use crate::session::SignedIn;
use crate::time::Millis;

/// Who is behind a request.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Principal {
    pub(super) kind: &'static str,
    /// `None`: the client acts for itself.
    pub(super) subject: Option<String>,
    pub(super) client_id: Option<String>,
    pub(super) scopes: Vec<String>,
    pub(super) audience: Vec<String>,
    pub(super) session_id: Option<String>,
    pub(super) grant_id: Option<String>,
    /// Who acts for the subject (RFC 8693 section 4.1).
    pub(super) actor: Option<Actor>,
    /// The key that the token is bound to (RFC 9449 section 6).
    pub(super) jkt: Option<String>,
    pub(super) expires_at: Millis,
    /// When the person signed in.
    pub(super) auth_time: Option<Millis>,
    /// How they did (RFC 8176), where a session tells it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) methods: Vec<String>,
    /// The personal access token that it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pat: Option<Holder>,
    /// What the response sets: another cookie for the same session.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) headers: Vec<(&'static str, String)>,
}

impl Principal {
    pub(super) fn of(host: &Host, token: Meaning, grant_id: Option<String>) -> Self {
        Self {
            kind: "token",
            audience: token.audience(host.config()),
            subject: token.subject,
            client_id: Some(token.client_id),
            scopes: token.scopes,
            grant_id,
            actor: token.act,
            jkt: token.jkt,
            expires_at: token.expires_at,
            auth_time: token.auth_time,
            ..Self::default()
        }
    }

    /// A personal access token is nobody but itself: its owner is a name.
    pub(super) fn of_pat(holder: Holder, audience: Vec<String>) -> Self {
        Self { kind: "pat", audience, expires_at: holder.expires_at, pat: Some(holder), ..Self::default() }
    }

    /// A session is the person itself; scopes bound what clients may do for it.
    pub(super) fn of_session(signed_in: SignedIn, headers: Vec<(&'static str, String)>) -> Self {
        Self {
            kind: "session",
            expires_at: signed_in.session.over_at(),
            subject: Some(signed_in.subject.id),
            session_id: Some(signed_in.session.id),
            auth_time: Some(signed_in.session.auth_time),
            methods: signed_in.session.methods,
            headers,
            ..Self::default()
        }
    }
}
