//! `otpauth://totp/…`: the key URI format that authenticator apps read from a QR code.
//!
//! No RFC has it: it is Google Authenticator's, as every app understands it, and as draft-linuxgemini-otpauth-uri writes it down. What is usual is said
//! all the same, since some apps take something else for it.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::totp::{Algorithm, Digits, PERIOD};

/// The unreserved characters (RFC 3986 section 2.3) stand as they are.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The label is `issuer:account`, in which neither may have a colon of its own.
pub(super) fn write(issuer: &str, account: &str, secret: &str, algorithm: Algorithm, digits: Digits) -> String {
    let (issuer, account) = (escaped(issuer), escaped(account));
    let (algorithm, digits) = (algorithm.name(), u8::from(digits));
    format!(
        "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm={algorithm}&digits={digits}&period={PERIOD}"
    )
}

fn escaped(text: &str) -> String {
    utf8_percent_encode(&text.replace(':', " "), ESCAPED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_who_asks_for_whom_and_how() {
        assert_eq!(
            write("Big Co", "ada@example.com", "MZXW6YTB", Algorithm::SHA1, Digits::Six),
            "otpauth://totp/Big%20Co:ada%40example.com?secret=MZXW6YTB&issuer=Big%20Co&algorithm=SHA1&digits=6&period=30"
        );
    }

    #[test]
    fn no_name_can_say_anything_else() {
        let uri = write("a:b&secret=X", "c?d#e/f:ü", "MZXW6YTB", Algorithm::SHA512, Digits::Eight);
        assert_eq!(
            uri,
            "otpauth://totp/a%20b%26secret%3DX:c%3Fd%23e%2Ff%20%C3%BC?secret=MZXW6YTB&issuer=a%20b%26secret%3DX&algorithm=SHA512&digits=8&period=30"
        );
    }
}
