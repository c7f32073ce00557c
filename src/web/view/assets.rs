//! Style sheet, script and icon, embedded, under addresses that change with their content.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

use crate::hex::hex;

/// A file served under `/assets/`; its address holds a hash of its bytes, so it may be kept for ever.
#[derive(Debug)]
pub struct Asset {
    /// `/assets/app.1a2b3c4d.css`
    pub href: String,
    /// Value of `Content-Type`.
    pub kind: &'static str,
    /// The bytes.
    pub body: &'static [u8],
}

/// The files.
#[derive(Debug)]
pub struct Assets {
    /// The style sheet.
    pub css: Asset,
    /// The script; every page works without it.
    pub js: Asset,
    /// The style sheet of a sitting, after the first.
    pub exam_css: Asset,
    /// The script of a sitting; it goes without it.
    pub exam_js: Asset,
    /// The icon.
    pub icon: Asset,
}

/// What is embedded in this program.
pub static ASSETS: LazyLock<Assets> = LazyLock::new(|| Assets {
    css: asset("app", "css", "text/css; charset=utf-8", include_bytes!(concat!(env!("OUT_DIR"), "/app.css"))),
    js: asset("app", "js", "text/javascript; charset=utf-8", include_bytes!("../../../assets/app.js")),
    exam_css: asset("exam", "css", "text/css; charset=utf-8", include_bytes!(concat!(env!("OUT_DIR"), "/exam.css"))),
    exam_js: asset("exam", "js", "text/javascript; charset=utf-8", include_bytes!("../../../assets/exam.js")),
    icon: asset("icon", "svg", "image/svg+xml", include_bytes!("../../../assets/icon.svg")),
});

/// The asset under exactly this address, or `None`.
pub fn find(href: &str) -> Option<&'static Asset> {
    [&ASSETS.css, &ASSETS.js, &ASSETS.exam_css, &ASSETS.exam_js, &ASSETS.icon]
        .into_iter()
        .find(|asset| asset.href == href)
}

fn asset(stem: &str, extension: &str, kind: &'static str, body: &'static [u8]) -> Asset {
    let hash = hex(&Sha256::digest(body)[..4]);
    Asset { href: format!("/assets/{stem}.{hash}.{extension}"), kind, body }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn found_by_address_and_small() {
        assert_eq!(find(&ASSETS.css.href).map(|a| a.kind), Some("text/css; charset=utf-8"));
        assert!(find("/assets/app.css").is_none());
        assert!(ASSETS.css.body.len() < 30 * 1024 && ASSETS.js.body.len() < 8 * 1024);
        assert!(ASSETS.exam_css.body.len() < 5 * 1024 && ASSETS.exam_js.body.len() < 8 * 1024);
    }
}
