//! What holds for every client that the operator makes or changes.
//!
//! An update is held to the rules about what it states, and to no others: what was there before may fit the configuration no more,
//! and a client must be stopped all the same.

use super::manage::Update;
use super::redirect_uri::may_be_registered;
use super::{Client, GrantType};
use crate::config::Config;
use crate::page::display_name;
use crate::refusal::Refusal;
use crate::resource;

/// Which members are stated.
pub(super) struct Stated {
    id: bool,
    name: bool,
    redirect_uris: bool,
    scopes: bool,
    grant_types: bool,
    resources: bool,
    exchange_for: bool,
    keys: bool,
    openid: bool,
}

impl Stated {
    pub(super) const ALL: Self = Self {
        id: true,
        name: true,
        redirect_uris: true,
        scopes: true,
        grant_types: true,
        resources: true,
        exchange_for: true,
        keys: true,
        openid: true,
    };

    pub(super) const fn in_update(ask: &Update) -> Self {
        Self {
            id: false,
            name: ask.name.is_some(),
            redirect_uris: ask.redirect_uris.is_some(),
            scopes: ask.scopes.is_some(),
            grant_types: ask.grant_types.is_some(),
            resources: ask.resources.is_some(),
            exchange_for: ask.exchange_for.is_some(),
            keys: ask.jwks.is_some() || ask.jwks_uri.is_some() || ask.auth_signing_alg.is_some(),
            openid: ask.openid.is_some() || ask.redirect_uris.is_some(),
        }
    }
}

/// Whether the client keeps the rules about the stated members, or the first that it breaks.
pub(super) fn check(config: &Config, client: &Client, stated: &Stated) -> Result<(), Refusal> {
    let known = |scopes: &Vec<String>| scopes.iter().all(|name| config.scopes.contains_key(name));
    let acts_for_itself = client.may_use(GrantType::ClientCredentials) || client.may_use(GrantType::TokenExchange);
    let rules = [
        (
            stated.id,
            (1..=200).contains(&client.id.chars().count()) && !client.id.contains(char::is_control),
            "id: from 1 to 200 characters, no control characters",
        ),
        (
            stated.name,
            !display_name(&client.name).trim().is_empty() && client.name.chars().count() <= 200,
            "name: from 1 to 200 characters",
        ),
        (
            stated.redirect_uris,
            client.redirect_uris.len() <= 50 && fits(&client.redirect_uris),
            "redirectUris: at most 50, 16 kB together",
        ),
        (
            stated.redirect_uris,
            client.redirect_uris.iter().all(|uri| may_be_registered(uri)),
            "redirectUris: each is https, http on a loopback host, or a private-use scheme with a dot; in normal form, without fragment, user or parameters of a response",
        ),
        (
            stated.redirect_uris || stated.grant_types,
            !client.redirect_uris.is_empty() || !client.may_use(GrantType::AuthorizationCode),
            "redirectUris: the authorization code grant needs at least one",
        ),
        (
            stated.scopes,
            client.scopes.as_ref().is_none_or(|own| known(own) && fits(own)),
            "scopes: each must be configured; at most 16 kB together",
        ),
        (
            stated.grant_types || stated.resources,
            client.grant_types.len() <= 8 && !(client.grant_types.is_empty() && client.resources.is_empty()),
            "grantTypes: from 1 to 8; a resource server may do without",
        ),
        (
            stated.resources,
            client.resources.len() <= 16 && client.resources.iter().all(|uri| resource::is_known(config, uri)),
            "resources: at most 16, each one of the configured",
        ),
        (
            stated.resources,
            client.resources.is_empty() || !client.is_public(),
            "resources: a public client cannot prove that it is the resource server",
        ),
        (
            stated.grant_types,
            !(client.is_public() && acts_for_itself),
            "grantTypes: a public client has no credentials of its own",
        ),
        (
            stated.redirect_uris || stated.scopes || stated.keys || stated.openid,
            fits_in_a_row(client),
            "a client: at most 56 kB with all its lists",
        ),
        (
            stated.exchange_for,
            client.exchange_for.len() <= 16 && client.exchange_for.iter().all(|uri| resource::is_known(config, uri)),
            "exchangeFor: at most 16, each one of the configured",
        ),
    ];
    if stated.keys {
        client.keys.check(client.auth_method).map_err(Refusal::InvalidArgument)?;
    }
    if stated.openid {
        client.openid.check(config, &client.redirect_uris).map_err(Refusal::InvalidArgument)?;
    }
    match rules.iter().find(|(stated, holds, _)| *stated && !holds) {
        Some((.., rule)) => Err(Refusal::InvalidArgument(rule)),
        None => Ok(()),
    }
}

/// The most bytes of a client's row, so that with envelope, secrets and tokens it stays under the 60 KiB that a store must hold.
const MOST_BYTES: usize = 56 * 1024;

/// Whether all that a client says of itself fits in its row.
pub(super) fn fits_in_a_row(client: &Client) -> bool {
    serde_json::to_vec(client).is_ok_and(|row| row.len() <= MOST_BYTES)
}

/// Each text has its quotation marks and comma.
pub(super) fn fits(texts: &[String]) -> bool {
    texts.iter().map(|text| text.len() + 3).sum::<usize>() <= 16_384
}
