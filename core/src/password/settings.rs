//! What the configuration says of passwords, its bounds and defaults.

use serde::Deserialize;

use super::costs::{Algorithm, Costs, MOST_WORK};
use super::pepper::{self, Pepper};
use super::stored::{Stored, length_of};
use crate::ask::DeriveParameters;
use crate::config::ensure;
use crate::refusal::Fault;

/// `password` as it is written. Costs of another algorithm than the named one are refused.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Written {
    algorithm: Algorithm,
    memory: Option<u32>,
    passes: Option<u32>,
    lanes: Option<u32>,
    cost: Option<u32>,
    ln: Option<u32>,
    r: Option<u32>,
    p: Option<u32>,
    iterations: Option<u32>,
    shortest: Option<usize>,
    #[serde(deserialize_with = "pepper::read")]
    peppers: Vec<Pepper>,
    legacy: Vec<Self>,
}

/// How passwords are made and checked.
#[derive(Debug)]
pub(crate) struct Passwords {
    /// Of new hashes.
    pub(super) costs: Costs,
    /// Those of hashes that were imported, and that an attempt is to cost as well.
    legacy: Vec<Costs>,
    /// In characters, of new ones.
    pub(crate) shortest: usize,
    /// The current one first.
    pub(super) peppers: Vec<Pepper>,
}

impl Written {
    /// Checked against the bounds of the table in `config`.
    pub(crate) fn checked(self) -> Result<Passwords, Fault> {
        let costs = self.costs();
        check_costs(&costs)?;
        let shortest = self.shortest.unwrap_or(8);
        ensure((8..=64).contains(&shortest), "password.shortest: from 8 to 64 characters")?;
        pepper::check(&self.peppers)?;
        let plain = |other: &Self| other.shortest.is_none() && other.peppers.is_empty() && other.legacy.is_empty();
        let legacy: Vec<Costs> = self.legacy.iter().map(Self::costs).collect();
        ensure(
            legacy.len() <= 2 && self.legacy.iter().all(plain) && legacy.iter().all(Costs::are_bounded),
            "password.legacy: at most 2, each an algorithm with its costs, no dearer than new hashes may be",
        )?;
        Ok(Passwords { costs, legacy, shortest, peppers: self.peppers })
    }

    fn costs(&self) -> Costs {
        let mut usual = DeriveParameters { length: length_of(self.algorithm), ..DeriveParameters::default() };
        match self.algorithm {
            // OWASP's second choice for argon2id, and its choices for the others.
            Algorithm::Argon2id | Algorithm::Argon2i | Algorithm::Argon2d => {
                (usual.memory, usual.passes, usual.lanes) = (19_456, 2, 1);
            }
            Algorithm::Bcrypt => usual.cost = 12,
            Algorithm::Scrypt => (usual.ln, usual.r, usual.p) = (17, 8, 1),
            Algorithm::Pbkdf2Sha256 => usual.iterations = 600_000,
            Algorithm::Pbkdf2Sha512 => usual.iterations = 210_000,
        }
        let parameters = DeriveParameters {
            memory: self.memory.unwrap_or(usual.memory),
            passes: self.passes.unwrap_or(usual.passes),
            lanes: self.lanes.unwrap_or(usual.lanes),
            cost: self.cost.unwrap_or(usual.cost),
            ln: self.ln.unwrap_or(usual.ln),
            r: self.r.unwrap_or(usual.r),
            p: self.p.unwrap_or(usual.p),
            iterations: self.iterations.unwrap_or(usual.iterations),
            length: usual.length,
        };
        Costs { algorithm: self.algorithm, parameters }
    }
}

/// The costs of new hashes: bounded, and not too cheap.
fn check_costs(costs: &Costs) -> Result<(), Fault> {
    let DeriveParameters { memory, passes, lanes, cost, ln, r, p, iterations, .. } = costs.parameters;
    match costs.algorithm {
        Algorithm::Argon2id => {
            ensure((7168..=1_048_576).contains(&memory), "password.memory: from 7168 to 1048576 KiB")?;
            ensure((1..=16).contains(&passes), "password.passes: from 1 to 16")?;
            ensure((1..=4).contains(&lanes), "password.lanes: from 1 to 4")?;
            let work = u64::from(memory) * u64::from(passes);
            ensure(work <= MOST_WORK, "password.memory: times password.passes at most 4194304")?;
        }
        Algorithm::Bcrypt => ensure((10..=16).contains(&cost), "password.cost: from 10 to 16")?,
        Algorithm::Scrypt => {
            ensure((14..=20).contains(&ln), "password.ln: from 14 to 20")?;
            ensure((8..=32).contains(&r), "password.r: from 8 to 32")?;
            ensure((1..=16).contains(&p), "password.p: from 1 to 16")?;
            let only = Costs { parameters: DeriveParameters { ln, r, p, ..length_alone(costs) }, ..*costs };
            ensure(only.are_bounded(), "password.ln: at most 1 GiB with password.r, and 4 GiB with password.p")?;
        }
        Algorithm::Pbkdf2Sha256 => {
            ensure((100_000..=10_000_000).contains(&iterations), "password.iterations: from 100000 to 10000000")?;
        }
        Algorithm::Argon2i | Algorithm::Argon2d | Algorithm::Pbkdf2Sha512 => {
            ensure(false, "password.algorithm: argon2id, bcrypt, scrypt or pbkdf2-sha256")?;
        }
    }
    ensure(costs.are_bounded(), "password: no costs of another algorithm than password.algorithm")
}

fn length_alone(costs: &Costs) -> DeriveParameters {
    DeriveParameters { length: costs.parameters.length, ..DeriveParameters::default() }
}

impl Passwords {
    pub(super) fn pepper(&self, id: &str) -> Option<&Pepper> {
        self.peppers.iter().find(|pepper| pepper.id == id)
    }

    /// Whether a new hash is better than this one.
    pub(super) fn is_behind(&self, stored: &Stored) -> bool {
        stored.is_behind(&self.costs, self.peppers.first().map(|pepper| pepper.id.as_str()))
    }

    /// What every attempt costs.
    pub(super) fn attempt(&self) -> impl Iterator<Item = &Costs> {
        std::iter::once(&self.costs).chain(&self.legacy)
    }
}
