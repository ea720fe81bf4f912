//! `claviger users`.

use clap::{Args, Subcommand};
use claviger::Claviger;
use claviger::commands::{Account, AccountChange, NewAccount, NewPassword};
use serde::Serialize;

use super::failure::Failure;
use super::output::Output;
use super::pages::all;
use super::password::{Password, PasswordSource};

const COLUMNS: [&str; 5] = ["id", "login", "name", "disabled", "createdAt"];

const EXAMPLES: &str = "\
Make a user, and type the password:
  claviger users create ada --name 'Ada Lovelace'

The same from a script:
  CLAVIGER_PASSWORD=... claviger users create ada
  claviger users create ada --generate --json
";

#[derive(Debug, Subcommand)]
#[command(after_long_help = EXAMPLES)]
pub(super) enum UsersCommand {
    /// Make a user
    Create(Create),
    /// List all users
    List,
    /// Show a user
    Show(Who),
    /// Refuse a user to sign in
    Disable(Who),
    /// Let a user sign in again
    Enable(Who),
    /// Set a user's password
    SetPassword(SetPassword),
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// What the user signs in with
    login: String,
    /// What pages call the user
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    password: PasswordSource,
}

#[derive(Debug, Args)]
pub(super) struct Who {
    /// The user's login or id
    user: String,
}

#[derive(Debug, Args)]
pub(super) struct SetPassword {
    #[command(flatten)]
    who: Who,
    #[command(flatten)]
    password: PasswordSource,
}

pub(super) async fn run(auth: &Claviger, command: UsersCommand, output: Output) -> Result<(), Failure> {
    match command {
        UsersCommand::Create(create) => {
            let password = create.password.read()?;
            let (text, login, name) = (Some(password.text.clone()), create.login, create.name);
            let (password_text, password_hash) = if password.hashed { (None, text) } else { (text, None) };
            let account = NewAccount { login, password: password_text, password_hash, name, ..NewAccount::default() };
            shown_once(auth.accounts().create(&account).await?, password, output)
        }
        UsersCommand::List => output.table(&all(async |paging| auth.accounts().list(&paging).await).await?, &COLUMNS),
        UsersCommand::Show(Who { user }) => output.record(&find(auth, &user).await?),
        UsersCommand::Disable(Who { user }) => output.record(&set_disabled(auth, &user, true).await?),
        UsersCommand::Enable(Who { user }) => output.record(&set_disabled(auth, &user, false).await?),
        UsersCommand::SetPassword(SetPassword { who: Who { user }, password }) => {
            let account = find(auth, &user).await?;
            let password = password.read()?;
            let new =
                if password.hashed { NewPassword::Hash(&password.text) } else { NewPassword::Text(&password.text) };
            let account = auth.accounts().set_password_as(&account.id, &new, true).await?;
            // Its owner is signed out: the applications learn of it before the process ends.
            auth.settled().await;
            shown_once(account, password, output)
        }
    }
}

/// Finds a user by login, or else by id.
pub(super) async fn find(auth: &Claviger, user: &str) -> Result<Account, Failure> {
    if let Some(account) = auth.accounts().find_by_login(user).await? {
        return Ok(account);
    }
    auth.accounts().find(user).await?.ok_or_else(|| Failure::not_found("user", user, "users list"))
}

async fn set_disabled(auth: &Claviger, user: &str, disabled: bool) -> Result<Account, Failure> {
    let id = find(auth, user).await?.id;
    let change = AccountChange { disabled: Some(disabled), ..AccountChange::default() };
    let account = auth.accounts().update(&id, &change).await?;
    // The applications learn of it before the process ends.
    auth.settled().await;
    Ok(account)
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    account: Account,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<String>,
}

/// The account, and its password if nobody knows it yet.
fn shown_once(account: Account, password: Password, output: Output) -> Result<(), Failure> {
    output.record(&Shown { account, password: password.generated.then_some(password.text) })
}
