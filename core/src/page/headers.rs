use super::{Theme, style};
use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

/// The headers of a page (RFC 9700 sections 4.2.4 and 4.16).
///
/// `form_targets` are the source expressions, besides the engine itself, to which a form on the page may lead: Chromium applies
/// `form-action` to the redirects that follow a post too, so a page whose form ends at the client needs
/// [`Destination::form_source`](super::Destination::form_source). What is no plain source expression is left out.
#[must_use]
pub fn headers(theme: Option<&Theme>, form_targets: &[&str]) -> Vec<(&'static str, String)> {
    with_policy(policy(theme, form_targets))
}

/// The same for a page that runs this script, inlined, and no other.
#[must_use]
pub fn headers_with_script(theme: Option<&Theme>, form_targets: &[&str], script: &str) -> Vec<(&'static str, String)> {
    let hash = STANDARD.encode(Sha256::digest(script));
    with_policy(format!("{}; script-src 'sha256-{hash}'", policy(theme, form_targets)))
}

fn with_policy(policy: String) -> Vec<(&'static str, String)> {
    vec![
        ("content-type", "text/html; charset=utf-8".to_owned()),
        ("cache-control", "no-store".to_owned()),
        ("referrer-policy", "no-referrer".to_owned()),
        ("x-frame-options", "DENY".to_owned()),
        ("x-content-type-options", "nosniff".to_owned()),
        ("content-security-policy", policy),
    ]
}

fn policy(theme: Option<&Theme>, form_targets: &[&str]) -> String {
    let style = theme.map_or(style::SOURCE.as_str(), Theme::style_source);
    let images: String = theme.and_then(Theme::image_source).map(|source| format!(" {source}")).unwrap_or_default();
    let targets: String =
        form_targets.iter().filter(|target| is_source(target)).map(|target| format!(" {target}")).collect();
    format!(
        "default-src 'none'; style-src {style}; img-src data:{images}; form-action 'self'{targets}; frame-ancestors 'none'; base-uri 'none'"
    )
}

/// Holds for schemes and origins; a quote, a space, `;`, `,` or `*` would change the policy.
fn is_source(target: &str) -> bool {
    target.contains(':') && target.chars().all(|c| c.is_ascii_alphanumeric() || "+-._:/".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::{Brand, SignedOut};

    fn value(headers: &[(&'static str, String)], name: &str) -> String {
        let mut values = headers.iter().filter(|(n, _)| *n == name).map(|(_, value)| value.clone());
        let value = values.next().unwrap_or_default();
        assert_eq!(values.next(), None, "{name} occurs once");
        value
    }

    fn directives(form_targets: &[&str]) -> Vec<String> {
        policy(None, form_targets).split("; ").map(str::to_owned).collect()
    }

    #[test]
    fn az_052_pages_are_neither_kept_nor_framed_nor_leak_their_address() {
        let headers = headers(None, &[]);
        assert_eq!(value(&headers, "cache-control"), "no-store");
        assert_eq!(value(&headers, "referrer-policy"), "no-referrer");
        assert_eq!(value(&headers, "x-frame-options"), "DENY");
        assert_eq!(value(&headers, "x-content-type-options"), "nosniff");
        assert_eq!(value(&headers, "content-type"), "text/html; charset=utf-8");
        assert!(directives(&[]).contains(&"frame-ancestors 'none'".to_owned()));
    }

    #[test]
    fn nothing_is_allowed_but_the_style_and_the_forms() {
        let style = format!("style-src {}", *style::SOURCE);
        let expected = [
            "default-src 'none'",
            style.as_str(),
            "img-src data:",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ];
        assert_eq!(directives(&[]), expected);
    }

    #[test]
    fn the_style_hash_is_that_of_the_page_as_rendered() {
        let html = SignedOut { brand: Brand { name: "Example", theme: None } }.render();
        let (_, rest) = html.split_once("<style>").unwrap_or_default();
        let (style, _) = rest.split_once("</style>").unwrap_or_default();
        assert!(!style.is_empty());
        let hash = STANDARD.encode(Sha256::digest(style));
        assert!(directives(&[]).contains(&format!("style-src 'sha256-{hash}'")));
        assert_eq!(html.matches("<style").count(), 1);
    }

    #[test]
    fn forms_may_lead_to_the_targets_given() {
        let directives = directives(&["https://app.example.com:8443", "com.example.app:"]);
        assert!(directives.contains(&"form-action 'self' https://app.example.com:8443 com.example.app:".to_owned()));
    }

    #[test]
    fn a_target_cannot_change_the_policy() {
        for target in [
            "",
            "*",
            "https://*",
            "'unsafe-inline'",
            "https://a; script-src https:",
            "https://a,b",
            "https://a b",
            "ä:",
        ] {
            assert_eq!(policy(None, &[target]), policy(None, &[]), "{target}");
        }
    }
}
