//! Definitions become tables, and later definitions widen them, on both databases.

use std::collections::BTreeMap;

use dongliang::{
    db::{Db, Value},
    db_test,
    directive::model::{Field, FieldType, Ledger},
    ledger::{
        NewRow,
        query::{self, Query},
        schema::{self, Change, Indexes},
        store,
    },
    scope::Scope,
};

use crate::store::{actor, keys, new_row, sample, set_up};

fn columns(db: &Db, table: &str) -> BTreeMap<String, String> {
    db.read(|tx| tx.columns(table)).unwrap().into_iter().collect()
}

fn indexes(db: &Db, table: &str) -> Vec<String> {
    let cut = |name: &String| name[..name.len() - 7].to_owned();
    db.read(|tx| tx.indexes(table)).unwrap().iter().map(cut).collect()
}

/// The sample after a year: two names changed, one field added, one retired, choices too.
pub(crate) fn next_year() -> Ledger {
    let mut ledger = Ledger { was: Some("sample".into()), title: "新样本".into(), ..sample("renamed") };
    ledger.fields.retain(|f| f.name != "hours");
    for field in &mut ledger.fields {
        match field.name.as_str() {
            "note" => (field.name, field.was) = ("remark".into(), Some("note".into())),
            "phone" => (field.name, field.was) = ("mobile".into(), Some("phone".into())),
            "kind" => field.ty = FieldType::Choice(vec!["甲".into(), "丙".into()]),
            _ => {}
        }
    }
    let place = Field { name: "place".into(), title: "地点".into(), ..Field::default() };
    ledger.fields.push(place);
    ledger
}

fn migrate(db: &Db, old: Vec<Ledger>, new: Vec<Ledger>, extra: Indexes) -> anyhow::Result<Vec<Change>> {
    db.write(move |tx| schema::migrate(tx, &old, &new, &extra))
}

db_test!(a_definition_becomes_a_table_with_its_indexes, |db: &Db| {
    set_up(db);
    let columns = columns(db, "l_sample");
    let types = ["person", "day", "hours", "topics", "phone", "phone_index", "unit_id"].map(|c| columns[c].as_str());
    assert_eq!(types, ["bigint", "text", "bigint", "text", "text", "text", "bigint"]);
    assert!(!columns.contains_key("age"));
    assert_eq!(
        indexes(db, "l_sample"),
        [
            "l_sample_day_record_id",
            "l_sample_import_id",
            "l_sample_person_day_kind",
            "l_sample_phone_index",
            "l_sample_record_code",
            "l_sample_record_id_revision",
            "l_sample_unit_id_day",
            "l_sample_voided_at",
        ]
    );
    // Other indexes, the same table: an index that begins like a longer one is not kept.
    let extra = [vec!["unit_id".into(), "day".into(), "kind".into()], vec!["unit_id".into()]];
    db.write(move |tx| schema::create(tx, &sample("sample"), &extra)).unwrap();
    let now = indexes(db, "l_sample");
    assert!(now.contains(&"l_sample_unit_id_day_kind".into()) && now.len() == 7, "{now:?}");
    let derived = Ledger { derived: true, ..sample("low_rank") };
    db.write(move |tx| schema::create(tx, &derived, &[])).unwrap();
    assert!(self::columns(db, "l_low_rank").is_empty());
});

