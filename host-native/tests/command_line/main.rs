//! The binary as people and scripts meet it.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

mod pats;
#[path = "../support/mod.rs"]
mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use claviger::Claviger;
use claviger::stores::Sqlite;
use serde_json::Value;
use support::{Browser, encode};
use tempfile::TempDir;

const SECRET: &str = "a secret of more than 32 characters, for tests 0123456789";

/// The binary in a folder of its own, with nothing of the environment but what is said.
fn claviger(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_claviger"));
    command.current_dir(folder).env_clear().args(arguments).stdin(Stdio::null());
    command
}

fn administer(folder: &TempDir, arguments: &[&str]) -> Command {
    let mut command = claviger(folder.path(), arguments);
    command
        .env("CLAVIGER_SECRET", SECRET)
        .env("CLAVIGER_ISSUER", support::ISSUER)
        .env("CLAVIGER_STORE", "sqlite:auth.db")
        .arg("--json");
    command
}

fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn secrets_are_long_and_never_the_same() {
    let folder = folder();
    let secret = || text(&claviger(folder.path(), &["secret"]).output().unwrap().stdout).trim().to_owned();
    let (one, two) = (secret(), secret());
    assert_eq!(one.len(), 43, "{one}");
    assert_ne!(one, two);
}

#[test]
fn a_client_can_be_made_shown_changed_disabled_and_deleted() {
    let folder = folder();
    let run = |arguments: &[&str]| administer(&folder, arguments).output().unwrap();
    let uri = "https://app.example.com/callback";
    let made = json(&run(&["clients", "create", "--name", "App", "--redirect-uri", uri, "--id", "app"]));
    assert_eq!((&made["id"], &made["name"]), (&"app".into(), &"App".into()));
    let secret = made["secret"].as_str().unwrap();

    let shown = json(&run(&["clients", "show", "app"]));
    assert_eq!(shown["redirectUris"], serde_json::json!([uri]));
    assert!(!shown.to_string().contains(secret), "the secret is shown once");
    assert_eq!(json(&run(&["clients", "update", "app", "--name", "New"]))["name"], "New");
    assert_eq!(json(&run(&["clients", "disable", "app"]))["disabled"], true);
    assert_eq!(json(&run(&["clients", "enable", "app"]))["disabled"], false);
    assert_ne!(json(&run(&["clients", "rotate-secret", "app"]))["secret"], secret);
    assert_eq!(json(&run(&["clients", "list"])).as_array().unwrap().len(), 1);
    assert_eq!(json(&run(&["clients", "delete", "app"])), "deleted");
    assert_eq!(json(&run(&["clients", "list"])), serde_json::json!([]));

    let gone = run(&["clients", "show", "app"]);
    assert_eq!(gone.status.code(), Some(1));
    let told: Value = serde_json::from_slice(&gone.stderr).unwrap();
    assert_eq!(told["error"]["code"], "not_found");
}

#[test]
fn a_registration_token_is_issued_listed_and_revoked() {
    let folder = folder();
    let run = |arguments: &[&str]| administer(&folder, arguments).output().unwrap();
    let made = json(&run(&["registration-tokens", "issue", "--uses", "3", "--expires-in", "3600"]));
    assert_eq!(made["usesLeft"], 3);
    let (id, token) = (made["id"].as_str().unwrap(), made["token"].as_str().unwrap());
    let listed = run(&["registration-tokens", "list"]);
    assert!(!text(&listed.stdout).contains(token), "the token is shown once");
    assert_eq!(json(&listed)[0]["id"], id);
    assert_eq!(json(&run(&["registration-tokens", "revoke", id])), "revoked");
    assert_eq!(run(&["registration-tokens", "revoke", id]).status.code(), Some(1));
}

#[test]
fn a_user_can_be_made_with_a_password_from_the_environment_a_file_or_chance() {
    let folder = folder();
    std::fs::write(folder.path().join("password"), "correct horse battery staple\n").unwrap();
    let create = |login: &str, more: &[&str]| administer(&folder, &[&["users", "create", login], more].concat());
    let by_environment = create("ada", &[]).env("CLAVIGER_PASSWORD", support::PASSWORD).output().unwrap();
    assert_eq!(json(&by_environment)["login"], "ada");
    assert!(!text(&by_environment.stdout).contains(support::PASSWORD));
    assert_eq!(json(&create("bob", &["--password-file", "password"]).output().unwrap())["login"], "bob");
    assert_eq!(json(&create("cy", &["--generate"]).output().unwrap())["password"].as_str().unwrap().len(), 20);

    let again = create("ada", &["--generate"]).output().unwrap();
    assert!(text(&again.stderr).contains("already_exists"), "{}", text(&again.stderr));
    let listed = json(&administer(&folder, &["users", "list"]).output().unwrap());
    assert_eq!(listed.as_array().unwrap().len(), 3);
    assert_eq!(json(&administer(&folder, &["users", "disable", "ada"]).output().unwrap())["disabled"], true);
}

