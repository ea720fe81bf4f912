//! What a client registers for OpenID Connect (OpenID Connect Dynamic Client Registration section 2 and the logout specifications).

use serde::{Deserialize, Serialize};

use super::Client;
use super::metadata::{Members, Source};
use super::redirect_uri::may_be_registered;
use super::rules::fits;
use crate::ask::{Fetch, FetchLimits};
use crate::config::{Capability, Config};
use crate::host::Host;
use crate::http::from_byte_string;
use crate::key::Algorithm;
use crate::oidc::subject::SubjectType;
use crate::refusal::{Fault, Refusal, Stop};
use crate::uri::Uri;

/// Of the list at a sector identifier.
const LIMITS: FetchLimits = FetchLimits { bytes: 65_536, millis: 5000, redirects: 0, public_only: true };
/// The most `post_logout_redirect_uris`.
const MOST_URIS: usize = 20;
/// The longest address, in bytes.
const LONGEST: usize = 2048;

/// How a client wants to be told of people, and of their leaving.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct OpenIdClient {
    /// What its ID tokens are signed with; `None`: the issuer's usual one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_alg: Option<Algorithm>,
    /// What answers of the userinfo endpoint are signed with; `None`: they are plain JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo_alg: Option<Algorithm>,
    /// How it knows people.
    #[serde(skip_serializing_if = "is_public")]
    pub subject_type: SubjectType,
    /// The host of this address is its sector (OpenID Connect Core section 8.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sector_identifier_uri: Option<String>,
    /// How old a sign-in may be where the request does not say, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_max_age: Option<u64>,
    /// Where a browser may go after signing out (RP-Initiated Logout section 3.1).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub post_logout_redirect_uris: Vec<String>,
    /// Who is told that somebody signed out (Back-Channel Logout section 2.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_uri: Option<String>,
    /// Whether it needs the `sid` in what it is told then; it is always there.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub backchannel_logout_session_required: bool,
}

/// What the client says of it in its metadata. What it does not know of the rest is for servers that do.
pub(super) fn read(config: &Config, source: Source, members: &Members<'_>) -> Result<OpenIdClient, Refusal> {
    if config.openid.is_none() {
        return Ok(OpenIdClient::default());
    }
    let refused = Refusal::InvalidClientMetadata;
    if source == Source::Registration && ENCRYPTED.iter().any(|name| members.has(name)) {
        return Err(refused("Nothing is encrypted here"));
    }
    let algorithm = |name| match members.text(name)?.map(|text| text.parse::<Algorithm>()) {
        None => Ok(None),
        Some(Ok(known)) if config.signs_with(known) => Ok(Some(known)),
        Some(_) if source == Source::Document => Ok(None),
        Some(_) => Err(refused("An algorithm is none of those in the server's metadata")),
    };
    let text = |name| Ok::<_, Refusal>(members.text(name)?.map(str::to_owned));
    // OpenID Connect Dynamic Client Registration section 2: what a client that names none expects.
    let expected = Some(Algorithm::RS256).filter(|expected| config.signs_with(*expected));
    Ok(OpenIdClient {
        id_token_alg: algorithm("id_token_signed_response_alg")?.or(expected),
        userinfo_alg: algorithm("userinfo_signed_response_alg")?,
        subject_type: match members.text("subject_type")? {
            None | Some("public") => SubjectType::Public,
            Some("pairwise") => SubjectType::Pairwise,
            Some(_) => return Err(refused("The subject_type is public or pairwise")),
        },
        sector_identifier_uri: text("sector_identifier_uri")?,
        default_max_age: members.number("default_max_age")?,
        post_logout_redirect_uris: members.texts("post_logout_redirect_uris")?.unwrap_or_default(),
        backchannel_logout_uri: text("backchannel_logout_uri")?.filter(|_| config.offers(Capability::Fetch)),
        backchannel_logout_session_required: members.flag("backchannel_logout_session_required")?,
    })
}

