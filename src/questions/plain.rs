//! What a text says without its markup, for print and for comparing.

use super::kind::Markup;

/// The words alone; paragraphs and breaks become lines.
pub fn plain(markup: Markup, text: &str) -> String {
    if markup != Markup::Html {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        // `x<0`: a tag begins with a letter.
        if !rest[at + 1..].starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!')) {
            out.push('<');
            rest = &rest[at + 1..];
            continue;
        }
        let Some(end) = rest[at..].find('>') else {
            rest = "";
            break;
        };
        let tag = rest[at + 1..at + end].trim_start_matches('/').to_ascii_lowercase();
        let name = tag.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        // What a script or a style says is no word to anybody.
        if matches!(name, "script" | "style") && !rest[at + 1..].starts_with('/') {
            let inside = &rest[at + end + 1..];
            let over = inside.to_ascii_lowercase().find(&format!("</{name}"));
            rest = over.map_or("", |over| &inside[over..]);
            continue;
        }
        if matches!(name, "br" | "p" | "div" | "li" | "tr") && !out.ends_with('\n') {
            out.push('\n');
        }
        rest = &rest[at + end + 1..];
    }
    out.push_str(rest);
    for (entity, sign) in
        [("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
    {
        out = out.replace(entity, sign);
    }
    out.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_alone() {
        assert_eq!(plain(Markup::Html, "<p>一 &amp; <b>二</b></p><p>三<br/>四</p>"), "一 & 二\n三\n四");
        assert_eq!(plain(Markup::Html, "一<img src=x"), "一");
        assert_eq!(plain(Markup::Html, "一<SCRIPT src='x'>alert('<b>')</script>二<style>p{}</style >三"), "一二三");
        assert_eq!(plain(Markup::Html, "一<script>alert(1)"), "一");
        assert_eq!(plain(Markup::Html, "一<img src=x onerror='alert(1)'>二 &lt;script&gt;"), "一二 <script>");
        assert_eq!(plain(Markup::Html, "x<0 且 <i>y</i> < 5"), "x<0 且 y < 5");
        assert_eq!(plain(Markup::Plain, "a<b>c"), "a<b>c");
    }
}
