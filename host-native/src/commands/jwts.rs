//! The application's own JWTs.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Algorithm;
use crate::claviger::Claviger;
use crate::engine::EngineError;
use crate::error::Error;
use crate::verified_tokens::VerifiedTokens;

impl Claviger {
    /// Your application's own JWTs: signed with the keys of this issuer, verified under a policy, taken back by their `jti`.
    #[must_use]
    pub fn jwts(&self) -> Jwts<'_> {
        Jwts(self)
    }
}

/// Commands on JWTs.
#[derive(Debug, Clone, Copy)]
pub struct Jwts<'a>(&'a Claviger);

/// How a JWT is made. By default: for this issuer, for as long as [`Lifetime::Jwt`](crate::Lifetime::Jwt), of the type `app+jwt`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewJwt {
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in: Option<u64>,
    audience: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    typ: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    algorithm: Option<Algorithm>,
}

impl NewJwt {
    /// How long it lives, in whole seconds: [`Lifetime::Jwt`](crate::Lifetime::Jwt) at most.
    #[must_use]
    pub fn expires_in(self, life: Duration) -> Self {
        Self { expires_in: Some(life.as_secs()), ..self }
    }

    /// Whom it is for; may be said of several.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience.push(audience.into());
        self
    }

    /// What kind of token it is: never that of another kind, such as `at+jwt`.
    #[must_use]
    pub fn typ(self, typ: impl Into<String>) -> Self {
        Self { typ: Some(typ.into()), ..self }
    }

    /// What it is signed with. [`Keys::rotate`](super::Keys::rotate) makes the first key of an algorithm.
    #[must_use]
    pub fn algorithm(self, algorithm: Algorithm) -> Self {
        Self { algorithm: Some(algorithm), ..self }
    }
}

/// A JWT that was signed.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SignedJwt {
    /// The token.
    pub token: String,
    /// What it is taken back by.
    pub jti: String,
    /// Milliseconds since 1970.
    pub expires_at: u64,
}

impl std::fmt::Debug for SignedJwt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SignedJwt({})", self.jti)
    }
}

/// What a JWT must be. By default as [`Jwts::sign`] makes it when nothing is said.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct JwtPolicy(serde_json::Map<String, Value>);

impl JwtPolicy {
    /// Of this issuer, for this issuer, of the type `app+jwt`.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// `iss`, byte for byte.
    #[must_use]
    pub fn issuer(self, issuer: impl Into<String>) -> Self {
        self.with("issuer", issuer.into().into())
    }

    /// `aud` must have this, or another that is said too, byte for byte.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        let several = self.0.entry("audience").or_insert_with(|| json!([]));
        if let Value::Array(several) = several {
            several.push(audience.into().into());
        }
        self
    }

    /// What kind of token it must be.
    #[must_use]
    pub fn typ(self, typ: impl Into<String>) -> Self {
        self.with("typ", typ.into().into())
    }

    /// `iss`, `aud` or `typ` is not looked at. Such a token may have been made for another purpose.
    #[must_use]
    pub fn any(self, which: AnyOf) -> Self {
        let member = match which {
            AnyOf::Issuer => "issuer",
            AnyOf::Audience => "audience",
            AnyOf::Type => "typ",
        };
        self.with(member, Value::Null)
    }

    /// With this algorithm, or another that is said too. HS256, HS384 and HS512 are to be said: others may have the secret.
    #[must_use]
    pub fn algorithm(mut self, algorithm: Algorithm) -> Self {
        let several = self.0.entry("algorithms").or_insert_with(|| json!([]));
        if let Value::Array(several) = several {
            several.push(json!(algorithm));
        }
        self
    }

    /// A claim that must be there, beside `exp`.
    #[must_use]
    pub fn required(mut self, claim: impl Into<String>) -> Self {
        let several = self.0.entry("required").or_insert_with(|| json!(["exp"]));
        if let Value::Array(several) = several {
            several.push(claim.into().into());
        }
        self
    }

    /// How far clocks may be apart: at most ten minutes.
    #[must_use]
    pub fn leeway(self, leeway: Duration) -> Self {
        self.with("leeway", leeway.as_secs().into())
    }

    /// How long ago it may have been made, by its `iat`.
    #[must_use]
    pub fn max_age(self, age: Duration) -> Self {
        self.with("maxAge", age.as_secs().into())
    }

    /// A token that was denied is refused: a trip to the store.
    #[must_use]
    pub fn not_denied(self) -> Self {
        self.with("revocation", "check".into())
    }

    /// Another issuer's keys (RFC 7517 section 5), in place of this one's: say [`JwtPolicy::issuer`] too.
    #[must_use]
    pub fn jwks(self, jwks: Value) -> Self {
        self.with("jwks", jwks)
    }

    /// The https address of another issuer's keys, fetched and kept as long as it says, from a minute to a day: needs a [`Fetch`](crate::services::Fetch).
    #[must_use]
    pub fn jwks_uri(self, uri: impl Into<String>) -> Self {
        self.with("jwksUri", uri.into().into())
    }

    fn with(mut self, member: &str, value: Value) -> Self {
        self.0.insert(member.to_owned(), value);
        self
    }
}

/// What a policy may leave open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AnyOf {
    /// `iss`.
    Issuer,
    /// `aud`.
    Audience,
    /// `typ`.
    Type,
}

/// A JWT that is as its reader wants it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct VerifiedJwt<T> {
    /// What it says.
    pub claims: T,
    /// Its header: `alg`, and perhaps `kid` and `typ`.
    pub header: serde_json::Map<String, Value>,
}

/// What verifies many tokens, as [`Jwts::verifier`] makes it. Clones share what they know.
pub struct JwtVerifier<T> {
    auth: Claviger,
    policy: JwtPolicy,
    known: Arc<VerifiedTokens<VerifiedJwt<T>>>,
}

