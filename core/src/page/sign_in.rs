use super::{Brand, display_name, html, style};
use askama::Template;

/// Asks for a login and a password. Posts `interaction`, `login` and `password` to `action`.
#[derive(Debug, Clone, Template)]
#[template(path = "sign_in.html")]
pub struct SignIn<'a> {
    /// The service that asks.
    pub brand: Brand<'a>,
    /// The application the person came from, as it calls itself.
    pub client_name: Option<&'a str>,
    /// The path the form is posted to.
    pub action: &'a str,
    /// The handle of the interaction, carried in a hidden field.
    pub interaction: &'a str,
    /// The login to begin with: the request's `login_hint`, or what was typed the last time.
    pub login_hint: Option<&'a str>,
    /// Whether the browser may be remembered: asked by the field `remember`.
    pub may_remember: bool,
    /// Why the last attempt did not succeed.
    pub problem: Option<Problem>,
    /// Other ways in, as links say them, and where they lead.
    pub ways: Vec<(&'a str, String)>,
}

/// Why an attempt to sign in did not succeed, as far as the person may know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// The login or the password is wrong; which one is not said.
    WrongCredentials,
    /// There were too many attempts for this login or from this address.
    TooManyAttempts,
    /// The login or the password was left empty.
    Incomplete,
}

impl Problem {
    fn message(self) -> &'static str {
        match self {
            Self::WrongCredentials => "That user name and password do not match. Check both and try again.",
            Self::TooManyAttempts => "There were too many attempts. Wait a few minutes, then try again.",
            Self::Incomplete => "Enter both your user name and your password.",
        }
    }
}

impl SignIn<'_> {
    /// The page as HTML.
    #[must_use]
    pub fn render(&self) -> String {
        html(self)
    }

    fn client(&self) -> String {
        self.client_name.map(display_name).unwrap_or_default()
    }

    fn blames_input(&self) -> bool {
        matches!(self.problem, Some(Problem::WrongCredentials | Problem::Incomplete))
    }

    fn login(&self) -> &str {
        self.login_hint.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> SignIn<'static> {
        SignIn {
            brand: Brand { name: "Example", theme: None },
            client_name: Some("Photo Printer"),
            action: "/sign-in",
            interaction: "i.abc",
            login_hint: None,
            may_remember: false,
            problem: None,
            ways: Vec::new(),
        }
    }

    #[test]
    fn posts_interaction_login_and_password_to_the_action() {
        let html = page().render();
        assert!(html.contains(r#"<form method="post" action="/sign-in">"#), "{html}");
        assert!(html.contains(r#"<input type="hidden" name="interaction" value="i.abc""#), "{html}");
        assert!(html.contains(r#"name="login" type="text""#), "{html}");
        assert!(html.contains(r#"name="password" type="password""#), "{html}");
    }

    #[test]
    fn tells_a_password_manager_which_field_is_which() {
        let html = page().render();
        assert!(html.contains(r#"autocomplete="username""#));
        assert!(html.contains(r#"autocomplete="current-password""#));
        assert!(html.contains(r#"<label for="login">"#) && html.contains(r#"id="login""#));
        assert!(html.contains(r#"<label for="password">"#) && html.contains(r#"id="password""#));
    }

    #[test]
    fn names_the_application_only_when_there_is_one() {
        assert!(page().render().contains("<bdi>Photo Printer</bdi>"));
        let alone = SignIn { client_name: None, ..page() };
        assert!(!alone.render().contains("<bdi>"));
    }

    #[test]
    fn a_problem_is_announced_and_tied_to_both_fields() {
        assert!(!page().render().contains("role=\"alert\""));
        for problem in [Problem::WrongCredentials, Problem::TooManyAttempts, Problem::Incomplete] {
            let html = SignIn { problem: Some(problem), ..page() }.render();
            assert!(html.contains(r#"id="problem" role="alert""#), "{html}");
            assert!(html.contains(problem.message()), "{html}");
            assert_eq!(html.matches(r#"aria-describedby="problem""#).count(), 2, "{html}");
            assert!(html.contains("<title>Problem: "), "{html}");
        }
    }

    #[test]
    fn fields_are_marked_invalid_only_when_they_are() {
        let marked = |problem| {
            let html = SignIn { problem, ..page() }.render();
            html.matches(r#"aria-invalid="true""#).count()
        };
        assert_eq!(marked(None), 0);
        assert_eq!(marked(Some(Problem::TooManyAttempts)), 0);
        assert_eq!(marked(Some(Problem::WrongCredentials)), 2);
    }

    #[test]
    fn the_first_empty_field_has_the_focus() {
        let focused = |html: &str| {
            let tag = html.split("<input").find(|tag| tag.contains(" autofocus")).map(str::to_owned);
            tag.unwrap_or_default()
        };
        assert!(focused(&page().render()).contains(r#"name="login""#));
        let returning = SignIn { login_hint: Some("ada"), ..page() }.render();
        assert!(focused(&returning).contains(r#"name="password""#));
        assert!(returning.contains(r#"value="ada""#));
        assert_eq!(returning.matches(" autofocus").count(), 1);
    }
}
