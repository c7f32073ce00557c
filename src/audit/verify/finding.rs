//! What does not hold, and where.

use std::fmt;

use crate::audit::{guard::Guarded, written::Act};

/// One thing that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The ledger, as its table is called now.
    pub ledger: Option<String>,
    /// Record and revision.
    pub row: Option<(i64, i64)>,
    /// What is no ledger's, and its key.
    pub item: Option<(Guarded, i64)>,
    /// Number of the entry; `Err` with its row id where it has none.
    pub entry: Option<Result<i64, i64>>,
    /// What it is.
    pub what: What,
}

/// What does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A row or a void is otherwise than when it was written.
    Changed(Act),
    /// A row is gone; a void is gone, so that the row seems to hold.
    Dropped(Act),
    /// A row, or a void, that no entry tells of.
    Inserted(Act),
    /// Two entries claim the same row.
    Twice(Act),
    /// The rows of an entry do not yield its root, though none of them alone is seen to differ.
    Root,
    /// An entry is otherwise than when it was numbered.
    Entry,
    /// An entry that this installation did not make.
    Forged,
    /// An entry that was copied.
    Copied,
    /// Entries with these numbers are gone.
    Missing {
        /// The first.
        from: i64,
        /// The last.
        to: i64,
    },
    /// An entry's payload is otherwise.
    Payload,
    /// An entry's payload is gone, and no erasure by law was logged.
    PayloadGone,
    /// What the rows of an entry hashed to before they were encrypted anew or deleted is gone, or kept for no such entry.
    Former,
    /// A row that an entry says was deleted is there.
    Back,
    /// What is no ledger's is otherwise than when it was stated last.
    Altered,
    /// It is gone.
    Lost,
    /// No entry states it, or the last one says that it was taken away.
    Unstated,
    /// The tree kept in the database is not that of the entries.
    Tree,
    /// A checkpoint does not fit the entries: between these sizes something was changed.
    Checked {
        /// Up to here they fit a checkpoint.
        after: u64,
        /// Size of the checkpoint.
        upto: u64,
    },
    /// There was more when the checkpoint was signed: the end of the log was cut off.
    Cut {
        /// Entries that are there.
        have: u64,
        /// Size of the checkpoint.
        size: u64,
    },
    /// A checkpoint that cannot be read, or has no signature of this log.
    Checkpoint {
        /// Its size; `None` for one that was brought.
        size: Option<u64>,
    },
    /// Two signed checkpoints of one size with different roots.
    Fork {
        /// Their size.
        size: u64,
    },
    /// The database names another key for checkpoints.
    Key,
    /// A package is not the one that came into force (its hash).
    Package(String),
}

impl From<What> for Finding {
    fn from(what: What) -> Finding {
        Finding { ledger: None, row: None, item: None, entry: None, what }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(entry) = self.entry {
            match entry {
                Ok(seq) => write!(f, "日志第 {seq} 条")?,
                Err(row_id) => write!(f, "未编号的日志（内部号 {row_id}）")?,
            }
        }
        if let Some(ledger) = &self.ledger {
            let apart = if self.entry.is_some() { "，" } else { "" };
            write!(f, "{apart}台账 {ledger}")?;
        }
        if let Some((record, revision)) = self.row {
            write!(f, " 记录 {record} 第 {revision} 版")?;
        }
        if let Some((what, key)) = self.item {
            let apart = if self.entry.is_some() { "，" } else { "" };
            write!(f, "{apart}{}（{} 第 {key} 行）", what.title(), what.name())?;
        }
        if self.entry.is_some() || self.ledger.is_some() || self.item.is_some() {
            f.write_str("：")?;
        }
        write!(f, "{}", self.what)
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            What::Changed(Act::Row | Act::Rekey | Act::Erased) => f.write_str("内容被改动"),
            What::Changed(Act::Void | Act::ErasedVoid) => f.write_str("作废的时刻、人或原因被改动"),
            What::Dropped(Act::Row | Act::Rekey | Act::Erased) => f.write_str("记录被删去"),
            What::Dropped(Act::Void | Act::ErasedVoid) => f.write_str("作废被抹去"),
            What::Inserted(Act::Row | Act::Rekey | Act::Erased) => f.write_str("没有日志的记录，不是经系统登记的"),
            What::Inserted(Act::Void | Act::ErasedVoid) => f.write_str("没有日志的作废，不是经系统办理的"),
            What::Twice(_) => f.write_str("这条记录属于另一条日志"),
            What::Root => f.write_str("所记各行合起来与日志不符"),
            What::Entry => f.write_str("日志被改动"),
            What::Forged => f.write_str("不是本系统写的日志"),
            What::Copied => f.write_str("照抄了另一条日志"),
            What::Missing { from, to } if from == to => write!(f, "日志第 {from} 条被删去"),
            What::Missing { from, to } => write!(f, "日志第 {from} 至 {to} 条被删去"),
            What::Payload => f.write_str("改动前后的内容被改动"),
            What::PayloadGone => f.write_str("改动前后的内容被删去，而没有依法删除的日志"),
            What::Former => f.write_str("更换密钥或到期删除以前各行的哈希缺失，或不是这条日志的"),
            What::Altered => f.write_str("与这条日志最后所记的不符，不是经系统改动的"),
            What::Lost => f.write_str("被删去"),
            What::Unstated => f.write_str("没有日志，不是经系统建立的"),
            What::Back => f.write_str("已到期删除的记录又在台账里"),
            What::Tree => f.write_str("日志的树与日志不符"),
            What::Checked { after, upto } => {
                write!(f, "日志第 {} 至 {upto} 条与签名的检查点不符", after + 1)
            }
            What::Cut { have, size } => {
                write!(f, "签名的检查点有 {size} 条日志，现在只有 {have} 条：从第 {} 条起被截去", have + 1)
            }
            What::Checkpoint { size: Some(size) } => write!(f, "第 {size} 条处的检查点签名不对"),
            What::Checkpoint { size: None } => f.write_str("所给的检查点读不出来，或不是本系统签名的"),
            What::Fork { size } => write!(f, "第 {size} 条处有两个签名的检查点，内容不同"),
            What::Key => f.write_str("数据库里的检查点公钥被换过"),
            What::Package(hash) => write!(f, "文件要求（{}）与启用时不符", hash.get(..12).unwrap_or(hash)),
        }
    }
}
