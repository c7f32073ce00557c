//! Files among what waits: those that the reader has sent, that are checked and that nobody else confirms.

use super::{
    frame::Desk,
    todo::SHOWN,
    view::{
        todo::{Group, Item},
        words::Link,
    },
};
use crate::{
    auth::Permission,
    clock::{chinese, day_of},
    intake::batch::{self, Batch},
};

/// The reader's own files that are checked and wait for his confirmation: the first of them, and how many there are.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn sent(desk: &mut Desk<'_, '_>, limit: u64) -> anyhow::Result<(Vec<Batch>, u64)> {
    let account = desk.reader.as_ref().filter(|_| desk.may(Permission::Import)).map(|r| r.account);
    let Some(account) = account else { return Ok((Vec::new(), 0)) };
    let (found, total) = batch::to_confirm(desk.tx, account, desk.now.instant, i64::try_from(limit)?)?;
    Ok((found, u64::try_from(total)?))
}

/// The same as things to do.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn group(desk: &mut Desk<'_, '_>) -> anyhow::Result<Option<Group>> {
    let (found, total) = sent(desk, SHOWN)?;
    let layout = &desk.current.engine.layout;
    let item = |b: &Batch| {
        let ledger = layout.index(&b.new.ledger).map_or(b.new.ledger.as_str(), |t| &layout.ledgers[t].title);
        let (written, bad) = b.counts;
        let bad = if bad > 0 { format!("，{bad}行有误") } else { String::new() };
        Item {
            kind: "导入".into(),
            title: Link::new(format!("第{}号　{ledger}：{}", b.id, b.new.file), format!("/imports/{}", b.id)),
            note: format!("{}上传　可写入{written}条{bad}", chinese(b.new.at)),
            due: format!("检查结果保留到{}，过期不再写入", day_of(b.new.at + batch::KEPT).chinese()),
            ..Item::default()
        }
    };
    Ok((total > 0).then(|| Group {
        id: "imports",
        title: "等您确认的导入",
        total,
        note: "先到期的在前",
        items: found.iter().map(item).collect(),
        all: (total > SHOWN).then(|| Link::new(format!("全部{total}件"), "/imports")),
    }))
}
