//! The colours and the mark of the service, in place of the built-in ones. Whatever is chosen, what is written in it can be read.

use serde::Deserialize;

use super::style;
use crate::uri::Uri;

/// WCAG 2.2 section 1.4.3, for text of any size.
const LEGIBLE: f64 = 4.5;
/// What links and buttons stand on, by day and by night: `--card`.
const CARD: Colour = Colour([0xff, 0xff, 0xff]);
const CARD_AT_NIGHT: Colour = Colour([0x18, 0x20, 0x1f]);
const LIGHT: Colour = Colour([0xff, 0xff, 0xff]);
const DARK: Colour = Colour([0x06, 0x1a, 0x17]);
/// Bytes of a logo that stands in every page.
const LONGEST_LOGO: usize = 8192;

/// `theme` in the configuration.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Written {
    accent: Option<String>,
    accent_dark: Option<String>,
    logo: Option<String>,
}

/// How pages look other than they come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theme {
    /// Behind the style sheet.
    css: String,
    /// The source expression of both together (CSP3 section 2.3.1).
    style_source: String,
    logo: Option<String>,
    /// The source expression of the logo, if it is no `data:`.
    image_source: Option<String>,
}

impl Theme {
    /// `None`: pages look as they come. What cannot be read, or is no colour and no picture, is refused with the reason.
    pub(crate) fn of(written: &Written) -> Result<Option<Self>, &'static str> {
        let Written { accent, accent_dark, logo } = written;
        let accent = accent.as_deref().map(Colour::read).transpose()?;
        let at_night = accent_dark.as_deref().map(Colour::read).transpose()?;
        let image_source = logo.as_deref().map(image_source).transpose()?.flatten();
        if accent.is_none() && at_night.is_none() && logo.is_none() {
            return Ok(None);
        }
        if accent.is_some_and(|accent| accent.contrast(CARD) < LEGIBLE) {
            return Err(
                "theme.accent: too light to be read on white (a contrast of 4.5 is needed); choose a darker one",
            );
        }
        if at_night.is_some_and(|accent| accent.contrast(CARD_AT_NIGHT) < LEGIBLE) {
            return Err(
                "theme.accentDark: too dark to be read at night (a contrast of 4.5 is needed); choose a lighter one",
            );
        }
        let at_night = at_night.or(accent.map(Colour::legible_at_night));
        let by_day = accent.map(|accent| format!(":root{{{}}}", accent.rules(DARK))).unwrap_or_default();
        let by_night =
            at_night.map(|accent| format!("@media (prefers-color-scheme:dark){{:root{{{}}}}}", accent.rules(LIGHT)));
        let css = by_day + &by_night.unwrap_or_default();
        let style_source = style::source(&[style::CSS, &css].concat());
        Ok(Some(Self { css, style_source, logo: logo.clone(), image_source }))
    }

    pub(super) fn css(&self) -> &str {
        &self.css
    }

    pub(super) fn style_source(&self) -> &str {
        &self.style_source
    }

    pub(super) fn logo(&self) -> Option<&str> {
        self.logo.as_deref()
    }

    pub(super) fn image_source(&self) -> Option<&str> {
        self.image_source.as_deref()
    }
}

/// What a page that shows this picture must allow.
fn image_source(logo: &str) -> Result<Option<String>, &'static str> {
    const REFUSED: &str = "theme.logo: a path, an https address, or a data: URL of an image with at most 8 kB";
    let is_plain = logo.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"'<>\\".contains(&byte));
    if !is_plain || logo.len() > LONGEST_LOGO {
        return Err(REFUSED);
    }
    if logo.starts_with("data:image/") {
        return Ok(None);
    }
    if logo.starts_with('/') && !logo.starts_with("//") {
        return Ok(Some("'self'".to_owned()));
    }
    let uri = Uri::parse(logo).filter(|uri| uri.is_web() && logo.starts_with("https:")).ok_or(REFUSED)?;
    Ok(Some(uri.origin()))
}

/// In sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Colour([u8; 3]);

