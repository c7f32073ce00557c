//! Where to begin on an installation that holds nothing yet.

use super::{frame::Desk, record_new::may_add, view::words::Link};
use crate::{
    auth::Permission,
    verdict::world::{PERSON, UNIT},
};

/// What the reader may do first, each with a line about it; nothing for who may record nothing.
pub(super) fn ways(desk: &Desk<'_, '_>) -> Vec<(Link, &'static str)> {
    let layout = &desk.current.engine.layout;
    let mut ways = Vec::new();
    if desk.may(Permission::Import) {
        let told = "用已有的Excel或CSV：依次导入单位、人员、任职，再导入其他台账。先检查，确认之前不写入。";
        ways.push((Link::new("从现有台账导入", "/imports/new"), told));
    }
    for (table, text, told) in [
        (UNIT, "登记单位", "逐个登记单位和科室，写明上级单位。"),
        (PERSON, "登记人员", "逐人登记；在哪里任职，随后登记在“任职”里。"),
    ] {
        let ledger = layout.ledgers.get(table).filter(|l| may_add(desk, l));
        ways.extend(ledger.map(|l| (Link::new(text, format!("/ledgers/{}/new", l.name)), told)));
    }
    ways
}