impl<T> Clone for JwtVerifier<T> {
    fn clone(&self) -> Self {
        Self { auth: self.auth.clone(), policy: self.policy.clone(), known: Arc::clone(&self.known) }
    }
}

impl<T> std::fmt::Debug for JwtVerifier<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JwtVerifier").field("policy", &self.policy).finish_non_exhaustive()
    }
}

impl<T: DeserializeOwned> JwtVerifier<T> {
    /// As [`Jwts::verify`].
    ///
    /// # Errors
    /// As [`Jwts::verify`].
    pub async fn verify(&self, token: &str) -> Result<Arc<VerifiedJwt<T>>, Error> {
        let host = &self.auth.inner().host;
        let (now, withdrawals) = (host.clock.now(), host.withdrawals.load(Ordering::SeqCst));
        if let Some(found) = self.known.find(token, now, withdrawals) {
            return Ok(found);
        }
        let VerifiedJwt { claims, header } = self.auth.jwts().verify::<Value>(token, &self.policy).await?;
        let end = self.policy.end_of(&claims);
        let claims = serde_json::from_value(claims).map_err(|error| EngineError::Contract(error.to_string()))?;
        let verified = Arc::new(VerifiedJwt { claims, header });
        if !self.policy.looks_for_denials() {
            // What was verified before a withdrawal may be of the key that was withdrawn: it is kept as of before.
            self.known.keep(token, Arc::clone(&verified), (now, end), withdrawals);
        }
        Ok(verified)
    }
}

impl JwtPolicy {
    fn looks_for_denials(&self) -> bool {
        self.0.get("revocation").is_some_and(|it| it == "check")
    }

    /// When a token of these claims is over for this reader, in milliseconds since 1970.
    fn end_of(&self, claims: &Value) -> u64 {
        let seconds = |member: &str| self.0.get(member).and_then(Value::as_u64);
        let time = |name: &str| claims.get(name).and_then(Value::as_f64).map(|time| time as u64);
        let by_age = seconds("maxAge").and_then(|age| Some(time("iat")?.saturating_add(age)));
        let ends = [time("exp"), by_age].into_iter().flatten();
        let leeway = seconds("leeway").unwrap_or(0);
        ends.map(|end| end.saturating_add(leeway).saturating_mul(1000)).min().unwrap_or(u64::MAX)
    }
}

impl Jwts<'_> {
    /// Signs claims, beside which the engine says `iss`, `aud`, `iat`, `exp` and `jti`. No trip to the store while the keys are remembered.
    ///
    /// # Errors
    /// `invalid_argument`, and faults.
    pub async fn sign(&self, claims: &impl Serialize, how: &NewJwt) -> Result<SignedJwt, Error> {
        #[derive(Serialize)]
        struct Sign<'a, T> {
            claims: &'a T,
            #[serde(flatten)]
            how: &'a NewJwt,
        }
        self.0.command("jwts.sign", &Sign { claims, how }).await
    }

    /// What a token says, if it is as the policy wants it.
    ///
    /// # Errors
    /// `invalid_token`, whose message is the same whatever is wrong and whose [`reason`](crate::Problem::reason) is for your log;
    /// `invalid_argument`, and faults, also when the claims are no `T`.
    pub async fn verify<T: DeserializeOwned>(&self, token: &str, policy: &JwtPolicy) -> Result<VerifiedJwt<T>, Error> {
        let mut ask = policy.0.clone();
        ask.insert("token".to_owned(), token.into());
        self.0.command("jwts.verify", &ask).await
    }

    /// [`Jwts::verify`] for many tokens under one policy: one that was verified in the last minute, and is not over, is not verified again,
    /// unless a key was withdrawn here. Nothing is kept with [`JwtPolicy::not_denied`]. Make it once, beside the server.
    #[must_use]
    pub fn verifier<T>(&self, policy: JwtPolicy) -> JwtVerifier<T> {
        JwtVerifier { auth: self.0.clone(), policy, known: Arc::default() }
    }

    /// Takes a token back: whoever verifies it with [`JwtPolicy::not_denied`] refuses it from now on. `false` when it is over already.
    ///
    /// # Errors
    /// `invalid_token` when it is none of this issuer, or has no `jti` and `exp`, and faults.
    pub async fn deny(&self, token: &str) -> Result<bool, Error> {
        self.denied("jwts.deny", json!({ "token": token })).await
    }

    /// The same of a token that is not at hand; `expires_at` in milliseconds since 1970.
    ///
    /// # Errors
    /// `invalid_argument`, and faults.
    pub async fn deny_jti(&self, jti: &str, expires_at: u64) -> Result<bool, Error> {
        self.denied("jwts.deny", json!({ "jti": jti, "expiresAt": expires_at })).await
    }

    /// Takes a denial back; answers whether there was one.
    ///
    /// # Errors
    /// `invalid_argument`, and faults.
    pub async fn allow(&self, jti: &str) -> Result<bool, Error> {
        #[derive(Deserialize)]
        struct Allowed {
            allowed: bool,
        }
        let Allowed { allowed } = self.0.command("jwts.allow", &json!({ "jti": jti })).await?;
        Ok(allowed)
    }

    /// Whether a token is denied now.
    ///
    /// # Errors
    /// `invalid_argument`, and faults.
    pub async fn is_denied(&self, jti: &str) -> Result<bool, Error> {
        self.denied("jwts.isDenied", json!({ "jti": jti })).await
    }

    async fn denied(&self, command: &str, ask: Value) -> Result<bool, Error> {
        #[derive(Deserialize)]
        struct Denied {
            denied: bool,
        }
        let Denied { denied } = self.0.command(command, &ask).await?;
        Ok(denied)
    }
}
