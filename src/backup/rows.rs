//! A row as a line: a JSON array of numbers, texts and nulls.

use anyhow::{Context as _, bail};
use serde_json::Value as Json;

use crate::db::{Column, ColumnType, Row, Value};

/// Writes a row and the end of its line.
pub(super) fn write(row: &Row<'_>, columns: usize, line: &mut Vec<u8>) -> anyhow::Result<()> {
    line.clear();
    for i in 0..columns {
        line.push(if i == 0 { b'[' } else { b',' });
        match row.value(i)? {
            Value::Null => line.extend_from_slice(b"null"),
            Value::I64(n) => line.extend_from_slice(n.to_string().as_bytes()),
            Value::Text(text) => serde_json::to_writer(&mut *line, &text)?,
            Value::F64(x) => serde_json::to_writer(&mut *line, &x)?,
        }
    }
    line.extend_from_slice(b"]\n");
    Ok(())
}

/// Reads a line; refuses one that does not fit the columns.
pub(super) fn read(line: &[u8], columns: &[Column]) -> anyhow::Result<Vec<Value>> {
    let cells: Vec<Json> = serde_json::from_slice(line)?;
    if cells.len() != columns.len() {
        bail!("有 {} 格，应有 {} 格", cells.len(), columns.len());
    }
    cells.into_iter().zip(columns).map(|(cell, column)| value(cell, column)).collect()
}

fn value(cell: Json, column: &Column) -> anyhow::Result<Value> {
    let wrong = || format!("{} 一格的类型不对", column.name);
    Ok(match (cell, column.ty) {
        (Json::Null, _) => Value::Null,
        (Json::Number(n), ColumnType::Id | ColumnType::Bigint) => n.as_i64().with_context(wrong)?.into(),
        (Json::Number(n), ColumnType::Double) => n.as_f64().with_context(wrong)?.into(),
        (Json::String(text), ColumnType::Text) => text.into(),
        _ => bail!(wrong()),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::db::Db;

    fn columns() -> Vec<Column> {
        let column = |name: &str, ty| Column { name: name.into(), ty, required: false };
        vec![column("n", ColumnType::Bigint), column("s", ColumnType::Text), column("x", ColumnType::Double)]
    }

    proptest! {
        #[test]
        fn a_line_gives_the_row_back(
            n in any::<Option<i64>>(),
            s in prop::option::of("[^\0]{0,20}"),
            x in prop::option::of(prop::num::f64::NORMAL | prop::num::f64::ZERO),
        ) {
            let row: [Value; 3] = [n.into(), s.into(), x.into()];
            let db = Db::open("sqlite::memory:").unwrap();
            let sent = row.clone();
            let mut line = Vec::new();
            db.write(|tx| {
                tx.ddl("create table t (n bigint, s text, x double precision)")?;
                Ok(())
            }).unwrap();
            db.write(move |tx| tx.execute("insert into t values ($1, $2, $3)", &sent)).unwrap();
            db.read(|tx| tx.each("select n, s, x from t", &[], |r| write(r, 3, &mut line))).unwrap();
            prop_assert_eq!(line.iter().filter(|b| **b == b'\n').count(), 1);
            prop_assert_eq!(read(&line, &columns()).unwrap(), row);
        }
    }

    #[test]
    fn a_line_that_does_not_fit_is_refused() {
        for line in ["[1,\"a\"]", "[1,\"a\",1,1]", "[\"1\",\"a\",1]", "[1.5,null,null]", "{}", "[1,2,3]", "[1,\"a\""] {
            assert!(read(line.as_bytes(), &columns()).is_err(), "{line}");
        }
    }
}
