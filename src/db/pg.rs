//! PostgreSQL: one connection with its statements, and how it is reached.

use std::{collections::HashMap, error::Error, io::Write, time::Duration};

use ::postgres::{
    Client, Config, Statement,
    fallible_iterator::FallibleIterator,
    types::{IsNull, ToSql, Type, to_sql_checked},
};

use super::{DbError, Peek, Row, Value, placeholder, tls};

/// Statements kept prepared per connection; when there are more, all are let go.
const STATEMENTS: usize = 256;

/// A connection and its prepared statements.
pub(super) struct Connection {
    client: Client,
    statements: HashMap<Box<str>, Statement>,
}

/// Where the server is and how the way to it is protected.
pub(super) struct Target {
    config: Config,
    tls: Option<tls::Connector>,
}

impl Target {
    /// Reads a `postgres://` address; `sslmode` and `sslrootcert` are ours (`tls.rs`), the rest the driver's.
    pub(super) fn parse(url: &str) -> Result<Target, DbError> {
        let (url, mode) = tls::split(url)?;
        let mut config: Config = url.parse().map_err(|_| DbError::Address(tls::without_password(&url)))?;
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(10));
        }
        config.application_name("dongliang");
        let tls = mode.connector(config.get_hosts())?;
        config.ssl_mode(if tls.is_some() {
            ::postgres::config::SslMode::Require
        } else {
            ::postgres::config::SslMode::Disable
        });
        Ok(Target { config, tls })
    }

    /// Connects.
    pub(super) fn connect(&self) -> Result<Connection, DbError> {
        let client = match &self.tls {
            Some(tls) => self.config.connect(tls.clone())?,
            None => self.config.connect(::postgres::NoTls)?,
        };
        Ok(Connection { client, statements: HashMap::new() })
    }
}

impl Connection {
    /// Runs a statement of our own without parameters and rows, such as `begin`.
    pub(super) fn run(&mut self, sql: &str) -> Result<(), DbError> {
        Ok(self.client.batch_execute(sql)?)
    }

    /// Commits. If the connection breaks meanwhile, nobody here can know what the server did.
    pub(super) fn commit(&mut self) -> Result<(), DbError> {
        self.client.batch_execute("commit").map_err(|e| match e.as_db_error() {
            Some(_) => DbError::Postgres(e),
            None => DbError::Unsure(e.to_string()),
        })
    }

    /// Refuses a database that does not sort by bytes, as SQLite does, or holds another encoding.
    pub(super) fn check_locale(&mut self) -> Result<(), DbError> {
        let row = self.client.query_one(
            "select datcollate, datctype, pg_encoding_to_char(encoding)::text \
             from pg_database where datname = current_database()",
            &[],
        )?;
        let (collate, ctype, encoding): (String, String, String) = (row.get(0), row.get(1), row.get(2));
        let plain = |name: &str| matches!(name, "C" | "POSIX");
        if plain(&collate) && plain(&ctype) && encoding == "UTF8" {
            return Ok(());
        }
        Err(DbError::Locale { encoding, collate, ctype })
    }

    pub(super) fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, DbError> {
        let statement = self.prepare(sql, params)?;
        let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(|p| p as _).collect();
        Ok(self.client.execute(&statement, &params)?)
    }