db_test!(a_new_package_renames_adds_and_retires_and_keeps_every_row, |db: &Db| {
    set_up(db);
    let row = |note: &str| new_row(None, "2025-03-01", note);
    db.write(move |tx| store::insert(tx, &actor(1), &sample("sample"), &keys(), &[row("甲"), row("乙")], None))
        .unwrap();
    let changes = migrate(db, vec![sample("sample")], vec![next_year()], Indexes::new()).unwrap();
    let said: Vec<String> = changes.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "台账“样本”改名为“新样本”",
            "“新样本”的“kind”新增选项“丙”",
            "“新样本”的“kind”不再提供选项“乙”，已有记录不变",
            "“新样本”的“kind”不再提供选项“A_b”，已有记录不变",
            "“新样本”的栏目“phone”改名为“phone”",
            "“新样本”的栏目“note”改名为“note”",
            "“新样本”新增栏目“地点”",
            "“新样本”的栏目“hours”停用，已有内容保留",
        ]
    );
    let ledger = next_year();
    let first = db.read(|tx| store::get(tx, &ledger, &Scope::All, 1, None)).unwrap().unwrap();
    assert_eq!(first.value(&ledger, "remark"), &Value::from("甲"));
    assert_eq!(keys().open(first.value(&ledger, "mobile").as_text().unwrap()).unwrap(), "13800138000");
    let columns = columns(db, "l_renamed");
    assert!(columns.contains_key("hours") && columns.contains_key("mobile_index"));
    assert!(indexes(db, "l_renamed").iter().all(|i| i.starts_with("l_renamed_")));
    // Ids go on, and a second run finds nothing to do.
    let mut fresh = NewRow { values: vec![Value::Null; ledger.fields.len()], ..NewRow::default() };
    fresh.values[1] = "2026-01-01".into();
    let ids = db.write(move |tx| store::insert(tx, &actor(2), &next_year(), &keys(), &[fresh], None)).unwrap();
    assert_eq!(ids, [3]);
    assert!(migrate(db, vec![next_year()], vec![next_year()], Indexes::new()).unwrap().is_empty());
    assert_eq!(db.read(|tx| query::count(tx, &ledger, &Scope::All, &Query::default(), None)).unwrap(), 3);
});

db_test!(a_retired_ledger_and_field_come_back_with_what_they_held, |db: &Db| {
    set_up(db);
    let ledger = sample("sample");
    db.write(|tx| store::insert(tx, &actor(1), &sample("sample"), &keys(), &[new_row(None, "2025-03-01", "a")], None))
        .unwrap();
    let retired = migrate(db, vec![ledger.clone()], vec![], Indexes::new()).unwrap();
    assert_eq!(retired, [Change::RetireLedger("样本".into())]);
    migrate(db, vec![], vec![ledger.clone()], Indexes::new()).unwrap();
    assert!(db.read(|tx| store::get(tx, &ledger, &Scope::All, 1, None)).unwrap().is_some());
    // The name of a retired field is taken for ever by its type.
    let mut other = sample("sample");
    other.fields[2].ty = FieldType::Text;
    let refused = migrate(db, vec![], vec![other], Indexes::new()).unwrap_err().to_string();
    assert!(refused.contains("hours") && refused.contains("类型"), "{refused}");
});

db_test!(a_type_never_changes_and_nothing_is_done_by_halves, |db: &Db| {
    set_up(db);
    let mut new = next_year();
    new.fields[0].ty = FieldType::Text;
    new.fields[5].sensitive = true;
    let before = columns(db, "l_sample");
    let refused = migrate(db, vec![sample("sample")], vec![new], Indexes::new()).unwrap_err().to_string();
    assert_eq!(refused.lines().count(), 1, "{refused}");
    assert!(refused.contains("person"));
    let mut open = next_year();
    open.fields.iter_mut().for_each(|f| f.sensitive = false);
    assert!(schema::plan(&[sample("sample")], &[open]).unwrap_err()[0].contains("mobile"));
    assert_eq!(columns(db, "l_sample"), before);
    for name in ["Unit_ID", "phone_index", "DAY"] {
        let mut clash = sample("clash");
        clash.fields[7].name = name.into();
        assert!(db.write(move |tx| schema::create(tx, &clash, &[])).unwrap_err().to_string().contains(name));
    }
});

#[test]
fn a_reference_follows_its_ledger_to_a_new_name() {
    let referring = |to: &str| {
        let mut ledger = sample("referring");
        ledger.fields[0].ty = FieldType::Ref(to.into());
        ledger
    };
    let new = [next_year(), referring("renamed")];
    assert!(schema::plan(&[sample("sample"), referring("sample")], &new).is_ok());
    assert!(schema::plan(&[sample("sample"), referring("elsewhere")], &new).is_err());
}
