//! One paper `/papers/{id}`: what stands in it, each figure leading to where it is explained.

use std::collections::BTreeSet;

use axum::{
    extract::{Path, State},
    response::{Html, IntoResponse as _, Response},
};

use super::{
    account::Left,
    app::App,
    asked,
    error::PageError,
    frame::{Ask, Desk, answer},
    papers::{period_name, sees_drafts},
    view::{
        form::{Errors, Field, Form},
        papers::{ChangeLine, Paper, PaperPart, PaperTable},
        parts::{Fact, Facts},
        spelling::anchor,
        url::{Query, segment},
        words::{Link, Words},
    },
};
use crate::{
    auth::Permission,
    clock::{self, chinese},
    installation::Installation,
    paper::{
        Change, Content, Figure, Part, Piece, Place, issue,
        store::{self, Eye, Saved},
    },
    scope::Scope,
};

/// `GET /papers/{id}`.
pub(super) async fn page(State(app): State<App>, Path(id): Path<String>, ask: Ask) -> Response {
    let own = app.clone();
    answer(app, ask, move |desk| {
        asked::keys(desk, &["done", "part"]);
        asked::values(desk, "part", "公文的部分", &|v| v == "annex");
        render(desk, &own.installation, &id, &Left::default())
    })
    .await
}

/// A paper that the reader may read.
pub(super) fn reached(desk: &mut Desk<'_, '_>, id: &str) -> anyhow::Result<Saved> {
    let id = id.parse().map_err(|_| PageError::NotFound)?;
    let (scope, drafts) = (desk.scope.clone(), sees_drafts(desk));
    let eye = Eye { scope: &scope, drafts };
    let found = store::get(desk.tx, id)?.filter(|s| !s.dropped && store::readable(eye, s));
    Ok(found.ok_or(PageError::NotFound)?)
}

pub(super) fn render(
    desk: &mut Desk<'_, '_>,
    installation: &Installation,
    id: &str,
    left: &Left,
) -> anyhow::Result<Response> {
    let saved = reached(desk, id)?;
    // What the records of others say now is theirs; what was issued stands for everybody.
    let within = store::reaches(&desk.scope, saved.wanted.unit);
    let changes = if within { issue::since(desk.tx, installation, &saved)? } else { Vec::new() };
    let draft = saved.issued.is_none();
    let about = About::of(&saved, &changes, (!within).then(|| desk.scope.clone()));
    let begins = saved.content.parts.iter().position(|p| matches!(p, Part::Annex(..)));
    let annex = desk.ask.get("part") == Some("annex") && begins.is_some();
    let all = &saved.content.parts;
    // Its table has hundreds of links: it has a page of its own.
    let (shown, other) = match begins {
        Some(at) if annex => (&all[at..], Some(Link::new("返回正文", format!("/papers/{}", saved.id)))),
        Some(at) => (&all[..at], Some(Link::new("查看附件", format!("/papers/{}?part=annex", saved.id)))),
        None => (&all[..], None),
    };
    let mut words = if draft && desk.may(Permission::DraftPapers) { Some(words_form(desk, &saved)?) } else { None };
    let mut acts = acts(desk, &saved, changes.len())?;
    for form in words.iter_mut().chain(acts.iter_mut().map(|(_, form)| form)) {
        left.fill(form);
    }
    let errors = Errors(words.iter().chain(acts.iter().map(|(_, f)| f)).flat_map(|f| Errors::of(f).0).collect());
    left.shown(&errors)?;
    let title = saved.content.title();
    let view = Paper {
        title: if title.is_empty() { saved.wanted.kind.title().to_owned() } else { title },
        state: if draft { "草稿" } else { "已印发" },
        notice: match desk.ask.get("done") {
            _ if !left.notice.is_empty() => left.notice.clone(),
            Some("drafted") => "已起草：数字已取好，请核对并修改文字，再印发。".into(),
            Some("saved") => "文字已保存。".into(),
            Some("redrawn") => "已重新取数，文字没有变。".into(),
            Some("issued") => "已印发，文件从此不变。".into(),
            _ => String::new(),
        },
        errors,
        files: [("docx", if draft { "下载Word草稿" } else { "下载Word" }), ("xlsx", "下载Excel")]
            .map(|(format, label)| Link::new(label, format!("/papers/{}/file?format={format}", saved.id)))
            .into(),
        facts: facts(&saved),
        changes: changes.iter().map(|c| about.change(c)).collect(),
        changes_note: match draft {
            true => "取数以后，依据的记录有变化。请重新取数（文字保留），或者先继续修改文字；不重新取数不能印发。",
            false => "印发以后，依据的记录有变化。已印发的文件不变；确有必要的，另行印发更正。",
        }
        .into(),
        acts,
        words,
        linked: about.linked(shown),
        annex,
        other,
        parts: about.parts(shown),
        page: desk.page("/papers")?,
    };
    Ok(Html(askama::Template::render(&view)?).into_response())
}

