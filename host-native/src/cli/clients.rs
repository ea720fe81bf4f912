//! `claviger clients`.

use clap::{Args, Subcommand, ValueEnum};
use claviger::Claviger;
use claviger::commands::{
    AccessTokenFormat, AuthMethod, Client, ClientChange, ClientWithSecret, NewClient, OpenIdClient,
};
use serde_json::Value;

use super::failure::Failure;
use super::openid::OpenId;
use super::output::Output;
use super::pages::all;

const COLUMNS: [&str; 6] = ["id", "name", "origin", "authMethod", "disabled", "createdAt"];

const EXAMPLES: &str = "\
An application with a server, which can keep a secret:
  claviger clients create --name 'My app' --redirect-uri https://app.example.com/callback

An application in a browser or on a phone, which cannot:
  claviger clients create --name 'My app' --redirect-uri https://app.example.com/callback --auth-method none

An API of yours, which asks this server about the tokens that it is shown:
  claviger clients create --name 'My API' --resource https://api.example.com

Give a client a new secret, and let the old one work for a day:
  claviger clients rotate-secret CLIENT --overlap 86400
";

#[derive(Debug, Subcommand)]
#[command(after_long_help = EXAMPLES)]
pub(super) enum ClientsCommand {
    /// Register a client; its secret is shown once
    Create(Create),
    /// List all clients
    List,
    /// Show a client
    Show(Id),
    /// Change a client
    Update(Update),
    /// Refuse a client everything
    Disable(Id),
    /// Let a client work again
    Enable(Id),
    /// Remove a client for good
    Delete(Id),
    /// Give a client a new secret, which is shown once
    RotateSecret(RotateSecret),
}

#[derive(Debug, Args)]
pub(super) struct Id {
    /// The client's id
    id: String,
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// What people are shown
    #[arg(long)]
    name: String,
    /// Where browsers may be sent back to, compared byte for byte; may be repeated
    #[arg(long = "redirect-uri", value_name = "URL")]
    redirect_uris: Vec<String>,
    /// What it may ask for; may be repeated [default: all that is configured]
    #[arg(long = "scope")]
    scopes: Option<Vec<String>>,
    /// How it may ask, or client_credentials, or a URN; may be repeated [default: authorization_code and refresh_token]
    #[arg(long = "grant-type")]
    grant_types: Option<Vec<String>>,
    /// How it proves who it is
    #[arg(long, default_value = "client_secret_basic")]
    auth_method: Method,
    /// What its access tokens look like
    #[arg(long, default_value = "jwt")]
    access_token: Format,
    /// Whether it gets only tokens that are bound to its key (RFC 9449)
    #[arg(long, value_name = "BOOL", default_value_t = false, action = clap::ArgAction::Set)]
    dpop_bound: bool,
    /// A file with its public keys (RFC 7517 section 5), for private_key_jwt
    #[arg(long, value_name = "FILE", value_parser = jwks)]
    jwks: Option<Value>,
    /// The https address where it publishes its keys, instead
    #[arg(long, value_name = "URL")]
    jwks_uri: Option<String>,
    /// The only algorithm of its assertions
    #[arg(long, value_name = "ALGORITHM")]
    auth_signing_alg: Option<String>,
    /// A resource that it serves, and may introspect tokens for; may be repeated
    #[arg(long = "resource", value_name = "URL")]
    resources: Vec<String>,
    /// A resource for which it may exchange the tokens that it receives; may be repeated
    #[arg(long = "exchange-for", value_name = "URL")]
    exchange_for: Vec<String>,
    /// Whether it must push its authorization requests (RFC 9126)
    #[arg(long, value_name = "BOOL", default_value_t = false, action = clap::ArgAction::Set)]
    require_par: bool,
    #[command(flatten)]
    openid: OpenId,
    /// An id of your choice
    #[arg(long)]
    id: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Update {
    /// The client's id
    id: String,
    /// What people are shown
    #[arg(long)]
    name: Option<String>,
    /// Where browsers may be sent back to, in place of all from before; may be repeated
    #[arg(long = "redirect-uri", value_name = "URL")]
    redirect_uris: Option<Vec<String>>,
    /// What it may ask for, in place of all from before; may be repeated
    #[arg(long = "scope")]
    scopes: Option<Vec<String>>,
    /// How it may ask, in place of all from before; may be repeated
    #[arg(long = "grant-type")]
    grant_types: Option<Vec<String>>,
    /// What its access tokens look like
    #[arg(long)]
    access_token: Option<Format>,
    /// Whether it gets only tokens that are bound to its key (RFC 9449)
    #[arg(long, value_name = "BOOL")]
    dpop_bound: Option<bool>,
    /// A file with its public keys, in place of those from before (RFC 7517 section 5)
    #[arg(long, value_name = "FILE", value_parser = jwks)]
    jwks: Option<Value>,
    /// The https address where it publishes its keys, instead
    #[arg(long, value_name = "URL")]
    jwks_uri: Option<String>,
    /// The only algorithm of its assertions
    #[arg(long, value_name = "ALGORITHM")]
    auth_signing_alg: Option<String>,
    /// A resource that it serves, in place of all from before; may be repeated
    #[arg(long = "resource", value_name = "URL")]
    resources: Option<Vec<String>>,
    /// A resource for which it may exchange the tokens that it receives, in place of all from before; may be repeated
    #[arg(long = "exchange-for", value_name = "URL")]
    exchange_for: Option<Vec<String>>,
    /// Whether it must push its authorization requests (RFC 9126)
    #[arg(long, value_name = "BOOL")]
    require_par: Option<bool>,
    #[command(flatten)]
    openid: OpenId,
}

#[derive(Debug, Args)]
pub(super) struct RotateSecret {
    /// The client's id
    id: String,
    /// How many seconds the old secret still works
    #[arg(long, default_value_t = 0)]
    overlap: u64,
}

/// The names of RFC 7591 section 2.
#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Method {
    None,
    ClientSecretBasic,
    ClientSecretPost,
    PrivateKeyJwt,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Jwt,
    Opaque,
}

