//! `claviger keys`, where files and other systems come in.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use claviger::Claviger;
use claviger::commands::{Algorithm, Key, KeyPair};
use claviger::stores::Memory;
use serde_json::{Value, json};

use super::arguments::variable;
use super::failure::Failure;
use super::output::Output;
use super::secret;

/// Where a key for another system goes.
#[derive(Debug, Args)]
pub(super) struct Elsewhere {
    /// Print a key set for another system, and keep it nowhere
    #[arg(long)]
    print: bool,
    /// Write private-key.pem and public-key.pem there for another system, and keep them nowhere else
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Elsewhere {
    /// Neither settings nor a store are needed then.
    pub(super) fn is_meant(&self) -> bool {
        self.print || self.out.is_some()
    }

    pub(super) async fn make(&self, algorithm: Algorithm, output: Output) -> Result<(), Failure> {
        let nowhere = Claviger::builder("http://localhost").secret(secret::fresh()?).store(Memory::new()).build()?;
        let pair = nowhere.keys().pair(algorithm).await?;
        match &self.out {
            Some(folder) => output.record(&write_files(folder, &pair)?),
            None => output.text(&key_set(pair)?),
        }
    }
}

/// The key set that other systems read.
fn key_set(pair: KeyPair) -> Result<String, Failure> {
    let mut private = pair.private_jwk;
    private.insert("use".into(), "sig".into());
    let public: Vec<Value> = pair.public_jwk.into_iter().map(Value::Object).collect();
    let set = json!({ "active_kid": pair.kid, "private_keys": [private], "public_keys": public });
    serde_json::to_string_pretty(&set).map_err(Failure::of("no output"))
}

/// Where the files are, by the names that their readers look for in the environment.
fn write_files(folder: &Path, pair: &KeyPair) -> Result<Value, Failure> {
    let (Some(private), Some(public)) = (&pair.private_pem, &pair.public_pem) else {
        let help = "See `claviger keys generate --help`.";
        return Err(Failure::new("mistyped", "a symmetric key has no PEM: use --print", help));
    };
    let paths = (folder.join("private-key.pem"), folder.join("public-key.pem"));
    let written = fs::create_dir_all(folder)
        .and_then(|()| for_me_alone(&paths.0)?.write_all(private.as_bytes()))
        .and_then(|()| File::create_new(&paths.1)?.write_all(public.as_bytes()));
    written.map_err(|why| {
        let message = format!("the key files cannot be written: {why}");
        Failure::new("failed", message, "A file that is there is left as it is.")
    })?;
    Ok(json!({ "JWT_PRIVATE_KEY": paths.0, "JWT_PUBLIC_KEY": paths.1 }))
}

/// A new file that only its owner reads.
fn for_me_alone(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Brings along a PEM, a JWK, or a key set as `keys generate --print` prints it, whose active key signs from now on.
pub(super) async fn import(
    auth: &Claviger,
    typed: Option<PathBuf>,
    algorithm: Option<Algorithm>,
    activate: bool,
) -> Result<Vec<Key>, Failure> {
    const NAME_ONE: &str = "Name a file with a PEM of PKCS #8, or a JWK.";
    let named = typed.or_else(|| variable("JWT_PRIVATE_KEY").map(PathBuf::from));
    let file = named.ok_or(Failure::new("mistyped", "keys import needs <FILE>, or JWT_PRIVATE_KEY", NAME_ONE))?;
    let content = fs::read_to_string(&file)
        .map_err(|why| Failure::new("failed", format!("the key cannot be read: {why}"), NAME_ONE))?;
    let keys = auth.keys();
    if !content.trim_start().starts_with('{') {
        return Ok(vec![keys.import_pem(content.trim(), algorithm, activate).await?]);
    }
    let read: Value = serde_json::from_str(&content)
        .map_err(|_| Failure::new("failed", format!("{} is no JSON", file.display()), NAME_ONE))?;
    let Some(several) = read.get("private_keys").and_then(Value::as_array) else {
        return Ok(vec![keys.import_jwk(&read, algorithm, activate).await?]);
    };
    let mut imported = Vec::new();
    for jwk in several {
        let is_active = jwk.get("kid").is_some() && jwk.get("kid") == read.get("active_kid");
        imported.push(keys.import_jwk(jwk, algorithm, activate || is_active).await?);
    }
    Ok(imported)
}
