//! Papers as LibreOffice sets them: measured on the page, in millimetres. Slow, and it needs LibreOffice and poppler, so
//! `cargo xtask e2e --full` runs it. The files stay in `target/papers` to be looked at.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use dongliang::{
    db::Db,
    document::{self, Block, Document, Level, Line},
    figures::Period,
    paper::{self, Kind, Stamp, Wanted},
    scope::Scope,
};

/// Points in a millimetre.
const MM: f64 = 72.0 / 25.4;

/// A line on a page, in mm from its upper left corner.
#[derive(Clone, Debug)]
struct Set {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    text: String,
}

/// A page: width, height and its lines from top to bottom.
struct Page {
    width: f64,
    height: f64,
    lines: Vec<Set>,
}

impl Page {
    /// Without the number of the page.
    fn body(&self) -> impl Iterator<Item = &Set> {
        self.lines.iter().filter(|l| !is_number(&l.text))
    }
}

fn is_number(text: &str) -> bool {
    text.starts_with('—') && text.ends_with('—') && text.chars().any(|c| c.is_ascii_digit())
}

fn place(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/papers");
    fs::create_dir_all(&dir).unwrap();
    dir.join(name)
}

/// Set by LibreOffice.
fn set(name: &str, docx: &[u8]) -> Vec<Page> {
    let (file, pdf) = (place(&format!("{name}.docx")), place(&format!("{name}.pdf")));
    fs::write(&file, docx).unwrap();
    let profile = format!("-env:UserInstallation=file://{}", place(&format!("profile-{name}")).display());
    let out = Command::new("soffice")
        .args(["--headless", &profile, "--convert-to", "pdf", "--outdir"])
        .arg(file.parent().unwrap())
        .arg(&file)
        .output()
        .expect("soffice is installed");
    assert!(out.status.success() && pdf.exists(), "{}", String::from_utf8_lossy(&out.stderr));
    let out =
        Command::new("pdftotext").args(["-bbox-layout"]).arg(&pdf).arg("-").output().expect("pdftotext is installed");
    pages(&String::from_utf8(out.stdout).unwrap())
}

/// A mark at the end of a line may hang over the margin, as Chinese is set.
fn hung(text: &str) -> f64 {
    if text.ends_with(['。', '，', '；', '：', '、', '）', '”']) { 5.7 } else { 0.0 }
}

/// A number behind `name="` in mm.
fn mm(tag: &str, name: &str) -> f64 {
    let from = tag.find(&format!("{name}=\"")).unwrap() + name.len() + 2;
    tag[from..].split('"').next().unwrap().parse::<f64>().unwrap() / MM
}

fn pages(html: &str) -> Vec<Page> {
    let unescaped = |t: &str| t.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    let page = |text: &str| {
        // What stands at one height is one line, however the reader has split it.
        let mut lines: Vec<Set> = Vec::new();
        for piece in text.split("<word ").skip(1) {
            let words = piece.split_once('>').map_or("", |(_, rest)| rest.split("</word>").next().unwrap());
            let word = Set {
                left: mm(piece, "xMin"),
                right: mm(piece, "xMax"),
                top: mm(piece, "yMin"),
                bottom: mm(piece, "yMax"),
                text: unescaped(words),
            };
            let middle = (word.top + word.bottom) / 2.0;
            match lines.iter_mut().find(|l| l.top < middle && middle < l.bottom) {
                Some(line) => {
                    let apart = word.left - line.right > 1.0;
                    line.text = format!("{}{}{}", line.text, if apart { " " } else { "" }, word.text);
                    (line.left, line.right) = (line.left.min(word.left), line.right.max(word.right));
                }
                None => lines.push(word),
            }
        }
        lines.sort_by(|a, b| a.top.total_cmp(&b.top));
        Page { width: mm(text, "width"), height: mm(text, "height"), lines }
    };
    html.split("<page ").skip(1).map(page).collect()
}

fn near(a: f64, b: f64, by: f64) -> bool {
    (a - b).abs() <= by
}

