//! Derivation: by the host where it offers that, else inside the engine.

use ::scrypt::Params as ScryptParams;
use argon2::{Algorithm as Variant, Argon2, Params, Version};
use pbkdf2::pbkdf2_hmac;
use sha2::{Sha256, Sha512};
use zeroize::Zeroizing;

use super::Typed;
use super::bcrypt::bcrypt;
use super::costs::{Algorithm, Costs, LONGEST_KEY};
use super::pepper::{Secret, is_read_whole};
use crate::ask::{Answer, Ask, Derive, DeriveParameters};
use crate::config::Capability;
use crate::hash::{b64u, from_b64u};
use crate::host::Host;
use crate::refusal::{Fault, Stop};

/// A key of the costs' `length` bytes.
pub(super) async fn derive(
    host: &Host,
    costs: &Costs,
    secret: &Secret,
    salt: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Stop> {
    let Costs { algorithm, parameters } = *costs;
    if !host.config().offers(Capability::Derive) {
        return Ok(compute(costs, secret.bytes(), salt)?);
    }
    let secret = Typed::new(b64u(secret.bytes()));
    match host.ask(Ask::Derive(Derive { algorithm, parameters, secret, salt: b64u(salt) })).await {
        Answer::Derived(text) => {
            let derived = from_b64u(&text).filter(|bytes| bytes.len() == parameters.length as usize);
            Ok(Zeroizing::new(derived.ok_or(Fault::BadAnswer("a derive is answered with the bytes asked for"))?))
        }
        Answer::Busy(seconds) => Err(Fault::HostBusy(seconds).into()),
        Answer::Failed(why) => Err(Fault::HostFailed(why).into()),
        _ => Err(Fault::BadAnswer("a derive is answered with derived").into()),
    }
}

pub(super) fn compute(costs: &Costs, secret: &[u8], salt: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let DeriveParameters { cost, ln, r, p, iterations, length, .. } = costs.parameters;
    let mut out = Zeroizing::new(vec![0; length as usize]);
    match costs.algorithm {
        Algorithm::Argon2id => argon2(Variant::Argon2id, costs, secret, salt, &mut out)?,
        Algorithm::Argon2i => argon2(Variant::Argon2i, costs, secret, salt, &mut out)?,
        Algorithm::Argon2d => argon2(Variant::Argon2d, costs, secret, salt, &mut out)?,
        Algorithm::Bcrypt => {
            let salt = salt.try_into().map_err(|_| Fault::Cryptography("a bcrypt salt has 16 bytes"))?;
            out.iter_mut().zip(bcrypt(cost, salt, secret)).for_each(|(into, from)| *into = from);
        }
        Algorithm::Scrypt => u8::try_from(ln)
            .ok()
            .and_then(|ln| ScryptParams::new(ln, r, p).ok())
            .and_then(|parameters| ::scrypt::scrypt(secret, salt, &parameters, &mut out).ok())
            .ok_or(Fault::Cryptography("scrypt failed"))?,
        Algorithm::Pbkdf2Sha256 => pbkdf2_hmac::<Sha256>(secret, salt, iterations, &mut out),
        Algorithm::Pbkdf2Sha512 => pbkdf2_hmac::<Sha512>(secret, salt, iterations, &mut out),
    }
    Ok(out)
}

fn argon2(variant: Variant, costs: &Costs, secret: &[u8], salt: &[u8], out: &mut [u8]) -> Result<(), Fault> {
    let DeriveParameters { memory, passes, lanes, .. } = costs.parameters;
    let failed = |_| Fault::Cryptography("argon2 failed");
    let parameters = Params::new(memory, passes, lanes, Some(out.len())).map_err(failed)?;
    Argon2::new(variant, Version::V0x13, parameters).hash_password_into(secret, salt, out).map_err(failed)
}

/// Carries out the inside of a `derive` ask (JSON) and answers it (JSON): the module's `derive` export, for another thread.
#[must_use]
pub fn derive_json(ask: &[u8]) -> Vec<u8> {
    let derived = crate::json::read::<Derive>(ask).map_err(|_| "the ask cannot be read").and_then(|ask| {
        let costs = Costs { algorithm: ask.algorithm, parameters: ask.parameters };
        let (secret, salt) = (from_b64u(ask.secret.text()).map(Zeroizing::new), from_b64u(&ask.salt));
        match (secret, salt) {
            (Some(secret), Some(salt)) if costs.are_bounded() && is_usable(&costs, &secret, &salt) => {
                compute(&costs, &secret, &salt).map_err(|_| "the derivation failed")
            }
            _ => Err("the ask is out of bounds"),
        }
    });
    let answer = derived.map_or_else(|why| Answer::Failed(why.to_owned()), |bytes| Answer::Derived(b64u(&*bytes)));
    serde_json::to_vec(&answer).unwrap_or_default()
}

fn is_usable(costs: &Costs, secret: &[u8], salt: &[u8]) -> bool {
    match costs.algorithm {
        Algorithm::Bcrypt => is_read_whole(secret) && salt.len() == 16,
        _ => secret.len() <= 4096 && salt.len() <= LONGEST_KEY as usize,
    }
}
