//! The second factor: a code, after the first one was right.

use super::door::{Door, Place};
use super::pending::Pending;
use super::{Visitor, begin};
use crate::account::{self, slot_of};
use crate::authorize::{brand, check_origin, form_action, page_response};
use crate::event::Event;
use crate::factor::{self, Factors, Keeper, Kind, Proof};
use crate::handle::Owner;
use crate::host::Host;
use crate::http::{Cookie, Request, Response, read_cookie};
use crate::page::{CodeProblem, Means, SecondFactor};
use crate::refusal::{Refusal, Stop};

/// Where the code is posted to.
pub(crate) const SECOND: &str = "/sign-in/second";

/// One load and one commit, in which the code is spent, the attempt held to its counter and the session begun.
pub(crate) async fn post_second_factor(host: &Host, request: &Request) -> Result<Response, Stop> {
    check_origin(host, request)?;
    let form = request.form()?;
    let browser = read_cookie(host.config(), request, Cookie::Browser);
    let handle = form.one("pending")?.ok_or(Refusal::InteractionEnded)?;
    let pending = Pending::open(host, handle, browser)?;
    let door = Door::open(host, pending.interaction(), browser)?;
    let visitor = Visitor::of(host, request);
    let subject = pending.subject().to_owned();
    let attempts = visitor.attempts(host, &subject);
    let account = slot_of(host, &Owner::Subject(subject.clone()));
    let slot = Factors::slot(host.config(), &subject);
    let (client, account, factors, counted, former) =
        host.load((door.client(host), account, slot.clone(), &attempts, visitor.old(host))).await?;
    let place = door.place(host, client)?;
    // Gone in the meantime, or disabled: they begin anew.
    let factors = factors.filter(|factors| factors.value.wants_second()).ok_or(Refusal::InteractionEnded)?;
    account::active(host, account, &subject).await?.ok_or(Refusal::InteractionEnded)?;
    let ask = |by, problem| asking(host, &place, handle, &factors.value, by, problem);
    if let Some(chosen) = form.one("with")? {
        return Ok(ask(Means::of(chosen).unwrap_or(Means::App), None));
    }
    let by = form.one("by")?.and_then(Means::of).unwrap_or(Means::App);
    if let Err(refusal) = attempts.check(host, counted, Some(&subject)) {
        return Ok(ask(by, Some(CodeProblem::TooManyAttempts)).retry_after(&refusal));
    }
    let Some(typed) = form.one("code")? else { return Ok(ask(by, Some(CodeProblem::Missing))) };
    let Some((kind, spent)) = spend(host, &factors.value, &subject, typed)? else {
        host.tell(Event::SignInFailed { subject: Some(subject) });
        attempts.failed(host).await?;
        return Ok(ask(by, Some(CodeProblem::Wrong)));
    };
    let full = pending.full(methods(kind), host.now());
    host.tell(Event::FactorUsed { subject, kind });
    let also = |change| factor::put(attempts.passed(change), Some(&factors), slot, spent);
    Ok(place.go_on(begin(host, &visitor, former, &full, also).await?))
}

/// What was used, and the row without it; `None`: the code is wrong.
fn spend(host: &Host, factors: &Factors, subject: &str, typed: &str) -> Result<Option<(Kind, Factors)>, Stop> {
    let Some(proof) = Proof::read(typed) else { return Ok(None) };
    match factors.clone().check(&Keeper::of(host.config(), subject), &proof, host.now()) {
        Ok(spent) => Ok(Some((proof.kind(), spent))),
        Err(Stop::Refused(Refusal::WrongCode)) => Ok(None),
        Err(stop) => Err(stop),
    }
}

/// RFC 8176 section 2. A recovery code is no code of a device.
const fn methods(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Totp => &["otp", "mfa"],
        Kind::RecoveryCode => &["mfa"],
    }
}

/// The page that asks for a code.
pub(super) fn asking(
    host: &Host,
    place: &Place,
    pending: &str,
    factors: &Factors,
    by: Means,
    problem: Option<CodeProblem>,
) -> Response {
    let html = SecondFactor {
        brand: brand(host),
        client_name: place.client_name.as_deref(),
        action: &form_action(host, SECOND),
        pending,
        by,
        others: factors.kinds().into_iter().map(means).filter(|other| *other != by).collect(),
        problem,
    }
    .render();
    let status = match problem {
        None | Some(CodeProblem::Missing) => 200,
        Some(CodeProblem::Wrong) => 401,
        Some(CodeProblem::TooManyAttempts) => 429,
    };
    page_response(status, html, &[&place.form_source])
}

const fn means(kind: Kind) -> Means {
    match kind {
        Kind::Totp => Means::App,
        Kind::RecoveryCode => Means::RecoveryCode,
    }
}
