//! `claviger pats sync`: the tokens that a file wants, and what makes the stored ones those.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use claviger::commands::{NewPat, Pat, PatChange, RolesChange};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::failure::Failure;

const HELP: &str = "Write `tokens:` and a list of `id`, `owner`, `hash`, `admin`, `roles`, `revoked` and `expiresAt`.";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tokens {
    tokens: Vec<Wanted>,
}

/// A token as a file wants it, also in the words of other tools.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Wanted {
    #[serde(alias = "tokenId")]
    id: String,
    owner: String,
    #[serde(default, alias = "secretPhc")]
    hash: Option<String>,
    #[serde(default, alias = "isAdmin")]
    admin: bool,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    revoked: bool,
    /// `None`: a file that says nothing takes no end away.
    #[serde(default, deserialize_with = "said")]
    expires_at: Option<Option<Time>>,
}

/// Milliseconds since 1970; in a file a time, or seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Time(u64);

/// What is to be done with one token.
#[derive(Debug, Serialize)]
pub(super) struct Step {
    action: &'static str,
    pub(super) id: String,
    owner: String,
    pub(super) what: Option<String>,
    #[serde(skip)]
    pub(super) act: Act,
}

/// How.
#[derive(Debug)]
pub(super) enum Act {
    Register {
        id: String,
        hash: String,
        token: NewPat,
    },
    Update {
        id: String,
        change: PatChange,
    },
    /// With another end, where there is one.
    Revoke {
        id: String,
        expires_at: Option<u64>,
    },
    Restore {
        id: String,
    },
    Nothing,
}

/// The tokens that a file wants, in YAML or JSON.
pub(super) fn read(path: &Path) -> Result<Vec<Wanted>, Failure> {
    let unfit = |why: String| Failure::new("bad_file", format!("{}: {why}", path.display()), HELP);
    let text = fs::read_to_string(path).map_err(|error| {
        let message = format!("{} cannot be read: {error}", path.display());
        Failure::new("no_file", message, "See that the file is there, and may be read.")
    })?;
    let Tokens { mut tokens } = serde_saphyr::from_str(&text).map_err(|error| {
        let told = error.to_string();
        unfit(told.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned())
    })?;
    let mut seen = BTreeSet::new();
    for token in &mut tokens {
        token.roles.sort_unstable();
        token.roles.dedup();
        if !seen.insert(token.id.clone()) {
            return Err(unfit(format!("the token {} is there twice", token.id)));
        }
    }
    Ok(tokens)
}

/// What makes the stored tokens those that are wanted; nothing when they are. What ends access comes first. `orphans_end` is the latest end
/// of those that are not wanted.
pub(super) fn plan(wanted: &[Wanted], stored: &[Pat], now: u64, orphans_end: Option<u64>) -> Vec<Step> {
    let known: BTreeMap<&str, &Pat> = stored.iter().map(|pat| (pat.id.as_str(), pat)).collect();
    let steps: Vec<Step> =
        wanted.iter().flat_map(|token| steps_for(token, known.get(token.id.as_str()).copied(), now)).collect();
    let named: BTreeSet<&str> = wanted.iter().map(|token| token.id.as_str()).collect();
    let is_over = |pat: &Pat| pat.revoked_at.is_some() || pat.expires_at.is_some_and(|end| end <= now);
    let orphans = stored.iter().filter(|pat| !named.contains(pat.id.as_str()) && !is_over(pat));
    let ends = |step: &Step| step.action == "revoke" && known.contains_key(step.id.as_str());
    let (mut ending, others): (Vec<Step>, Vec<Step>) = steps.into_iter().partition(ends);
    ending.extend(orphans.map(|pat| orphaned(pat, orphans_end)));
    ending.extend(others);
    ending
}

fn steps_for(token: &Wanted, pat: Option<&Pat>, now: u64) -> Vec<Step> {
    let Some(pat) = pat else { return register(token, now) };
    let mut steps: Vec<Step> = update(token, pat).into_iter().collect();
    match (token.revoked, pat.revoked_at.is_some()) {
        (true, false) => steps.push(token.revoke()),
        (false, true) => steps.push(token.step("restore", None, Act::Restore { id: token.id.clone() })),
        _ => {}
    }
    steps
}

