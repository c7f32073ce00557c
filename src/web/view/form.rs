//! A form that is posted, and the summary of what is wrong in it.

use askama::Template;
use askama::filters::HtmlSafe;

use super::record_form::{Pick, Picker};
use super::words::Link;
use crate::{clock::parse_instant, day::Day};

/// A form. `id` begins the ids of its fields, so that several may stand on a page.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "parts/form.html")]
pub struct Form {
    /// What the ids of its fields begin with.
    pub id: String,
    /// Where it is posted to.
    pub action: String,
    /// The form's token.
    pub token: String,
    /// Values that go along unseen.
    pub hidden: Vec<(String, String)>,
    /// Fields in their order.
    pub fields: Vec<Field>,
    /// What the button says: a verb.
    pub button: String,
    /// The button is the page's main one.
    pub primary: bool,
    /// Where to go instead, if anywhere.
    pub cancel: Option<Link>,
}

impl HtmlSafe for Form {}

impl Form {
    /// Something is looked for in it. Then 查找 is not what Enter presses: its own button stands before, unseen.
    fn finds(&self) -> bool {
        self.fields.iter().any(|f| f.pick.is_some())
    }

    /// Whether something is wrong in it.
    pub(super) fn is_wrong(&self) -> bool {
        self.fields.iter().any(|f| !f.error.is_empty())
    }
}

/// A field of a form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Field {
    /// As it is posted.
    pub name: String,
    /// What is asked.
    pub label: String,
    /// Type of the input: `text`, `password`, `date`; `long` for several lines. Ignored where there are choices.
    pub kind: &'static str,
    /// What stands in it; never that of a password.
    pub value: String,
    /// One line of help; empty for none.
    pub hint: String,
    /// What is wrong; empty if nothing.
    pub error: String,
    /// Must be filled.
    pub required: bool,
    /// What a password manager may fill in: `username`, `current-password`, …; empty for nothing.
    pub autocomplete: &'static str,
    /// Values and titles to choose from; empty for a free field.
    pub choices: Vec<(String, String)>,
    /// A record that is looked for; then neither value nor choices count.
    pub pick: Option<Pick>,
}

impl Field {
    /// A text.
    pub fn text(name: &str, label: &str, value: &str) -> Field {
        Field { name: name.into(), label: label.into(), kind: "text", value: value.into(), ..Field::default() }
    }

    /// A password, which is never filled in by us.
    pub fn password(name: &str, label: &str, autocomplete: &'static str) -> Field {
        Field {
            name: name.into(),
            label: label.into(),
            kind: "password",
            required: true,
            autocomplete,
            ..Field::default()
        }
    }

    /// A code of an authenticator, or a recovery code.
    pub fn code(name: &str, label: &str) -> Field {
        Field { autocomplete: "one-time-code", ..Field::text(name, label, "") }
    }

    /// A day, as ISO or as it was typed.
    pub fn day(name: &str, label: &str, value: &str) -> Field {
        Field { kind: "date", ..Field::text(name, label, value) }
    }

    /// A day and a time, as `2025-11-30T09:00` or as it was typed.
    pub fn moment(name: &str, label: &str, value: &str) -> Field {
        Field { kind: "datetime-local", ..Field::text(name, label, value) }
    }

    /// One of some texts.
    pub fn choice(name: &str, label: &str, value: &str, choices: Vec<(String, String)>) -> Field {
        Field { choices, ..Field::text(name, label, value) }
    }

    /// Some of these texts, chosen by those of `value` between blanks.
    pub fn several(name: &str, label: &str, choices: Vec<(String, String)>) -> Field {
        Field { kind: "several", choices, ..Field::text(name, label, "") }
    }

    /// A record that is looked for.
    pub fn pick(name: &str, label: &str, pick: Pick) -> Field {
        Field { pick: Some(pick), ..Field::text(name, label, "") }
    }

    /// A text of several lines.
    pub fn long(name: &str, label: &str) -> Field {
        Field { kind: "long", ..Field::text(name, label, "") }
    }

    /// With a line of help.
    pub fn hint(self, hint: &str) -> Field {
        Field { hint: hint.into(), ..self }
    }

    /// That must be filled.
    pub fn required(self) -> Field {
        Field { required: true, ..self }
    }

    /// Whether a text is among the chosen ones.
    fn has(&self, value: &str) -> bool {
        self.value.split(' ').any(|chosen| chosen == value)
    }

    fn picker<'a>(&'a self, form: &str, pick: &'a Pick) -> Picker<'a> {
        let (id, wrong) = (format!("{form}-{}", self.name), !self.error.is_empty());
        let described = match (wrong, self.hint.is_empty()) {
            (true, _) => format!("e-{id}"),
            (_, false) => format!("h-{id}"),
            _ => String::new(),
        };
        Picker { id, name: &self.name, label: &self.label, required: self.required, wrong, described, pick }
    }

    /// A day that cannot be read is shown as it was typed.
    fn shown_kind(&self) -> &'static str {
        let readable = match self.kind {
            "date" => Day::parse(&self.value).is_some(),
            "datetime-local" => parse_instant(&self.value).is_some(),
            _ => true,
        };
        if readable || self.value.is_empty() { self.kind } else { "text" }
    }
}

/// What is wrong in a form, above the heading, each line leading to its field.
#[derive(Clone, Debug, Default, Template)]
#[template(
    ext = "html",
    source = r##"{% if !self.0.is_empty() %}<div class="f-sum" role="alert" tabindex="-1"><h2>提交未成功，请修改以下{{ self.0.len() }}处</h2><ul>{% for e in self.0 %}<li><a href="{{ e.href }}">{{ e.text }}</a></li>{% endfor %}</ul></div>{% endif %}"##
)]
pub struct Errors(pub Vec<Link>);

impl HtmlSafe for Errors {}

impl Errors {
    /// Those of a form's fields.
    pub fn of(form: &Form) -> Errors {
        let bad = form.fields.iter().filter(|f| !f.error.is_empty());
        Errors(bad.map(|f| Link::new(f.error.clone(), format!("#{}-{}", form.id, f.name))).collect())
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_stays_escaped_and_a_password_does_not() {
        let mut form = Form { id: "f".into(), action: "/x".into(), token: "t".into(), ..Form::default() };
        let wrong = Field { error: "“<b>”不是日期".into(), ..Field::day("day", "日期", "\"><b>") };
        form.fields = vec![wrong, Field::password("p", "口令", "current-password")];
        let html = form.to_string();
        assert!(html.contains(r#"method="post""#) && html.contains(r#"name="form" value="t""#));
        assert!(html.contains(r#"type="text" id="f-day""#) && html.contains("&#34;&#62;&#60;b&#62;"), "{html}");
        assert!(html.contains(r#"type="password" id="f-p" name="p" value="""#) && !html.contains("<b>"));
        assert!(Errors::of(&form).to_string().contains("1处") && Errors::of(&Form::default()).is_empty());
    }
}
