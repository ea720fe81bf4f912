//! The commands `seals.seal` and `seals.unseal`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Fresh, Password, Unsealed, seal, unseal};
use crate::host::Host;
use crate::redacted::redacted_debug;
use crate::refusal::Refusal;
use crate::time::Seconds;

/// The most that is sealed or unsealed, in bytes.
const LONGEST: usize = 65_536;
/// iron-session's own bound.
const SHORTEST_PASSWORD: usize = 32;
const LONGEST_PASSWORD: usize = 1024;
const MOST_PASSWORDS: usize = 8;
/// How long a seal opens when nothing is said: iron-session's own default.
const USUAL_LIFETIME: Seconds = Seconds(14 * 86_400);
const LONGEST_LIFETIME: Seconds = Seconds(3650 * 86_400);

/// Passwords by their ids: the one with the highest seals, all open.
type Passwords = BTreeMap<String, String>;

/// `seals.seal`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Seal {
    pub data: Box<RawValue>,
    pub passwords: Passwords,
    /// 0: without an end.
    #[serde(default)]
    pub ttl: Option<Seconds>,
}

/// `seals.unseal`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Unseal {
    pub seal: String,
    pub passwords: Passwords,
}

redacted_debug!(Seal Unseal);

#[derive(Serialize)]
pub(crate) struct Sealed {
    seal: String,
}

#[derive(Serialize)]
pub(crate) struct Data {
    data: Box<RawValue>,
}

/// No trip.
pub(crate) fn seal_data(host: &Host, ask: &Seal) -> Result<Sealed, Refusal> {
    check(&ask.passwords)?;
    let ttl = ask.ttl.unwrap_or(USUAL_LIFETIME);
    if ttl > LONGEST_LIFETIME {
        return Err(Refusal::InvalidArgument("ttl: at most 3650 days; 0 for a seal without an end"));
    }
    let data = ask.data.get().as_bytes();
    if data.len() > LONGEST {
        return Err(Refusal::InvalidArgument("data: at most 64 kB as JSON"));
    }
    let newest = ask.passwords.iter().max_by_key(|(id, _)| id.parse::<u32>().ok());
    let (id, secret) = newest.ok_or(NO_PASSWORDS)?;
    let expires = (ttl.0 > 0).then(|| ttl.after(host.now()));
    let random = host.random();
    let fresh =
        Fresh { salt: random.bytes("seal salt"), iv: random.bytes("seal iv"), mac_salt: random.bytes("seal salt") };
    Ok(Sealed { seal: seal(data, Password { id, secret }, expires, &fresh) })
}

/// No trip. What is over, of another password or changed is no error: its data is empty, as if nobody had been here before.
pub(crate) fn unseal_data(host: &Host, ask: &Unseal) -> Result<Data, Refusal> {
    const FOREIGN: Refusal = Refusal::InvalidArgument("seal: it was not made by iron-session");
    check(&ask.passwords)?;
    if ask.seal.len() > 2 * LONGEST {
        return Err(Refusal::InvalidArgument("seal: at most 128 kB"));
    }
    let empty = || RawValue::from_string("{}".to_owned()).map_err(|_| FOREIGN);
    let data = match unseal(&ask.seal, |id| ask.passwords.get(id).map(String::as_str), host.now()) {
        Unsealed::Foreign => return Err(FOREIGN),
        Unsealed::Nothing => empty()?,
        Unsealed::Data { json, .. } if json.is_empty() || json == b"null" => empty()?,
        Unsealed::Data { json, is_wrapped: false } => crate::json::read(&json).map_err(|_| FOREIGN)?,
        Unsealed::Data { json, is_wrapped: true } => {
            let mut data: BTreeMap<String, Box<RawValue>> = crate::json::read(&json).map_err(|_| FOREIGN)?;
            data.remove("persistent").filter(|data| data.get().starts_with('{')).map_or_else(empty, Ok)?
        }
    };
    Ok(Data { data })
}

const NO_PASSWORDS: Refusal = Refusal::InvalidArgument("passwords: from 1 to 8, by whole numbers");

fn check(passwords: &Passwords) -> Result<(), Refusal> {
    let is_id =
        |id: &String| id.len() <= 9 && id.bytes().all(|byte| byte.is_ascii_digit()) && id.parse::<u32>().is_ok();
    if !(1..=MOST_PASSWORDS).contains(&passwords.len()) || !passwords.keys().all(is_id) {
        return Err(NO_PASSWORDS);
    }
    if !passwords.values().all(|secret| (SHORTEST_PASSWORD..=LONGEST_PASSWORD).contains(&secret.encode_utf16().count()))
    {
        return Err(Refusal::InvalidArgument("passwords: each from 32 to 1024 characters"));
    }
    Ok(())
}
