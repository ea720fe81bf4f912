//! The crate `openidconnect`, as Rust applications use it.
//!
//! `openidconnect.test.js` starts this with the scene as JSON. The address that a person has to go to is printed, and the one that
//! the browser came back to is read.

use std::error::Error;
use std::io::stdin;
use std::time::Duration;

use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata, CoreUserInfoClaims};
use openidconnect::url::Url;
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClientId, ClientSecret, CsrfToken, IssuerUrl, Nonce, OAuth2TokenResponse,
    PkceCodeChallenge, RedirectUrl, Scope, TokenResponse, ureq,
};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Scene {
    issuer: String,
    client: String,
    secret: String,
    redirect_uri: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    let about = std::env::args().nth(1).ok_or("the scene is missing")?;
    let scene: Scene = serde_json::from_str(&about)?;
    let http = ureq::AgentBuilder::new().redirects(0).build();
    let metadata = CoreProviderMetadata::discover(&IssuerUrl::new(scene.issuer.clone())?, &http)?;
    let secret = ClientSecret::new(scene.secret);
    let client = CoreClient::from_provider_metadata(metadata, ClientId::new(scene.client), Some(secret))
        .set_redirect_uri(RedirectUrl::new(scene.redirect_uri)?);

    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (address, state, nonce) = client
        .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
        .add_scope(Scope::new("email".into()))
        .set_pkce_challenge(challenge)
        .set_max_age(Duration::from_secs(300))
        .url();
    println!("{address}");
    let arrived = arrived()?;
    let parameter =
        |name: &str| arrived.query_pairs().find(|(one, _)| one == name).map(|(_, value)| value.into_owned());
    assert_eq!(parameter("state").as_ref(), Some(state.secret()));
    assert_eq!(parameter("iss"), Some(scene.issuer));
    let code = AuthorizationCode::new(parameter("code").ok_or("there is no code")?);
    let tokens = client.exchange_code(code)?.set_pkce_verifier(verifier).request(&http)?;

    let checking = client.id_token_verifier();
    let id_token = tokens.id_token().ok_or("there is no ID token")?;
    let claims = id_token.claims(&checking, &nonce)?;
    assert!(id_token.claims(&checking, &Nonce::new("another".into())).is_err());
    let (algorithm, key) = (id_token.signing_alg()?, id_token.signing_key(&checking)?);
    let hash = AccessTokenHash::from_token(tokens.access_token(), algorithm, key)?;
    assert_eq!(claims.access_token_hash(), Some(&hash));
    assert!(claims.auth_time().is_some());

    let person: CoreUserInfoClaims =
        client.user_info(tokens.access_token().clone(), Some(claims.subject().clone()))?.request(&http)?;
    assert_eq!(person.email().map(|email| email.as_str()), Some("ada@people.example"));
    assert_eq!(person.email_verified(), Some(true));

    let refresh = tokens.refresh_token().ok_or("there is no refresh token")?;
    let refreshed = client.exchange_refresh_token(refresh)?.request(&http)?;
    let again = refreshed.id_token().ok_or("there is no second ID token")?;
    // A refreshed ID token has no nonce (OpenID Connect Core section 12.2).
    let unasked = |nonce: Option<&Nonce>| nonce.map_or(Ok(()), |_| Err("it has a nonce".to_owned()));
    assert_eq!(again.claims(&checking, unasked)?.subject(), claims.subject());
    Ok(())
}

fn arrived() -> Result<Url, Box<dyn Error>> {
    let mut line = String::new();
    stdin().read_line(&mut line)?;
    Ok(Url::parse(line.trim())?)
}