#[test]
#[ignore = "needs LibreOffice"]
fn a_page_has_22_lines_of_28_characters_between_the_margins() {
    let long = Block::Text(Line::from("建".repeat(2_000)));
    let document = Document { blocks: vec![long], ..Document::default() };
    let pages = set("grid", &document::docx(&document).unwrap());
    let (first, second) = (&pages[0], &pages[1]);
    assert!(near(first.width, 210.0, 0.2) && near(first.height, 297.0, 0.2), "{} x {}", first.width, first.height);
    for page in [first, second] {
        let lines: Vec<&Set> = page.body().collect();
        assert_eq!(lines.len(), 22, "lines on a page");
        assert!(lines[1..].iter().all(|l| l.text.chars().count() == 28), "characters on a line");
        assert!(lines[1..].iter().all(|l| near(l.left, 28.0, 0.5)), "the left margin: {}", lines[1].left);
        // The last character is as wide as the letter, a little less than its place in the grid.
        assert!(lines[1..].iter().all(|l| near(l.right, 184.0, 0.7)), "the right margin: {}", lines[1].right);
        assert!(lines[0].top >= 36.0 && lines[0].top <= 40.5, "the upper margin: {}", lines[0].top);
        assert!(lines[21].bottom <= 262.5 && lines[21].bottom >= 257.0, "the lower margin: {}", lines[21].bottom);
        let pitch = (lines[21].top - lines[1].top) / 20.0;
        assert!(near(pitch, 225.0 / 22.0, 0.06), "between two lines: {pitch}");
    }
    assert_eq!(first.body().next().unwrap().text.chars().count(), 26, "two characters in");
    // The number stands on the outer side, a character in.
    let number =
        |page: &Page| page.lines.iter().find(|l| is_number(&l.text)).cloned().expect("each page has its number");
    let (one, two) = (number(first), number(second));
    assert_eq!((one.text.replace(' ', ""), two.text.replace(' ', "")), ("—1—".into(), "—2—".into()));
    assert!(near(one.right, 184.0 - 4.94, 1.0) && near(two.left, 28.0 + 4.94, 1.0), "{} {}", one.right, two.left);
    assert!(near(one.top, 262.0 + 7.0, 1.5), "7 mm below the text: {}", one.top);
}

#[test]
#[ignore = "needs LibreOffice"]
fn title_levels_and_signature_stand_where_they_belong() {
    let document = Document {
        blocks: vec![
            Block::Title(vec!["关于情况的通报".into()]),
            Block::To("各单位：".into()),
            Block::Heading(Level::One, "一、总体".into()),
            Block::Heading(Level::Two, "（一）其中".into()),
            Block::Text(Line::from("正文。")),
            Block::Signature { by: "云岭市发改委".into(), day: "2025年7月10日".into() },
        ],
        ..Document::default()
    };
    let pages = set("levels", &document::docx(&document).unwrap());
    let find = |text: &str| {
        pages[0]
            .lines
            .iter()
            .find(|l| l.text.replace(' ', "").contains(text))
            .cloned()
            .unwrap_or_else(|| panic!("{text}"))
    };
    let title = find("关于情况的通报");
    assert!(near((title.left + title.right) / 2.0, 106.0, 1.0), "the title stands in the middle");
    assert!(near((title.right - title.left) / 7.0, 22.0 / MM, 0.3), "二号");
    assert!(near(find("各单位").left, 28.0, 0.5));
    for text in ["一、总体", "（一）其中", "正文"] {
        let left = find(text).left;
        assert!(left > 38.0 && left < 43.0, "{text} stands two characters in: {left}");
    }
    let (by, day) = (find("云岭市发改委"), find("2025年7月10日"));
    assert!(near(184.0 - day.right, 4.0 * 5.57, 1.5), "the day is four characters from the right: {}", day.right);
    assert!(near(by.left + by.right, day.left + day.right, 4.0), "the name stands above the day");
}

#[test]
#[ignore = "needs LibreOffice"]
fn every_kind_of_paper_keeps_to_its_page() {
    let path = place("demo");
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    let db = Db::open(&format!("sqlite:{}", path.join("demo.db").display())).unwrap();
    let city = crate::demo::city(&db, 300);
    let organ = "select record_id from l_unit where record_code like 'Q%' or level = '区县' order by record_id limit 1";
    let unit = db.read(|tx| tx.one(organ, &[], |r| r.i64(0))).unwrap().unwrap();
    let number = "云发改干建〔2025〕3号";
    for kind in Kind::ALL {
        let wanted = Wanted {
            kind,
            period: Period::parse("2025Q2"),
            unit: kind.of_unit().then_some(unit),
            requirements: vec![],
        };
        let Ok(content) = db.read(|tx| paper::draw(tx, &city, &Scope::All, &wanted)).unwrap() else { continue };
        let stamp = Stamp {
            number: number.into(),
            day: "2025年7月10日".into(),
            proof: "数据按截至2025年7月10日 09:00的记录判定。".into(),
        };
        let pages = set(kind.as_str(), &document::docx(&paper::document(&content, &stamp)).unwrap());
        let (left, right) = if kind.has_head() { (28.0, 184.0) } else { (35.0, 260.0) };
        for (n, page) in pages.iter().enumerate() {
            for line in &page.lines {
                assert!(
                    line.left > left - 1.0 && line.right < right + 1.0 + hung(&line.text),
                    "{kind:?} page {}: {line:?}",
                    n + 1
                );
            }
        }
        let all: String = pages.iter().flat_map(|p| &p.lines).map(|l| l.text.replace(' ', "")).collect();
        assert!(all.contains(number), "{kind:?} bears its number");
        let last = pages.iter().flat_map(|p| &p.lines).filter(|l| is_number(&l.text)).count();
        assert_eq!(last, pages.len(), "{kind:?}: a number on each page");
        if kind == Kind::Quarterly {
            let mark = pages[0].lines.iter().find(|l| l.text.contains("文件")).expect("the red head");
            assert!(near(mark.top, 37.0 + 35.0, 6.0), "35 mm below the top of the text: {}", mark.top);
        }
    }
}
