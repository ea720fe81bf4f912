//! Passwords: argon2id (RFC 9106) in PHC strings, derived by the host where it offers that, else inside the engine.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use zeroize::Zeroizing;

use crate::ask::{Answer, Ask, Derive, DeriveParameters};
use crate::config::{Capability, PasswordCosts};
use crate::hash::{b64u, from_b64u, same};
use crate::host::Host;
use crate::refusal::{Fault, Refusal, Stop};

/// Bytes of a derived key.
const LENGTH: u32 = 32;
/// Passwords are counted in characters; a longer one is refused before any work.
const LONGEST: usize = 512;
/// The longest key that is derived, in bytes.
const LONGEST_KEY: u32 = 64;

struct Phc {
    parameters: DeriveParameters,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

/// The PHC string of a new password.
pub(super) async fn hash(host: &Host, password: &str) -> Result<String, Stop> {
    if !(8..=LONGEST).contains(&password.chars().count()) {
        return Err(Refusal::InvalidArgument("password: from 8 to 512 characters").into());
    }
    let parameters = configured(host);
    let salt: [u8; 16] = host.random().bytes("password salt");
    let hash = derive(host, parameters, password, &salt).await?;
    let DeriveParameters { memory, passes, lanes, .. } = parameters;
    let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash));
    Ok(format!("$argon2id$v=19$m={memory},t={passes},p={lanes}${salt}${hash}"))
}

/// Whether the password is the stored one. Without a stored one the same work is done, and the answer is no.
pub(super) async fn verify(host: &Host, stored: Option<&str>, password: &str) -> Result<bool, Stop> {
    if password.chars().count() > LONGEST {
        return Ok(false);
    }
    let (phc, known) = match stored.map(Phc::parse) {
        Some(Some(phc)) => (phc, true),
        Some(None) => return Err(Fault::bad_row("its password hash is not one the engine knows").into()),
        None => (Phc { parameters: configured(host), salt: vec![0; 16], hash: vec![0; 32] }, false),
    };
    let derived = derive(host, phc.parameters, password, &phc.salt).await?;
    Ok(same(&derived, &phc.hash) & known)
}

fn configured(host: &Host) -> DeriveParameters {
    let costs = host.config().password;
    DeriveParameters { memory: costs.memory, passes: costs.passes, lanes: costs.lanes, length: LENGTH }
}

impl Phc {
    /// `$argon2id$v=19$m=..,t=..,p=..$salt$hash`, within the ceilings.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix("$argon2id$v=19$")?.split('$');
        let (costs, salt, hash) = (parts.next()?, parts.next()?, parts.next()?);
        let mut costs = costs.split(',');
        let mut cost = |name: &str| costs.next()?.strip_prefix(name)?.parse::<u32>().ok();
        let (memory, passes, lanes) = (cost("m=")?, cost("t=")?, cost("p=")?);
        let (salt, hash) = (STANDARD_NO_PAD.decode(salt).ok()?, STANDARD_NO_PAD.decode(hash).ok()?);
        let length = u32::try_from(hash.len()).ok()?;
        let parameters = DeriveParameters { memory, passes, lanes, length };
        let bounded = is_bounded(parameters) && length >= 16 && (8..=64).contains(&salt.len());
        let whole = parts.next().is_none();
        (bounded && whole).then_some(Self { parameters, salt, hash })
    }
}

/// What a stored PHC string, or whoever asks for a derivation, may make the engine spend: no more than a configuration may.
fn is_bounded(DeriveParameters { memory, passes, lanes, length }: DeriveParameters) -> bool {
    let most = PasswordCosts::MOST;
    memory <= most.memory && passes <= most.passes && lanes <= most.lanes && length <= LONGEST_KEY
}

