//! The sign-in page.

use super::door::{Door, Place};
use super::second::asking;
use super::{Came, Visitor, first_factor, password};
use crate::authorize::{check_origin, page_response};
use crate::host::Host;
use crate::http::{Form, Request, Response};
use crate::page::{Means, Problem};
use crate::refusal::{Refusal, Stop};

pub(crate) async fn sign_in_page(host: &Host, request: &Request) -> Result<Response, Stop> {
    let door = Door::read(host, request, &Form::parse(request.query())?)?;
    let client = host.load(door.client(host)).await?;
    let place = door.place(host, client)?;
    Ok(page_response(200, place.sign_in(host, None, place.login_hint.as_deref()), &[&place.form_source]))
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
    let visitor = Visitor::of(host, request);
    let (someone, client) = password::look_up(host, &visitor, login, door.client(host)).await?;
    let place = door.place(host, client)?;
    let came = match someone.prove(host, login, typed).await {
        Ok(proved) => first_factor(host, &visitor, &place, proved).await?,

        Err(Stop::Refused(Refusal::WrongCredentials)) => {
            return Ok(again(host, &place, Problem::WrongCredentials, Some(login)));
        }
        Err(Stop::Refused(refusal @ Refusal::TooManyRequests { .. })) => {
            return Ok(again(host, &place, Problem::TooManyAttempts, Some(login)).retry_after(&refusal));
        }
        Err(stop) => return Err(stop),
    };
    Ok(match came {
        Came::In(headers) => place.go_on(headers),
        Came::Halfway(pending, factors) => asking(host, &place, &pending, &factors.value, Means::App, None),
    })
}

fn again(host: &Host, place: &Place, problem: Problem, login: Option<&str>) -> Response {
    let status = match problem {
        Problem::WrongCredentials => 401,
        Problem::TooManyAttempts => 429,
        Problem::Incomplete => 200,
    };
    page_response(status, place.sign_in(host, Some(problem), login), &[&place.form_source])
}
