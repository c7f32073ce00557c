//! A document as a .docx in the layout of GB/T 9704-2012, 党政机关公文格式.
//!
//! A4; 天头 37 mm, 订口 28 mm, so that the text is 156 mm × 225 mm: 22 lines of 28 characters of 三号. Lengths are
//! twentieths of a point, sizes of letters half points, as the format has them.

use docx_rs::{
    AlignmentType, BorderType, DocGrid, DocGridType, Docx, FieldCharType, Footer, FrameProperty, HeightRule, InstrPAGE,
    InstrText, LineSpacing, LineSpacingType, PageMargin, PageOrientationType, Paragraph, ParagraphBorder,
    ParagraphBorderPosition, ParagraphBorders, Run, RunFonts, SpecialIndentType, Tab, TabValueType, Table as Grid,
    TableCell, TableCellMargins, TableLayoutType, TableRow, VAlignType, WidthType,
};

use super::{
    Block, Cell, Colophon, Column, Document, Head, Level, Line, Table,
    package::{self, HEAD_ROW},
};

/// A4 upright.
const PAGE: (u32, u32) = (11_906, 16_838);
/// Width of the text: 156 mm.
const WIDTH: i32 = 8_844;
/// Height of the text: 225 mm.
const HEIGHT: i32 = 12_756;
/// A line: 22 of them fill the height.
const LINE: i32 = 579;
/// 28 characters of 三号 are a little broader than the width: each stands so much closer to the next. Not left to a grid of
/// characters, which programs read differently.
const SQUEEZE: i32 = -5;
/// A character of the grid.
const CHARACTER: i32 = 316;

/// 三号: the text.
const TEXT: usize = 32;
/// 二号: the title.
const TITLE: usize = 44;
/// 四号: page numbers and 版记.
const FOUR: usize = 28;
/// 小四 and 五号: in tables.
const SMALL: usize = 21;
/// The largest red head, in half points; smaller where it would not fit on a line.
const MARK: i32 = 124;

/// Fonts by their names at the offices; [`package`] says what to take instead.
const SONG: &str = "方正小标宋简体";
const FANGSONG: &str = "仿宋_GB2312";
const HEI: &str = "黑体";
const KAI: &str = "楷体_GB2312";
const PRINT: &str = "宋体";

const RED: &str = "FF0000";

/// The document as a file.
///
/// # Errors
/// When the file cannot be put together.
pub fn docx(document: &Document) -> anyhow::Result<Vec<u8>> {
    let side = document.landscape;
    let (page, margin) = if side {
        ((PAGE.1, PAGE.0), PageMargin { top: 1588, bottom: 1474, left: 1984, right: 2098, ..margin() })
    } else {
        (PAGE, margin())
    };
    let exact = LineSpacing::new().line_rule(LineSpacingType::Exact).line(LINE);
    let mut paper = Docx::new()
        .page_size(page.0, page.1)
        .page_margin(margin)
        .default_fonts(font(FANGSONG))
        .default_size(TEXT)
        .default_line_spacing(exact)
        .footer(page_number(AlignmentType::Right))
        .even_footer(page_number(AlignmentType::Left));
    if side {
        paper = paper.page_orient(PageOrientationType::Landscape);
    }
    let grid = DocGrid::new().grid_type(DocGridType::Lines).line_pitch(LINE as usize);
    paper.document.section_property = paper.document.section_property.doc_grid(grid);
    if let Some(head) = &document.head {
        paper = red_head(paper, head);
    }
    let width = if side { HEIGHT } else { WIDTH };
    let mut before = document.head.is_some();
    for (n, block) in document.blocks.iter().enumerate() {
        // Two tables without anything between them would be one.
        if n > 0 && matches!((&document.blocks[n - 1], block), (Block::Table(_), Block::Table(_))) {
            paper = paper.add_paragraph(Paragraph::new().line_spacing(spacing(0, 0, 120)).snap_to_grid(false));
        }
        paper = add(paper, block, width, before);
        before = matches!(block, Block::Table(_));
    }
    if let Some(colophon) = &document.colophon {
        paper = add_colophon(paper, colophon);
    }
    package::pack(paper)
}

