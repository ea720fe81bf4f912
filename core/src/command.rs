//! Which room carries out which command.

use crate::call::{Command, Outcome};
use crate::config::Config;
use crate::host::Host;
use crate::key::manage;
use crate::refusal::{Refusal, Stop, Told};
use crate::{
    account, authorize, client, device, email, factor, grant, http, iron, oidc, password, purge, resource, session,
    sign_in, token,
};

pub(crate) async fn carry_out(host: &Host, command: &Command) -> Result<Outcome, Stop> {
    Ok(match command {
        Command::Http(request) => Outcome::Http(http::serve(host, request).await?),
        Command::Authenticate(ask) => Outcome::of(token::authenticate(host, ask).await?)?,
        Command::TokensVerify(ask) => Outcome::of(token::verify(host, ask).await?)?,
        Command::TokensIntrospect(ask) => Outcome::of(token::introspect(host, &ask.token).await?)?,
        Command::TokensRevoke(ask) => Outcome::of(token::revoke_any(host, &ask.token).await?)?,
        Command::ResourcesMetadata(ask) => Outcome::of(resource::describe(host.config(), &ask.resource)?)?,
        Command::ClientsCreate(ask) => Outcome::of(client::create(host, ask).await?)?,
        Command::ClientsFind(ask) => Outcome::of(client::find(host, ask).await?)?,
        Command::ClientsList(ask) => Outcome::of(client::list(host, ask).await?)?,
        Command::ClientsUpdate(ask) => Outcome::of(client::update(host, ask).await?)?,
        Command::ClientsDelete(ask) => Outcome::of(client::delete(host, ask).await?)?,
        Command::ClientsRotateSecret(ask) => Outcome::of(client::rotate_secret(host, ask).await?)?,
        Command::RegistrationTokensIssue(ask) => Outcome::of(client::issue_token(host, ask).await?)?,
        Command::RegistrationTokensList(ask) => Outcome::of(client::list_tokens(host, ask).await?)?,
        Command::RegistrationTokensRevoke(ask) => Outcome::of(client::revoke_token(host, ask).await?)?,
        Command::AccountsCreate(ask) => Outcome::of(account::create(host, ask).await?)?,
        Command::AccountsFind(ask) => Outcome::of(account::find(host, ask).await?)?,
        Command::AccountsList(ask) => Outcome::of(account::list(host, ask).await?)?,
        Command::AccountsUpdate(ask) => Outcome::of(account::update(host, ask).await?)?,
        Command::AccountsSetPassword(ask) => Outcome::of(account::set_password(host, ask).await?)?,
        Command::SignInWithPassword(ask) => Outcome::of(sign_in::with_password(host, ask).await?)?,
        Command::SignInWithCode(ask) => Outcome::of(sign_in::with_code(host, ask).await?)?,
        Command::SignInSendCode(ask) => Outcome::of(sign_in::send_code(host, ask).await?)?,
        Command::SignInSendMail(ask) => Outcome::of(email::send_mail(host, ask).await?)?,
        Command::SignInWithMail(ask) => Outcome::of(email::with_mail(host, ask).await?)?,
        Command::SignInWithLink(ask) => Outcome::of(email::with_link(host, ask).await?)?,
        Command::SignInAs(ask) => Outcome::of(sign_in::sign_in_as(host, ask).await?)?,
        Command::SignInOut(ask) => Outcome::of(sign_in::out(host, ask).await?)?,
        Command::AccountsChangePassword(ask) => Outcome::of(account::change_password(host, ask).await?)?,
        Command::AccountsVerifyPassword(ask) => Outcome::of(account::verify_password(host, ask).await?)?,
        Command::PasswordsHash(ask) => Outcome::of(password::commands::hash(host, ask).await?)?,
        Command::PasswordsVerify(ask) => Outcome::of(password::commands::verify(host, ask).await?)?,
        Command::PasswordsInspect(ask) => Outcome::of(password::commands::inspect(host, ask)?)?,
        Command::AccountsRegister(ask) => Outcome::of(email::register(host, ask).await?)?,
        Command::AccountsSendVerification(ask) => Outcome::of(email::send_verification(host, ask).await?)?,
        Command::AccountsVerifyEmail(ask) => Outcome::of(email::verify_email(host, ask).await?)?,
        Command::AccountsRequestEmailChange(ask) => Outcome::of(email::request_email_change(host, ask).await?)?,
        Command::AccountsRequestReset(ask) => Outcome::of(email::request_reset(host, ask).await?)?,
        Command::AccountsReset(ask) => Outcome::of(email::reset(host, ask).await?)?,
        Command::SessionsList(ask) => Outcome::of(session::list(host, ask).await?)?,
        Command::SessionsRevoke(ask) => Outcome::of(session::revoke(host, ask).await?)?,
        Command::SessionsRevokeAll(ask) => Outcome::of(session::revoke_all(host, ask).await?)?,
        Command::SessionsRevokeOthers(ask) => Outcome::of(session::revoke_others(host, ask).await?)?,
        Command::FactorsList(ask) => Outcome::of(factor::list(host, ask).await?)?,
        Command::FactorsBeginTotp(ask) => Outcome::of(factor::begin_totp(host, ask).await?)?,
        Command::FactorsConfirmTotp(ask) => Outcome::of(factor::confirm_totp(host, ask).await?)?,
        Command::FactorsRegenerateRecoveryCodes(ask) => Outcome::of(factor::regenerate(host, ask).await?)?,
        Command::FactorsSetEmail(ask) => Outcome::of(factor::set_email(host, ask).await?)?,
        Command::FactorsRemove(ask) => Outcome::of(factor::remove(host, ask).await?)?,
        Command::FactorsVerify(ask) => Outcome::of(factor::verify(host, ask).await?)?,
        Command::SessionsOpen(ask) => Outcome::of(session::open(host, ask).await?)?,
        Command::SessionsSave(ask) => Outcome::of(session::save(host, ask).await?)?,
        Command::SessionsResume(ask) => Outcome::of(session::resume(host, ask).await?)?,
        Command::SessionsIssueTokens(ask) => Outcome::of(session::tokens::issue(host, ask).await?)?,
        Command::SessionsRefreshTokens(ask) => Outcome::of(session::tokens::refresh(host, ask).await?)?,
        Command::LogoutDeliver(ask) => Outcome::of(oidc::backchannel::deliver(host, ask).await?)?,
        Command::GrantsList(ask) => Outcome::of(grant::list(host, ask).await?)?,
        Command::GrantsRevoke(ask) => Outcome::of(grant::revoke(host, ask).await?)?,
        Command::GrantsUpdate(ask) => Outcome::of(grant::update(host, ask).await?)?,
        Command::GrantsRevokeAll(ask) => Outcome::of(grant::revoke_all(host, ask).await?)?,
        Command::KeysList(_) => Outcome::of(manage::list(host).await?)?,
        Command::KeysGenerate(ask) => Outcome::of(manage::generate(host, ask).await?)?,
        Command::KeysRotate(ask) => Outcome::of(manage::rotate(host, ask).await?)?,
        Command::KeysWithdraw(ask) => Outcome::of(manage::withdraw(host, ask).await?)?,
        Command::InteractionsGet(ask) => Outcome::of(authorize::get(host, ask).await?)?,
        Command::InteractionsComplete(ask) => Outcome::of(authorize::complete(host, ask).await?)?,
        Command::InteractionsConsent(ask) => Outcome::of(authorize::consent(host, ask).await?)?,
        Command::InteractionsDeny(ask) => Outcome::of(authorize::deny(host, ask).await?)?,
        Command::DeviceBegin(ask) => Outcome::of(device::begin(host, ask)?)?,
        Command::DeviceGet(ask) => Outcome::of(device::get(host, ask).await?)?,
        Command::DeviceApprove(ask) => Outcome::of(device::approve(host, ask).await?)?,
        Command::DeviceDeny(ask) => Outcome::of(device::deny(host, ask).await?)?,
        Command::SealsSeal(ask) => Outcome::of(iron::seal_data(host, ask)?)?,
        Command::SealsUnseal(ask) => Outcome::of(iron::unseal_data(host, ask)?)?,
        Command::Purge(ask) => Outcome::of(purge::purge(host, ask).await?)?,
    })
}

/// What is told of the refusal of a command: with the challenge, of a request that was not let through.
pub(crate) fn told(config: &Config, command: &Command, refusal: &Refusal) -> Told {
    match command {
        Command::Authenticate(ask) if ask.basic => token::challenged_for_password(config, &ask.requirement(), refusal),
        Command::Authenticate(ask) => token::challenged(config, &ask.requirement(), refusal),
        Command::TokensVerify(ask) => token::challenged(config, &ask.requirement(), refusal),
        _ => refusal.told(),
    }
}