/// Every redirect URI must be in the list at the sector identifier, or anybody could join a sector (OpenID Connect Dynamic Client
/// Registration section 5).
pub(crate) async fn check_sector(host: &Host, client: &Client) -> Result<(), Stop> {
    const NOT_LISTED: Refusal = Refusal::InvalidClientMetadata(
        "The sector_identifier_uri does not answer with a list that has every redirect URI",
    );
    let Some(address) = &client.openid.sector_identifier_uri else { return Ok(()) };
    if !host.config().offers(Capability::Fetch) {
        return Err(Refusal::InvalidClientMetadata("No sector_identifier_uri is read here").into());
    }
    let accept = ("accept".to_owned(), "application/json".to_owned());
    let fetch = Fetch { method: "GET".into(), url: address.clone(), headers: vec![accept], body: None, limits: LIMITS };
    let answered = match host.fetch(fetch).await {
        Err(Fault::HostFailed(_)) => return Err(NOT_LISTED.into()),
        other => other?,
    };
    let listed: Option<Vec<String>> = from_byte_string(&answered.body)
        .filter(|_| answered.status == 200)
        .and_then(|body| serde_json::from_slice(&body).ok());
    let all = listed.is_some_and(|listed| client.redirect_uris.iter().all(|uri| listed.contains(uri)));
    if all { Ok(()) } else { Err(NOT_LISTED.into()) }
}

/// What is registered for encryption.
const ENCRYPTED: [&str; 4] = [
    "id_token_encrypted_response_alg",
    "id_token_encrypted_response_enc",
    "userinfo_encrypted_response_alg",
    "userinfo_encrypted_response_enc",
];

fn is_public(kind: &SubjectType) -> bool {
    *kind == SubjectType::Public
}

impl OpenIdClient {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The first rule that does not hold. `redirect_uris` are the client's.
    pub(super) fn check(&self, config: &Config, redirect_uris: &[String]) -> Result<(), &'static str> {
        let offered = |chosen: &Option<Algorithm>| chosen.is_none_or(|chosen| config.signs_with(chosen));
        let pairwise = self.subject_type == SubjectType::Pairwise;
        let can = config.openid.as_ref().is_some_and(|openid| openid.pairwise_salt.is_some());
        let rules = [
            (self.is_default() || config.openid.is_some(), "openid: this issuer is no OpenID provider"),
            (
                offered(&self.id_token_alg) && offered(&self.userinfo_alg),
                "openid.idTokenAlg, openid.userinfoAlg: signing.algorithm, or one of signing.alternatives",
            ),
            (!pairwise || can, "openid.subjectType: pairwise needs openid.pairwiseSalt in the configuration"),
            (
                !pairwise || self.sector_identifier_uri.is_some() || have_one_host(redirect_uris),
                "openid.sectorIdentifierUri: needed where redirectUris have several hosts",
            ),
            (
                self.sector_identifier_uri.as_deref().is_none_or(is_https),
                "openid.sectorIdentifierUri: an https address of at most 2048 characters",
            ),
            (
                self.backchannel_logout_uri.as_deref().is_none_or(is_https),
                "openid.backchannelLogoutUri: an https address of at most 2048 characters, without a fragment",
            ),
            (
                self.backchannel_logout_uri.is_none() || config.offers(Capability::Fetch),
                "openid.backchannelLogoutUri: this server has no fetch to tell it by",
            ),
            (
                self.post_logout_redirect_uris.len() <= MOST_URIS
                    && fits(&self.post_logout_redirect_uris)
                    && self.post_logout_redirect_uris.iter().all(|uri| may_be_registered(uri)),
                "openid.postLogoutRedirectUris: at most 20, each as redirectUris are",
            ),
        ];
        rules.iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, rule)| Err(*rule))
    }
}

fn is_https(text: &str) -> bool {
    let https = |uri: Uri<'_>| uri.scheme == "https" && uri.host.is_some() && uri.fragment.is_none();
    text.len() <= LONGEST && Uri::parse(text).is_some_and(https)
}

fn have_one_host(uris: &[String]) -> bool {
    let mut hosts = uris.iter().map(|uri| Uri::parse(uri).and_then(|uri| uri.host).map(|host| host.text().to_owned()));
    let first = hosts.next().flatten();
    first.is_some() && hosts.all(|host| host == first)
}
