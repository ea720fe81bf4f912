//! `claviger serve --demo`: everything that is needed to try it, made if it is not there.

use std::fs::OpenOptions;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;

use claviger::Claviger;
use claviger::commands::{AuthMethod, NewAccount, NewClient, NewPassword};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::failure::Failure;
use super::output::Output;
use super::secret::{fresh, fresh_password};
use super::settings::{Settings, StoreChoice};

/// The demo's secret and password, so that it is the same demo after a restart.
const MEMORY_FILE: &str = "claviger-demo.json";
const STORE_FILE: &str = "claviger-demo.db";

const LOGIN: &str = "ada";
const CLIENT: &str = "demo";
const REDIRECT_URI: &str = "http://127.0.0.1:8090/callback";

#[derive(Serialize, Deserialize)]
struct Remembered {
    secret: String,
    password: String,
}

/// What a person needs to know.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Demo<'a> {
    issuer: &'a str,
    login: &'static str,
    password: &'a str,
    client_id: &'static str,
    redirect_uri: &'static str,
}

pub(super) struct Prepared {
    password: String,
}

/// Fills in what is not configured. Everything that is stays as it is.
pub(super) fn prepare(settings: &mut Settings, address: SocketAddr) -> Result<Prepared, Failure> {
    let remembered = remember()?;
    let configuration = &mut settings.configuration;
    configuration.entry("issuer").or_insert_with(|| format!("http://{address}").into());
    configuration.entry("secret").or_insert_with(|| remembered.secret.into());
    configuration.entry("name").or_insert_with(|| "Claviger demo".into());
    configuration
        .entry("scopes")
        .or_insert_with(|| json!({ "read": "See your things", "write": "Change your things" }));
    settings.store.get_or_insert_with(|| StoreChoice::Sqlite(STORE_FILE.into()));
    Ok(Prepared { password: remembered.password })
}

/// Makes the user and the client, unless they are there, and says how to use them.
pub(super) async fn seed(auth: &Claviger, prepared: &Prepared, output: Output) -> Result<(), Failure> {
    let password = &prepared.password;
    match auth.accounts().find_by_login(LOGIN).await? {
        // The demo is gone on with: who is signed in stays so.
        Some(account) => drop(auth.accounts().set_password_as(&account.id, &NewPassword::Text(password), false).await?),
        None => drop(auth.accounts().create(&user(password)).await?),
    }
    if auth.clients().find(CLIENT).await?.is_none() {
        auth.clients().create(&client()).await?;
    }
    output.record(&Demo {
        issuer: auth.issuer(),
        login: LOGIN,
        password,
        client_id: CLIENT,
        redirect_uri: REDIRECT_URI,
    })
}

fn user(password: &str) -> NewAccount {
    let name = Some("Ada Lovelace".into());
    NewAccount { login: LOGIN.into(), password: Some(password.into()), name, ..NewAccount::default() }
}

fn client() -> NewClient {
    NewClient {
        id: Some(CLIENT.into()),
        name: "Sample application".into(),
        redirect_uris: vec![REDIRECT_URI.into()],
        scopes: Some(vec!["read".into(), "write".into()]),
        auth_method: AuthMethod::None,
        ..NewClient::default()
    }
}

fn remember() -> Result<Remembered, Failure> {
    let path = Path::new(MEMORY_FILE);
    if path.exists() {
        let text = std::fs::read_to_string(path).map_err(Failure::of(MEMORY_FILE))?;
        return serde_json::from_str(&text).map_err(Failure::of(MEMORY_FILE));
    }
    let remembered = Remembered { secret: fresh()?, password: fresh_password()? };
    let text = serde_json::to_string(&remembered).map_err(Failure::of(MEMORY_FILE))?;
    let file = private(OpenOptions::new().write(true).create_new(true)).open(path);
    file.and_then(|mut file| writeln!(file, "{text}")).map_err(Failure::of(MEMORY_FILE))?;
    Ok(remembered)
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600)
}

#[cfg(not(unix))]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}
