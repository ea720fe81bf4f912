//! What a person is told of a sign-in that may not be theirs.

use crate::account::Account;
use crate::host::Host;
use crate::mail::{Kind, Mail, Recipient};
use crate::sign_in::Full;
use crate::time::Seconds;

/// On the day on which an account is made, every browser is new.
const FIRST_DAY: Seconds = Seconds(86_400);

/// Whether somebody is to be told by mail that they signed in with a browser that they had not used before. Nobody is told who came by
/// their mailbox just now.
pub(crate) fn tells_of_new_browser(host: &Host, full: &Full, is_known: bool) -> bool {
    let by_mail = full.methods().iter().any(|method| method == "email");
    !is_known && !by_mail && host.config().mails_to_accounts()
}

/// What they are told, where mail goes to them and the account is not of today.
pub(crate) fn of_new_browser(host: &Host, account: &Account) -> Option<Mail> {
    let is_old = FIRST_DAY.after(account.created_at) <= host.now();
    let to = Recipient::of(account).filter(|_| is_old)?;
    Some(Mail::new(Kind::NewSignIn, to))
}
