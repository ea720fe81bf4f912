use super::display_name;
use crate::uri::Uri;

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
        match Uri::parse(redirect_uri) {
            Some(uri) if uri.is_web() => Self {
                shown: uri.host_and_port().unwrap_or_default(),
                on_this_device: uri.is_loopback(),
                form_source: format!("{}:", uri.scheme),
            },
            Some(uri) => {
                Self { shown: uri.scheme.to_owned(), on_this_device: true, form_source: format!("{}:", uri.scheme) }
            }
            None => Self { shown: display_name(redirect_uri), on_this_device: true, form_source: String::new() },
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

    /// The source expression that lets a form's redirect end here (CSP3 section 2.3.1): the scheme. Chromium holds every
    /// further redirect to it as well, and where a client's own callback leads on to is the client's affair.
    #[must_use]
    pub fn form_source(&self) -> &str {
        &self.form_source
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
    fn a_site_is_its_host_and_port() {
        assert_eq!(read("https://app.example.com/cb?a=b"), is("app.example.com", false, "https:"));
        assert_eq!(read("https://app.example.com:8443/cb"), is("app.example.com:8443", false, "https:"));
        assert_eq!(read("https://xn--80ak6aa92e.example/cb").0, "xn--80ak6aa92e.example");
    }

    #[test]
    fn loopback_is_this_device() {
        assert_eq!(read("http://127.0.0.1:9000/cb"), is("127.0.0.1:9000", true, "http:"));
        assert_eq!(read("http://[::1]:9000/cb"), is("[::1]:9000", true, "http:"));
        assert_eq!(read("http://localhost:9000/cb"), is("localhost:9000", true, "http:"));
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