fn register(token: &Wanted, now: u64) -> Vec<Step> {
    let end = token.expires_at.flatten().map(|Time(end)| end);
    let Some(hash) = token.hash.clone() else {
        return vec![token.skip("it is not there, and the file has no hash")];
    };
    if end.is_some_and(|end| end <= now) {
        return vec![token.skip("it has expired")];
    }
    let Wanted { id, owner, admin, roles, revoked, .. } = token.clone();
    let new = NewPat { owner, admin, roles, expires_at: end, id: None };
    let register = token.step("register", None, Act::Register { id, hash, token: new });
    if revoked { vec![register, token.revoke()] } else { vec![register] }
}

fn update(token: &Wanted, pat: &Pat) -> Option<Step> {
    let Wanted { id, owner, hash, admin, roles, expires_at, .. } = token.clone();
    let end = expires_at.map(|said| said.map(|Time(end)| end));
    let change = PatChange {
        owner: Some(owner).filter(|owner| *owner != pat.owner),
        admin: Some(admin).filter(|admin| *admin != pat.admin),
        roles: (roles != pat.roles).then_some(RolesChange::Set(roles)),
        expires_at: end.filter(|end| *end != pat.expires_at),
        hash: hash.filter(|hash| is_other(hash, pat.hash.as_deref().unwrap_or_default())),
    };
    let changed = [
        ("owner", change.owner.is_some()),
        ("admin", change.admin.is_some()),
        ("roles", change.roles.is_some()),
        ("expiresAt", change.expires_at.is_some()),
        ("hash", change.hash.is_some()),
    ];
    let what: Vec<&str> = changed.into_iter().filter_map(|(name, changes)| changes.then_some(name)).collect();
    (!what.is_empty()).then(|| token.step("update", Some(what.join(" ")), Act::Update { id, change }))
}

impl Step {
    /// It turned out that there is nothing to do.
    pub(super) fn skip(&mut self, why: &str) {
        (self.action, self.what) = ("skip", Some(why.to_owned()));
    }
}

impl Wanted {
    fn step(&self, action: &'static str, what: Option<String>, act: Act) -> Step {
        Step { action, id: self.id.clone(), owner: self.owner.clone(), what, act }
    }

    fn revoke(&self) -> Step {
        self.step("revoke", None, Act::Revoke { id: self.id.clone(), expires_at: None })
    }

    fn skip(&self, why: &str) -> Step {
        self.step("skip", Some(why.to_owned()), Act::Nothing)
    }
}

/// What another system made of the secret gives way to a digest of it at its first use, which cannot be compared with it.
fn is_other(hash: &str, stored: &str) -> bool {
    const OWN: &str = "$sha256$";
    hash != stored && (hash.starts_with(OWN) || !stored.starts_with(OWN))
}

/// With an end that is the earlier one of its own and what is said.
fn orphaned(pat: &Pat, orphans_end: Option<u64>) -> Step {
    let expires_at = orphans_end.map(|end| pat.expires_at.map_or(end, |own| own.min(end)));
    let Pat { id, owner, .. } = pat.clone();
    let act = Act::Revoke { id: id.clone(), expires_at };
    Step { action: "revoke", id, owner, what: Some("it is not in the file".to_owned()), act }
}

/// A member that is there, be it `null`.
fn said<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Time>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;
        impl Visitor<'_> for Written {
            type Value = Time;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time such as 2030-01-02T03:04:05Z, seconds, or null")
            }

            fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Time, E> {
                seconds
                    .checked_mul(1000)
                    .map(Time)
                    .ok_or_else(|| E::invalid_value(de::Unexpected::Unsigned(seconds), &self))
            }

            fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Time, E> {
                let positive =
                    u64::try_from(seconds).map_err(|_| E::invalid_value(de::Unexpected::Signed(seconds), &self))?;
                self.visit_u64(positive)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Time, E> {
                parse_time(text).map(Time).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_any(Written)
    }
}

/// Milliseconds since 1970 of a time (RFC 3339).
pub(super) fn parse_time(text: &str) -> Option<u64> {
    let time: SystemTime = humantime::parse_rfc3339(text).ok()?;
    u64::try_from(time.duration_since(UNIX_EPOCH).ok()?.as_millis()).ok()
}
