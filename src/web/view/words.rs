//! Sentences with bold numbers, links and tags in them.

use askama::Template;
use askama::filters::HtmlSafe;

use super::tag::Tag;

/// A sentence, built from left to right:
///
/// ```
/// use dongliang::web::view::Words;
/// let words = Words::from("还差").strong("1次").text("，见").link("记录", "/ledgers/guidance");
/// assert_eq!(words.to_string(), r#"还差<strong>1次</strong>，见<a href="/ledgers/guidance">记录</a>"#);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Template)]
#[template(
    ext = "html",
    source = r#"{% for run in runs %}{% match run %}{% when Run::Text(t) %}{{ t }}{% when Run::Strong(t) %}<strong>{{ t }}</strong>{% when Run::Muted(t) %}<span class="muted">{{ t }}</span>{% when Run::Link(l) %}<a href="{{ l.href }}">{{ l.text }}</a>{% when Run::Late(l) %}<a class="late" href="{{ l.href }}">{{ l.text }}</a>{% when Run::Tag(t) %}{{ t }}{% endmatch %}{% endfor %}"#
)]
pub struct Words {
    runs: Vec<Run>,
}

impl HtmlSafe for Words {}

#[derive(Clone, Debug, PartialEq)]
enum Run {
    Text(String),
    Strong(String),
    Muted(String),
    Link(Link),
    Late(Link),
    Tag(Tag),
}

/// Text that leads somewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// What is read.
    pub text: String,
    /// Where it leads.
    pub href: String,
}

impl Link {
    /// `text` leading to `href`.
    pub fn new(text: impl Into<String>, href: impl Into<String>) -> Link {
        Link { text: text.into(), href: href.into() }
    }
}

impl Words {
    /// Nothing yet.
    pub fn new() -> Words {
        Words::default()
    }

    /// Plain text; nothing if it is empty.
    pub fn text(self, text: impl Into<String>) -> Words {
        let text = text.into();
        if text.is_empty() { self } else { self.push(Run::Text(text)) }
    }

    /// Bold: the three to five numbers that matter.
    pub fn strong(self, text: impl Into<String>) -> Words {
        self.push(Run::Strong(text.into()))
    }

    /// Bold; nothing if it is empty.
    pub fn strong_if(self, text: impl Into<String>) -> Words {
        let text = text.into();
        if text.is_empty() { self } else { self.strong(text) }
    }

    /// Grey: what may be skipped.
    pub fn muted(self, text: impl Into<String>) -> Words {
        self.push(Run::Muted(text.into()))
    }

    /// A link.
    pub fn link(self, text: impl Into<String>, href: impl Into<String>) -> Words {
        self.push(Run::Link(Link::new(text, href)))
    }

    /// A link that is red: what it says is not so any more.
    pub fn late(self, text: impl Into<String>, href: impl Into<String>) -> Words {
        self.push(Run::Late(Link::new(text, href)))
    }

    /// A verdict's tag.
    pub fn tag(self, tag: Tag) -> Words {
        self.push(Run::Tag(tag))
    }

    /// Whether nothing has been said.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    fn push(mut self, run: Run) -> Words {
        self.runs.push(run);
        self
    }
}

impl From<&str> for Words {
    fn from(text: &str) -> Words {
        Words::new().text(text)
    }
}

impl From<String> for Words {
    fn from(text: String) -> Words {
        Words::new().text(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_text_is_nothing_said() {
        assert!(Words::from("").is_empty() && !Words::from("无").is_empty());
    }

    #[test]
    fn what_people_typed_is_escaped_everywhere() {
        let typed = "<b>\"&";
        let html = Words::from(typed).strong(typed).muted(typed).link(typed, "/?q=<").to_string();
        assert!(!html.contains("<b>") && !html.contains("?q=<"), "{html}");
        assert_eq!(html.matches("&#60;b&#62;").count(), 4);
    }
}
