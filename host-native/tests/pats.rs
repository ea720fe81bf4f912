//! Personal access tokens, by the typed room and the guard.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use claviger::commands::{NewPat, PatChange, PatFilter, PrincipalKind, RolesChange};
use claviger::stores::Memory;
use claviger::{Claviger, Requirement};
use http::HeaderMap;

const SECRET: &str = "a secret of more than 32 characters, for tests 0123456789";

fn server() -> Claviger {
    let builder = Claviger::builder("https://auth.example.com").secret(SECRET).store(Memory::new());
    builder.pats().instances(1).derivers(1).build().unwrap()
}

fn presenting(token: &str) -> HeaderMap {
    HeaderMap::from_iter([(http::header::AUTHORIZATION, format!("Bearer {token}").parse().unwrap())])
}

#[tokio::test]
async fn a_token_is_issued_taken_changed_revoked_restored_and_deleted() {
    let auth = server();
    let pats = auth.pats();
    let issued = pats.issue(&NewPat { roles: vec!["ops".into()], ..NewPat::of("ada") }).await.unwrap();
    assert!(!format!("{issued:?}").contains(&issued.token));
    let (headers, id) = (presenting(&issued.token), issued.pat.id.as_str());
    assert!(pats.verify(&issued.token).await.unwrap().valid);
    let who = auth.authenticate_for(&headers, &Requirement::default().role("ops")).await.unwrap();
    assert_eq!((who.kind, who.subject), (PrincipalKind::Pat, None));
    assert_eq!(who.pat.unwrap().owner, "ada");
    let refused = auth.authenticate_for(&headers, &Requirement::default().admin()).await.unwrap_err();
    assert_eq!(refused.code(), "insufficient_scope");
    let add = PatChange { roles: Some(RolesChange::Add(vec!["more".into()])), ..PatChange::default() };
    assert_eq!(pats.update(id, &add).await.unwrap().roles, ["more", "ops"]);
    let rest = PatChange {
        roles: Some(RolesChange::Remove(vec!["ops".into()])),
        admin: Some(true),
        expires_at: Some(None),
        ..PatChange::default()
    };
    assert_eq!(pats.update(id, &rest).await.unwrap().roles, ["more"]);
    assert!(pats.revoke(id).await.unwrap().revoked_at.is_some());
    assert_eq!(pats.verify(&issued.token).await.unwrap().reason.as_deref(), Some("revoked"));
    assert_eq!(auth.authenticate(&headers).await.unwrap_err().code(), "invalid_token");
    assert!(pats.restore(id).await.unwrap().revoked_at.is_none());
    assert!(pats.delete(id).await.unwrap() && !pats.delete(id).await.unwrap());
    assert_eq!(pats.restore(id).await.unwrap_err().code(), "not_found");
}

#[tokio::test]
async fn tokens_made_elsewhere_are_registered_and_listed() {
    let auth = server();
    let pats = auth.pats();
    let generated = pats.generate(None).await.unwrap();
    assert!(!format!("{generated:?}").contains(&generated.token));
    let registered = pats.register(&generated.id, &generated.hash, &NewPat::of("job")).await.unwrap();
    assert_eq!(pats.find(&generated.id).await.unwrap(), Some(registered));
    let again = pats.register(&generated.id, &generated.hash, &NewPat::of("job")).await.unwrap_err();
    assert_eq!(again.code(), "already_exists");
    assert!(pats.verify(&generated.token).await.unwrap().valid);
    let unknown = "x".repeat(21);
    let loaded = pats.load(&[&generated.id, &unknown]).await.unwrap();
    assert_eq!((loaded.found.len(), loaded.not_found), (1, vec![unknown]));
    let listed = pats.list(&PatFilter { include_hash: true, ..PatFilter::default() }).await.unwrap();
    assert_eq!(listed.items.first().unwrap().hash.as_ref(), Some(&generated.hash));
}
