use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::World;

/// RFC 7636 appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// RFC 7636 appendix B.
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A browser with a cookie jar.
#[derive(Clone, Debug, Default)]
pub struct Browser {
    cookies: BTreeMap<String, String>,
}

impl Browser {
    /// A browser that was never here.
    pub fn new() -> Self {
        Self::default()
    }

    /// The `Cookie` header it sends.
    pub fn cookie_header(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    /// The command for a GET.
    pub fn get_command(&self, path: &str) -> Value {
        json!({ "http": { "method": "GET", "url": address(path), "headers": [["cookie", self.cookie_header()]] } })
    }

    /// The command for a form's POST from one of the engine's own pages.
    pub fn post_command(&self, path: &str, body: &str) -> Value {
        let headers = json!([
            ["cookie", self.cookie_header()],
            ["content-type", "application/x-www-form-urlencoded"],
            ["origin", "null"],
            ["sec-fetch-site", "same-origin"]
        ]);
        json!({ "http": { "method": "POST", "url": address(path), "headers": headers, "body": body } })
    }

    /// Keeps the cookies of a response.
    pub fn keep(&mut self, response: &Value) {
        for header in response["headers"].as_array().into_iter().flatten().filter(|header| header[0] == "set-cookie") {
            let pair = header[1].as_str().unwrap_or_default().split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// GETs a path or an address of the issuer.
    pub fn get(&mut self, world: &mut World, path: &str) -> Value {
        let response = world.ok(self.get_command(path));
        self.keep(&response);
        response
    }

    /// POSTs a form.
    pub fn post(&mut self, world: &mut World, path: &str, body: &str) -> Value {
        let response = world.ok(self.post_command(path, body));
        self.keep(&response);
        response
    }

    /// Goes to the authorization endpoint and returns the interaction's handle.
    pub fn begin(&mut self, world: &mut World, query: &str) -> String {
        let response = self.get(world, &format!("/authorize?{query}"));
        location_parameter(&response, "interaction").unwrap_or_else(|| panic!("no interaction in {response}"))
    }

    /// Signs in on the built-in page.
    pub fn sign_in(&mut self, world: &mut World, interaction: &str, login: &str, password: &str) -> Value {
        self.post(world, "/sign-in", &form(&[("interaction", interaction), ("login", login), ("password", password)]))
    }

    /// Allows these scopes on the built-in page.
    pub fn allow(&mut self, world: &mut World, interaction: &str, scopes: &[&str]) -> Value {
        let mut fields = vec![("interaction", interaction), ("decision", "allow")];
        fields.extend(scopes.iter().map(|scope| ("scope", *scope)));
        self.post(world, "/consent", &form(&fields))
    }
}

fn address(path: &str) -> String {
    if path.contains("://") { path.to_owned() } else { format!("{}{path}", World::ISSUER) }
}

/// Fields as a form.
pub fn form(fields: &[(&str, &str)]) -> String {
    let encoded = |text: &str| {
        text.bytes()
            .map(|byte| {
                if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            })
            .collect::<String>()
    };
    fields.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect::<Vec<_>>().join("&")
}

/// An `Authorization` header of a client.
pub fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

/// A parameter of a response's `Location`.
pub fn location_parameter(response: &Value, name: &str) -> Option<String> {
    let headers = response["headers"].as_array()?;
    let location = headers.iter().find(|header| header[0] == "location")?[1].as_str()?;
    parameter(location, name)
}

/// A parameter of an address's query, decoded.
pub fn parameter(address: &str, name: &str) -> Option<String> {
    let query = address.split_once('?')?.1;
    let value = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    let mut bytes = Vec::new();
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                u8::from_str_radix(&format!("{}{}", char::from(rest.next()?), char::from(rest.next()?)), 16).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}
