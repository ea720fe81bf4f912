//! Seals as iron-session 8 makes them (iron-webcrypto, `Fe26.2`), for applications that come from there and keep their cookies:
//!
//! ```text
//!   Fe26.2 * password id * salt * iv * AES-256-CBC * expiry * salt of the HMAC * HMAC-SHA-256 of all before it ~2
//! ```
//! Both keys are PBKDF2-HMAC-SHA-1 of the password in one iteration: as strong as the password, and no stronger. New cookies are better
//! sealed by the engine's own secrets (`sessions.form`).

mod commands;

use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};

pub use commands::{Seal, Unseal};
pub(crate) use commands::{seal_data, unseal_data};

use crate::hash::{Bytes32, b64u, from_b64u, hmac, same};
use crate::time::{Millis, Seconds};

const PREFIX: &str = "Fe26.2";
/// What iron-session 8 puts behind its seals; those of its first versions have nothing there.
const VERSION: &str = "~2";
/// How far clocks may be apart.
const SKEW: Seconds = Seconds(60);

/// A password, and what it is called in a seal.
#[derive(Clone, Copy)]
struct Password<'a> {
    id: &'a str,
    secret: &'a str,
}

/// What is fresh in each seal.
struct Fresh {
    salt: Bytes32,
    iv: [u8; 16],
    mac_salt: Bytes32,
}

/// What came out of a seal.
#[derive(Debug, PartialEq, Eq)]
enum Unsealed {
    Data {
        json: Vec<u8>,
        /// Of the first versions, whose data is the member `persistent`.
        is_wrapped: bool,
    },
    /// It is over, another password's, or was changed: as good as no seal.
    Nothing,
    /// It is no seal at all, or sealed by something else.
    Foreign,
}

/// `expires`: `None` for a seal without an end.
fn seal(data: &[u8], password: Password<'_>, expires: Option<Millis>, fresh: &Fresh) -> String {
    let salt = hex(&fresh.salt);
    let key = derive(password.secret, &salt);
    let sealed = cbc::Encryptor::<aes::Aes256>::new(&key.into(), &fresh.iv.into()).encrypt_padded_vec::<Pkcs7>(data);
    let expires = expires.map(|expires| expires.to_string()).unwrap_or_default();
    let signed = format!("{PREFIX}*{}*{salt}*{}*{}*{expires}", password.id, b64u(fresh.iv), b64u(sealed));
    let mac_salt = hex(&fresh.mac_salt);
    let mac = mac(password.secret, &mac_salt, &signed);
    format!("{signed}*{mac_salt}*{mac}{VERSION}")
}

/// `find` gives the password with an id.
fn unseal<'a>(seal: &str, find: impl FnOnce(&str) -> Option<&'a str>, now: Millis) -> Unsealed {
    let (seal, version) = match seal.split_once('~') {
        Some((seal, version)) => (seal, version.split('~').next()),
        None => (seal, None),
    };
    let parts: Vec<&str> = seal.split('*').collect();
    let [prefix, id, salt, iv, sealed, expires, mac_salt, signature] = parts[..] else { return Unsealed::Nothing };
    if prefix != PREFIX || !expires.bytes().all(|byte| byte.is_ascii_digit()) {
        return Unsealed::Foreign;
    }
    if !expires.is_empty() && SKEW.after(expires.parse().unwrap_or(Millis::MAX)) <= now {
        return Unsealed::Nothing;
    }
    let Some(secret) = find(if id.is_empty() { "default" } else { id }) else { return Unsealed::Nothing };
    let signed = seal.get(..seal.len() - mac_salt.len() - signature.len() - 2).unwrap_or_default();
    if !same(mac(secret, mac_salt, signed).as_bytes(), signature.as_bytes()) {
        return Unsealed::Nothing;
    }
    match decrypt(secret, salt, iv, sealed) {
        Some(json) => Unsealed::Data { json, is_wrapped: version != Some("2") },
        None => Unsealed::Foreign,
    }
}

fn decrypt(secret: &str, salt: &str, iv: &str, sealed: &str) -> Option<Vec<u8>> {
    let iv: [u8; 16] = from_b64u(iv)?.try_into().ok()?;
    let key = derive(secret, salt);
    let cipher = cbc::Decryptor::<aes::Aes256>::new(&key.into(), &iv.into());
    cipher.decrypt_padded_vec::<Pkcs7>(&from_b64u(sealed)?).ok()
}

