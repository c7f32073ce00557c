//! What can go wrong between the program and its database, in words for the person who must mend it.

/// An error of the store.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The address is none that we know.
    #[error("数据库地址“{0}”不认识：应写 sqlite:文件路径、sqlite::memory: 或 postgres://用户:口令@主机:端口/库名")]
    Address(String),
    /// The database cannot be opened or reached.
    #[error("打不开数据库 {url}：{cause}")]
    Open {
        /// The address, without a password.
        url: String,
        /// What the database said.
        cause: String,
    },
    /// Made by a later version of the program.
    #[error("数据库的结构是第 {found} 版，本程序只认识到第 {known} 版：请换用较新的程序，数据没有改动")]
    Newer {
        /// Version of the database.
        found: i64,
        /// Last version that this program knows.
        known: i64,
    },
    /// Holds tables, but not ours.
    #[error("这个数据库里已有别的表（{0}），不是栋梁的数据库：请换一个空库")]
    Foreign(String),
    /// A database that was to be made is there already.
    #[error("数据库不是空的（已有 {0}），没有改动：请换一个空库")]
    NotEmpty(String),
    /// PostgreSQL sorts otherwise than SQLite.
    #[error(
        "数据库的编码是 {encoding}、排序规则是 {collate}/{ctype}，应为 UTF8 和 C：请重建，\
         例如 createdb --template=template0 --encoding=UTF8 --locale=C 库名"
    )]
    Locale {
        /// Server encoding.
        encoding: String,
        /// `lc_collate`.
        collate: String,
        /// `lc_ctype`.
        ctype: String,
    },
    /// The connection would not be protected, or the certificate cannot be used.
    #[error("数据库连接的加密设置不对：{0}")]
    Tls(String),
    /// Nothing of a whole group was written.
    #[error("没有写入：{0}")]
    NotWritten(String),
    /// The connection broke while committing.
    #[error("提交时与数据库的连接中断，不能确定是否已写入，请查看后再决定是否重做：{0}")]
    Unsure(String),
    /// A closure panicked; what it wrote was rolled back.
    #[error("程序内部出错，这一步没有完成：{0}")]
    Panicked(String),
    /// A closure went on after a statement had failed; its work was rolled back.
    #[error("a statement failed and the closure went on as if it had not; nothing was written")]
    Swallowed,
    /// `read` or `write` inside `read` or `write` would wait for itself.
    #[error("a transaction inside a transaction of the same database")]
    Nested,
    /// Placeholders other than exactly `$1…$N`.
    #[error("placeholders must be exactly $1…$N: {0}")]
    Placeholders(String),
    /// A bound text that PostgreSQL cannot hold.
    #[error("文字里有不能保存的空字符（U+0000），请删去")]
    ZeroByte,
    /// A column read as another type than it has.
    #[error("column {index} holds {found}, wanted {wanted}")]
    Column {
        /// Position in the row, from 0.
        index: usize,
        /// What is there.
        found: String,
        /// What was asked for.
        wanted: &'static str,
    },
    /// SQLite refused a statement.
    #[error("{}", sqlite_words(.0))]
    Sqlite(#[from] rusqlite::Error),
    /// PostgreSQL refused a statement.
    #[error("{}", postgres_words(.0))]
    Postgres(#[from] ::postgres::Error),
}

impl DbError {
    /// The error of a database while this address is opened.
    pub(super) fn opening(self, url: &str) -> DbError {
        match self {
            DbError::Sqlite(_) | DbError::Postgres(_) => {
                DbError::Open { url: super::tls::without_password(url), cause: self.to_string() }
            }
            other => other,
        }
    }

    /// True if the same may go well another time: the database is busy or out of reach, the disk is full.
    pub fn is_passing(&self) -> bool {
        use rusqlite::ErrorCode as C;
        match self {
            DbError::Open { .. } | DbError::NotWritten(_) | DbError::Unsure(_) => true,
            DbError::Sqlite(e) => matches!(
                e.sqlite_error_code(),
                Some(
                    C::DatabaseBusy
                        | C::DatabaseLocked
                        | C::DiskFull
                        | C::SystemIoFailure
                        | C::OutOfMemory
                        | C::CannotOpen
                        | C::ReadOnly
                        | C::OperationInterrupted
                )
            ),
            // Connection lost; or class 08 connection, 40 rolled back, 53 out of resources, 55 not now, 57 stopped, 58 system.
            DbError::Postgres(e) => e.as_db_error().is_none_or(|d| {
                ["08", "40", "53", "55", "57", "58"].iter().any(|class| d.code().code().starts_with(class))
            }),
            _ => false,
        }
    }

    /// True if a unique index refused the row.
    pub fn is_unique_violation(&self) -> bool {
        match self {
            DbError::Sqlite(e) => e.sqlite_extended_error_code() == Some(rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE),
            DbError::Postgres(e) => e.code() == Some(&::postgres::error::SqlState::UNIQUE_VIOLATION),
            _ => false,
        }
    }
}

/// SQLite's error in our words where the person before the screen can do something about it.
fn sqlite_words(e: &rusqlite::Error) -> String {
    use rusqlite::ErrorCode as C;
    match e.sqlite_error_code() {
        Some(C::DiskFull) => "磁盘已满：请腾出空间后重试".to_owned(),
        Some(C::SystemIoFailure) => format!("读写磁盘出错，请检查磁盘：{e}"),
        Some(C::DatabaseBusy | C::DatabaseLocked) => "数据库正被另一个程序占用，请稍后重试".to_owned(),
        Some(C::ReadOnly) => "数据库文件只能读：请检查文件和目录的权限".to_owned(),
        Some(C::DatabaseCorrupt) => format!("数据库文件已损坏，请用备份恢复：{e}"),
        Some(C::NotADatabase) => "这个文件不是 SQLite 数据库".to_owned(),
        Some(C::CannotOpen) => "打不开数据库文件：请检查路径和权限".to_owned(),
        _ => format!("数据库出错：{e}"),
    }
}

/// PostgreSQL's error, with the server's own text (the crate's shows only "db error").
fn postgres_words(e: &::postgres::Error) -> String {
    use ::postgres::error::SqlState;
    match e.as_db_error() {
        Some(d) if *d.code() == SqlState::DISK_FULL => "数据库服务器的磁盘已满：请腾出空间后重试".to_owned(),
        Some(d) => format!("数据库出错：{}（{}）", d.message(), d.code().code()),
        None => {
            let cause = std::error::Error::source(e).map(|s| format!("：{s}")).unwrap_or_default();
            format!("与数据库通信出错：{e}{cause}")
        }
    }
}
