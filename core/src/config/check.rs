//! The bounds of the table in [`super`], each with the rule that it tells.

use std::collections::BTreeMap;

use super::{Capability, HostKey, Lifetimes, Limits, Pages, Resource, Signing, Written};
use crate::key::Algorithm;
use crate::refusal::Fault;
use crate::subset::Subset;
use crate::time::Seconds;
use crate::uri::Uri;

/// The longest issuer or resource: grants hold several, and a row must stay under 60 KiB.
pub(super) const LONGEST_URI: usize = 1024;

/// Everything that can be checked by itself.
pub(super) fn check(written: &Written) -> Result<(), Fault> {
    check_lifetimes(&written.lifetimes, written.refresh_grace)?;
    check_scopes(&written.scopes, &written.default_scopes)?;
    check_resources(&written.resources, &written.scopes)?;
    check_limits(&written.limits)?;
    check_signing(&written.signing, &written.capabilities)?;
    check_pages(&written.pages)?;
    ensure(written.trusted_hops <= 10, "trustedHops: from 0 to 10")?;
    super::sign_in::check(written)?;
    super::sessions::check(written)?;
    super::registration::check(written)?;
    super::pats::check(written)?;
    super::openid::check(written)?;
    check_tenant(&written.tenant)
}

/// What several issuers of one engine must not share.
pub(super) fn check_together(first: &Written, others: &[Written]) -> Result<(), Fault> {
    ensure(others.len() <= 1000, "issuers: at most 1000")?;
    ensure(
        others.iter().all(|other| other.issuers.is_empty() && other.capabilities.is_empty()),
        "issuers: without issuers and capabilities of their own",
    )?;
    let mut tenants: Vec<&str> = others.iter().chain([first]).map(|written| written.tenant.as_str()).collect();
    let mut issuers: Vec<&str> = others.iter().chain([first]).map(|written| written.issuer.as_str()).collect();
    tenants.sort_unstable();
    issuers.sort_unstable();
    let distinct = |sorted: &[&str]| sorted.windows(2).all(|pair| pair.first() != pair.last());
    ensure(distinct(&tenants) && distinct(&issuers), "issuers: each with an issuer and a tenant of its own")
}

pub(crate) fn ensure(holds: bool, rule: &str) -> Result<(), Fault> {
    if holds { Ok(()) } else { Err(Fault::Configuration(rule.to_owned())) }
}

fn check_tenant(tenant: &str) -> Result<(), Fault> {
    let plain = tenant.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    ensure(plain && (1..=32).contains(&tenant.len()), "tenant: from 1 to 32 of a-z, 0-9 and -")
}

fn check_lifetimes(lifetimes: &Lifetimes, grace: Seconds) -> Result<(), Fault> {
    const DAY: u64 = 86_400;
    let bounded = [
        (lifetimes.code, 1, 600, "lifetimes.code: from 1 second to 10 minutes"),
        (lifetimes.access_token, 10, DAY, "lifetimes.accessToken: from 10 seconds to 1 day"),
        (lifetimes.refresh_token, 60, 400 * DAY, "lifetimes.refreshToken: from 1 minute to 400 days"),
        (lifetimes.grant, 60, 3650 * DAY, "lifetimes.grant: from 1 minute to 3650 days"),
        (lifetimes.interaction, 60, 3600, "lifetimes.interaction: from 1 minute to 1 hour"),
        (lifetimes.pushed_request, 5, 600, "lifetimes.pushedRequest: from 5 seconds to 10 minutes"),
        (lifetimes.session, 60, 400 * DAY, "lifetimes.session: from 1 minute to 400 days"),
        (lifetimes.device_code, 60, 1800, "lifetimes.deviceCode: from 1 to 30 minutes"),
        (lifetimes.id_token, 60, DAY, "lifetimes.idToken: from 1 minute to 1 day"),
        (lifetimes.own_jwt(), 10, 400 * DAY, "lifetimes.jwt: from 10 seconds to 400 days"),
        (grace, 0, 120, "refreshGrace: from 0 to 2 minutes"),
    ];
    bounded.iter().try_for_each(|(lifetime, least, most, rule)| ensure((*least..=*most).contains(&lifetime.0), rule))
}