async fn derive(
    host: &Host,
    parameters: DeriveParameters,
    password: &str,
    salt: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Stop> {
    if !host.config().offers(Capability::Derive) {
        return Ok(argon2id(&parameters, password.as_bytes(), salt)?);
    }
    let ask = Derive { algorithm: "argon2id".into(), parameters, secret: b64u(password), salt: b64u(salt) };
    match host.ask(Ask::Derive(ask)).await {
        Answer::Derived(text) => {
            let derived = from_b64u(&text).filter(|bytes| bytes.len() == parameters.length as usize);
            Ok(Zeroizing::new(derived.ok_or(Fault::BadAnswer("a derive is answered with the bytes asked for"))?))
        }
        Answer::Failed(why) => Err(Fault::HostFailed(why).into()),
        _ => Err(Fault::BadAnswer("a derive is answered with derived").into()),
    }
}

fn argon2id(parameters: &DeriveParameters, secret: &[u8], salt: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let length = parameters.length as usize;
    let costs = Params::new(parameters.memory, parameters.passes, parameters.lanes, Some(length))
        .map_err(|_| Fault::Cryptography("argon2id parameters are out of bounds"))?;
    let mut out = Zeroizing::new(vec![0; length]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, costs)
        .hash_password_into(secret, salt, &mut out)
        .map_err(|_| Fault::Cryptography("argon2id failed"))?;
    Ok(out)
}

/// Carries out the inside of a `derive` ask (JSON) and answers it (JSON): the module's `derive` export, for another thread.
#[must_use]
pub fn derive_json(ask: &[u8]) -> Vec<u8> {
    let derived = crate::json::read::<Derive>(ask).map_err(|_| "the ask cannot be read").and_then(|ask| {
        let bounded = ask.algorithm == "argon2id" && is_bounded(ask.parameters);
        let (secret, salt) = (from_b64u(&ask.secret), from_b64u(&ask.salt));
        match (bounded, secret, salt) {
            (true, Some(secret), Some(salt)) => {
                argon2id(&ask.parameters, &Zeroizing::new(secret), &salt).map_err(|_| "argon2id failed")
            }
            _ => Err("the ask is out of bounds"),
        }
    });
    let answer = derived.map_or_else(|why| Answer::Failed(why.to_owned()), |bytes| Answer::Derived(b64u(&*bytes)));
    serde_json::to_vec(&answer).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phc_bomb_is_no_hash() {
        let rest = "$c29tZXNhbHRzb21lc2FsdA$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        assert!(Phc::parse(&format!("$argon2id$v=19$m=19456,t=2,p=1{rest}")).is_some());
        for costs in [
            "m=4294967295,t=2,p=1",
            "m=19456,t=4000000000,p=1",
            "m=19456,t=2,p=99",
            "m=19456,t=2",
            "t=2,m=19456,p=1",
            "",
        ] {
            assert!(Phc::parse(&format!("$argon2id$v=19${costs}{rest}")).is_none(), "{costs}");
        }
        assert!(Phc::parse("$argon2i$v=19$m=19456,t=2,p=1$x$y").is_none());
    }

    #[test]
    fn derive_is_argon2id_as_the_reference_tool_computes_it() {
        // argon2 "password" with salt "somesalt", -id -t 2 -k 65536 -p 1 -l 32 (the reference's own test).
        let ask = r#"{"algorithm":"argon2id","parameters":{"memory":65536,"passes":2,"lanes":1,"length":32},"secret":"cGFzc3dvcmQ","salt":"c29tZXNhbHQ"}"#;
        let expected = b64u([
            0x09, 0x31, 0x61, 0x15, 0xd5, 0xcf, 0x24, 0xed, 0x5a, 0x15, 0xa3, 0x1a, 0x3b, 0xa3, 0x26, 0xe5, 0xcf, 0x32,
            0xed, 0xc2, 0x47, 0x02, 0x98, 0x7c, 0x02, 0xb6, 0x56, 0x6f, 0x61, 0x91, 0x3c, 0xf7,
        ]);
        assert_eq!(String::from_utf8(derive_json(ask.as_bytes())).unwrap(), format!("{{\"derived\":\"{expected}\"}}"));
    }

    #[test]
    fn an_unreadable_or_excessive_derive_is_answered_failed() {
        for ask in [
            "",
            "{}",
            r#"{"algorithm":"argon2id","parameters":{"memory":7168,"passes":1,"lanes":5,"length":32},"secret":"cGFzc3dvcmQ","salt":"c29tZXNhbHQ"}"#,
            r#"{"algorithm":"md5","parameters":{"memory":8,"passes":1,"lanes":1,"length":32},"secret":"","salt":""}"#,
        ] {
            assert!(String::from_utf8(derive_json(ask.as_bytes())).unwrap().starts_with("{\"failed\""));
        }
    }
}
