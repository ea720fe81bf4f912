//! Session-bound tokens, for applications without cookies: a JWT that says which session it is of, and a refresh token that takes turns. The
//! session's row decides: the moment that it is gone, neither is good.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::begin::New;
use super::presented::{Presented, SignedIn};
use super::series::{Met, Series};
use super::{Agent, Session, end, item_id, slot_of};
use crate::account::{self, is_subject_id};
use crate::change::Change;
use crate::event::Event;
use crate::handle::{Handle, Kind, Opened, Owner};
use crate::hash::b64u;
use crate::host::Host;
use crate::jwts::{Denied, own_claims};
use crate::key::jws::{Compact, MAX_BYTES};
use crate::key::jwt::Policy;
use crate::key::set::KeySet;
use crate::record::Stored;
use crate::redacted::redacted_debug;
use crate::refusal::{Fault, Refusal, Stop};
use crate::seal::RootIndex;
use crate::sign_in::Full;
use crate::time::{Millis, numeric_date};

/// The `typ` of the JWT: no other verifier takes it for an access token, and this one takes no other.
const TYPE: &str = "session+jwt";
const REFRESH: &str = "session refresh";

/// `sessions.issueTokens`: of a session that is there, or of one that begins because the host says who signed in, and how.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct IssueTokens {
    pub subject: String,
    #[serde(default)]
    pub session_id: Option<String>,
    #[serde(default)]
    pub methods: Vec<String>,
    #[serde(default)]
    pub user_agent: Option<String>,
    #[serde(default)]
    pub remote: Option<String>,
    /// The application's own, in every access token of the session.
    #[serde(default)]
    pub claims: Option<Box<RawValue>>,
}

/// `sessions.refreshTokens`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct RefreshTokens {
    pub refresh_token: String,
}

redacted_debug!(IssueTokens RefreshTokens);

/// The tokens of one session.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Tokens {
    access_token: String,
    refresh_token: String,
    session_id: String,
    /// Of the access token.
    expires_at: Millis,
}

#[derive(Serialize)]
struct TokenClaims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    sid: &'a str,
    auth_time: u64,
    amr: &'a [String],
    iat: u64,
    exp: u64,
    jti: &'a str,
    #[serde(flatten)]
    of_application: &'a Map<String, Value>,
}

/// A load and a commit.
pub(crate) async fn issue(host: &Host, ask: &IssueTokens) -> Result<Tokens, Stop> {
    const WHICH: Refusal = Refusal::InvalidArgument("Give sessionId, or methods for a session that begins");
    if !is_subject_id(&ask.subject) {
        return Err(Refusal::InvalidArgument("subject: from 1 to 255 ASCII characters").into());
    }
    let slot = match &ask.session_id {
        Some(_) if !ask.methods.is_empty() => return Err(WHICH.into()),
        Some(id) => Some(slot_of(host.config(), &ask.subject, id)?),
        None if !(1..=8).contains(&ask.methods.len()) || !ask.methods.iter().all(|method| is_subject_id(method)) => {
            return Err(WHICH.into());
        }
        None => None,
    };
    let claims = ask.claims.as_deref().map(own_claims).transpose()?.unwrap_or_default();
    if claims.contains_key("sub") {
        return Err(Refusal::InvalidArgument("claims: sub is the person whose session it is").into());
    }
    let owner = Owner::Subject(ask.subject.clone());
    let (account, session, keys) =
        host.load((account::slot_of(host, &owner), slot.clone(), KeySet::wanted(host))).await?;
    let keys = KeySet::current(host, keys).await?;
    if account::active(host, account, &ask.subject).await?.is_none() {
        return Err(Refusal::NotFound("There is no such person, or they are disabled").into());
    }
    if slot.is_none() {
        let full = Full::by_host(&ask.subject, &ask.methods, host.now());
        let agent = Agent::new(ask.user_agent.as_deref(), ask.remote.as_deref());
        let new = New { full: &full, agent, remember: false };
        let id = host.random().id("session id");
        // No cookie has it.
        let secret = host.random().bytes("session secret");
        let session = Session { tokens: Some(Series::begin(host)), claims, ..Session::new(host, new, &id, &secret) };
        host.commit(Change::create(Session::slot(host.config(), &ask.subject, &id), session.clone())).await?;
        host.tell(Event::SignInSucceeded { subject: session.subject.clone(), session_id: session.id.clone() });
        return tokens(host, &keys, &session).await;
    }
    let row = session.ok_or(Refusal::NotFound("There is no such session, or it is over"))?;
    let session = Session { tokens: Some(Series::begin(host)), claims, ..row.value.clone() };
    host.commit(Change::replace(&row, session.clone())).await?;
    tokens(host, &keys, &session).await
}