#[test]
fn the_store_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = folder();
    let _server = Server::start(&folder);
    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap).collect();
    let of_the_demo: Vec<_> =
        files.iter().filter(|file| file.file_name().to_string_lossy().starts_with("claviger-demo")).collect();
    assert!(of_the_demo.len() >= 3, "{files:?}");
    for file in of_the_demo {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o077, 0, "{file:?}");
    }
}

#[test]
fn keys_rotate() {
    let folder = folder();
    let run = |arguments: &[&str]| json(&administer(&folder, arguments).output().unwrap());
    let kid_of = |keys: &Value, state: &str| {
        keys.as_array().unwrap().iter().find(|key| key["state"] == state).map(|key| key["kid"].clone())
    };
    let before = run(&["keys", "list"]);
    let after = run(&["keys", "rotate"]);
    assert_eq!(kid_of(&after, "active"), kid_of(&before, "next"));
    assert_eq!(kid_of(&after, "retired"), kid_of(&before, "active"));
    assert_eq!(run(&["keys", "list"]), after);
}

#[test]
fn no_secret_can_be_typed_as_an_argument() {
    let folder = folder();
    for arguments in [["check-config", "--secret", SECRET].as_slice(), &["users", "create", "ada", "--password", "x"]] {
        let output = claviger(folder.path(), arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    let folder = folder();
    let told = |arguments: &[&str]| {
        let output = claviger(folder.path(), arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        text(&output.stderr)
    };
    assert!(told(&["check-config"]).contains("issuer"));
    assert!(told(&["check-config", "--issuer", support::ISSUER]).contains("CLAVIGER_SECRET"));
    let with_secret = |arguments: &[&str]| {
        let mut command = claviger(folder.path(), arguments);
        let output = command.env("CLAVIGER_SECRET", SECRET).args(["--issuer", support::ISSUER]).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        text(&output.stderr)
    };
    assert!(with_secret(&["users", "list"]).contains("--store"));
    assert!(with_secret(&["users", "list", "--store", "memory"]).contains("sqlite:FILE"));
    assert!(with_secret(&["users", "list", "--store", "redis://x"]).contains("is no store"));
}

#[test]
fn a_file_of_settings_is_read_and_checked() {
    let folder = folder();
    let check = |file: &str, content: &str| {
        std::fs::write(folder.path().join(file), content).unwrap();
        let mut command = claviger(folder.path(), &["check-config", "--config", file]);
        command.env("CLAVIGER_SECRET", SECRET).output().unwrap()
    };
    let good = "issuer = 'https://auth.example.com'\nstore = 'sqlite:auth.db'\n[scopes]\nread = 'See'\n";
    assert!(check("good.toml", good).status.success());
    assert!(check("good.json", r#"{ "issuer": "https://auth.example.com", "listen": "[::1]:1" }"#).status.success());
    for (wrong, named) in [
        ("issuer = 'https://auth.example.com'\ncolour = 'red'", "colour"),
        ("issuer = 'https://auth.example.com'\n[lifetimes]\ncode = '2d'", "code"),
        ("issuer = 'https://auth.example.com'\nstore = 7", "store"),
        ("issuer = ", "wrong.toml"),
    ] {
        let output = check("wrong.toml", wrong);
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stderr).contains(named), "{named}: {}", text(&output.stderr));
    }
    // What is told of a file that cannot be read does not quote it: a secret may be in it.
    for (file, content) in [
        ("wrong.toml", "issuer = 'https://auth.example.com'\nsecret = 'hush'x\n"),
        ("wrong.json", r#"{ "secret": "hush"x }"#),
        ("wrong.json", r#""hush""#),
    ] {
        let told = text(&check(file, content).stderr);
        assert!(told.contains(file) && told.contains("help: ") && !told.contains("hush"), "{told}");
    }
}

#[test]
fn help_teaches_by_examples() {
    let folder = folder();
    let help = |arguments: &[&str]| text(&claviger(folder.path(), arguments).output().unwrap().stdout);
    assert!(help(&["--help"]).contains("claviger serve --demo"));
    for room in ["keys", "clients", "users"] {
        assert!(help(&[room, "--help"]).contains(&format!("claviger {room} ")), "{room}");
    }
}

/// A server that is killed when the test ends.
struct Server {
    child: Child,
    address: String,
    demo: Value,
}

impl Server {
    fn start(folder: &TempDir) -> Self {
        let log = folder.path().join("log");
        let already = std::fs::read_to_string(&log).map_or(0, |log| log.matches("\"serving\"").count());
        let log = std::fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
        let mut child = claviger(folder.path(), &["serve", "--demo", "--json", "--log", "json"])
            .args(["--listen", "127.0.0.1:0", "--issuer", "http://127.0.0.1:8080"])
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let demo = serde_json::from_str(&line).unwrap();
        let address = wait_for(|| {
            let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
            let serving = |line| Some(serde_json::from_str::<Value>(line).ok()?["address"].as_str()?.to_owned());
            log.lines().filter_map(serving).nth(already)
        });
        Self { child, address, demo }
    }

    fn post(&self, path: &str, fields: &[(&str, &str)]) -> (u16, Value) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(request(path, &encode(fields)).as_bytes()).unwrap();
        answer(stream)
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn request(path: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ncontent-length: {}\r\n\
         content-type: application/x-www-form-urlencoded\r\n\r\n{body}",
        body.len()
    )
}

fn answer(mut stream: TcpStream) -> (u16, Value) {
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), serde_json::from_str(body).unwrap())
}

fn wait_for<T>(mut ready: impl FnMut() -> Option<T>) -> T {
    for _ in 0..400 {
        if let Some(ready) = ready() {
            return ready;
        }
        std::thread::sleep(Duration::from_millis(25));
    }
    panic!("it did not happen in ten seconds");
}

/// The demo's engine, in this process, on the server's own file.
fn beside(folder: &TempDir) -> Claviger {
    let remembered = std::fs::read(folder.path().join("claviger-demo.json")).unwrap();
    let remembered: Value = serde_json::from_slice(&remembered).unwrap();
    Claviger::builder("http://127.0.0.1:8080")
        .secret(remembered["secret"].as_str().unwrap())
        .store(Sqlite::open(folder.path().join("claviger-demo.db")).unwrap())
        .scope("read", "See your things")
        .scope("write", "Change your things")
        .build()
        .unwrap()
}

#[tokio::test]
async fn the_demo_survives_a_kill_and_logs_no_secret() {
    let folder = folder();
    let server = Server::start(&folder);
    let password = server.demo["password"].as_str().unwrap().to_owned();
    assert_eq!((&server.demo["login"], &server.demo["clientId"]), (&"ada".into(), &"demo".into()));

    let auth = beside(&folder);
    let code = Browser::of_demo(&auth, "http://127.0.0.1:8080", &password).authorize().await;
    let redeem = [
        ("grant_type", "authorization_code"),
        ("client_id", "demo"),
        ("redirect_uri", "http://127.0.0.1:8090/callback"),
        ("code", &code),
        ("code_verifier", support::VERIFIER),
    ];
    let (status, tokens) = server.post("/token", &redeem);
    assert_eq!(status, 200, "{tokens}");
    drop(server);

    let server = Server::start(&folder);
    assert_eq!(server.demo["password"], password.as_str(), "it is the same demo");
    let token = tokens["refresh_token"].as_str().unwrap();
    let refresh = [("grant_type", "refresh_token"), ("client_id", "demo"), ("refresh_token", token)];
    let (status, renewed) = server.post("/token", &refresh);
    assert_eq!(status, 200, "{renewed}");
    let (status, replayed) = server.post("/token", &redeem);
    assert_eq!((status, &replayed["error"]), (400, &"invalid_grant".into()));
    drop(server);

    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let issued = lines.into_iter().find(|line| line["event"] == "token.issued").unwrap();
    assert_eq!((&issued["message"], &issued["clientId"]), (&"event".into(), &"demo".into()), "{issued}");
    let remembered: Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("claviger-demo.json")).unwrap()).unwrap();
    let access = tokens["access_token"].as_str().unwrap();
    for secret in [&code, &password, token, access, support::VERIFIER, remembered["secret"].as_str().unwrap()] {
        assert!(!log.contains(secret), "the log holds {secret}");
    }
}

#[test]
fn a_server_that_is_told_to_stop_lets_requests_end() {
    let folder = folder();
    let mut server = Server::start(&folder);
    let body = encode(&[("grant_type", "refresh_token"), ("client_id", "demo"), ("refresh_token", "nonsense")]);
    let request = request("/token", &body);
    let (begin, end) = request.split_at(request.len() - 5);
    let mut stream = TcpStream::connect(&server.address).unwrap();
    stream.write_all(begin.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    server.signal("-TERM");
    wait_for(|| std::fs::read_to_string(folder.path().join("log")).unwrap().contains("stopping").then_some(()));
    // The listener closes a moment after the log says so.
    wait_for(|| TcpStream::connect(&server.address).is_err().then_some(()));
    stream.write_all(end.as_bytes()).unwrap();
    let (status, answer) = answer(stream);
    assert_eq!((status, &answer["error"]), (400, &"invalid_grant".into()));
    let exit = wait_for(|| server.child.try_wait().unwrap());
    assert!(exit.success(), "{exit}");
}

#[test]
fn a_connection_whose_request_never_comes_is_closed() {
    let folder = folder();
    let server = Server::start(&folder);
    let silent = ["", "GET /jwks HTTP/1.1\r\nhost: 127.0.0.1\r\nx: "].map(|begun| {
        let mut stream = TcpStream::connect(&server.address).unwrap();
        stream.write_all(begun.as_bytes()).unwrap();
        stream
    });
    for mut stream in silent {
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut told = Vec::new();
        stream.read_to_end(&mut told).unwrap();
        assert!(!text(&told).contains(" 200 "), "{}", text(&told));
    }
}

#[test]
fn a_variable_that_is_empty_is_none_and_a_file_that_is_typed_comes_before_the_variable() {
    let folder = folder();
    std::fs::write(folder.path().join("secret"), "short\n").unwrap();
    let check = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = administer(&folder, &[&["check-config"], arguments].concat());
        command.envs(variables.iter().copied()).output().unwrap()
    };
    let names = ["CLAVIGER_SECRET", "CLAVIGER_CONFIG", "CLAVIGER_SECRET_FILE", "CLAVIGER_LOG", "CLAVIGER_LISTEN"];
    let empty = check(&[], &names.map(|name| (name, "")));
    assert!(text(&empty.stderr).contains("no secret is configured"), "{}", text(&empty.stderr));
    assert!(text(&check(&["--secret-file", "secret"], &[]).stderr).contains("secret: "));
    assert!(check(&[], &[("CLAVIGER_SECRET_FILE", "secret")]).status.success());
    let absent = check(&["--secret-file", "absent"], &[]);
    let told: Value = serde_json::from_slice(&absent.stderr).unwrap();
    assert_eq!(told["error"]["code"], "configuration");
    assert_eq!(check(&[], &[("CLAVIGER_LOG", "wrong")]).status.code(), Some(2));
}

#[test]
fn a_key_is_of_the_configured_algorithm_and_a_client_says_where_its_keys_are() {
    let folder = folder();
    let run = |arguments: &[&str]| administer(&folder, arguments).output().unwrap();
    std::fs::write(folder.path().join("es256.json"), r#"{ "signing": { "algorithm": "ES256" } }"#).unwrap();
    assert_eq!(json(&run(&["keys", "generate", "--config", "es256.json"]))["algorithm"], "ES256");
    assert_eq!(json(&run(&["keys", "generate", "EdDSA", "--config", "es256.json"]))["algorithm"], "EdDSA");
    let uri = "https://app.example.com/jwks";
    let create = [
        "clients",
        "create",
        "--name",
        "A",
        "--redirect-uri",
        uri,
        "--auth-method",
        "private_key_jwt",
        "--jwks-uri",
        uri,
    ];
    let made = json(&run(&create));
    assert_eq!(made["jwksUri"], uri);
    let other = "https://app.example.com/keys";
    let id = made["id"].as_str().unwrap();
    assert_eq!(json(&run(&["clients", "update", id, "--jwks-uri", other]))["jwksUri"], other);
}

#[test]
fn what_is_not_there_is_told_with_the_command_that_lists_what_is() {
    let folder = folder();
    let run = |arguments: &str| administer(&folder, &arguments.split(' ').collect::<Vec<_>>()).output().unwrap();
    assert!(run("users create ada --generate").status.success());
    for (arguments, list) in [
        ("clients show x", "clients list"),
        ("registration-tokens revoke AAAAAAAAAAAAAAAAAAAAAA", "registration-tokens list"),
        ("users show x", "users list"),
        ("sessions revoke ada AAAAAAAAAAAAAAAAAAAAAA", "sessions list ada"),
        ("factors remove ada AAAAAAAAAAAAAAAAAAAAAA", "factors list ada"),
        ("grants revoke ada AAAAAAAAAAAAAAAAAAAAAA", "grants list ada"),
    ] {
        let told: Value = serde_json::from_slice(&run(arguments).stderr).unwrap();
        assert_eq!(told["error"]["help"], format!("List them with `claviger {list}`."), "{told}");
        assert!(run(list).status.success(), "{list}");
    }
}