fn margin() -> PageMargin {
    // The foot: the number stands 7 mm below the text, 四号.
    PageMargin { top: 2_098, bottom: 1_984, left: 1_588, right: 1_474, header: 851, footer: 1_307, gutter: 0 }
}

/// A block after what stands before it; `gap`: that was the red head or a table.
fn add(paper: Docx, block: &Block, width: i32, gap: bool) -> Docx {
    match block {
        Block::Title(lines) => lines.iter().enumerate().fold(paper, |paper, (n, text)| {
            // Two lines below the red line; a title of several lines stands a little wider than the text.
            let space = if n == 0 && gap { 2 * LINE } else { 0 };
            let line = centred(text, TITLE, SONG).line_spacing(spacing(space, 0, 680)).keep_next(true);
            paper.add_paragraph(line)
        }),
        Block::Subtitle(text) => paper.add_paragraph(centred(text, TEXT, KAI)),
        Block::To(text) => paper
            .add_paragraph(Paragraph::new().add_run(run(text, TEXT, FANGSONG)).line_spacing(spacing(LINE, 0, LINE))),
        Block::Heading(level, text) => {
            let (family, depth) = match level {
                Level::One => (HEI, 0),
                Level::Two => (KAI, 1),
                Level::Three => (FANGSONG, 2),
                Level::Four => (FANGSONG, 3),
            };
            let line = indented(Paragraph::new().add_run(run(text, TEXT, family)));
            paper.add_paragraph(line.outline_lvl(depth).keep_next(true))
        }
        Block::Text(line) => paper.add_paragraph(indented(runs(line, TEXT, FANGSONG)).align(AlignmentType::Both)),
        Block::Table(table) => {
            let paper = match table.caption.is_empty() {
                true => paper,
                false => paper.add_paragraph(centred(&table.caption, FOUR, HEI).keep_next(true)),
            };
            paper.add_table(grid(table, width))
        }
        Block::Note(text) => paper.add_paragraph(
            Paragraph::new().add_run(run(text, SMALL, FANGSONG)).line_spacing(spacing(60, 0, 320)).snap_to_grid(false),
        ),
        Block::Attachments(names) => names.iter().enumerate().fold(paper, |paper, (n, name)| {
            let lead = match (n, names.len()) {
                (0, 1) => "附件：".to_owned(),
                (0, _) => "附件：1. ".to_owned(),
                (n, _) => format!("{}. ", n + 1),
            };
            let left = if n == 0 { 2 } else { 5 } * CHARACTER;
            let space = if n == 0 { LINE } else { 0 };
            let line = Paragraph::new().add_run(run(&format!("{lead}{name}"), TEXT, FANGSONG));
            paper.add_paragraph(line.indent(Some(left), None, None, None).line_spacing(spacing(space, 0, LINE)))
        }),
        Block::Signature { by, day } => {
            // The day four characters from the right, the name in the middle above it.
            let right = 4 * CHARACTER;
            let middle = (right + (length(day) - length(by)) / 2).max(0);
            let line = |text: &str, right: i32, space: i32| {
                let line = Paragraph::new().add_run(run(text, TEXT, FANGSONG)).align(AlignmentType::Right);
                line.indent(None, None, Some(right), None).line_spacing(spacing(space, 0, LINE)).keep_lines(true)
            };
            paper.add_paragraph(line(by, middle, 2 * LINE).keep_next(true)).add_paragraph(line(day, right, 0))
        }
        Block::Annex(text) => {
            paper.add_paragraph(Paragraph::new().add_run(run(text, TEXT, HEI)).page_break_before(true).keep_next(true))
        }
    }
}

