//! SQLite: one connection with its statements, its transactions, and how a file is opened.

use std::{collections::HashMap, path::Path, time::Duration};

use rusqlite::{CachedStatement, OpenFlags, config::DbConfig, types::ValueRef};

use super::{DbError, Row, Value, placeholder};
use crate::private;

/// Statements kept prepared per connection.
const STATEMENTS: usize = 256;
/// How long a lock held by another process is waited for.
const BUSY: Duration = Duration::from_secs(10);

/// A connection and, per statement text, the number behind each of its placeholders.
pub(super) struct Connection {
    raw: rusqlite::Connection,
    numbers: HashMap<Box<str>, Box<[usize]>>,
}

/// What a connection is for.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Use {
    /// The only one that writes.
    Write,
    /// Reads; SQLite refuses anything else on it.
    Read,
}

impl Connection {
    /// Opens a file, made if it is not there. Memory-mapped reading stays off: a disk error would be a signal instead
    /// of an error, and the pages would count as our memory. What is deleted is overwritten: rows past their time must not
    /// be read from the file's free pages.
    pub(super) fn file(path: &Path, purpose: Use) -> Result<Connection, DbError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let create = if purpose == Use::Write { OpenFlags::SQLITE_OPEN_CREATE } else { OpenFlags::empty() };
        if purpose == Use::Write {
            // SQLite would let everybody read it, and gives its log the mode of the file. What goes wrong it tells better.
            let _ = private::touch(path);
        }
        let raw = rusqlite::Connection::open_with_flags(path, flags | create)?;
        raw.busy_timeout(BUSY)?;
        match purpose {
            Use::Write => raw.execute_batch(
                "pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on;
                 pragma secure_delete = on; pragma cache_size = -32768; pragma journal_size_limit = 67108864;",
            )?,
            Use::Read => raw.execute_batch("pragma query_only = on; pragma cache_size = -8192;")?,
        }
        Connection::over(raw)
    }

    /// A database that lives as long as this connection.
    pub(super) fn memory() -> Result<Connection, DbError> {
        let raw = rusqlite::Connection::open_in_memory()?;
        raw.execute_batch("pragma foreign_keys = on;")?;
        Connection::over(raw)
    }

    /// One plan for a statement, whatever is bound to it: else SQLite, built with the statistics of columns, parses a kept
    /// statement anew each time a bound that it compares with changes, which is at each request.
    fn over(raw: rusqlite::Connection) -> Result<Connection, DbError> {
        raw.set_prepared_statement_cache_capacity(STATEMENTS);
        raw.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        Ok(Connection { raw, numbers: HashMap::new() })
    }

    /// Runs a statement of our own without parameters, such as `begin`.
    pub(super) fn run(&mut self, sql: &str) -> Result<(), DbError> {
        self.raw.prepare_cached(sql)?.raw_execute()?;
        Ok(())
    }

    /// True outside a transaction; a full disk may have ended it behind our back.
    pub(super) fn is_idle(&self) -> bool {
        self.raw.is_autocommit()
    }

    pub(super) fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, DbError> {
        let (mut statement, numbers) = self.prepare(sql)?;
        bind(&mut statement, numbers, sql, params)?;
        Ok(statement.raw_execute()? as u64)
    }

    /// Gives each row to `f` until it says `false`.
    pub(super) fn visit(
        &mut self,
        sql: &str,
        params: &[Value],
        f: &mut dyn FnMut(&Row<'_>) -> anyhow::Result<bool>,
    ) -> anyhow::Result<()> {
        let (mut statement, numbers) = self.prepare(sql)?;
        bind(&mut statement, numbers, sql, params)?;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(DbError::from)? {
            if !f(&Row::sqlite(row))? {
                break;
            }
        }
        Ok(())
    }

    /// Inserts many rows through one statement.
    pub(super) fn bulk(
        &mut self,
        table: &str,
        columns: &[&str],
        rows: &mut dyn Iterator<Item = &[Value]>,
    ) -> Result<u64, DbError> {
        let places: Vec<String> = (1..=columns.len()).map(|n| format!("${n}")).collect();
        let sql = format!("insert into {table} ({}) values ({})", columns.join(", "), places.join(", "));
        let (mut statement, numbers) = self.prepare(&sql)?;
        let mut done = 0;
        for row in rows {
            bind(&mut statement, numbers, &sql, row)?;
            statement.raw_execute()?;
            done += 1;
        }
        Ok(done)
    }

    pub(super) fn batch(&mut self, sql: &str) -> Result<(), DbError> {
        Ok(self.raw.execute_batch(sql)?)
    }

    fn prepare(&mut self, sql: &str) -> Result<(CachedStatement<'_>, &[usize]), DbError> {
        let statement = self.raw.prepare_cached(sql)?;
        if !self.numbers.contains_key(sql) {
            let n = placeholder::count(sql)?;
            let name = |i| statement.parameter_name(i).and_then(|name| name.strip_prefix('$')?.parse().ok());
            let numbers: Option<Box<[usize]>> = (1..=statement.parameter_count()).map(name).collect();
            let numbers = numbers.filter(|of| of.len() == n).ok_or_else(|| DbError::Placeholders(sql.to_owned()))?;
            if self.numbers.len() >= 4 * STATEMENTS {
                self.numbers.clear();
            }
            self.numbers.insert(sql.into(), numbers);
        }
        Ok((statement, &self.numbers[sql]))
    }
}

fn bind(statement: &mut CachedStatement<'_>, numbers: &[usize], sql: &str, params: &[Value]) -> Result<(), DbError> {
    if numbers.len() != params.len() {
        return Err(DbError::Placeholders(format!("{} given to {sql}", params.len())));
    }
    for (i, n) in numbers.iter().enumerate() {
        match &params[n - 1] {
            Value::Null => statement.raw_bind_parameter(i + 1, rusqlite::types::Null)?,
            Value::I64(v) => statement.raw_bind_parameter(i + 1, v)?,
            Value::Text(v) if v.contains('\0') => return Err(DbError::ZeroByte),
            Value::Text(v) => statement.raw_bind_parameter(i + 1, v.as_str())?,
            Value::F64(v) => statement.raw_bind_parameter(i + 1, v)?,
        }
    }
    Ok(())
}

/// A column as the database has it.
#[inline]
pub(super) fn value<'r>(row: &'r rusqlite::Row<'_>, i: usize) -> Result<ValueRef<'r>, DbError> {
    Ok(row.get_ref(i)?)
}