fn facts(saved: &Saved) -> Facts {
    let fact = |term: &str, text: String| Fact::new(term, text);
    let mut facts = vec![
        fact("种类", saved.wanted.kind.title().to_owned()),
        fact("期间", period_name(saved)),
        fact("取数", format!("{}　{}", saved.drawn_by, chinese(saved.drawn_at))),
        fact(
            "数字",
            format!("{}个，校验码{}", saved.content.figures.len(), &saved.digest[..saved.digest.len().min(12)]),
        ),
    ];
    match &saved.issued {
        None => facts.push(fact("文号", "印发时编定".into())),
        Some(i) => facts.extend([
            fact("文号", i.number.to_string()),
            fact("成文日期", i.on.chinese()),
            fact("印发", format!("{}　{}", i.by, chinese(i.at))),
            fact("文件", format!("{}字节，SHA-256 {}", i.bytes, i.file)),
            fact(
                "检查点",
                i.checkpoint.lines().nth(1).map_or_else(|| "没有".into(), |size| format!("操作日志第{size}条以前")),
            ),
        ]),
    }
    Facts(facts)
}

/// The passages as a form.
fn words_form(desk: &Desk<'_, '_>, saved: &Saved) -> anyhow::Result<Form> {
    let field = |p: &crate::paper::Passage| Field { value: p.text.clone(), ..Field::long(&p.key, &p.label) };
    Ok(Form {
        id: "pw".into(),
        action: format!("/papers/{}", saved.id),
        token: desk.form_token()?,
        hidden: vec![("version".into(), saved.version.to_string())],
        fields: saved.content.passages().map(field).collect(),
        button: "保存文字".into(),
        ..Form::default()
    })
}

/// What the reader may do with a draft.
fn acts(desk: &mut Desk<'_, '_>, saved: &Saved, changed: usize) -> anyhow::Result<Vec<(String, Form)>> {
    let mut acts = Vec::new();
    if saved.issued.is_some() {
        return Ok(acts);
    }
    let version = vec![("version".to_owned(), saved.version.to_string())];
    let blank = |id: &str, act: &str, token: String, fields: Vec<Field>, button: &str, primary: bool| Form {
        id: id.into(),
        action: format!("/papers/{}/{act}", saved.id),
        token,
        hidden: version.clone(),
        fields,
        button: button.into(),
        primary,
        cancel: None,
    };
    if desk.may(Permission::DraftPapers) {
        let form = blank("rd", "redraw", desk.form_token()?, Vec::new(), "重新取数", changed > 0);
        acts.push(("数字".to_owned(), form));
    }
    if desk.may(Permission::IssuePapers) {
        let prefix = store::last_prefix(desk.tx)?;
        let fields = vec![
            Field::text("prefix", "发文机关代字", &prefix).hint("如“云发改干建”，序号由系统接着编。").required(),
            Field::day("on", "成文日期", &desk.now.day.to_string()).required(),
        ];
        let form = blank("is", "issue", desk.form_token()?, fields, "印发", changed == 0);
        acts.push(("印发".to_owned(), form));
    }
    if desk.may(Permission::DraftPapers) {
        acts.push(("不用".to_owned(), blank("dr", "drop", desk.form_token()?, Vec::new(), "不用这份草稿", false)));
    }
    Ok(acts)
}

/// A paper with what has changed since.
struct About<'a> {
    content: &'a Content,
    /// Keys of the figures that are otherwise now.
    changed: BTreeSet<&'a str>,
    /// `?period=…`
    back: String,
    /// When the figures were taken, for the pages of verdicts.
    known: String,
    /// Whose figures lead on, where the paper tells of more than the reader may see; `None`: all do.
    own: Option<Scope>,
}