/// A load and a commit. One that was used before ends the session, but for a moment in which it gives the same again.
pub(crate) async fn refresh(host: &Host, ask: &RefreshTokens) -> Result<Tokens, Stop> {
    let config = host.config();
    let presented = Handle::open(&config.roots, &config.tenant, Kind::SessionToken, &ask.refresh_token);
    let presented = presented.ok_or(Refusal::InvalidGrant)?;
    let Opened { handle: Handle { owner, id, .. }, .. } = &presented;
    let (row, account, keys) = host
        .load((Session::slot(config, owner.name(), id), account::slot_of(host, owner), KeySet::wanted(host)))
        .await?;
    let keys = KeySet::current(host, keys).await?;
    let row = row.ok_or(Refusal::InvalidGrant)?;
    let series = row.value.tokens.clone().ok_or(Refusal::InvalidGrant)?;
    match series.meet(host, REFRESH, &presented) {
        Met::Foreign => Err(Refusal::InvalidGrant.into()),
        Met::Replayed => {
            let Session { subject, id, .. } = row.value.clone();
            host.tell(Event::SessionTokenReplayed { subject: subject.clone(), session_id: id.clone() });
            end(host, &subject, &id, Some(row)).await?;
            Err(Refusal::InvalidGrant.into())
        }
        met => {
            account::active(host, account, owner.name()).await?.ok_or(Refusal::InvalidGrant)?;
            if met == Met::Former {
                return tokens(host, &keys, &row.value).await;
            }
            let seen = row.value.seen_again(config, host.now());
            if seen.is_none() && !config.sessions.rotate_tokens {
                return tokens(host, &keys, &row.value).await;
            }
            let next = if config.sessions.rotate_tokens { series.rotated(host.now()) } else { series };
            let session = Session { tokens: Some(next), ..seen.unwrap_or_else(|| row.value.clone()) };
            host.commit(Change::replace(&row, session.clone())).await?;
            tokens(host, &keys, &session).await
        }
    }
}

async fn tokens(host: &Host, keys: &KeySet, session: &Session) -> Result<Tokens, Stop> {
    let config = host.config();
    let expires_at = config.lifetimes.access_token.after(host.now()).min(session.over_at());
    let claims = TokenClaims {
        iss: &config.issuer.text,
        aud: &config.issuer.text,
        sub: &session.subject,
        sid: &session.id,
        auth_time: numeric_date(session.auth_time),
        amr: &session.methods,
        iat: numeric_date(host.now()),
        exp: numeric_date(expires_at),
        jti: &b64u(host.random().id("session token id")),
        of_application: &session.claims,
    };
    let claims = serde_json::to_vec(&claims).map_err(|_| Fault::bad_row("a token cannot be written"))?;
    let access_token = keys.sign(host, TYPE, &claims).await?;
    let series = session.tokens.as_ref().ok_or(Refusal::InvalidGrant)?;
    let handle = Handle {
        owner: Owner::Subject(session.subject.clone()),
        id: item_id(&session.id)?,
        serial: series.generation,
        secret: series.secret(host, RootIndex::CURRENT, REFRESH, series.generation),
        client: String::new(),
    };
    Ok(Tokens {
        access_token,
        refresh_token: handle.seal(&config.roots, host.tenant(), Kind::SessionToken),
        session_id: session.id.clone(),
        expires_at,
    })
}

/// Whether this is meant for a session-bound JWT, good or not.
pub(crate) fn is_token(token: &str) -> bool {
    Compact::parse(token, MAX_BYTES).is_ok_and(|jwt| jwt.header().typ.as_deref() == Some(TYPE))
}

/// The session that a JWT is of, if both are good: a load, and a commit when use of it is to be noted.
pub(crate) async fn find(host: &Host, token: &str) -> Result<Option<SignedIn>, Stop> {
    let keys = KeySet::for_verifying(host, token).await?;
    let issuer = host.config().issuer.text.as_str();
    let policy = Policy {
        max_bytes: MAX_BYTES,
        typ: Some(TYPE),
        issuer: Some(issuer),
        audience: Some(&[issuer]),
        now: host.now(),
        leeway: 0,
        required: &["sub", "sid", "exp", "iat"],
    };
    let Some(claims) = keys.verify(host, token, &policy).await? else { return Ok(None) };
    let (Some(subject), Some(id)) = (claims.text("sub"), claims.text("sid")) else { return Ok(None) };
    let owner = Owner::Subject(subject.to_owned());
    let denied = claims.text("jti").map(|jti| Denied::slot(host.config(), jti));
    let (row, account, denied): (Option<Stored<Session>>, _, _) =
        host.load((slot_of(host.config(), subject, id)?, account::slot_of(host, &owner), denied)).await?;
    let Some(row) = row.filter(|row| row.value.tokens.is_some() && denied.is_none()) else { return Ok(None) };
    let signed_in = Presented::of_row(host, row, account).await?;
    if let Some(signed_in) = &signed_in {
        signed_in.note_seen(host).await?;
    }
    Ok(signed_in)
}
