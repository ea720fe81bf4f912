//! What stands with a person in place of a password: a hash, read by its prefix, with everything that made it.
//!
//! | prefix | form |
//! |---|---|
//! | `$argon2id$`, `$argon2i$`, `$argon2d$` | `v=19$m=..,t=..,p=..$salt$hash` (PHC), or `m=..,p=..,t=..` (the npm package `argon2` since 0.45) |
//! | `$2b$`, `$2a$`, `$2y$` | bcrypt |
//! | `$scrypt$` | `ln=..,r=..,p=..$salt$hash` (PHC) |
//! | `scrypt$` | `N$r$p$salt$hash`, in base64url |
//! | `$pbkdf2-sha256$`, `$pbkdf2-sha512$` | `i=..$salt$hash` or `i=..,l=..$salt$hash` (PHC), or `rounds$salt$hash` (passlib) |
//! | `$pepper$<id>` | any of them, made of the password's HMAC |

use std::fmt;

use super::costs::{Algorithm, BCRYPT_LENGTH, Costs, LONGEST_KEY};
use super::pepper::Pepper;
use super::phc::{b64, decimal, from_b64, parameters};
use super::settings::Passwords;
use super::{SALT, bcrypt};
use crate::ask::DeriveParameters;
use crate::hash::from_b64u;
use crate::refusal::Refusal;

/// A hash, and what it was made with.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    /// The id of the pepper.
    pub(super) pepper: Option<String>,
    pub(super) costs: Costs,
    pub(super) salt: Vec<u8>,
    pub(super) hash: Vec<u8>,
}

impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stored").field("pepper", &self.pepper).field("costs", &self.costs).finish_non_exhaustive()
    }
}

/// Why nothing verifies against what is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unusable {
    /// It is empty, or begins with `!` or `*`: a way to say that no password is right (shadow(5), Django).
    Locked,
    /// It has none of the forms.
    Unreadable,
    /// It would cost more than a configuration may.
    Excessive,
    /// Its pepper is not configured.
    UnknownPepper,
}

impl Unusable {
    /// For an event.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Locked => "locked",
            Self::Unreadable => "unreadable",
            Self::Excessive => "excessive",
            Self::UnknownPepper => "unknown_pepper",
        }
    }

    pub(super) fn refusal(self) -> Refusal {
        Refusal::InvalidArgument(match self {
            Self::Locked | Self::Unreadable => {
                "The hash is none of argon2, bcrypt, scrypt or pbkdf2 in a form that the engine reads"
            }
            Self::Excessive => "The hash costs more to verify than the engine spends",
            Self::UnknownPepper => "The pepper of the hash is not in password.peppers",
        })
    }
}

/// The longest form is that of argon2 with 64 bytes each of salt and hash, and a pepper.
const LONGEST: usize = 320;
/// The shortest salt (RFC 9106 section 3.1).
const SHORTEST_SALT: usize = 8;

impl Stored {
    pub(crate) fn parse(text: &str) -> Result<Self, Unusable> {
        if text.is_empty() || text.starts_with(['!', '*']) {
            return Err(Unusable::Locked);
        }
        let stored = if text.len() <= LONGEST { peppered(text) } else { None };
        let stored = stored.ok_or(Unusable::Unreadable)?;
        if stored.costs.are_bounded() { Ok(stored) } else { Err(Unusable::Excessive) }
    }

    /// Without a pepper, or with one that is configured.
    pub(super) fn with_known_pepper(self, policy: &Passwords) -> Result<Self, Unusable> {
        match &self.pepper {
            Some(id) if policy.pepper(id).is_none() => Err(Unusable::UnknownPepper),
            _ => Ok(self),
        }
    }

    /// Whether a new hash with these costs and this pepper is better.
    pub(super) fn is_behind(&self, costs: &Costs, pepper: Option<&str>) -> bool {
        self.costs.are_behind(costs) || self.salt.len() < SALT || self.pepper.as_deref() != pepper
    }
}

fn peppered(text: &str) -> Option<Stored> {
    let Some(rest) = text.strip_prefix("$pepper$") else { return plain(text) };
    let (id, _) = rest.split_once('$').filter(|(id, _)| Pepper::is_id(id))?;
    Some(Stored { pepper: Some(id.to_owned()), ..plain(rest.strip_prefix(id)?)? })
}

fn plain(text: &str) -> Option<Stored> {
    if let Some(rest) = text.strip_prefix("scrypt$") {
        return seeds_scrypt(rest);
    }
    let rest = text.strip_prefix('$')?;
    if rest.starts_with('2') {
        let bcrypt::Written { cost, salt, hash } = bcrypt::parse(rest)?;
        return of(Algorithm::Bcrypt, DeriveParameters { cost, ..DeriveParameters::default() }, salt, hash);
    }
    match rest.split_once('$')? {
        ("argon2id", rest) => argon2(Algorithm::Argon2id, rest),
        ("argon2i", rest) => argon2(Algorithm::Argon2i, rest),
        ("argon2d", rest) => argon2(Algorithm::Argon2d, rest),
        ("scrypt", rest) => scrypt(rest),
        ("pbkdf2-sha256", rest) => pbkdf2(Algorithm::Pbkdf2Sha256, rest),
        ("pbkdf2-sha512", rest) => pbkdf2(Algorithm::Pbkdf2Sha512, rest),
        _ => None,
    }
}