/// 版头: the mark 35 mm below the top of the text, the number two lines below it, the red line 4 mm below that.
fn red_head(mut paper: Docx, head: &Head) -> Docx {
    let mut above = 1_984;
    if !head.corner.is_empty() {
        paper = paper.add_paragraph(Paragraph::new().add_run(run(&head.corner, TEXT, HEI)));
        above -= LINE;
    }
    let characters = head.mark.chars().count().max(1) as i32;
    // As broad as the text at most, in half points.
    let size = MARK.min(WIDTH * 19 / 200 / characters);
    let mark = Run::new().add_text(plain(&head.mark)).size(size as usize).fonts(font(SONG)).color(RED);
    paper = paper.add_paragraph(
        Paragraph::new()
            .add_run(mark)
            .align(AlignmentType::Center)
            .line_spacing(spacing(above, 0, size * 12))
            .snap_to_grid(false),
    );
    let red =
        ParagraphBorder::new(ParagraphBorderPosition::Bottom).val(BorderType::Single).size(16).space(11).color(RED);
    let mut number = centred(&head.number, TEXT, FANGSONG).line_spacing(spacing(2 * LINE, 0, LINE));
    number.property = number.property.set_borders(ParagraphBorders::with_empty().set(red));
    paper.add_paragraph(number)
}

/// 版记: at the foot of the last page, between lines of 0.35 mm with one of 0.25 mm in the middle.
fn add_colophon(paper: Docx, colophon: &Colophon) -> Docx {
    let character = 280;
    let frame = FrameProperty::new()
        .wrap("around")
        .v_anchor("margin")
        .h_anchor("margin")
        .x_align("left")
        .y_align("bottom")
        .width(WIDTH as u32);
    let border = |at, size| ParagraphBorder::new(at).val(BorderType::Single).size(size).space(3).color("000000");
    let line = |line: Paragraph, borders: ParagraphBorders| {
        let mut line = line
            .indent(Some(character), None, Some(character), None)
            .line_spacing(spacing(0, 0, 420))
            .snap_to_grid(false);
        line.property = line.property.frame_property(frame.clone()).set_borders(borders);
        line
    };
    let top = ParagraphBorders::with_empty().set(border(ParagraphBorderPosition::Top, 8));
    let mut paper = paper;
    let mut last = top.clone();
    if !colophon.copies.is_empty() {
        let copies = Paragraph::new().add_run(run(&format!("抄送：{}。", colophon.copies), FOUR, FANGSONG));
        paper = paper.add_paragraph(line(copies, top.set(border(ParagraphBorderPosition::Bottom, 6))));
        last = ParagraphBorders::with_empty();
    }
    let printed = Run::new()
        .add_text(plain(&colophon.printer))
        .add_tab()
        .add_text(format!("{}印发", plain(&colophon.day)))
        .size(FOUR)
        .fonts(font(FANGSONG));
    let right = Tab::new().val(TabValueType::Right).pos((WIDTH - character) as usize);
    let printed = Paragraph::new().add_run(printed).add_tab(right);
    paper.add_paragraph(line(printed, last.set(border(ParagraphBorderPosition::Bottom, 8))))
}

/// `— 1 —` in 四号宋体, one character in from the outer edge.
fn page_number(side: AlignmentType) -> Footer {
    let look = |r: Run| r.size(FOUR).fonts(RunFonts::new().east_asia(PRINT).ascii(PRINT).hi_ansi(PRINT));
    let field = |kind| look(Run::new().add_field_char(kind, false));
    let line = Paragraph::new()
        .add_run(look(Run::new().add_text("— ")))
        .add_run(field(FieldCharType::Begin))
        .add_run(look(Run::new().add_instr_text(InstrText::PAGE(InstrPAGE::new()))))
        .add_run(field(FieldCharType::Separate))
        .add_run(look(Run::new().add_text("1")))
        .add_run(field(FieldCharType::End))
        .add_run(look(Run::new().add_text(" —")))
        .line_spacing(spacing(0, 0, 280))
        .snap_to_grid(false)
        .indent(Some(280), None, Some(280), None)
        .align(side);
    Footer::new().add_paragraph(line)
}