impl From<Method> for AuthMethod {
    fn from(method: Method) -> Self {
        match method {
            Method::None => Self::None,
            Method::ClientSecretBasic => Self::ClientSecretBasic,
            Method::ClientSecretPost => Self::ClientSecretPost,
            Method::PrivateKeyJwt => Self::PrivateKeyJwt,
        }
    }
}

impl From<Format> for AccessTokenFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Jwt => Self::Jwt,
            Format::Opaque => Self::Opaque,
        }
    }
}

fn jwks(file: &str) -> Result<Value, String> {
    let text = std::fs::read(file).map_err(|error| error.to_string())?;
    serde_json::from_slice(&text).map_err(|error| error.to_string())
}

pub(super) async fn run(auth: &Claviger, command: ClientsCommand, output: Output) -> Result<(), Failure> {
    let clients = auth.clients();
    match command {
        ClientsCommand::Create(create) => shown_once(&clients.create(&create.into()).await?, output),
        ClientsCommand::List => output.table(&all(async |paging| clients.list(&paging).await).await?, &COLUMNS),
        ClientsCommand::Show(Id { id }) => match clients.find(&id).await? {
            Some(client) => output.record(&client),
            None => Err(Failure::not_found("client", &id, "clients list")),
        },
        ClientsCommand::Update(update) => {
            let known = if update.openid.says_something() { clients.find(&update.id).await? } else { None };
            let (id, change) = update.into_change(known.map(|known| known.openid));
            output.record(&clients.update(&id, &change).await?)
        }
        ClientsCommand::Disable(Id { id }) => output.record(&set_disabled(auth, &id, true).await?),
        ClientsCommand::Enable(Id { id }) => output.record(&set_disabled(auth, &id, false).await?),
        ClientsCommand::Delete(Id { id }) => match clients.delete(&id).await? {
            true => output.line("deleted"),
            false => Err(Failure::not_found("client", &id, "clients list")),
        },
        ClientsCommand::RotateSecret(RotateSecret { id, overlap }) => {
            shown_once(&clients.rotate_secret(&id, overlap).await?, output)
        }
    }
}

async fn set_disabled(auth: &Claviger, id: &str, disabled: bool) -> Result<Client, Failure> {
    let change = ClientChange { disabled: Some(disabled), ..ClientChange::default() };
    Ok(auth.clients().update(id, &change).await?)
}

/// The client's members, and its secret beside them.
fn shown_once(created: &ClientWithSecret, output: Output) -> Result<(), Failure> {
    let mut record = serde_json::to_value(&created.client).map_err(Failure::of("no output"))?;
    if let (Some(members), Some(secret)) = (record.as_object_mut(), &created.secret) {
        members.insert("secret".into(), secret.as_str().into());
    }
    output.record(&record)
}

impl From<Create> for NewClient {
    fn from(create: Create) -> Self {
        Self {
            name: create.name,
            redirect_uris: create.redirect_uris,
            scopes: create.scopes,
            grant_types: create.grant_types,
            auth_method: create.auth_method.into(),
            access_token: create.access_token.into(),
            dpop_bound_access_tokens: create.dpop_bound,
            jwks: create.jwks,
            jwks_uri: create.jwks_uri,
            auth_signing_alg: create.auth_signing_alg,
            resources: create.resources,
            exchange_for: create.exchange_for,
            require_pushed_authorization_requests: create.require_par,
            id: create.id,
            openid: create.openid.over(OpenIdClient::default()),
        }
    }
}

impl Update {
    /// `known` is what the client is told of people now, where that is to change.
    fn into_change(self, known: Option<OpenIdClient>) -> (String, ClientChange) {
        let change = ClientChange {
            name: self.name,
            redirect_uris: self.redirect_uris,
            scopes: self.scopes,
            grant_types: self.grant_types,
            access_token: self.access_token.map(Into::into),
            dpop_bound_access_tokens: self.dpop_bound,
            jwks: self.jwks,
            jwks_uri: self.jwks_uri,
            auth_signing_alg: self.auth_signing_alg,
            resources: self.resources,
            exchange_for: self.exchange_for,
            require_pushed_authorization_requests: self.require_par,
            openid: known.map(|known| self.openid.over(known)),
            ..ClientChange::default()
        };
        (self.id, change)
    }
}
