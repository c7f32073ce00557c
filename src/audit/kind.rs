//! What an entry tells of.

/// The kinds of entries. The words are stored; a kind keeps its word for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// New records.
    Add,
    /// A record corrected: a row voided, its next revision recorded.
    Correct,
    /// Records voided.
    Void,
    /// A chunk of a file taken in.
    Import,
    /// An import undone.
    Undo,
    /// Two records of the same thing joined.
    Join,
    /// What the office sets itself: settings, slots, the calendar.
    Setting,
    /// The first package, on a new database.
    Init,
    /// Another package in force.
    Package,
    /// Made-up data of the demo.
    Demo,
    /// Rows that were there before the log was.
    Adopt,
    /// The content of an entry erased, as the law demands.
    Erase,
    /// Records deleted, since the time for which they are kept was over.
    Delete,
    /// Rows encrypted anew with another key.
    Rekey,
    /// A sign-in, an attempt, the end of one.
    Login,
    /// An account made, disabled, reset; a password or second factor changed.
    Account,
    /// Requests that were refused, counted.
    Refuse,
    /// A role given or taken.
    Grant,
    /// Records that left the system as a file.
    Export,
    /// A sensitive value shown whole.
    Unmask,
    /// A sensitive record read.
    Read,
    /// A request for correction, or the answer to it.
    Request,
    /// Something said about the program, or the answer to it.
    Feedback,
    /// A consequence drafted, confirmed, dropped, closed.
    Remedy,
    /// A matter that the office presses a unit about: issued, answered, sent back, closed.
    Supervise,
    /// A record doubted, or the answer to it.
    Doubt,
    /// Questions taken into the bank, a new version, one retired.
    Question,
    /// A paper drafted, written in, dropped or issued.
    Paper,
    /// A file put to a record, or taken away from it.
    Attach,
    /// A test arranged, published, sat, marked, closed.
    Test,
    /// 每日一题, 每周一课, 每月一考: planned, changed, dropped.
    Release,
}

impl Kind {
    /// All, in the order of lists.
    pub const ALL: [Kind; 31] = [
        Kind::Add,
        Kind::Correct,
        Kind::Void,
        Kind::Import,
        Kind::Undo,
        Kind::Join,
        Kind::Setting,
        Kind::Init,
        Kind::Package,
        Kind::Demo,
        Kind::Adopt,
        Kind::Erase,
        Kind::Delete,
        Kind::Rekey,
        Kind::Login,
        Kind::Refuse,
        Kind::Account,
        Kind::Grant,
        Kind::Export,
        Kind::Unmask,
        Kind::Read,
        Kind::Request,
        Kind::Feedback,
        Kind::Remedy,
        Kind::Supervise,
        Kind::Doubt,
        Kind::Question,
        Kind::Paper,
        Kind::Attach,
        Kind::Test,
        Kind::Release,
    ];

    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Add => "add",
            Kind::Correct => "correct",
            Kind::Void => "void",
            Kind::Import => "import",
            Kind::Undo => "undo",
            Kind::Join => "join",
            Kind::Setting => "setting",
            Kind::Init => "init",
            Kind::Package => "package",
            Kind::Demo => "demo",
            Kind::Adopt => "adopt",
            Kind::Erase => "erase",
            Kind::Delete => "delete",
            Kind::Rekey => "rekey",
            Kind::Login => "login",
            Kind::Refuse => "refuse",
            Kind::Account => "account",
            Kind::Grant => "grant",
            Kind::Export => "export",
            Kind::Unmask => "unmask",
            Kind::Read => "read",
            Kind::Request => "request",
            Kind::Feedback => "feedback",
            Kind::Remedy => "remedy",
            Kind::Supervise => "supervise",
            Kind::Doubt => "doubt",
            Kind::Question => "question",
            Kind::Paper => "paper",
            Kind::Attach => "attach",
            Kind::Test => "test",
            Kind::Release => "release",
        }
    }

    /// What people call it.
    pub fn title(self) -> &'static str {
        match self {
            Kind::Add => "登记",
            Kind::Correct => "更正",
            Kind::Void => "作废",
            Kind::Import => "导入",
            Kind::Undo => "撤销导入",
            Kind::Join => "合并",
            Kind::Setting => "设定",
            Kind::Init => "建库",
            Kind::Package => "换用文件要求",
            Kind::Demo => "演示数据",
            Kind::Adopt => "启用日志",
            Kind::Erase => "依法删除",
            Kind::Delete => "到期删除",
            Kind::Rekey => "更换密钥",
            Kind::Login => "登录",
            Kind::Refuse => "拒绝访问",
            Kind::Account => "账号",
            Kind::Grant => "授权",
            Kind::Export => "导出",
            Kind::Unmask => "查看敏感内容",
            Kind::Read => "查阅",
            Kind::Request => "更正申请",
            Kind::Feedback => "意见建议",
            Kind::Remedy => "改进措施",
            Kind::Supervise => "督办",
            Kind::Doubt => "存疑",
            Kind::Question => "题库",
            Kind::Paper => "公文",
            Kind::Attach => "附件",
            Kind::Test => "考试",
            Kind::Release => "题、课、考的发布",
        }
    }

    /// The kind of a stored word.
    pub fn parse(word: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|k| k.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_titles_are_each_their_own() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.as_str()), Some(kind));
            assert_eq!(Kind::ALL.iter().filter(|k| k.title() == kind.title()).count(), 1);
        }
    }
}
