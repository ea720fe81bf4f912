use super::{Brand, display_name, html, style};
use askama::Template;

/// Asks for the second factor of whoever proved the first one.
///
/// Posts `pending` and `by` to `action`, with `code`; or with `with`, the other [`Means`] that the person chose.
#[derive(Debug, Clone, Template)]
#[template(path = "second_factor.html")]
pub struct SecondFactor<'a> {
    /// The service that asks.
    pub brand: Brand<'a>,
    /// The application the person came from, as it calls itself.
    pub client_name: Option<&'a str>,
    /// The path the form is posted to.
    pub action: &'a str,
    /// The handle of the sign-in so far, carried in a hidden field.
    pub pending: &'a str,
    /// What is asked for.
    pub by: Means,
    /// What else would do.
    pub others: Vec<Means>,
    /// Why the last code did not do.
    pub problem: Option<CodeProblem>,
}

/// What a second factor is proved by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Means {
    /// A code of an authenticator app.
    App,
    /// A recovery code.
    RecoveryCode,
    /// A code that was sent by mail.
    Mail,
}

/// Why a code did not do, as far as the person may know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeProblem {
    /// It is wrong, over, or was used before; which of them is not said.
    Wrong,
    /// There were too many attempts.
    TooManyAttempts,
    /// Nothing was typed.
    Missing,
}

impl Means {
    /// As the form says it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::App => "totp",
            Self::RecoveryCode => "recovery_code",
            Self::Mail => "email_code",
        }
    }

    /// What a form says.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        [Self::App, Self::RecoveryCode, Self::Mail].into_iter().find(|means| means.name() == name)
    }

    const fn heading(self) -> &'static str {
        match self {
            Self::App => "Enter the code of your app",
            Self::RecoveryCode => "Enter a recovery code",
            Self::Mail => "Enter the code we sent you",
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::App | Self::Mail => "Code",
            Self::RecoveryCode => "Recovery code",
        }
    }

    const fn hint(self) -> &'static str {
        match self {
            Self::App => "Open your authenticator app. It shows a new code every 30 seconds.",
            Self::RecoveryCode => "One of those that you were given with your authenticator app. Each is good once.",
            Self::Mail => "It is in the newest message from us.",
        }
    }

    const fn offer(self) -> &'static str {
        match self {
            Self::App => "Use your authenticator app",
            Self::RecoveryCode => "Use a recovery code",
            Self::Mail => "Get a code by mail",
        }
    }

    const fn is_numeric(self) -> bool {
        matches!(self, Self::App | Self::Mail)
    }
}

impl CodeProblem {
    pub(super) const fn message(self, by: Means) -> &'static str {
        match (self, by) {
            (Self::Wrong, Means::App) => {
                "That code is not right, or it was used before. Enter the code that your app shows next."
            }
            (Self::Wrong, Means::RecoveryCode) => "That recovery code is not right, or it was used before.",
            (Self::Wrong, Means::Mail) => "That code is not right, or its time is up.",
            (Self::TooManyAttempts, _) => "There were too many attempts. Wait a few minutes, then try again.",
            (Self::Missing, _) => "Enter the code.",
        }
    }
}

impl SecondFactor<'_> {
    /// The page as HTML.
    #[must_use]
    pub fn render(&self) -> String {
        html(self)
    }

    fn client(&self) -> String {
        self.client_name.map(display_name).unwrap_or_default()
    }

    fn blames_input(&self) -> bool {
        matches!(self.problem, Some(CodeProblem::Wrong | CodeProblem::Missing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Means; 3] = [Means::App, Means::RecoveryCode, Means::Mail];

    fn page() -> SecondFactor<'static> {
        SecondFactor {
            brand: Brand { name: "Example", theme: None },
            client_name: Some("Photo Printer"),
            action: "/sign-in/second",
            pending: "cvp_abc",
            by: Means::App,
            others: vec![Means::RecoveryCode],
            problem: None,
        }
    }

    #[test]
    fn posts_the_handle_what_is_asked_for_and_the_code() {
        let html = page().render();
        assert!(html.contains(r#"<form method="post" action="/sign-in/second">"#), "{html}");
        assert!(html.contains(r#"<input type="hidden" name="pending" value="cvp_abc""#), "{html}");
        assert!(html.contains(r#"<input type="hidden" name="by" value="totp""#), "{html}");
        assert!(html.contains(r#"<label for="code">"#) && html.contains(r#"id="code" name="code""#), "{html}");
        for means in ALL {
            assert_eq!(Means::of(means.name()), Some(means));
        }
        assert_eq!(Means::of("password"), None);
    }

    #[test]
    fn a_telephone_offers_digits_and_the_code_where_it_is_one() {
        for means in ALL {
            let html = SecondFactor { by: means, ..page() }.render();
            let numeric = means != Means::RecoveryCode;
            assert_eq!(html.contains(r#"inputmode="numeric" autocomplete="one-time-code""#), numeric, "{html}");
        }
    }

    #[test]
    fn the_other_means_are_a_button_away_that_needs_no_code() {
        let html = SecondFactor { others: vec![Means::RecoveryCode, Means::Mail], ..page() }.render();
        for means in ["recovery_code", "email_code"] {
            assert!(html.contains(&format!(r#"name="with" value="{means}" formnovalidate"#)), "{html}");
        }
        let first = html.split("<button").nth(1).unwrap_or_default();
        assert!(first.contains(r#"class="primary" type="submit""#), "what Enter does: {html}");
        assert!(!SecondFactor { others: Vec::new(), ..page() }.render().contains(r#"name="with""#));
    }

    #[test]
    fn a_problem_is_announced_and_tied_to_the_field() {
        assert!(!page().render().contains("role=\"alert\""));
        for by in ALL {
            for problem in [CodeProblem::Wrong, CodeProblem::TooManyAttempts, CodeProblem::Missing] {
                let html = SecondFactor { by, problem: Some(problem), ..page() }.render();
                assert!(html.contains(r#"id="problem" role="alert""#), "{html}");
                assert!(html.contains(problem.message(by)), "{html}");
                assert!(html.contains(r#"aria-describedby="hint problem""#), "{html}");
                let marked = html.contains(r#"aria-invalid="true""#);
                assert_eq!(marked, problem != CodeProblem::TooManyAttempts, "{html}");
                assert!(html.contains("<title>Problem: "), "{html}");
            }
        }
    }
}