impl Colour {
    /// `#rrggbb`.
    fn read(text: &str) -> Result<Self, &'static str> {
        const REFUSED: &str = "theme.accent, theme.accentDark: a colour as #rrggbb";
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6).ok_or(REFUSED)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(REFUSED);
        }
        let part = |at: usize| digits.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()).ok_or(REFUSED);
        Ok(Self([part(0)?, part(2)?, part(4)?]))
    }

    fn written(self) -> String {
        let Self([red, green, blue]) = self;
        format!("#{red:02x}{green:02x}{blue:02x}")
    }

    /// What stands in this colour, what stands on it, and the same where it is pointed at, nearer to `end`.
    fn rules(self, end: Self) -> String {
        let on = if self.contrast(LIGHT) >= self.contrast(DARK) { LIGHT } else { DARK };
        let strong = self.mixed(end, 30);
        format!("--accent:{};--accent-strong:{};--on-accent:{}", self.written(), strong.written(), on.written())
    }

    /// So many hundredths of the way to another colour.
    fn mixed(self, other: Self, hundredths: u16) -> Self {
        let mix = |(own, other): (u8, u8)| {
            let sum = u16::from(own) * (100 - hundredths) + u16::from(other) * hundredths;
            u8::try_from(sum / 100).unwrap_or(u8::MAX)
        };
        let (Self([red, green, blue]), Self(others)) = (self, other);
        let [other_red, other_green, other_blue] = others;
        Self([(red, other_red), (green, other_green), (blue, other_blue)].map(mix))
    }

    /// The nearest one to it, on the way to white, that can be read at night.
    fn legible_at_night(self) -> Self {
        let ways = (0..=100).step_by(5).map(|hundredths| self.mixed(LIGHT, hundredths));
        ways.into_iter().find(|colour| colour.contrast(CARD_AT_NIGHT) >= LEGIBLE).unwrap_or(LIGHT)
    }

    /// WCAG 2.2, contrast ratio: from 1 to 21.
    fn contrast(self, other: Self) -> f64 {
        let (one, other) = (self.luminance(), other.luminance());
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    /// WCAG 2.2, relative luminance.
    fn luminance(self) -> f64 {
        let Self(parts) = self;
        let [red, green, blue] = parts.map(|part| linear(f64::from(part) / 255.0));
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

/// The light of a part of a colour. `powf` is the platform's own and differs in its last bits; this is the same everywhere.
fn linear(part: f64) -> f64 {
    if part <= 0.04045 {
        return part / 12.92;
    }
    let base = (part + 0.055) / 1.055;
    // base^2.4 is the fifth root of base^12, by Newton's method.
    let power = base.powi(12);
    (0..40).fold(1.0_f64, |root, _| (4.0 * root + power / root.powi(4)) / 5.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::{Brand, SignedOut, headers};

    fn theme(json: &str) -> Result<Option<Theme>, &'static str> {
        Theme::of(&serde_json::from_str(json).unwrap())
    }

    #[test]
    fn contrast_is_what_the_guidelines_say() {
        let colour = |text| Colour::read(text).unwrap();
        for (one, other, expected) in [
            ("#000000", "#ffffff", 21.0),
            ("#777777", "#ffffff", 4.48),
            ("#0b5d56", "#ffffff", 7.74),
            ("#ff0000", "#ffffff", 4.0),
        ] {
            let contrast = colour(one).contrast(colour(other));
            assert!((contrast - expected).abs() < 0.01, "{one} on {other}: {contrast}");
        }
    }

    #[test]
    fn every_colour_that_is_taken_can_be_read_by_day_and_by_night() {
        for red in (0..=255).step_by(51) {
            for green in (0..=255).step_by(51) {
                for blue in (0..=255).step_by(51) {
                    let own = Colour([red, green, blue]);
                    let night = own.legible_at_night();
                    assert!(night.contrast(CARD_AT_NIGHT) >= LEGIBLE, "{own:?}");
                    let taken = theme(&format!(r#"{{"accent":"{}"}}"#, own.written()));
                    assert_eq!(taken.is_ok(), own.contrast(CARD) >= LEGIBLE, "{own:?}");
                    // Nor is anything on a button lost.
                    for shown in taken.is_ok().then_some(own).into_iter().chain([night]) {
                        assert!(shown.contrast(LIGHT).max(shown.contrast(DARK)) >= LEGIBLE, "{shown:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_no_colour_and_no_picture_is_refused() {
        for bad in [
            r##"{"accent":"red"}"##,
            r##"{"accent":"#fff"}"##,
            r##"{"accent":"#12345g"}"##,
            r##"{"accent":"#+1+2+3"}"##,
            r##"{"accent":"#ffffff"}"##,
            r##"{"accentDark":"#000000"}"##,
            r##"{"accent":"#000000}</style>"}"##,
            r##"{"logo":"http://example.com/logo.png"}"##,
            r##"{"logo":"//evil.example/logo.png"}"##,
            r##"{"logo":"javascript:alert(1)"}"##,
            r##"{"logo":"data:text/html,x"}"##,
            r##"{"logo":"/logo.png\" onerror=\"x"}"##,
        ] {
            assert!(theme(bad).is_err(), "{bad}");
        }
        assert_eq!(theme("{}"), Ok(None));
    }

    #[test]
    fn the_page_shows_the_theme_and_its_policy_allows_just_that() {
        let theme = theme(r##"{"accent":"#7a1f5c","logo":"https://cdn.example.com/logo.svg"}"##).unwrap().unwrap();
        let html = SignedOut { brand: Brand { name: "Example", theme: Some(&theme) } }.render();
        assert!(html.contains(r#"<img class="logo" src="https://cdn.example.com/logo.svg" alt="">"#), "{html}");
        assert!(html.contains("--accent:#7a1f5c;") && !html.contains("class=\"mark\""), "{html}");
        let (_, rest) = html.split_once("<style>").unwrap();
        let (style, _) = rest.split_once("</style>").unwrap();
        let policy = headers(Some(&theme), &[]).pop().unwrap().1;
        assert!(policy.contains(&format!("style-src {};", style::source(style))), "{policy}");
        assert!(policy.contains("img-src data: https://cdn.example.com;"), "{policy}");
    }
}