/// Of all that is before it.
fn mac(secret: &str, salt: &str, signed: &str) -> String {
    b64u(hmac(&derive(secret, salt), &[signed.as_bytes()]))
}

/// The text of the salt is what counts, not the bytes that it stands for.
fn derive(secret: &str, salt: &str) -> Bytes32 {
    pbkdf2::pbkdf2_hmac_array::<sha1::Sha1, 32>(secret.as_bytes(), salt.as_bytes(), 1)
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
#[allow(clippy::string_slice, reason = "a test may panic")]
mod tests {
    use super::*;
    use serde_json::Value;

    const SECRET: &str = "the first password of all, 32 characters or more";
    const NOW: Millis = 1_790_000_000_000;

    fn password() -> Password<'static> {
        Password { id: "1", secret: SECRET }
    }

    fn fresh() -> Fresh {
        Fresh { salt: [1; 32], iv: [2; 16], mac_salt: [3; 32] }
    }

    fn find(id: &str) -> Option<&'static str> {
        (id == "1").then_some(SECRET)
    }

    fn sealed(data: &str) -> String {
        seal(data.as_bytes(), password(), Some(NOW + 1000), &fresh())
    }

    /// Made by the packages themselves: core/tests/vectors/iron-session.json says which.
    #[test]
    fn h14_what_iron_session_sealed_is_unsealed() {
        let vectors: Value = serde_json::from_str(include_str!("../../tests/vectors/iron-session.json")).unwrap();
        let now = vectors["now"].as_u64().unwrap();
        for vector in vectors["seals"].as_array().unwrap() {
            let find = |id: &str| vector["passwords"][id].as_str();
            let Unsealed::Data { json, is_wrapped } = unseal(vector["seal"].as_str().unwrap(), find, now) else {
                panic!("{vector}");
            };
            let data: Value = serde_json::from_slice(&json).unwrap();
            assert_eq!(if is_wrapped { &data["persistent"] } else { &data }, &vector["data"], "{vector}");
        }
    }

    #[test]
    fn h14_a_seal_has_the_parts_of_the_format() {
        let seal = sealed("{}");
        let parts: Vec<&str> = seal.split('*').collect();
        assert_eq!((parts.len(), parts[0], parts[1], parts[2].len(), parts[3].len()), (8, "Fe26.2", "1", 64, 22));
        assert_eq!((parts[4].len(), parts[5], parts[6].len()), (22, "1790000001000", 64));
        assert!(parts[7].len() == 45 && parts[7].ends_with("~2"));
        for length in [0, 1, 15, 16, 17, 4000] {
            let data = "x".repeat(length);
            let json = data.clone().into_bytes();
            assert_eq!(unseal(&sealed(&data), find, NOW), Unsealed::Data { json, is_wrapped: false });
        }
    }

    #[test]
    fn h14_a_seal_is_over_a_minute_after_its_time() {
        let seal = sealed("{}");
        assert_ne!(unseal(&seal, find, NOW + 60_999), Unsealed::Nothing);
        assert_eq!(unseal(&seal, find, NOW + 61_000), Unsealed::Nothing);
        let endless = super::seal(b"{}", password(), None, &fresh());
        assert_ne!(unseal(&endless, find, Millis::MAX), Unsealed::Nothing);
    }

    #[test]
    fn se_005_a_seal_that_is_changed_anywhere_gives_nothing() {
        let seal = sealed(r#"{"admin":false}"#);
        let signed = seal.len() - VERSION.len();
        for at in 0..signed {
            let other = if &seal[at..=at] == "A" { "B" } else { "A" };
            let bent = format!("{}{other}{}", &seal[..at], &seal[at + 1..]);
            assert!(!matches!(unseal(&bent, find, NOW), Unsealed::Data { .. }), "{bent}");
            assert!(!matches!(unseal(&seal[..at], find, NOW), Unsealed::Data { .. }), "{at}");
        }
        for bad in ["", "~2", "*******", "Fe26.2*******~2", "Fe26.1*1*a*b*c**d*e~2", &seal.replacen("*1*", "*2*", 1)] {
            assert!(!matches!(unseal(bad, find, NOW), Unsealed::Data { .. }), "{bad}");
        }
    }
}