    /// Gives each row to `f` until it says `false`; rows are streamed, not collected.
    pub(super) fn visit(
        &mut self,
        sql: &str,
        params: &[Value],
        f: &mut dyn FnMut(&Row<'_>) -> anyhow::Result<bool>,
    ) -> anyhow::Result<()> {
        let statement = self.prepare(sql, params)?;
        let mut rows = self.client.query_raw(&statement, params).map_err(DbError::from)?;
        while let Some(row) = rows.next().map_err(DbError::from)? {
            if !f(&Row::postgres(&row))? {
                break;
            }
        }
        Ok(())
    }

    /// Streams many rows in the text form of `copy`.
    pub(super) fn bulk(
        &mut self,
        table: &str,
        columns: &[&str],
        rows: &mut dyn Iterator<Item = &[Value]>,
    ) -> Result<u64, DbError> {
        let sql = format!("copy {table} ({}) from stdin", columns.join(", "));
        let mut stream = self.client.copy_in(&sql)?;
        let mut line = String::new();
        for row in rows {
            if row.len() != columns.len() {
                return Err(DbError::Placeholders(format!("{} values for {sql}", row.len())));
            }
            line.clear();
            for (i, value) in row.iter().enumerate() {
                if i > 0 {
                    line.push('\t');
                }
                copy_text(value, &mut line)?;
            }
            line.push('\n');
            stream.write_all(line.as_bytes()).map_err(|e| DbError::NotWritten(e.to_string()))?;
        }
        Ok(stream.finish()?)
    }

    /// Holds a key until the transaction ends, alone or with others that share it.
    pub(super) fn lock(&mut self, key: i64, shared: bool) -> Result<(), DbError> {
        let sql = if shared { "select pg_advisory_xact_lock_shared($1)" } else { "select pg_advisory_xact_lock($1)" };
        self.client.execute(sql, &[&key])?;
        Ok(())
    }

    /// Holds a key until it is let go or the connection ends.
    pub(super) fn lock_session(&mut self, key: i64) -> Result<(), DbError> {
        self.client.execute("select pg_advisory_lock($1)", &[&key])?;
        Ok(())
    }

    /// Lets go of what [`Connection::lock_session`] holds.
    pub(super) fn unlock_session(&mut self, key: i64) -> Result<(), DbError> {
        self.client.execute("select pg_advisory_unlock($1)", &[&key])?;
        Ok(())
    }

    fn prepare(&mut self, sql: &str, params: &[Value]) -> Result<Statement, DbError> {
        let statement = match self.statements.get(sql) {
            Some(known) => known.clone(),
            None => {
                placeholder::count(sql)?;
                let statement = self.client.prepare(sql)?;
                if self.statements.len() >= STATEMENTS {
                    self.statements.clear();
                }
                self.statements.insert(sql.into(), statement.clone());
                statement
            }
        };
        if statement.params().len() != params.len() {
            return Err(DbError::Placeholders(format!("{} given to {sql}", params.len())));
        }
        if params.iter().any(|p| matches!(p, Value::Text(t) if t.contains('\0'))) {
            return Err(DbError::ZeroByte);
        }
        Ok(statement)
    }
}

/// One value in the text form of `copy`.
fn copy_text(value: &Value, line: &mut String) -> Result<(), DbError> {
    use std::fmt::Write as _;
    let written = match value {
        Value::Null => line.write_str("\\N"),
        Value::I64(n) => write!(line, "{n}"),
        Value::F64(x) => write!(line, "{x}"),
        Value::Text(t) => {
            for c in t.chars() {
                match c {
                    '\0' => return Err(DbError::ZeroByte),
                    '\\' => line.push_str("\\\\"),
                    '\t' => line.push_str("\\t"),
                    '\n' => line.push_str("\\n"),
                    '\r' => line.push_str("\\r"),
                    c => line.push(c),
                }
            }
            Ok(())
        }
    };
    written.map_err(|e| DbError::NotWritten(e.to_string()))
}

impl ToSql for Value {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut ::postgres::types::private::BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match (self, ty) {
            (Value::Null, _) => Ok(IsNull::Yes),
            (Value::I64(n), &Type::INT4) => i32::try_from(*n)?.to_sql(ty, out),
            (Value::I64(n), &Type::INT8) => n.to_sql(ty, out),
            (Value::F64(x), &Type::FLOAT8) => x.to_sql(ty, out),
            (Value::Text(t), &Type::TEXT | &Type::VARCHAR | &Type::NAME) => t.to_sql(ty, out),
            _ => Err(format!("{self:?} is no {ty}").into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A number; smaller integers and booleans, which literals and comparisons yield, are widened.
pub(super) fn opt_i64(row: &::postgres::Row, i: usize) -> Result<Option<i64>, ::postgres::Error> {
    match row.columns().get(i).map(::postgres::Column::type_) {
        Some(&Type::INT4) => Ok(row.try_get::<_, Option<i32>>(i)?.map(i64::from)),
        Some(&Type::BOOL) => Ok(row.try_get::<_, Option<bool>>(i)?.map(i64::from)),
        _ => row.try_get(i),
    }
}

/// Whatever the column holds, where it lies.
pub(super) fn peek(row: &::postgres::Row, i: usize) -> Peek<'_> {
    match row.columns().get(i).map(::postgres::Column::type_) {
        Some(&Type::INT8 | &Type::INT4) => opt_i64(row, i).map_or(Peek::Other, |n| n.map_or(Peek::Null, Peek::I64)),
        Some(&Type::TEXT) => match row.try_get::<_, Option<&str>>(i) {
            Ok(text) => text.map_or(Peek::Null, Peek::Text),
            Err(_) => Peek::Other,
        },
        _ => Peek::Other,
    }
}

/// Whatever the column holds.
pub(super) fn value(row: &::postgres::Row, i: usize) -> Result<Value, ::postgres::Error> {
    match row.columns().get(i).map(::postgres::Column::type_) {
        Some(&Type::INT8 | &Type::INT4 | &Type::BOOL) => Ok(opt_i64(row, i)?.into()),
        Some(&Type::FLOAT8) => Ok(row.try_get::<_, Option<f64>>(i)?.into()),
        _ => Ok(row.try_get::<_, Option<&str>>(i)?.into()),
    }
}
