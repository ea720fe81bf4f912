use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// The one style sheet, inlined in every page.
pub(super) const CSS: &str = include_str!("../../templates/page.css");

/// The source expression that allows it.
pub(super) static SOURCE: LazyLock<String> = LazyLock::new(|| source(CSS));

/// The source expression for a style sheet, `'sha256-...'` (CSP3 section 2.3.1).
pub(super) fn source(css: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(css)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_cannot_end_its_element_or_reach_out() {
        assert!(!CSS.contains('<'));
        assert!(!CSS.contains("url(") && !CSS.contains("@import"));
    }
}
