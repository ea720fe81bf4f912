//! What a client is to be told of people, in the options of `claviger clients`.

use clap::{Args, ValueEnum};
use claviger::commands::{OpenIdClient, SubjectType};

#[derive(Debug, Args)]
pub(super) struct OpenId {
    /// What its ID tokens are signed with
    #[arg(long, value_name = "ALGORITHM")]
    id_token_alg: Option<String>,
    /// What answers of the userinfo endpoint are signed with
    #[arg(long, value_name = "ALGORITHM")]
    userinfo_alg: Option<String>,
    /// How it knows people
    #[arg(long, value_name = "TYPE")]
    subject_type: Option<Kind>,
    /// The https address whose host is its sector
    #[arg(long, value_name = "URL")]
    sector_identifier_uri: Option<String>,
    /// How old a sign-in may be where a request does not say
    #[arg(long, value_name = "SECONDS")]
    default_max_age: Option<u64>,
    /// Where browsers may be sent after signing out, compared byte for byte; may be repeated
    #[arg(long = "post-logout-redirect-uri", value_name = "URL")]
    post_logout_redirect_uris: Option<Vec<String>>,
    /// The https address that is told when somebody signs out
    #[arg(long, value_name = "URL")]
    backchannel_logout_uri: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    Public,
    Pairwise,
}

impl OpenId {
    /// Whether something was typed.
    pub(super) fn says_something(&self) -> bool {
        let texts = [&self.id_token_alg, &self.userinfo_alg, &self.sector_identifier_uri, &self.backchannel_logout_uri];
        texts.into_iter().any(Option::is_some)
            || self.subject_type.is_some()
            || self.default_max_age.is_some()
            || self.post_logout_redirect_uris.is_some()
    }

    /// It is given as a whole: what was not typed stays as it was.
    pub(super) fn over(self, known: OpenIdClient) -> OpenIdClient {
        let kind = self.subject_type.map(|kind| match kind {
            Kind::Public => SubjectType::Public,
            Kind::Pairwise => SubjectType::Pairwise,
        });
        OpenIdClient {
            id_token_alg: self.id_token_alg.or(known.id_token_alg),
            userinfo_alg: self.userinfo_alg.or(known.userinfo_alg),
            subject_type: kind.unwrap_or(known.subject_type),
            sector_identifier_uri: self.sector_identifier_uri.or(known.sector_identifier_uri),
            default_max_age: self.default_max_age.or(known.default_max_age),
            post_logout_redirect_uris: self.post_logout_redirect_uris.unwrap_or(known.post_logout_redirect_uris),
            backchannel_logout_uri: self.backchannel_logout_uri.or(known.backchannel_logout_uri),
            backchannel_logout_session_required: known.backchannel_logout_session_required,
        }
    }
}
