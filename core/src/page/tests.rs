//! What holds for every page.

use super::*;

const HOSTILE: &str = "\"'><img src=x onerror=alert(1)></title></style><script>alert(1)</script>{{7*7}}\u{202e}&amp;";

/// Every page, with `text` wherever somebody else's text may come to stand.
fn pages(text: &str) -> Vec<(&'static str, String)> {
    let brand = Brand { name: text, theme: None };
    let problem = Some(Problem::WrongCredentials);
    let sign_in = SignIn {
        brand,
        client_name: Some(text),
        action: text,
        interaction: text,
        login_hint: Some(text),
        may_remember: true,
        problem,
        ways: vec![(text, text.to_owned())],
    };
    let consent = Consent {
        brand,
        client_name: text,
        unverified: Some(Unverified { host: Some(text), links: vec![("Its website", text)] }),
        destination: Destination::of(text),
        account_name: text,
        scopes: vec![RequestedScope { id: text, name: text, description: text }],
        action: text,
        interaction: text,
        subject: text,
    };
    let error = ErrorPage { brand, title: text, explanation: text, code: text, help: Some(text) };
    let application = Application {
        id: text.to_owned(),
        name: text.to_owned(),
        place: text.to_owned(),
        is_unverified: true,
        scopes: vec![text.to_owned()],
        since: 0,
        last_used: Some(0),
    };
    let account = Account {
        brand,
        account_name: text,
        applications: vec![application],
        sessions: vec![OwnSession {
            id: text.to_owned(),
            is_this: false,
            signed_in_at: 0,
            seen_at: 0,
            browser: text.to_owned(),
            address: text.to_owned(),
        }],
        now: 0,
        action: text,
        security: text,
        token: text,
        is_continued: true,
        more: Some(text),
    };
    let second_factor = SecondFactor {
        brand,
        client_name: Some(text),
        action: text,
        pending: text,
        by: Means::App,
        others: vec![Means::RecoveryCode, Means::Mail],
        problem: Some(CodeProblem::Wrong),
    };
    let code = Some(CodeField { action: text, interaction: text, waiting: text });
    let (problem, shortest) = (Some(text), 8);
    let ask = AskAddress {
        brand,
        title: text,
        lead: text,
        button: text,
        action: text,
        interaction: Some(text),
        may_remember: true,
        login: text,
        problem,
    };
    let link = OpenLink { brand, title: text, address: text, text, button: text, action: text, token: text };
    let sign_up = SignUp {
        brand,
        action: text,
        interaction: Some(text),
        email: text,
        name: text,
        shortest,
        problem,
        back: Some(text),
    };
    let app = OwnAuthenticator { id: text.to_owned(), name: Some(text.to_owned()), added_at: 0, last_used_at: 0 };
    let security = Security {
        brand,
        login: text,
        has_password: true,
        mail: Some(MailFactor { address: text, enabled: true }),
        authenticators: vec![app],
        recovery_codes_left: 1,
        is_recent: true,
        now: 0,
        action: text,
        account: text,
        token: text,
        problem: Some(text),
        notice: Some(text),
    };
    let add_authenticator = AddAuthenticator {
        brand,
        id: text,
        secret: text,
        uri: text,
        picture: None,
        action: text,
        token: text,
        problem: Some(text),
    };
    vec![
        ("ask for a mail", ask.render()),
        ("mailbox", Mailbox { brand, text, code, problem, back: Some(text) }.render()),
        ("open a link", link.render()),
        ("new password", NewPassword { brand, login: text, shortest, action: text, token: text, problem }.render()),
        ("sign up", sign_up.render()),
        ("done by mail", MailDone { brand, title: text, text, onward: Some(text) }.render()),
        ("security", security.render()),
        ("add an authenticator", add_authenticator.render()),
        ("recovery codes", NewRecoveryCodes { brand, codes: &[text.to_owned()], onward: text }.render()),
        ("second factor", second_factor.render()),
        ("account", account.render()),
        ("sign-in", sign_in.render()),
        ("consent", consent.render()),
        ("error", error.render()),
        ("signed in", SignedIn { brand, account_name: text }.render()),
        ("signed out", SignedOut { brand }.render()),
    ]
}

/// The tags of a page without what its attributes are set to, in order.
fn tags(html: &str) -> Vec<String> {
    let name = |tag: &str| tag.split(|c: char| c.is_whitespace() || c == '>').next().unwrap_or_default().to_owned();
    html.split('<').skip(1).map(name).collect()
}

#[test]
fn az_088_hostile_text_adds_no_tag_and_ends_no_attribute() {
    for ((page, hostile), (_, plain)) in pages(HOSTILE).into_iter().zip(pages("plain")) {
        assert_eq!(tags(&hostile), tags(&plain), "{page}");
        assert_eq!(hostile.matches('"').count(), plain.matches('"').count(), "{page}");
        assert_eq!(hostile.matches('\'').count(), plain.matches('\'').count(), "{page}");
    }
}

#[test]
fn az_088_ten_kilobytes_of_name_do_not_reach_the_page() {
    let name = "W".repeat(10 * 1024);
    let consent = Consent {
        brand: Brand { name: "Example", theme: None },
        client_name: &name,
        unverified: None,
        destination: Destination::of("https://app.example.com/"),
        account_name: &name,
        scopes: Vec::new(),
        action: "/consent",
        interaction: "i.abc",
        subject: "ada",
    };
    assert!(!consent.render().contains(&"W".repeat(65)));
}

#[test]
fn no_page_has_a_script_or_fetches_anything() {
    for (page, html) in pages("plain") {
        assert!(!html.contains("<script") && !html.contains("javascript:"), "{page}: {html}");
        let handlers = html.split('<').filter(|tag| tag.split('>').next().is_some_and(|tag| tag.contains(" on")));
        assert_eq!(handlers.count(), 0, "{page}: {html}");
        assert!(!html.contains("http:") && !html.contains("https:") && !html.contains("src="), "{page}: {html}");
        assert!(!html.contains("style="), "the policy allows no style attribute: {page}");
    }
}

#[test]
fn every_page_has_a_language_a_title_one_heading_and_fits_a_phone() {
    for (page, html) in pages("plain") {
        assert!(html.starts_with("<!doctype html>\n<html lang=\"en\">"), "{page}: {html}");
        assert!(html.contains(" – plain</title>"), "{page}: {html}");
        assert_eq!(html.matches("<h1>").count(), 1, "{page}");
        assert!(html.contains(r#"<meta name="viewport" content="width=device-width, initial-scale=1">"#), "{page}");
        assert!(html.contains(r#"<meta name="color-scheme" content="light dark">"#), "{page}");
    }
}

#[test]
fn the_mark_is_the_first_letter_of_the_name() {
    assert_eq!(Brand { name: "example", theme: None }.initial(), "e");
    assert_eq!(Brand { name: " ångström", theme: None }.initial(), "å");
    assert_eq!(Brand { name: "", theme: None }.initial(), "");
}
