use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha1::Sha1;

use crate::World;
use crate::setting::text;

/// An authenticator app on somebody's telephone (RFC 6238, with SHA-1 and six digits).
#[derive(Clone, Debug)]
pub struct Authenticator {
    key: Vec<u8>,
}

impl Authenticator {
    /// Takes the key that `factors.beginTotp` or a page shows.
    pub fn with(secret: &str) -> Self {
        let mut bits = String::new();
        for letter in secret.bytes().filter(u8::is_ascii_alphanumeric) {
            let value = if letter.is_ascii_digit() { letter - b'2' + 26 } else { letter.to_ascii_uppercase() - b'A' };
            bits += &format!("{value:05b}");
        }
        let byte = |bits: &[u8]| u8::from_str_radix(&String::from_utf8_lossy(bits), 2).unwrap_or_default();
        Self { key: bits.as_bytes().chunks_exact(8).map(byte).collect() }
    }

    /// Adds an app for this person, confirmed with the code of now: the app, and the recovery codes.
    pub fn confirmed(world: &mut World, subject: &str) -> (Self, Vec<String>) {
        let begun = world.ok(json!({ "factors.beginTotp": { "subject": subject } }));
        let app = Self::with(text(&begun["secret"]));
        let code = app.code(world.now);
        let confirm = json!({ "subject": subject, "id": begun["id"], "code": code });
        world.ok(json!({ "factors.confirmTotp": confirm }));
        // Those that came with the confirmation may be lost on the way.
        let given = world.ok(json!({ "factors.regenerateRecoveryCodes": { "subject": subject } }));
        let codes = given["recoveryCodes"].as_array().into_iter().flatten();
        (app, codes.map(|code: &Value| text(code).to_owned()).collect())
    }

    /// What it shows at this instant (milliseconds).
    pub fn code(&self, now: u64) -> String {
        let mut mac = Hmac::<Sha1>::new_from_slice(&self.key).unwrap_or_else(|error| panic!("{error}"));
        mac.update(&(now / 30_000).to_be_bytes());
        let digest = mac.finalize().into_bytes();
        let at = usize::from(digest[19] & 15);
        let number = u32::from_be_bytes([digest[at] & 0x7f, digest[at + 1], digest[at + 2], digest[at + 3]]);
        format!("{:06}", number % 1_000_000)
    }
}
