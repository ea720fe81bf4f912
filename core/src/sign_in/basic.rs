//! A login and a password with each request (RFC 7617): no session begins.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Visitor, happens, password};
use crate::change::Change;
use crate::host::Host;
use crate::refusal::{Refusal, Stop};

/// The longest credentials that are looked at, in bytes of base64: they are in every request.
const LONGEST: usize = 4096;

/// The user-id and the password of such a header, if it is one.
pub(crate) fn credentials(header: &str) -> Option<Result<(String, String), Refusal>> {
    let (scheme, encoded) = header.split_once(' ').unwrap_or((header, ""));
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    const MALFORMED: Refusal = Refusal::InvalidRequest("The Authorization header is malformed");
    let encoded = Some(encoded.trim_start_matches(' ')).filter(|encoded| encoded.len() <= LONGEST);
    let text = encoded.and_then(|encoded| String::from_utf8(STANDARD.decode(encoded).ok()?).ok());
    // Section 2: the user-id has no colon, the password may.
    let pair = text.as_deref().and_then(|text| text.split_once(':'));
    Some(pair.map(|(login, password)| (login.to_owned(), password.to_owned())).ok_or(MALFORMED))
}

/// The subject, if the password is theirs: two trips and the hash. It is counted as at the sign-in page, and whoever has a second factor
/// is refused: a password alone is not them.
pub(crate) async fn subject(host: &Host, remote: Option<&str>, login: &str, typed: &str) -> Result<String, Stop> {
    let visitor = Visitor::unknown(host, remote);
    let (someone, _) = password::look_up(host, &visitor, login, None).await?;
    let proved = someone.prove(host, login, typed).await?;
    // A host's own user was held to the counter before.
    if proved.attempts.is_some() {
        host.commit(happens(proved.attempts.as_ref(), proved.change, Change::default())).await?;
    }
    if proved.factors.is_some_and(|factors| factors.value.wants_second()) {
        return Err(Refusal::InsufficientUserAuthentication.into());
    }
    Ok(proved.first.subject)
}
