//! The sign-in page.

use super::door::{Door, Place};
use super::pending::Pending;
use super::second::{Halfway, asking, means};
use super::{Came, Visitor, first_factor, password};
use crate::authorize::{check_origin, page_response};
use crate::email;
use crate::factor::Kind;
use crate::host::Host;
use crate::http::{Form, Request, Response};
use crate::page::{CodeProblem, Means, Problem};
use crate::refusal::{Refusal, Stop};

pub(crate) async fn sign_in_page(host: &Host, request: &Request) -> Result<Response, Stop> {
    let door = Door::read(host, request, &Form::parse(request.query())?)?;
    let client = host.load(door.client(host)).await?;
    let place = door.place(host, client)?;
    Ok(page_response(host.config(), 200, place.sign_in(host, None, place.login_hint.as_deref()), &[&place.form_source]))
}

/// A login and a password: two trips and the hash, where the login is the account's first one.
pub(crate) async fn post_sign_in(host: &Host, request: &Request) -> Result<Response, Stop> {
    check_origin(host, request)?;
    let form = request.form()?;
    let door = Door::read(host, request, &form)?;
    let (Some(login), Some(typed)) = (form.one("login")?, form.one("password")?) else {
        let client = host.load(door.client(host)).await?;
        let place = door.place(host, client)?;
        return Ok(again(host, &place, Problem::Incomplete, form.one("login")?));
    };
    let visitor = Visitor::of(host, request).wishing(form.one("remember")?.is_some());
    let browser = visitor.browser().ok_or(Refusal::InteractionEnded)?;
    let (someone, client) = password::look_up(host, &visitor, login, door.client(host)).await?;
    let place = door.place(host, client)?;
    let came = match someone.prove(host, login, typed).await {
        Ok(proved) => first_factor(host, &visitor, Some(&place.handle), browser, proved).await?,
        Err(Stop::Refused(Refusal::WrongCredentials)) => {
            return Ok(again(host, &place, Problem::WrongCredentials, Some(login)));
        }
        Err(Stop::Refused(refusal @ Refusal::TooManyRequests { .. })) => {
            return Ok(again(host, &place, Problem::TooManyAttempts, Some(login)).retry_after(&refusal));
        }
        Err(stop) => return Err(stop),
    };
    arrived(host, &visitor, &place, came).await
}

/// Where somebody is who proved the first factor: on their way, signed in, or at the page for the second one.
pub(crate) async fn arrived(host: &Host, visitor: &Visitor<'_>, place: &Place, came: Came) -> Result<Response, Stop> {
    Ok(match came {
        Came::In(signed_in) => place.go_on(signed_in),
        Came::Halfway { pending, subject, kinds } => {
            let by = kinds.first().map_or(Means::App, |kind| means(*kind));
            if let (Means::Mail, Some(browser)) = (by, visitor.browser()) {
                email::send_second_factor(host, &subject, browser).await?;
            }
            asking(host, place, &pending, &kinds, by, None)
        }
    })
}

/// A code, after the first factor: two trips.
pub(crate) async fn post_second_factor(host: &Host, request: &Request) -> Result<Response, Stop> {
    check_origin(host, request)?;
    let form = request.form()?;
    let visitor = Visitor::of(host, request);
    let handle = form.one("pending")?.ok_or(Refusal::InteractionEnded)?;
    let pending = Pending::open(host, handle, visitor.browser())?;
    let door = Door::open(host, pending.interaction()?, visitor.browser())?;
    let (halfway, client) = Halfway::load(host, &visitor, pending, door.client(host)).await?;
    let place = door.place(host, client)?;
    let kinds = halfway.kinds();
    let ask = |by, problem| asking(host, &place, handle, &kinds, by, problem);
    if let Some(chosen) = form.one("with")? {
        let by = Means::of(chosen).unwrap_or(Means::App);
        if by == Means::Mail {
            halfway.send_code(host, &visitor).await?;
        }
        return Ok(ask(by, None));
    }
    let by = form.one("by")?.and_then(Means::of).unwrap_or(Means::App);
    let kind = (by == Means::Mail).then_some(Kind::EmailCode);
    let Some(typed) = form.one("code")? else { return Ok(ask(by, Some(CodeProblem::Missing))) };
    match halfway.prove(host, &visitor, typed, kind).await {
        Ok(signed_in) => Ok(place.go_on(signed_in)),
        Err(Stop::Refused(Refusal::WrongCode)) => Ok(ask(by, Some(CodeProblem::Wrong))),
        Err(Stop::Refused(refusal @ Refusal::TooManyRequests { .. })) => {
            Ok(ask(by, Some(CodeProblem::TooManyAttempts)).retry_after(&refusal))
        }
        Err(stop) => Err(stop),
    }
}

fn again(host: &Host, place: &Place, problem: Problem, login: Option<&str>) -> Response {
    let status = match problem {
        Problem::WrongCredentials => 401,
        Problem::TooManyAttempts => 429,
        Problem::Incomplete => 200,
    };
    page_response(host.config(), status, place.sign_in(host, Some(problem), login), &[&place.form_source])
}
