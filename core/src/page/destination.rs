use super::display_name;
use url::{Host, Url};

/// Where the browser goes when the person has decided: what a redirect URI means to a person, and to the browser's policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    shown: String,
    on_this_device: bool,
    form_source: String,
}

impl Destination {
    /// Reads a redirect URI. One that cannot be read is shown as it is, and the browser's policy will not let it be reached.
    #[must_use]
    pub fn of(redirect_uri: &str) -> Self {
        match Url::parse(redirect_uri) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => Self::site(&url),
            Ok(url) => Self::native_application(url.scheme()),
            Err(_) => Self { shown: display_name(redirect_uri), on_this_device: true, form_source: String::new() },
        }
    }

    /// The host, with its port where that is not the scheme's own; for a private-use scheme, the scheme.
    #[must_use]
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// True for a loopback address (RFC 8252 section 7.3) or a private-use scheme (section 7.1): any program on the device may
    /// be the one that listens there.
    #[must_use]
    pub fn is_on_this_device(&self) -> bool {
        self.on_this_device
    }

    /// The source expression that lets a form's redirect end here (CSP3 section 2.3.1). Chromium holds every further
    /// redirect to it as well: a client whose redirect URI itself redirects to another origin is stopped there.
    #[must_use]
    pub fn form_source(&self) -> &str {
        &self.form_source
    }

    fn site(url: &Url) -> Self {
        let host = url.host_str().unwrap_or_default();
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let shown = format!("{host}{port}");
        // CSP has no way to write an IPv6 host, and matches no IPv4 host but 127.0.0.1 (CSP3 section 6.7.2.8).
        let form_source = match url.host() {
            Some(Host::Domain(_)) => format!("{}://{shown}", url.scheme()),
            Some(Host::Ipv4(ip)) if ip.octets() == [127, 0, 0, 1] => {
                format!("{}://{shown}", url.scheme())
            }
            _ => format!("{}:", url.scheme()),
        };
        Self { on_this_device: is_loopback(url), shown, form_source }
    }

    fn native_application(scheme: &str) -> Self {
        Self { shown: scheme.to_owned(), on_this_device: true, form_source: format!("{scheme}:") }
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(uri: &str) -> (String, bool, String) {
        let Destination { shown, on_this_device, form_source } = Destination::of(uri);
        (shown, on_this_device, form_source)
    }

    fn is(shown: &str, on_this_device: bool, form_source: &str) -> (String, bool, String) {
        (shown.to_owned(), on_this_device, form_source.to_owned())
    }

    #[test]
    fn a_site_is_its_host_and_its_origin() {
        assert_eq!(read("https://app.example.com/cb?a=b"), is("app.example.com", false, "https://app.example.com"));
        assert_eq!(
            read("https://app.example.com:8443/cb"),
            is("app.example.com:8443", false, "https://app.example.com:8443")
        );
        assert_eq!(read("https://10.0.0.7/cb"), is("10.0.0.7", false, "https:"));
    }

    #[test]
    fn user_information_is_not_taken_for_the_host() {
        assert_eq!(read("https://bank.example@evil.example/cb"), is("evil.example", false, "https://evil.example"));
    }

    #[test]
    fn a_host_in_another_script_is_shown_in_punycode() {
        assert_eq!(read("https://аррӏе.example/cb").0, "xn--80ak6aa92e.example");
    }

    #[test]
    fn loopback_is_this_device() {
        assert_eq!(read("http://127.0.0.1:9000/cb"), is("127.0.0.1:9000", true, "http://127.0.0.1:9000"));
        assert_eq!(read("http://127.8.0.1:9000/cb"), is("127.8.0.1:9000", true, "http:"));
        assert_eq!(read("http://[::1]:9000/cb"), is("[::1]:9000", true, "http:"));
        assert_eq!(read("http://localhost:9000/cb"), is("localhost:9000", true, "http://localhost:9000"));
        assert!(!Destination::of("https://localhost.example.com/cb").is_on_this_device());
    }

    #[test]
    fn a_private_use_scheme_is_this_device() {
        assert_eq!(read("com.example.app:/cb"), is("com.example.app", true, "com.example.app:"));
    }

    #[test]
    fn what_is_no_uri_leads_nowhere() {
        assert_eq!(read("no uri"), is("no uri", true, ""));
    }
}