impl<'a> About<'a> {
    fn of(saved: &'a Saved, changes: &'a [Change], own: Option<Scope>) -> About<'a> {
        let past = saved.wanted.period.as_ref().map(|p| format!("?period={}", p.label()));
        About {
            content: &saved.content,
            changed: changes.iter().map(|c| c.figure.key.as_str()).collect(),
            back: past.unwrap_or_default(),
            known: clock::iso(saved.drawn_at),
            own,
        }
    }

    /// Whether a figure leads to where it is explained: of others, and of the whole as others see it, it does not.
    fn leads(&self, figure: &Figure) -> bool {
        let Some(scope) = &self.own else { return true };
        figure.unit().is_some_and(|unit| scope.has_unit(unit))
    }

    /// What is said of the figures of these parts: all lead on, those within the reader's scope, or none.
    fn linked(&self, shown: &[Part]) -> &'static str {
        let pieces = shown.iter().flat_map(|part| match part {
            Part::Heading(_, pieces) | Part::Text(pieces) => vec![pieces],
            Part::Table { rows, .. } => rows.iter().flatten().collect(),
            _ => Vec::new(),
        });
        let figure = |piece: &Piece| match piece {
            Piece::Figure(i) | Piece::Sign(i) => self.content.figures.get(*i).is_some_and(|f| self.leads(f)),
            Piece::Text(_) => false,
        };
        match self.own {
            None => "数字都可点开看来由，不能手改",
            Some(_) if pieces.flatten().any(figure) => "您范围内的数字可点开看来由，不能手改",
            Some(_) => "数字由系统取得，不能手改",
        }
    }

    fn href(&self, place: &Place) -> String {
        match place {
            Place::Overview => format!("/{}", self.back),
            Place::Unit(code, None) => format!("/units/{}{}", segment(code), self.back),
            Place::Unit(code, Some(id)) => format!("/units/{}{}#{}", segment(code), self.back, anchor(id)),
            Place::Requirement(id) => format!("/requirements/{}", segment(id)),
            Place::Verdict(id, subject, window) => {
                let path = format!("/verdicts/{}/{}/{}", segment(id), segment(subject), segment(window));
                Query::new(path).with("as_of", &*self.content.as_of).with("known_at", &*self.known).href()
            }
        }
    }

    fn change(&self, c: &Change) -> ChangeLine {
        let shown = |text: &str| if text.is_empty() { "--".to_owned() } else { text.to_owned() };
        ChangeLine {
            figure: Link::new(c.figure.name.clone(), self.href(&c.figure.place)),
            before: shown(&c.before),
            after: shown(&c.after),
        }
    }

    fn words(&self, pieces: &[Piece]) -> Words {
        pieces.iter().fold(Words::new(), |words, piece| match piece {
            Piece::Text(text) => words.text(text.clone()),
            Piece::Figure(i) | Piece::Sign(i) => match self.content.figures.get(*i) {
                Some(f) if self.changed.contains(f.key.as_str()) => {
                    words.late(self.content.read(piece), self.href(&f.place))
                }
                Some(f) if self.leads(f) => words.link(self.content.read(piece), self.href(&f.place)),
                Some(_) => words.text(self.content.read(piece)),
                None => words,
            },
        })
    }

    fn parts(&self, shown: &[Part]) -> Vec<PaperPart> {
        let mut parts = Vec::new();
        for part in shown {
            match part {
                Part::Passage(p) if p.key == "title" => {
                    parts.push(PaperPart::Title(p.text.lines().map(str::to_owned).collect()));
                }
                Part::Passage(p) => {
                    let label = if p.boxed { format!("{}：", p.label) } else { String::new() };
                    let colon = if p.key == "to" { "：" } else { "" };
                    let lines = p.text.lines().filter(|l| !l.trim().is_empty());
                    parts.extend(lines.map(|l| PaperPart::Text(Words::from(format!("{label}{l}{colon}")))));
                }
                Part::Heading(level, pieces) => parts.push(PaperPart::Heading(self.words(pieces), *level == 1)),
                Part::Text(pieces) => parts.push(PaperPart::Text(self.words(pieces))),
                Part::Subtitle(text) | Part::Note(text) => parts.push(PaperPart::Note(text.clone())),
                Part::Table { caption, columns, rows } => parts.push(PaperPart::Table(PaperTable {
                    caption: if caption.is_empty() { "表".into() } else { caption.clone() },
                    heads: columns.iter().map(|(head, ..)| head.clone()).collect(),
                    rows: rows.iter().map(|row| row.iter().map(|cell| self.words(cell)).collect()).collect(),
                    columns: columns.len(),
                })),
                Part::Attachments(names) => {
                    parts.push(PaperPart::Text(Words::from(format!("附件：{}", names.join("；")))));
                }
                Part::Signature => parts.push(PaperPart::Text(Words::from(self.content.issuer.clone()))),
                Part::Annex(name, title) => {
                    parts.push(PaperPart::Heading(Words::from(format!("{name}　{}", title.concat())), true));
                }
            }
        }
        parts
    }
}
