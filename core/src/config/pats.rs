//! Personal access tokens: whether there are any, and how they look.

use serde::Deserialize;

use super::Written;
use super::check::ensure;
use crate::password::Typed;
use crate::pat;
use crate::refusal::Fault;
use crate::time::Seconds;

/// Personal access tokens.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Pats {
    /// What each begins with, so that scanners for secrets know it.
    pub(crate) prefix: String,
    /// Of the JWT that one is exchanged for.
    pub(crate) lifetime: Seconds,
    /// Whether tokens that another system made are taken: their secrets are hashed slowly, until each is used once.
    pub(crate) imported: bool,
    /// Where they are administered over HTTP; `None`: nowhere.
    pub(crate) admin: Option<String>,
    /// The first administrator's.
    pub(crate) bootstrap: Option<Bootstrap>,
}

/// A token that becomes an administrator's when it is presented for the first time.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bootstrap {
    pub(crate) id: String,
    pub(crate) hash: Typed,
}

impl Default for Pats {
    fn default() -> Self {
        Self {
            prefix: "pat_".to_owned(),
            lifetime: Seconds(300),
            imported: false,
            admin: Some("/admin".to_owned()),
            bootstrap: None,
        }
    }
}

pub(super) fn check(written: &Written) -> Result<(), Fault> {
    let Some(pats) = &written.pats else { return Ok(()) };
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    ensure(
        plain(&pats.prefix)
            && (2..=32).contains(&pats.prefix.len())
            && pats.prefix.ends_with('_')
            && !pats.prefix.starts_with("cv"),
        "pats.prefix: from 2 to 32 of a-z, A-Z, 0-9, - and _, the last one _, and not the cv of the engine's own tokens",
    )?;
    ensure((10..=3600).contains(&pats.lifetime.0), "pats.lifetime: from 10 seconds to 1 hour")?;
    let is_base = |path: &String| {
        let segments = path.strip_prefix('/').map(|rest| rest.split('/'));
        path.len() <= 100
            && path != crate::metadata::REGISTER
            && segments.is_some_and(|mut all| all.all(|segment| !segment.is_empty() && plain(segment)))
    };
    ensure(
        pats.admin.as_ref().is_none_or(is_base),
        "pats.admin: a path of letters, digits, - and _, such as /admin, and not /register; or null",
    )?;
    let usable = |one: &Bootstrap| pat::is_id(&one.id) && pat::is_hash(one.hash.text(), pats.imported);
    ensure(
        pats.bootstrap.as_ref().is_none_or(usable),
        "pats.bootstrap: the id and the hash that `claviger pats generate` printed; a hash of another system needs pats.imported",
    )
}