fn grid(table: &Table, width: i32) -> Grid {
    let shares: u32 = table.columns.iter().map(|c| c.share.max(1)).sum::<u32>().max(1);
    let mut widths: Vec<usize> =
        table.columns.iter().map(|c| (width as u32 * c.share.max(1) / shares) as usize).collect();
    // What rounding has left goes to the last column.
    let left = (width as usize).saturating_sub(widths.iter().sum());
    if let Some(last) = widths.last_mut() {
        *last += left;
    }
    let mut rows: Vec<TableRow> = Vec::with_capacity(table.rows.len() + 1);
    if table.columns.iter().any(|c| !c.head.is_empty()) {
        let cells = table.columns.iter().zip(&widths).map(|(c, w)| {
            let line = cell_line(&c.head, true).align(AlignmentType::Center);
            cell(vec![line], *w, 1)
        });
        rows.push(TableRow::new(cells.collect()).row_height(HEAD_ROW).height_rule(HeightRule::AtLeast).cant_split());
    }
    rows.extend(table.rows.iter().map(|row| TableRow::new(cells(&table.columns, &widths, row)).cant_split()));
    let margins = TableCellMargins::new().margin(30, 70, 30, 70);
    Grid::new(rows)
        .set_grid(widths)
        .width(width as usize, WidthType::Dxa)
        .layout(TableLayoutType::Fixed)
        .margins(margins)
}

fn cells(columns: &[Column], widths: &[usize], row: &[Cell]) -> Vec<TableCell> {
    let mut at = 0;
    let mut cells = Vec::with_capacity(row.len());
    for one in row {
        let span = one.span.max(1).min(columns.len().saturating_sub(at).max(1));
        let width: usize = widths.iter().skip(at).take(span).sum();
        let left = columns.get(at).is_some_and(|c| c.left) || span > 1;
        // What a person wrote in a box may be several lines: each is a paragraph.
        let lines = if one.text.contains('\n') { one.text.lines().collect() } else { vec![one.text.as_str()] };
        let lines = lines.into_iter().map(|text| {
            let line = cell_line(text, one.strong);
            if left { line } else { line.align(AlignmentType::Center) }
        });
        cells.push(cell(lines.collect(), width, span));
        at += span;
    }
    cells
}

fn cell(lines: Vec<Paragraph>, width: usize, span: usize) -> TableCell {
    let cell = TableCell::new().width(width, WidthType::Dxa).vertical_align(VAlignType::Center);
    let cell = lines.into_iter().fold(cell, TableCell::add_paragraph);
    if span > 1 { cell.grid_span(span) } else { cell }
}

fn cell_line(text: &str, strong: bool) -> Paragraph {
    let family = if strong { HEI } else { FANGSONG };
    Paragraph::new().add_run(run(text, SMALL, family)).line_spacing(spacing(0, 0, 300)).snap_to_grid(false)
}

fn centred(text: &str, size: usize, family: &str) -> Paragraph {
    Paragraph::new().add_run(run(text, size, family)).align(AlignmentType::Center)
}

/// Two characters in on the first line.
fn indented(line: Paragraph) -> Paragraph {
    line.indent(None, Some(SpecialIndentType::FirstLine(2 * CHARACTER)), None, None).first_line_chars(200)
}

fn spacing(before: i32, after: i32, line: i32) -> LineSpacing {
    let whole = |n: i32| u32::try_from(n).unwrap_or(0);
    LineSpacing::new().before(whole(before)).after(whole(after)).line_rule(LineSpacingType::Exact).line(line)
}

fn runs(line: &Line, size: usize, family: &str) -> Paragraph {
    line.0.iter().fold(Paragraph::new(), |paragraph, span| {
        paragraph.add_run(run(&span.text, size, if span.strong { HEI } else { family }))
    })
}

fn run(text: &str, size: usize, family: &str) -> Run {
    let run = Run::new().add_text(plain(text)).size(size).fonts(font(family));
    if size == TEXT { run.character_spacing(SQUEEZE) } else { run }
}

