//! What a person changes about how they sign in.

use super::{Here, SECURITY};
use crate::account::{self, ChangePassword};
use crate::authorize::{brand, form_action, page_response};
use crate::factor::{NewKey, Own, Qr, Wanted};
use crate::http::{Form, Response};
use crate::page::{AddAuthenticator, NewRecoveryCodes, Picture};
use crate::password::Typed;
use crate::refusal::{Refusal, Stop};

impl Here<'_> {
    pub(super) async fn change(self, form: &Form, remote: Option<&str>) -> Result<Response, Stop> {
        if form.one("change")?.is_some() {
            return self.change_password(form, remote).await;
        }
        if form.one("add")?.is_some() {
            return self.add(form.one("name")?).await;
        }
        if let Some(chosen) = form.one("mail")? {
            return self.set_mail(chosen == "on").await;
        }
        if let Some(id) = form.one("confirm")? {
            return self.confirm(id, form.one("code")?.unwrap_or_default()).await;
        }
        if let Some(id) = form.one("remove")? {
            return self.remove(id).await;
        }
        if form.one("renew_codes")?.is_some() {
            return Ok(self.codes(&self.own().regenerate().await?));
        }
        if form.one("renew")?.is_some() {
            return Ok(self.show(200, None, None));
        }
        Err(Refusal::InvalidRequest("Choose what to change").into())
    }

    async fn change_password(self, form: &Form, remote: Option<&str>) -> Result<Response, Stop> {
        let typed = |name| Ok::<_, Refusal>(Typed::new(form.one(name)?.unwrap_or_default().to_owned()));
        let ask = ChangePassword {
            id: self.signed_in.subject.id.clone(),
            current: typed("current")?,
            new: typed("new")?,
            end_sessions: true,
            keep_session: Some(self.signed_in.session.id.clone()),
            remote: remote.map(str::to_owned),
        };
        match account::change_password(self.host, &ask).await {
            Ok(_) => Ok(self.done("password")),
            Err(Stop::Refused(refusal)) => {
                let problem = match &refusal {
                    Refusal::WrongCredentials => "That is not your current password.".to_owned(),
                    Refusal::TooManyRequests { .. } => {
                        "There were too many attempts. Wait a few minutes, then try again.".to_owned()
                    }
                    Refusal::InvalidArgument(_) => {
                        let shortest = self.host.config().password.shortest;
                        format!("Choose another new password: it needs {shortest} to 512 characters.")
                    }
                    _ => return Err(refusal.into()),
                };
                Ok(self.show(refusal.status(), Some(&problem), None).retry_after(&refusal))
            }
            Err(stop) => Err(stop),
        }
    }

    async fn add(self, name: Option<&str>) -> Result<Response, Stop> {
        let name = name.map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned);
        match self.own().begin_totp(Wanted { name, ..Wanted::default() }).await {
            Ok(key) => Ok(self.show_key(200, &key, None)),
            Err(Stop::Refused(refusal @ Refusal::InvalidArgument(_))) => {
                Ok(self.show(refusal.status(), Some("Choose a name of up to 100 characters."), None))
            }
            Err(Stop::Refused(refusal @ Refusal::AlreadyExists(_))) => {
                Ok(self.show(refusal.status(), Some("You have five apps, which is the most. Remove one first."), None))
            }
            Err(stop) => Err(stop),
        }
    }

    async fn confirm(self, id: &str, code: &str) -> Result<Response, Stop> {
        match self.own().confirm_totp(id, code).await {
            Ok(Some(codes)) => Ok(self.codes(&codes)),
            Ok(None) => Ok(self.done("added")),
            Err(Stop::Refused(refusal @ Refusal::WrongCode)) => {
                let problem = "That code is not right. Enter the code that the app shows now.";
                Ok(self.show_key(refusal.status(), &self.own().waiting_key(id)?, Some(problem)))
            }
            Err(stop) => Err(stop),
        }
    }

    async fn set_mail(self, enabled: bool) -> Result<Response, Stop> {
        self.own().set_mail(enabled).await?;
        Ok(self.done(if enabled { "mail_on" } else { "mail_off" }))
    }

    async fn remove(self, id: &str) -> Result<Response, Stop> {
        self.own().remove(id).await?;
        Ok(self.done("removed"))
    }

    fn own(&self) -> Own<'_> {
        Own {
            host: self.host,
            subject: &self.signed_in.subject.id,
            account: self.account.clone(),
            stored: self.factors.clone(),
            by: Some(self.signed_in.clone()),
            keep: Some(&self.signed_in.session.id),
        }
    }

    fn done(&self, what: &str) -> Response {
        Response::see_other(format!("{}?done={what}", self.host.config().issuer.address(SECURITY)))
    }

    fn show_key(&self, status: u16, key: &NewKey, problem: Option<&str>) -> Response {
        let uri = key.uri(&self.host.config().name, self.signed_in.subject.login());
        let html = AddAuthenticator {
            brand: brand(self.host.config()),
            id: &key.id,
            secret: &key.base32(),
            uri: &uri,
            picture: Qr::of(&uri).map(|code| Picture { side: code.side(), path: code.path() }),
            action: &form_action(self.host, SECURITY),
            token: &self.presented.form_token(),
            problem,
        }
        .render();
        page_response(self.host.config(), status, html, &[])
    }

    fn codes(&self, codes: &[String]) -> Response {
        let onward = form_action(self.host, SECURITY);
        page_response(
            self.host.config(),
            200,
            NewRecoveryCodes { brand: brand(self.host.config()), codes, onward: &onward }.render(),
            &[],
        )
    }
}
