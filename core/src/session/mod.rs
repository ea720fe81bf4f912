//! Sessions: a person who is signed in, in one browser.
//!
//! ```text
//!   begin --> in use --+--> ended: signed out, revoked, another person's
//!               ^  |   +--> over: lifetimes.session after its begin, lifetimes.sessionIdle after its last use
//!               +--+ seen again, noted once in a tenth of the idle time
//! ```
//! One row in the person's partition; the cookie is a handle. With `sessions.form: "sealed"` there is no row: the cookie holds all of it
//! (`sealed`), and the person's epoch says what is still good (`epoch`).

mod agent;
mod bag;
pub(crate) mod begin;
mod commands;
mod end;
mod epoch;
mod open;
mod presented;
pub(crate) mod remember;
mod sealed;
mod seen;
mod series;
pub(crate) mod tokens;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub(crate) use agent::Agent;
pub(crate) use begin::{Former, New, Old, prepare};
pub use commands::{Resume, RevokeAll, RevokeOthers};
pub(crate) use commands::{Revoked, item_id, list, resume, revoke, revoke_all, revoke_others, slot_of};
pub(crate) use end::{end, end_all, end_found, end_others, forget_others};
pub use open::{Open, Save};
pub(crate) use open::{open, save};
pub(crate) use presented::{Presented, SignedIn};
pub(crate) use seen::Seen;
use series::Series;
pub use tokens::{IssueTokens, RefreshTokens};

use crate::account;
use crate::client::Client;
use crate::config::{Config, SessionForm};
use crate::handle::Id;
use crate::hash::b64u;
use crate::host::Host;
use crate::http::{Cookie, clear_cookie};
use crate::record::{Record, Slot};
use crate::redacted::redacted_debug;
use crate::refusal::Stop;
use crate::time::Millis;

/// A signed-in browser.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) subject: String,
    /// Of the cookie's secret; empty in a sealed cookie, which needs none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    secret_sha256: String,
    /// When the person proved who they are.
    pub(crate) auth_time: Millis,
    /// How (RFC 8176).
    pub(crate) methods: Vec<String>,
    pub(crate) created_at: Millis,
    pub(crate) expires_at: Millis,
    /// When it is over unless it is used before; `None`: not before `expires_at`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    idle_until: Option<Millis>,
    /// When its use was last noted; `None`: never since it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seen_at: Option<Millis>,
    /// The clients that are told when it ends, the newest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    clients: Vec<String>,
    #[serde(default, skip_serializing_if = "Agent::is_unknown")]
    agent: Agent,
    /// The remembered browser that it is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    remember: Option<String>,
    /// What its tokens take turns by, if it has some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tokens: Option<Series>,
    /// The application's own claims in its access tokens.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    claims: Map<String, Value>,
}

redacted_debug!(Session);

impl Session {
    /// How many bytes of clients it remembers: the oldest is forgotten for the newest. A row may have 60 KiB.
    const MOST_BYTES: usize = 40 * 1024;

    pub(crate) fn slot(config: &Config, subject: &str, id: &Id) -> Slot<Self> {
        Slot::new(&config.tenant, account::ROOM, subject, &format!("session.{}", b64u(id)))
    }

    /// When it is over if nobody uses it.
    pub(crate) fn over_at(&self) -> Millis {
        self.idle_until.map_or(self.expires_at, |idle| idle.min(self.expires_at))
    }

    /// When it was last seen in use, as far as that was noted.
    pub(crate) fn last_seen_at(&self) -> Millis {
        self.seen_at.unwrap_or(self.created_at)
    }

    pub(crate) fn agent(&self) -> &Agent {
        &self.agent
    }

    /// The same after it was seen in use now; `None`: that was noted less than a tenth of the idle time ago. Nothing moves the end that
    /// it has whether it is used or not.
    fn seen_again(&self, config: &Config, now: Millis) -> Option<Self> {
        let idle_until = config.lifetimes.session_idle.map(|idle| idle.after(now));
        let due = match config.lifetimes.session_idle {
            Some(idle) => {
                self.idle_until.is_none() || now >= self.last_seen_at().saturating_add(seen::interval(idle).millis())
            }
            // The configuration bounded it once.
            None => self.idle_until.is_some(),
        };
        due.then(|| Self { idle_until, seen_at: Some(now), ..self.clone() })
    }

    /// The same with a client that is to be told; `None`: it is known, or does not want to be.
    fn with_client(&self, client: &Client) -> Option<Self> {
        client.openid.backchannel_logout_uri.as_ref().filter(|_| !self.clients.contains(&client.id))?;
        let mut session = self.clone();
        session.clients.push(client.id.clone());
        while session.clients.iter().map(|id| id.len() + 3).sum::<usize>() > Self::MOST_BYTES {
            session.clients.remove(0);
        }
        Some(session)
    }
}

