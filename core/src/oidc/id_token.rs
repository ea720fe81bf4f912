//! ID tokens (OpenID Connect Core section 2): who signed in, when and how, for one client.

use serde::Serialize;

use super::{claims, is_openid, subject};
use crate::account::{self, Subject};
use crate::client::Client;
use crate::config::Config;
use crate::grant::Grant;
use crate::hash::b64u;
use crate::host::Host;
use crate::key::Algorithm;
use crate::key::set::KeySet;
use crate::refusal::{Fault, Stop};
use crate::time::numeric_date;

/// The `typ` of an ID token.
pub(super) const TYPE: &str = "JWT";

/// What is to be told to the client with its tokens, decided before they are made.
pub(crate) struct Telling<'a> {
    client: &'a Client,
    /// Of the person, beside what the engine says.
    claims: claims::Claims,
    nonce: Option<&'a str>,
}

/// Sections 2 and 3.1.3.6.
#[derive(Serialize)]
struct IdTokenClaims<'a> {
    iss: &'a str,
    sub: String,
    aud: &'a str,
    azp: &'a str,
    exp: u64,
    iat: u64,
    auth_time: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    amr: &'a [String],
    /// Back-channel logout, section 2.1.
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
    at_hash: String,
    #[serde(flatten)]
    of_person: &'a claims::Claims,
}

impl<'a> Telling<'a> {
    /// `None`: the token that is issued is none of a sign-in. `nonce` is told with a code's tokens alone (section 12.2). The host is
    /// asked for claims only where the ID token holds some.
    pub(crate) async fn of(
        host: &Host,
        client: &'a Client,
        grant: &Grant,
        serial: u32,
        person: &Subject,
        nonce: Option<&'a str>,
    ) -> Result<Option<Self>, Stop> {
        let openid = host.config().openid.as_ref().zip(grant.openid.as_ref()).zip(grant.access_token(serial));
        let Some(((openid, sign_in), token)) = openid else { return Ok(None) };
        let scopes = token.scopes.pick(&grant.scopes);
        if token.exchanged.is_some() || !is_openid(&scopes) {
            return Ok(None);
        }
        let of_scopes: &[String] = if openid.claims_in_id_token { &scopes } else { &[] };
        let names = claims::names(host.config(), of_scopes.iter(), &sign_in.claims.id_token);
        let claims = account::claims(host, person, &names).await?;
        Ok(Some(Self { client, claims, nonce }))
    }

    /// The ID token that goes with this access token.
    pub(crate) async fn sign(
        &self,
        host: &Host,
        keys: &KeySet,
        grant: &Grant,
        access_token: &str,
    ) -> Result<String, Stop> {
        let config = host.config();
        let algorithm = algorithm(config, self.client);
        let sign_in = grant.openid.as_deref();
        let told = IdTokenClaims {
            iss: &config.issuer.text,
            sub: subject::sub(config, self.client, &grant.subject),
            aud: &self.client.id,
            azp: &self.client.id,
            exp: numeric_date(config.lifetimes.id_token.after(host.now())),
            iat: numeric_date(host.now()),
            auth_time: numeric_date(grant.auth_time),
            nonce: self.nonce,
            acr: sign_in.and_then(|sign_in| sign_in.acr.as_deref()),
            amr: sign_in.map_or(&[], |sign_in| &sign_in.methods),
            sid: (!grant.session_id.is_empty()).then(|| subject::sid(&self.client.id, &grant.session_id)),
            at_hash: half_hash(algorithm, access_token),
            of_person: &self.claims,
        };
        let told = serde_json::to_vec(&told).map_err(|_| Fault::Cryptography("claims cannot be written"))?;
        Ok(keys.sign_by(host, Some(algorithm), TYPE, &told).await?)
    }
}

/// What the client registered, if that is still offered, or the usual one.
pub(super) fn algorithm(config: &Config, client: &Client) -> Algorithm {
    let chosen = client.openid.id_token_alg.filter(|chosen| config.signs_with(*chosen));
    let usual = config.signing.host_keys.first().map_or(config.signing.algorithm, |key| key.algorithm);
    chosen.unwrap_or(usual)
}

/// `at_hash` (section 3.1.3.6): the left half of the digest that belongs to the algorithm, which is SHA-512 for Ed25519.
fn half_hash(algorithm: Algorithm, text: &str) -> String {
    let digest = algorithm.hash().digest(&[text.as_bytes()]);
    b64u(digest.split_at(digest.len() / 2).0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_hash_is_the_left_half_of_the_digest_of_the_algorithm() {
        // OpenID Connect Core appendix A.3.
        let token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
        assert_eq!(half_hash(Algorithm::RS256, token), "77QmUPtjPfzWtF2AnpK9RQ");
        assert_eq!(half_hash(Algorithm::EdDSA, token).len(), 43);
    }
}