/// The parts between the dollars: just so many.
fn parts<const N: usize>(text: &str) -> Option<[&str; N]> {
    let mut parts = text.split('$');
    let mut found = [""; N];
    for part in &mut found {
        *part = parts.next()?;
    }
    parts.next().is_none().then_some(found)
}

fn of(algorithm: Algorithm, parameters: DeriveParameters, salt: Vec<u8>, hash: Vec<u8>) -> Option<Stored> {
    let length = u32::try_from(hash.len()).ok()?;
    let costs = Costs { algorithm, parameters: DeriveParameters { length, ..parameters } };
    let whole = (16..=LONGEST_KEY).contains(&length) && (SHORTEST_SALT..=LONGEST_KEY as usize).contains(&salt.len());
    whole.then_some(Stored { pepper: None, costs, salt, hash })
}

fn argon2(algorithm: Algorithm, text: &str) -> Option<Stored> {
    let [version, costs, salt, hash] = parts(text)?;
    let [memory, passes, lanes] = parameters(costs, ["m", "t", "p"])
        .or_else(|| parameters(costs, ["m", "p", "t"]).map(|[memory, lanes, passes]| [memory, passes, lanes]))
        .filter(|_| version == "v=19")?;
    let parameters = DeriveParameters { memory, passes, lanes, ..DeriveParameters::default() };
    of(algorithm, parameters, from_b64(salt)?, from_b64(hash)?)
}

fn scrypt(text: &str) -> Option<Stored> {
    let [costs, salt, hash] = parts(text)?;
    let [ln, r, p] = parameters(costs, ["ln", "r", "p"])?;
    let parameters = DeriveParameters { ln, r, p, ..DeriveParameters::default() };
    of(Algorithm::Scrypt, parameters, from_b64(salt)?, from_b64(hash)?)
}

fn seeds_scrypt(text: &str) -> Option<Stored> {
    let [n, r, p, salt, hash] = parts(text)?;
    let [n, r, p] = [decimal(n)?, decimal(r)?, decimal(p)?];
    let parameters = DeriveParameters { ln: n.trailing_zeros(), r, p, ..DeriveParameters::default() };
    of(Algorithm::Scrypt, parameters, from_b64u(salt)?, from_b64u(hash)?).filter(|_| n.is_power_of_two())
}

fn pbkdf2(algorithm: Algorithm, text: &str) -> Option<Stored> {
    let [costs, salt, hash] = parts(text)?;
    let with = |iterations| DeriveParameters { iterations, ..DeriveParameters::default() };
    if let Some(rounds) = decimal(costs) {
        // passlib writes base64 with `.` in place of `+`.
        let from_ab64 = |text: &str| from_b64(&text.replace('.', "+")).filter(|_| !text.contains('+'));
        return of(algorithm, with(rounds), from_ab64(salt)?, from_ab64(hash)?);
    }
    let (salt, hash) = (from_b64(salt)?, from_b64(hash)?);
    if let Some([iterations]) = parameters(costs, ["i"]) {
        return of(algorithm, with(iterations), salt, hash);
    }
    let [iterations, length] = parameters(costs, ["i", "l"])?;
    of(algorithm, with(iterations), salt, hash).filter(|stored| stored.costs.parameters.length == length)
}

impl fmt::Display for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(pepper) = &self.pepper {
            write!(f, "$pepper${pepper}")?;
        }
        let DeriveParameters { memory, passes, lanes, cost, ln, r, p, iterations, .. } = self.costs.parameters;
        match self.costs.algorithm {
            Algorithm::Argon2id => write!(f, "$argon2id$v=19$m={memory},t={passes},p={lanes}")?,
            Algorithm::Argon2i => write!(f, "$argon2i$v=19$m={memory},t={passes},p={lanes}")?,
            Algorithm::Argon2d => write!(f, "$argon2d$v=19$m={memory},t={passes},p={lanes}")?,
            Algorithm::Bcrypt => return f.write_str(&bcrypt::write(cost, &self.salt, &self.hash)),
            Algorithm::Scrypt => write!(f, "$scrypt$ln={ln},r={r},p={p}")?,
            Algorithm::Pbkdf2Sha256 => write!(f, "$pbkdf2-sha256$i={iterations}")?,
            Algorithm::Pbkdf2Sha512 => write!(f, "$pbkdf2-sha512$i={iterations}")?,
        }
        write!(f, "${}${}", b64(&self.salt), b64(&self.hash))
    }
}

/// Bytes that are kept of a new hash.
pub(super) fn length_of(algorithm: Algorithm) -> u32 {
    if algorithm == Algorithm::Bcrypt { BCRYPT_LENGTH } else { 32 }
}
