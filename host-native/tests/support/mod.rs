//! An authorization server in memory, and a browser that walks through its pages.

#![allow(dead_code, reason = "each test file uses a part")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may fail"
)]

pub mod log;

use std::collections::BTreeMap;

use bytes::Bytes;
use claviger::commands::{AuthMethod, NewAccount, NewClient};
use claviger::stores::Store;
use claviger::{Builder, Claviger};
use http::header::{CONTENT_TYPE, COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use serde_json::Value;
use tower::ServiceExt;

pub const ISSUER: &str = "https://auth.example.com";
pub const CLIENT: &str = "app";
pub const REDIRECT_URI: &str = "https://app.example.com/callback";
pub const LOGIN: &str = "ada";
pub const PASSWORD: &str = "correct horse battery staple";

/// RFC 7636, appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub fn builder(store: impl Store) -> Builder {
    Claviger::builder(ISSUER)
        .secret("a secret of more than 32 characters, for tests 0123456789")
        .store(store)
        .scope("read", "See your things")
        .scope("write", "Change your things")
}

/// With a user and a public client.
pub async fn seeded(auth: Claviger) -> Claviger {
    let user = NewAccount { login: LOGIN.into(), password: Some(PASSWORD.into()), ..NewAccount::default() };
    auth.accounts().create(&user).await.unwrap();
    let client = NewClient {
        id: Some(CLIENT.into()),
        name: "Application".into(),
        redirect_uris: vec![REDIRECT_URI.into()],
        auth_method: AuthMethod::None,
        ..NewClient::default()
    };
    auth.clients().create(&client).await.unwrap();
    auth
}

pub async fn server(store: impl Store) -> Claviger {
    seeded(builder(store).build().unwrap()).await
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: http::HeaderMap,
    pub body: String,
}

impl Answer {
    async fn of(response: Response<Full<Bytes>>) -> Self {
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Self { status: head.status, headers: head.headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {} {}", self.status, self.body))
    }

    pub fn location(&self) -> &str {
        self.headers
            .get(LOCATION)
            .unwrap_or_else(|| panic!("no redirect: {} {}", self.status, self.body))
            .to_str()
            .unwrap()
    }
}

pub async fn send(auth: &Claviger, request: Request<Full<Bytes>>) -> Answer {
    Answer::of(auth.service().oneshot(request).await.unwrap()).await
}

pub fn get(path: &str) -> Request<Full<Bytes>> {
    Request::get(path).body(Full::default()).unwrap()
}

pub fn form(path: &str, fields: &[(&str, &str)]) -> Request<Full<Bytes>> {
    Request::post(path)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Full::from(encode(fields)))
        .unwrap()
}

pub fn encode(fields: &[(&str, &str)]) -> String {
    let escape = |text: &str| -> String {
        text.bytes()
            .map(
                |byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") },
            )
            .collect()
    };
    fields.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect::<Vec<_>>().join("&")
}

/// The value of a parameter in a URL's query.
pub fn parameter(url: &str, name: &str) -> Option<String> {
    let query = url.split_once('?')?.1;
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).map(str::to_owned)
}

/// A browser with a jar of cookies.
pub struct Browser<'a> {
    auth: &'a Claviger,
    cookies: BTreeMap<String, String>,
    issuer: &'a str,
    client: &'a str,
    redirect_uri: &'a str,
    password: &'a str,
}

impl<'a> Browser<'a> {
    pub fn new(auth: &'a Claviger) -> Self {
        let cookies = BTreeMap::new();
        Self { auth, cookies, issuer: ISSUER, client: CLIENT, redirect_uri: REDIRECT_URI, password: PASSWORD }
    }

    /// A browser that signs in to the binary's demo.
    pub fn of_demo(auth: &'a Claviger, issuer: &'a str, password: &'a str) -> Self {
        let redirect_uri = "http://127.0.0.1:8090/callback";
        Self { issuer, client: "demo", redirect_uri, password, ..Self::new(auth) }
    }

    pub fn cookie(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    async fn send(&mut self, mut request: Request<Full<Bytes>>) -> Answer {
        request.headers_mut().insert(COOKIE, self.cookie().parse().unwrap());
        if request.method() == Method::POST {
            request.headers_mut().insert(ORIGIN, self.issuer.parse().unwrap());
        }
        let answer = send(self.auth, request).await;
        for cookie in answer.headers.get_all(SET_COOKIE) {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.into(), rest.split(';').next().unwrap().into());
        }
        answer
    }

    /// Goes to a page of the server, and on for as long as it is sent on within the server.
    pub async fn go(&mut self, url: &str) -> Answer {
        let mut answer = self.send(get(self.path(url))).await;
        while answer.status.is_redirection() && answer.location().starts_with(self.issuer) {
            answer = self.send(get(self.path(answer.location()))).await;
        }
        answer
    }

    /// Fills in the last form of a page, and goes where that leads.
    pub async fn fill_in(&mut self, page: &Answer, fields: &[(&str, &str)]) -> Answer {
        let html = &page.body[page.body.rfind("<form").unwrap_or_else(|| panic!("no form: {}", page.body))..];
        let hidden = attribute(html, r#"name="interaction" value=""#);
        let mut all = vec![("interaction", hidden)];
        all.extend(fields);
        let answer = self.send(form(attribute(html, r#"action=""#), &all)).await;
        if answer.status.is_redirection() && answer.location().starts_with(self.issuer) {
            return self.go(answer.location()).await;
        }
        answer
    }

    /// Signs in and agrees; answers the code.
    pub async fn authorize(&mut self) -> String {
        let page = self.go(&self.authorization_url()).await;
        let page = self.fill_in(&page, &[("login", LOGIN), ("password", self.password)]).await;
        let back = self.fill_in(&page, &[("scope", "read"), ("decision", "allow")]).await;
        assert!(back.location().starts_with(self.redirect_uri), "{}", back.location());
        parameter(back.location(), "code").unwrap_or_else(|| panic!("no code: {}", back.location()))
    }

    fn authorization_url(&self) -> String {
        let query = encode(&[
            ("response_type", "code"),
            ("client_id", self.client),
            ("redirect_uri", self.redirect_uri),
            ("scope", "read"),
            ("state", "a-state"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            // So that each test meets the consent page, whatever it allowed before.
            ("prompt", "consent"),
        ]);
        format!("{}/authorize?{query}", self.issuer)
    }

    fn path<'u>(&self, url: &'u str) -> &'u str {
        url.strip_prefix(self.issuer).unwrap_or(url)
    }
}

pub async fn redeem(auth: &Claviger, code: &str) -> Answer {
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", CLIENT),
        ("redirect_uri", REDIRECT_URI),
        ("code", code),
        ("code_verifier", VERIFIER),
    ];
    send(auth, form("/token", &fields)).await
}

pub async fn refresh(auth: &Claviger, token: &str) -> Answer {
    let fields = [("grant_type", "refresh_token"), ("client_id", CLIENT), ("refresh_token", token)];
    send(auth, form("/token", &fields)).await
}

fn attribute<'a>(html: &'a str, before: &str) -> &'a str {
    let at = html.find(before).unwrap_or_else(|| panic!("no {before} in {html}")) + before.len();
    html[at..].split('"').next().unwrap()
}
