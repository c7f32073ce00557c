//! Repeats (4.8): a class given again makes the missed one good (已补), so that both are judged together.

use std::collections::{BTreeSet, HashSet};

use super::{
    compile::{Compiled, Step},
    engine::Engine,
    eval::Eval,
    kind::Kind,
    state::{State, Verdict},
    touch::Changed,
    world::{EMPTY, Node},
};
use crate::{day::Day, db::Tx};

/// A passing repeat that points back at a missed subject makes it good (4.8).
pub(super) fn close_by_repeats(eval: &Eval<'_>, c: &Compiled, verdicts: &mut [Verdict]) {
    let Some((place, access)) = &c.again else { return };
    let mut repeated: HashSet<Vec<i64>> = HashSet::new();
    for v in verdicts.iter().filter(|v| v.state == State::Pass) {
        let (i, table) = match place {
            Some(i) => match c.per[*i].kind {
                Kind::Ref(to) => (*i, to),
                _ => continue,
            },
            None => (0, c.table),
        };
        let Some(row) = eval.world.tables[table].row_of(v.subject[i]) else { continue };
        let node = Node { table, row };
        let back = eval.value(node, access, eval.world.tables[table].opens[row], Day::MAX);
        if back != EMPTY {
            let mut key = v.subject.to_vec();
            key[i] = back;
            repeated.insert(key);
        }
    }
    for v in verdicts.iter_mut().filter(|v| v.state == State::Fail) {
        v.late |= repeated.contains(&*v.subject);
    }
}

/// With a repeat, what it repeats and what repeats it are judged together (4.8), also where that was known only once;
/// `None` if the repeat is named by a way that is not followed here, so that all must be.
pub(super) fn with_repeats(
    tx: &mut Tx<'_>,
    engine: &Engine,
    i: usize,
    mut ids: BTreeSet<i64>,
    changes: &[Changed],
) -> anyhow::Result<Option<BTreeSet<i64>>> {
    let c = &engine.compiled[i];
    let (table, access) = match &c.again {
        // The repeat is on the same first key.
        None | Some((Some(1..), _)) => return Ok(Some(ids)),
        Some((None, access)) => (c.table, access),
        Some((Some(0), access)) => match c.per[0].kind {
            Kind::Ref(table) => (table, access),
            _ => return Ok(None),
        },
    };
    let [Step::Column(column)] = access.steps.as_slice() else { return Ok(None) };
    let ledger = &engine.layout.ledgers[table];
    let field = &ledger.fields[*column].name;
    let sql = format!(
        "select \"{field}\", record_id from l_{0} where record_id = $1 \
         union select \"{field}\", record_id from l_{0} where \"{field}\" = $1",
        ledger.name
    );
    // What a change itself repeats, which the store may not know yet.
    let changed = changes.iter().filter(|c| c.table == table);
    let pairs: Vec<(i64, i64)> = changed.flat_map(|c| c.ids(*column).map(|id| (c.record, id))).collect();
    let mut open: Vec<i64> = ids.iter().copied().collect();
    while let Some(id) = open.pop() {
        for (one, other) in pairs.iter().filter(|(one, other)| *one == id || *other == id) {
            open.extend([*one, *other].into_iter().filter(|found| ids.insert(*found)));
        }
        tx.each(&sql, &[id.into()], |r| {
            for found in r.opt_i64(0)?.into_iter().chain([r.i64(1)?]) {
                if ids.insert(found) {
                    open.push(found);
                }
            }
            Ok(())
        })?;
    }
    Ok(Some(ids))
}