impl Record for Session {
    const KIND: &'static str = "session";

    fn expires(&self) -> Option<Millis> {
        Some(self.over_at())
    }
}

/// Whether sessions are kept by the browsers themselves, sealed.
fn is_sealed(config: &Config) -> bool {
    config.sessions.form == SessionForm::Sealed
}

/// The session of the browser that sent this cookie, which is in use now: one trip, and a commit when that is to be noted; none when the
/// cookie is not authentic, or sealed and looked at lately.
pub(crate) async fn find(host: &Host, cookie: Option<&str>) -> Result<Option<SignedIn>, Stop> {
    let Some(presented) = Presented::read(host.config(), cookie) else { return Ok(None) };
    if let Some(signed_in) = presented.says_it_all(host) {
        return Ok(signed_in);
    }
    let rows = host.load(Presented::slots(Some(&presented), host)).await?;
    let signed_in = Presented::check(Some(&presented), host, rows).await?;
    if let Some(signed_in) = &signed_in {
        signed_in.note_seen(host).await?;
    }
    Ok(signed_in)
}

/// Ends the session that a browser leaves behind.
pub(crate) async fn leave(host: &Host, left: Option<Presented>) -> Result<(), Stop> {
    let Some(left) = left else { return Ok(()) };
    let rows = host.load(Presented::slots(Some(&left), host)).await?;
    if left.is_former(&rows) {
        return Ok(());
    }
    end(host, left.owner().name(), &left.id(), rows.into_session()).await
}

/// Signing out, by the values of both cookies: the session ends, and what would begin another. The headers take the cookies away.
pub(crate) async fn sign_out(
    host: &Host,
    session: Option<&str>,
    remembered: Option<&str>,
) -> Result<Vec<(&'static str, String)>, Stop> {
    leave(host, Presented::read(host.config(), session)).await?;
    forget(host, remembered).await
}

/// What is left to do once the session has ended: nothing begins another, and both cookies go.
pub(crate) async fn forget(host: &Host, remembered: Option<&str>) -> Result<Vec<(&'static str, String)>, Stop> {
    let forgotten = remember::leave(host, remembered).await?;
    Ok(std::iter::once(clear_cookie(host.config(), Cookie::Session)).chain(forgotten).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Seconds;

    fn config(idle: Option<&str>) -> Config {
        let idle = idle.map(|idle| format!(r#","sessionIdle":"{idle}""#)).unwrap_or_default();
        let json = format!(
            r#"{{"issuer":"https://a.example","secret":"0123456789abcdefghijklmnopqrstuv","lifetimes":{{"session":"1d"{idle}}}}}"#
        );
        Config::read(json.as_bytes()).unwrap().0
    }

    fn session() -> Session {
        Session {
            id: "AAAA".into(),
            subject: "ada".into(),
            secret_sha256: String::new(),
            auth_time: 1000,
            methods: Vec::new(),
            created_at: 1000,
            expires_at: Seconds(86_400).after(1000),
            idle_until: None,
            seen_at: None,
            clients: Vec::new(),
            agent: Agent::default(),
            remember: None,
            tokens: None,
            claims: Map::new(),
        }
    }

    #[test]
    fn se_015_use_moves_the_idle_end_and_never_the_other() {
        let config = config(Some("1h"));
        let mut session = Session { idle_until: Some(1000 + 3_600_000), ..session() };
        let expires_at = session.expires_at;
        let mut now = 1000;
        while now < expires_at {
            if let Some(seen) = session.seen_again(&config, now) {
                session = seen;
                assert_eq!((session.idle_until, session.expires_at), (Some(now + 3_600_000), expires_at));
            }
            assert!(!session.is_over(now), "{now}");
            now += 600_000;
        }
        assert!(session.is_over(expires_at));
        assert_eq!(session.over_at(), expires_at);
    }

    #[test]
    fn se_016_use_is_noted_once_in_a_tenth_of_the_idle_time() {
        let config = config(Some("1h"));
        let fresh = Session { idle_until: Some(1000 + 3_600_000), ..session() };
        assert!(fresh.seen_again(&config, 1000 + 359_999).is_none());
        let seen = fresh.seen_again(&config, 1000 + 360_000).unwrap();
        assert_eq!(seen.last_seen_at(), 361_000);
        assert!(seen.seen_again(&config, 361_001).is_none());
        assert!(Session { seen_at: Some(5000), ..fresh }.seen_again(&config, 1).is_none(), "clocks differ");
    }

    #[test]
    fn an_idle_time_that_comes_or_goes_is_written_at_the_next_use() {
        assert!(session().seen_again(&config(None), 2000).is_none());
        let bounded = session().seen_again(&config(Some("1h")), 2000).unwrap();
        assert_eq!(bounded.idle_until, Some(3_602_000));
        assert_eq!(bounded.seen_again(&config(None), 3000).unwrap().idle_until, None);
    }
}