/// Chinese in a family, letters and digits in Times New Roman.
fn font(family: &str) -> RunFonts {
    RunFonts::new().east_asia(family).ascii("Times New Roman").hi_ansi("Times New Roman").hint("eastAsia")
}

/// XML has no place for most control characters.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') { ' ' } else { c }).collect()
}

/// About how long a text of 三号 is: digits are half as broad, and a quarter of a character stands between them and Chinese.
fn length(text: &str) -> i32 {
    let own: i32 = text.chars().map(|c| if c.is_ascii() { CHARACTER / 2 } else { CHARACTER }).sum();
    let meet = text.chars().zip(text.chars().skip(1)).filter(|(a, b)| a.is_ascii() != b.is_ascii()).count();
    own + meet as i32 * CHARACTER / 4
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read as _};

    use super::*;

    fn paper() -> Document {
        Document {
            head: Some(Head {
                mark: "云岭市发改委文件".into(),
                number: "云发改〔2025〕3号".into(),
                corner: "草稿".into(),
            }),
            blocks: vec![
                Block::Title(vec!["关于情况的通报".into()]),
                Block::To("各单位：".into()),
                Block::Heading(Level::One, "一、总体".into()),
                Block::Text(Line::from("达标").strong("3项").text("a<b>&\u{0}\u{202e}。")),
                Block::Table(Table {
                    caption: "表1".into(),
                    columns: vec![Column::words("单位", 3), Column::marks("灯", 1)],
                    rows: vec![vec!["甲".into(), "绿灯".into()], vec![Cell::across("合计", 2)]],
                }),
                Block::Attachments(vec!["甲表".into(), "乙表".into()]),
                Block::Signature { by: "云岭市发改委".into(), day: "2025年7月10日".into() },
                Block::Annex("附件1".into()),
                Block::Note("说明".into()),
            ],
            colophon: Some(Colophon { copies: "丙".into(), printer: "丁".into(), day: "2025年7月10日".into() }),
            landscape: false,
        }
    }

    fn part(bytes: &[u8], name: &str) -> String {
        let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut xml = String::new();
        zip.by_name(name).unwrap().read_to_string(&mut xml).unwrap();
        let mut reader = quick_xml::Reader::from_str(&xml);
        while reader.read_event().unwrap() != quick_xml::events::Event::Eof {}
        xml
    }

    #[test]
    fn the_page_is_that_of_the_standard() {
        assert_eq!((WIDTH as f64 / 56.6929).round() as i32, 156);
        assert_eq!((HEIGHT as f64 / 56.6929).round() as i32, 225);
        let (lines, characters) = (HEIGHT / LINE, WIDTH * 10 / CHARACTER);
        assert_eq!((lines, characters), (22, 279), "22 lines, and but for a tenth of one 28 characters");
        let xml = part(&docx(&paper()).unwrap(), "word/document.xml");
        for wanted in [
            "w:w=\"11906\" w:h=\"16838\"",
            "w:top=\"2098\"",
            "w:left=\"1588\"",
            "w:type=\"lines\" w:linePitch=\"579\"",
            "<w:tblHeader/>",
            "FF0000",
            "a&lt;b&gt;&amp; ",
            "云发改〔2025〕3号",
        ] {
            assert!(xml.contains(wanted), "{wanted} in {xml}");
        }
        assert!(!xml.contains('\u{0}') && !xml.contains("paraId"));
        let odd = part(&docx(&paper()).unwrap(), "word/footer1.xml");
        assert!(odd.contains("PAGE") && odd.contains("— "), "{odd}");
    }

    #[test]
    fn the_same_document_gives_the_same_bytes() {
        let first = docx(&paper()).unwrap();
        // Whatever has been made meanwhile, on whichever thread.
        docx(&Document { landscape: true, ..Document::default() }).unwrap();
        assert!(first == docx(&paper()).unwrap());
        assert!(first == std::thread::spawn(|| docx(&paper()).unwrap()).join().unwrap());
    }
}
