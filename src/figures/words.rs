//! Values and targets of stored verdicts in words.

use crate::{
    directive::model::Part,
    ratio::Ratio,
    verdict::{
        judge,
        store::Stored,
        words::{self, Context},
    },
};

/// The values of a stored verdict in words, part by part; `--` where there is none.
pub fn value_text(ctx: Context<'_>, v: &Stored) -> String {
    values_text(ctx, &v.value)
}

/// The same of exact values joined by `; `.
pub fn values_text(ctx: Context<'_>, values: &str) -> String {
    let parts = values.split("; ").zip(&ctx.requirement.parts);
    let word = |(text, part)| match Ratio::parse(text) {
        Some(value) => words::value(ctx, part, value, None),
        None => "--".into(),
    };
    parts.map(word).collect::<Vec<String>>().join("；")
}

/// The targets of a stored verdict in words, part by part; `--` where there is none.
pub fn target_text(ctx: Context<'_>, v: &Stored) -> String {
    let parts = v.target.split("; ").zip(&ctx.requirement.parts);
    let word = |(text, part): (&str, &Part)| {
        let op = part.target.as_ref()?.op;
        let value = Ratio::parse(text)?;
        let now = judge::TargetNow { op, value, upper: value, whole: None };
        Some(words::scale(ctx, part).value(now.value, None))
    };
    parts.map(|p| word(p).unwrap_or_else(|| "--".into())).collect::<Vec<String>>().join("；")
}
