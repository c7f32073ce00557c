//! Tables as another database can make them again: for a backup, which is one form for both databases.

use serde::{Deserialize, Serialize};

use super::{Db, DbError, Tx, Value, migrate};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnType {
    /// An automatic 64-bit primary key, `{id}`.
    Id,
    /// A number.
    Bigint,
    /// Text.
    Text,
    /// A double.
    Double,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    #[serde(rename = "type")]
    pub ty: ColumnType,
    /// Never empty.
    pub required: bool,
}

impl Db {
    /// Makes a database where there is none yet, in one transaction: the fixed tables as of `version`, then what `load`
    /// writes, then the steps to the present version, then `last`. Nothing stays if any of it fails.
    ///
    /// # Errors
    /// [`DbError::Newer`] for a version that this program does not know, [`DbError::NotEmpty`] where tables are there.
    pub fn build(
        url: &str,
        version: i64,
        load: impl FnOnce(&mut Tx<'_>) -> anyhow::Result<()> + Send + 'static,
        last: impl FnOnce(&mut Tx<'_>) -> anyhow::Result<()> + Send + 'static,
    ) -> anyhow::Result<Db> {
        migrate::check(version)?;
        let db = Db::connect(url)?;
        db.commit(move |tx| {
            let there = tx.tables()?;
            if !there.is_empty() {
                return Err(DbError::NotEmpty(there.into_iter().take(5).collect::<Vec<_>>().join("、")).into());
            }
            migrate::make(tx, version)?;
            load(tx)?;
            migrate::make(tx, migrate::known())?;
            last(tx)
        })?;
        Ok(db)
    }
}

impl Tx<'_> {
    /// Version of the fixed tables; 0 for an empty database.
    pub fn version(&mut self) -> anyhow::Result<i64> {
        migrate::version(self)
    }

    /// The columns of a table in their order; none if there is no such table.
    pub fn shape(&mut self, table: &str) -> anyhow::Result<Vec<Column>> {
        let sql = if self.is_postgres() {
            "select cast(column_name as text), cast(data_type as text), \
             case when is_identity = 'YES' then 1 else 0 end, case when is_nullable = 'NO' then 1 else 0 end \
             from information_schema.columns \
             where table_schema = current_schema() and table_name = $1 order by ordinal_position"
        } else {
            "select name, lower(type), case when pk = 1 and lower(type) = 'integer' then 1 else 0 end, \
             case when pk > 0 then 1 else \"notnull\" end from pragma_table_info($1) order by cid"
        };
        self.rows(sql, &[table.into()], |r| {
            let ty = match (r.text(1)?, r.i64(2)?) {
                (_, 1) => ColumnType::Id,
                ("bigint", _) => ColumnType::Bigint,
                ("text", _) => ColumnType::Text,
                ("double precision", _) => ColumnType::Double,
                (other, _) => anyhow::bail!("column {table}.{} is {other}", r.text(0)?),
            };
            Ok(Column { name: r.text(0)?.to_owned(), ty, required: ty == ColumnType::Id || r.i64(3)? == 1 })
        })
    }

    /// Makes a table without indexes.
    pub fn make(&mut self, table: &str, columns: &[Column]) -> anyhow::Result<()> {
        let columns: Vec<String> = columns
            .iter()
            .map(|c| {
                let ty = match c.ty {
                    ColumnType::Id => "{id}",
                    ColumnType::Bigint => "bigint",
                    ColumnType::Text => "text",
                    ColumnType::Double => "double precision",
                };
                let required = if c.required && c.ty != ColumnType::Id { " not null" } else { "" };
                format!("\"{}\" {ty}{required}", c.name)
            })
            .collect();
        self.ddl(&format!("create table \"{table}\" ({})", columns.join(", ")))
    }

    /// Puts rows into a table as they were in another database: not a writing of facts, only their coming back.
    pub fn load(&mut self, table: &str, columns: &[Column], rows: &[Vec<Value>]) -> anyhow::Result<()> {
        let names: Vec<String> = columns.iter().map(|c| format!("\"{}\"", c.name)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        self.copy_rows(&format!("\"{table}\""), &names, &mut rows.iter().map(Vec::as_slice)).map(|_| ())
    }

    /// Lets the automatic key of a table go on behind the rows that were loaded.
    pub fn go_on_behind(&mut self, table: &str, id: &str) -> anyhow::Result<()> {
        if !self.is_postgres() {
            return Ok(());
        }
        let sql = format!(
            "select setval(pg_get_serial_sequence('\"{table}\"', '{id}'), coalesce(max(\"{id}\"), 0) + 1, false) \
             from \"{table}\""
        );
        self.one(&sql, &[], |_| Ok(())).map(|_| ())
    }
}
