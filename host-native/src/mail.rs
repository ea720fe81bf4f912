//! Mails that the engine wants sent (`docs/contract.md`, section 3).

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::services::ServiceError;

/// A mail to send. Its link and its code are secrets: log neither.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Mail {
    /// What it is about.
    pub kind: MailKind,
    /// The one address it goes to.
    pub to: String,
    /// The id of the account whose address it is.
    pub subject: String,
    /// What its owner is called; only where the address is known to be theirs.
    pub name: Option<String>,
    /// The language that they read, if that is known.
    pub locale: Option<String>,
    /// What is to be opened.
    pub link: Option<String>,
    /// What is to be typed.
    pub code: Option<String>,
    /// Milliseconds since 1970, until when the link and the code are good.
    pub expires_at: Option<u64>,
    /// Of which issuer, where it is not the engine's first.
    pub issuer: Option<String>,
    /// The engine's own words, in plain English: one line,
    pub subject_line: String,
    /// and the whole mail as plain text.
    pub text: String,
}

impl fmt::Debug for Mail {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Mail").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// What a mail is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MailKind {
    /// A link that shows that the address is the person's.
    VerifyEmail,
    /// A link, to a new address, that puts it in the place of the old one.
    ChangeEmail,
    /// To the old address: another took its place.
    EmailChanged,
    /// A link to choose a new password.
    ResetPassword,
    /// A link that signs in, in the browser that asked for it; with a code, where both are offered.
    SignInLink,
    /// A code that signs in, in the browser that asked for it.
    SignInCode,
    /// Somebody signed up with the address of an account that is there.
    AlreadyRegistered,
    /// The password is another one now.
    PasswordChanged,
    /// Somebody signed in from a browser that was not seen before.
    NewSignIn,
    /// There is one more thing that a sign-in may be asked for beside the password.
    FactorAdded,
    /// There is one less.
    FactorRemoved,
    /// The recovery codes are other ones now.
    RecoveryCodesRegenerated,
    /// One that this version does not know.
    #[serde(other)]
    Other,
}

/// What a host gave to `on_mail`.
pub(crate) type Sender = Arc<dyn Fn(Mail) -> Sending + Send + Sync>;

pub(crate) type Sending = Pin<Box<dyn Future<Output = Result<(), ServiceError>> + Send>>;

/// How many mails are yet to be sent.
#[derive(Debug, Default)]
pub(crate) struct Mails(Arc<watch::Sender<usize>>);

impl Mails {
    /// On a task of its own: how long it takes must not show in the answer.
    pub(crate) fn send(&self, sender: &Sender, mail: Mail) {
        let (kind, sender, under_way) = (mail.kind, Arc::clone(sender), Arc::clone(&self.0));
        under_way.send_modify(|count| *count += 1);
        tokio::spawn(async move {
            let _ends = Ends(under_way);
            if let Err(error) = sender(mail).await {
                tracing::error!(%error, ?kind, "a mail could not be sent");
            }
        });
    }

    /// Waits until none is left.
    pub(crate) async fn settled(&self) {
        drop(self.0.subscribe().wait_for(|count| *count == 0).await);
    }
}

/// Counts down also when what sends panics.
struct Ends(Arc<watch::Sender<usize>>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count = count.saturating_sub(1));
    }
}
