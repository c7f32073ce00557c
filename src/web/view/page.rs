//! What every page has around its content: bar, menu, foot, print head.

use super::assets::{ASSETS, Assets};
use super::menu::MenuGroup;
use super::url::Query;

/// The frame of a page. From the request (`url`, `prefs`), the package and the ledgers (`menu`), the top unit of the
/// chart (`organisation`) and the clock of the installation.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Name of the top unit.
    pub organisation: String,
    /// From [`super::menu::menu`]; empty when the store cannot be read (the page of an error).
    pub menu: Vec<MenuGroup>,
    /// Where the reader begins; the mark in the bar leads there.
    pub home: String,
    /// Who is logged in.
    pub user: Option<User>,
    /// The reader has something to search in: the bar holds the form of 搜索.
    pub search: bool,
    /// How much waits for the reader; `None` for who is not logged in.
    pub todo: Option<u64>,
    /// What the reader chose for his eyes.
    pub prefs: Prefs,
    /// This page's address, without `ui_size`, `ui_contrast` and `print`; of the answer to a form that of the page on which
    /// the form stands.
    pub url: Query,
    /// Latest moment of recording that is in the figures: `2025年10月20日18时`; empty if unknown.
    pub data_until: String,
    /// Day up to which it is judged: `2025年10月20日`; empty if unknown.
    pub judged_until: String,
    /// The demo's day, `2025年10月20日`; `None` for real data.
    pub demo_day: Option<String>,
    /// Moment of this answer, for the head of the printed page: `2025年10月20日 18:05`.
    pub printed_at: String,
    /// What of the address the page could not use, a sentence each.
    pub notices: Vec<String>,
    /// Asked with `?print=1`: without bar, menu and filters.
    pub print: bool,
}

/// The reader in the bar.
#[derive(Clone, Debug, Default)]
pub struct User {
    /// What the account is called.
    pub name: String,
    /// The roles held today: `领导小组办公室、干部`; empty for none.
    pub roles: String,
    /// Token for the form that logs out.
    pub form: String,
}

/// Size of the letters and contrast: cookies `ui_size` and `ui_contrast`, set by the links of the bar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prefs {
    /// Size of the letters.
    pub size: Size,
    /// 高对比.
    pub contrast: bool,
}

/// Sizes of the letters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Size {
    /// 标准, 14 px.
    #[default]
    Normal,
    /// 大字, 18 px.
    Large,
    /// 特大, 21 px.
    Xlarge,
}

impl Size {
    /// All, in the order of the bar.
    pub const ALL: [Size; 3] = [Size::Normal, Size::Large, Size::Xlarge];

    /// Value of `ui_size`, in the address and in the cookie.
    pub fn word(self) -> &'static str {
        match self {
            Size::Normal => "normal",
            Size::Large => "large",
            Size::Xlarge => "xlarge",
        }
    }

    /// What the bar calls it.
    pub fn title(self) -> &'static str {
        match self {
            Size::Normal => "标准",
            Size::Large => "大字",
            Size::Xlarge => "特大",
        }
    }

    /// Reads `ui_size`; anything else is 标准.
    pub fn parse(word: &str) -> Size {
        Size::ALL.into_iter().find(|size| size.word() == word).unwrap_or_default()
    }
}

impl Prefs {
    /// Reads the values of the two cookies or parameters.
    pub fn parse(size: Option<&str>, contrast: Option<&str>) -> Prefs {
        Prefs { size: size.map(Size::parse).unwrap_or_default(), contrast: contrast == Some("more") }
    }
}

impl Page {
    /// The embedded files.
    pub fn assets(&self) -> &'static Assets {
        &ASSETS
    }

    /// Choices of size with their addresses; the server stores the value and leads back.
    pub fn sizes(&self) -> [(Size, String); 3] {
        Size::ALL.map(|size| (size, self.url.with("ui_size", size.word()).href()))
    }

    /// Address that switches the contrast.
    pub fn contrast_href(&self) -> String {
        self.url.with("ui_contrast", if self.prefs.contrast { "normal" } else { "more" }).href()
    }

    /// This page for paper.
    pub fn print_href(&self) -> String {
        self.url.with("print", "1").href()
    }

    /// Where to say something about this page.
    pub fn feedback_href(&self) -> String {
        let form = Query::new("/feedback/new");
        if self.url.path.starts_with("/feedback") { form.href() } else { form.with("from", self.url.href()).href() }
    }

    /// What is searched for on this page.
    pub fn searched(&self) -> &str {
        let own = self.url.pairs.iter().find(|(key, _)| key == "q").filter(|_| self.url.path == "/search");
        own.map_or("", |(_, text)| text)
    }

    /// This page on the screen.
    pub fn href(&self) -> String {
        self.url.href()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn preferences_keep_the_rest_of_the_address() {
        let page = Page { url: Query::new("/requirements").with("pillar", "干"), ..Page::default() };
        assert_eq!(page.sizes()[1].1, "/requirements?pillar=%E5%B9%B2&ui_size=large");
        assert_eq!(page.contrast_href(), "/requirements?pillar=%E5%B9%B2&ui_contrast=more");
        assert_eq!(Prefs::parse(Some("xlarge"), Some("more")), Prefs { size: Size::Xlarge, contrast: true });
        assert_eq!(Prefs::parse(Some("huge"), None), Prefs::default());
    }
}
