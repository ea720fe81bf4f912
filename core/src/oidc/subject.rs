//! What a client calls a person and a session (OpenID Connect Core section 8).

use serde::{Deserialize, Serialize};

use crate::client::{Client, GrantType};
use crate::config::Config;
use crate::hash::{b64u, hmac, leading, sha256};
use crate::uri::Uri;

/// The `subject_type` of a client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SubjectType {
    /// All clients know a person by the same name.
    #[default]
    Public,
    /// Clients of one sector know a person by a name that no other sector knows.
    Pairwise,
}

/// The `sub` that the client knows this person by (section 8.1). A pairwise one cannot be turned back without the salt.
pub(crate) fn sub(config: &Config, client: &Client, subject: &str) -> String {
    let salt = config.openid.as_ref().and_then(|openid| openid.pairwise_salt.as_deref());
    match (client.openid.subject_type, salt) {
        (SubjectType::Pairwise, Some(salt)) => {
            let parts = [sector(client).as_bytes(), &[0], subject.as_bytes()];
            b64u(hmac(&sha256(salt.as_bytes()), &parts))
        }
        _ => subject.to_owned(),
    }
}

/// The `sid` of a session, as one client knows it: two of them cannot tell that they serve the same browser.
pub(crate) fn sid(client_id: &str, session_id: &str) -> String {
    b64u(leading::<16>(&sha256(format!("sid\0{client_id}\0{session_id}").as_bytes())))
}

/// Whether people have names of their own for this client.
pub(crate) fn is_pairwise(config: &Config, client: &Client) -> bool {
    let salted = config.openid.as_ref().is_some_and(|openid| openid.pairwise_salt.is_some());
    salted && client.openid.subject_type == SubjectType::Pairwise
}

/// Whether two states of a client know people by the same names.
pub(crate) fn is_the_same(one: &Client, other: &Client) -> bool {
    let kind = one.openid.subject_type;
    kind == other.openid.subject_type && (kind == SubjectType::Public || sector(one) == sector(other))
}

/// The host of the sector: of the sector identifier, or of the redirect URIs, which then have one host. A code goes there and nowhere
/// else; so where it does not, a client that registered itself is a sector of its own: anybody may name the addresses of others, and
/// get tokens as a device. Neither is it one sector what runs on the devices of all people.
fn sector(client: &Client) -> &str {
    if client.is_self_made() && client.may_use(GrantType::DeviceCode) {
        return &client.id;
    }
    let address = client.openid.sector_identifier_uri.as_deref().or(client.redirect_uris.first().map(String::as_str));
    address
        .and_then(Uri::parse)
        .filter(|uri| !uri.is_loopback())
        .and_then(|uri| uri.host)
        .map_or(&client.id, |host| host.text())
}