fn check_scopes(scopes: &BTreeMap<String, String>, default_scopes: &[String]) -> Result<(), Fault> {
    ensure(scopes.len() <= 1000, "scopes: at most 1000")?;
    ensure(
        scopes.keys().all(|name| crate::scope::is_token(name)),
        "scopes: a name is made of the characters of RFC 6749 section 3.3",
    )?;
    ensure(
        default_scopes.len() <= Subset::MOST && default_scopes.iter().all(|name| scopes.contains_key(name)),
        "defaultScopes: at most 64, and each must be in scopes",
    )
}

fn check_resources(resources: &BTreeMap<String, Resource>, scopes: &BTreeMap<String, String>) -> Result<(), Fault> {
    ensure(resources.len() <= 1000, "resources: at most 1000")?;
    let absolute = |uri: &String| uri.len() <= LONGEST_URI && Uri::parse(uri).is_some_and(|uri| uri.fragment.is_none());
    ensure(
        resources.keys().all(absolute),
        "resources: an absolute URI without a fragment (RFC 8707 section 2), of at most 1024 characters",
    )?;
    let bounded = |resource: &Resource| resource.lifetime.is_none_or(|lifetime| (10..=86_400).contains(&lifetime.0));
    ensure(resources.values().all(bounded), "resources.lifetime: from 10 seconds to 1 day")?;
    let known = |resource: &Resource| resource.scopes.iter().flatten().all(|name| scopes.contains_key(name));
    ensure(resources.values().all(known), "resources.scopes: each must be in scopes")?;
    let named =
        |resource: &Resource| resource.name.as_ref().is_none_or(|name| (1..=100).contains(&name.chars().count()));
    ensure(resources.values().all(named), "resources.name: from 1 to 100 characters")
}

fn check_limits(limits: &Limits) -> Result<(), Fault> {
    ensure((1..=1_000_000).contains(&limits.flows), "limits.flows: from 1 to 1000000")?;
    ensure((1000..=1_000_000).contains(&limits.body), "limits.body: from 1000 to 1000000 bytes")?;
    ensure((1..=1_000_000).contains(&limits.pushed_per_minute), "limits.pushedPerMinute: from 1 to 1000000")
}

fn check_signing(signing: &Signing, capabilities: &[Capability]) -> Result<(), Fault> {
    ensure(
        signing.algorithm.is_asymmetric(),
        "signing.algorithm: access tokens are verified by others, so it must be asymmetric",
    )?;
    ensure(
        signing.alternatives.len() <= 3 && signing.alternatives.iter().all(|other| other.is_asymmetric()),
        "signing.alternatives: at most 3, each asymmetric",
    )?;
    let covered = |algorithm: Algorithm| signing.host_keys.iter().any(|key| key.algorithm == algorithm);
    ensure(
        signing.host_keys.is_empty() || signing.alternatives.iter().all(|other| covered(*other)),
        "signing.alternatives: with keys of the host, one for each",
    )?;
    ensure((3600..=3650 * 86_400).contains(&signing.rotate_every.0), "signing.rotateEvery: from 1 hour to 3650 days")?;
    ensure(signing.host_keys.len() <= 16, "signing.hostKeys: at most 16")?;
    ensure(
        signing.host_keys.is_empty() || capabilities.contains(&Capability::Sign),
        "signing.hostKeys: the host must offer the capability sign",
    )?;
    let named_so = |kid: &String| signing.host_keys.iter().filter(|key| key.kid == *kid).count();
    let has_its_name = |key: &HostKey| (1..=256).contains(&key.kid.len()) && named_so(&key.kid) == 1;
    ensure(
        signing.host_keys.iter().all(has_its_name),
        "signing.hostKeys: each has a kid of its own, of 1 to 256 characters",
    )?;
    let fits = |key: &HostKey| key.public_key().is_ok_and(|public| public.algorithm() == key.algorithm);
    ensure(
        signing.host_keys.iter().all(fits),
        "signing.hostKeys: each publicJwk must be a public key for its algorithm",
    )
}

fn check_pages(pages: &Pages) -> Result<(), Fault> {
    let addressable = |page: &str| {
        (page.starts_with('/') && !page.starts_with("//")) || Uri::parse(page).is_some_and(|uri| uri.is_web())
    };
    ensure(
        [
            &pages.sign_in,
            &pages.consent,
            &pages.device,
            &pages.account,
            &pages.forgot,
            &pages.reset,
            &pages.sign_up,
            &pages.verify_email,
            &pages.sign_in_link,
        ]
        .into_iter()
        .all(|page| addressable(page)),
        "pages: a path, or an absolute http(s) URL",
    )
}
