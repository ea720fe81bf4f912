use super::{Brand, display_name, html, style};
use crate::time::Millis;
use askama::Template;

/// Shows a person what acts for them.
///
/// Posts `token` to `action`, with one of `remove` (an application's id), `end` (a session's id), `end_others` and `sign_out`.
#[derive(Debug, Clone, Template)]
#[template(path = "account.html")]
pub struct Account<'a> {
    /// The service that answers.
    pub brand: Brand<'a>,
    /// The person who is signed in.
    pub account_name: &'a str,
    /// The applications that may act for them.
    pub applications: Vec<Application>,
    /// The browsers they are signed in with.
    pub sessions: Vec<OwnSession>,
    /// The present, in milliseconds.
    pub now: Millis,
    /// The path the form is posted to; the page itself.
    pub action: &'a str,
    /// The path of the page on what the person signs in with.
    pub security: &'a str,
    /// What shows that the form is the session's own, carried in a hidden field.
    pub token: &'a str,
    /// There are pages before this one.
    pub is_continued: bool,
    /// Where the page after this one begins: `after` in its address.
    pub more: Option<&'a str>,
}

/// An application that may act for the person.
#[derive(Debug, Clone)]
pub struct Application {
    /// Its client id.
    pub id: String,
    /// Its name, as it calls itself.
    pub name: String,
    /// The host, or the scheme, at which it is; may be empty.
    pub place: String,
    /// Nobody at the service's has looked at it: it registered itself.
    pub is_unverified: bool,
    /// What it may do, in words for the person.
    pub scopes: Vec<String>,
    /// When it was allowed first.
    pub since: Millis,
    /// When it got a token last, as far as that is known.
    pub last_used: Option<Millis>,
}

/// A browser in which the person is signed in.
#[derive(Debug, Clone)]
pub struct OwnSession {
    /// The session's id.
    pub id: String,
    /// Whether it is the one that asks.
    pub is_this: bool,
    /// When the person signed in there.
    pub signed_in_at: Millis,
    /// When it was last seen in use, as far as that was noted.
    pub seen_at: Millis,
    /// Which program, in a few words, as it says itself; may be empty.
    pub browser: String,
    /// Where it was at the sign-in; may be empty.
    pub address: String,
}

impl Account<'_> {
    /// The page as HTML.
    #[must_use]
    pub fn render(&self) -> String {
        html(self)
    }

    fn account(&self) -> String {
        display_name(self.account_name)
    }

    fn ago(&self, then: &Millis) -> String {
        super::ago(self.now, *then)
    }
}

impl Application {
    fn shown(&self) -> String {
        let name = display_name(&self.name);
        if name.is_empty() { "An application without a name".to_owned() } else { name }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Millis = 60_000;

    fn page() -> Account<'static> {
        let application = Application {
            id: "printer".into(),
            name: "Photo Printer".into(),
            place: "print.example.com".into(),
            is_unverified: false,
            scopes: vec!["See your photos".into()],
            since: 0,
            last_used: Some(3 * 1440 * MINUTE),
        };
        let session = |id: &str, is_this| OwnSession {
            id: id.into(),
            is_this,
            signed_in_at: 5 * 1440 * MINUTE,
            seen_at: 5 * 1440 * MINUTE,
            browser: if is_this { String::new() } else { "Firefox on Linux".into() },
            address: "203.0.113.9".into(),
        };
        Account {
            brand: Brand { name: "Example", theme: None },
            account_name: "Ada Lovelace",
            applications: vec![application],
            sessions: vec![session("a", true), session("b", false)],
            now: 5 * 1440 * MINUTE,
            action: "/account",
            security: "/account/security",
            token: "t0ken",
            is_continued: false,
            more: None,
        }
    }

    #[test]
    fn shows_each_application_with_its_place_its_scopes_and_its_times() {
        let html = page().render();
        for shown in [
            "<bdi>Photo Printer</bdi>",
            "print.example.com",
            "See your photos",
            "Allowed 5 days ago",
            "Used 2 days ago",
        ] {
            assert!(html.contains(shown), "{shown}: {html}");
        }
        assert!(html.contains(r#"name="remove" value="printer""#), "{html}");
        assert!(!html.contains("has not checked"), "{html}");
    }

    #[test]
    fn this_session_is_marked_and_signs_out_and_the_others_can_be_ended() {
        let html = page().render();
        assert_eq!(html.matches("This browser").count(), 1, "{html}");
        assert!(html.contains("Firefox on Linux") && html.contains("203.0.113.9"), "{html}");
        assert_eq!(html.matches(r#"name="sign_out""#).count(), 1, "{html}");
        assert!(html.contains(r#"name="end" value="b""#) && !html.contains(r#"name="end" value="a""#), "{html}");
        assert!(html.contains(r#"name="end_others""#), "{html}");
        let mut alone = page();
        alone.sessions.pop();
        assert!(!alone.render().contains(r#"name="end_others""#));
    }

    #[test]
    fn a_page_that_is_not_all_leads_on_and_back() {
        assert!(!page().render().contains("after="));
        let middle = Account { more: Some("grant.x"), is_continued: true, applications: Vec::new(), ..page() }.render();
        assert!(
            middle.contains(r#"href="/account?after=grant.x""#) && middle.contains(r#"href="/account""#),
            "{middle}"
        );
        assert!(!middle.contains("No application"), "there may be some on another page");
        assert!(Account { applications: Vec::new(), ..page() }.render().contains("No application"));
    }

    #[test]
    fn times_are_told_in_their_largest_unit() {
        let told = |minutes: Millis| Account { now: minutes * MINUTE, ..page() }.ago(&0);
        for (minutes, text) in [
            (0, "just now"),
            (1, "1 minute ago"),
            (59, "59 minutes ago"),
            (60, "1 hour ago"),
            (1439, "23 hours ago"),
            (1440, "1 day ago"),
            (99 * 1440, "99 days ago"),
        ] {
            assert_eq!(told(minutes), text);
        }
        assert_eq!(Account { now: 0, ..page() }.ago(&(9 * MINUTE)), "just now", "clocks differ");
    }
}
