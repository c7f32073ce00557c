//! How a file is taken in, and where a batch stands.

/// How rows whose code stands in the ledger are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// As errors, if they say something else.
    Add,
    /// As corrections.
    Update,
}

impl Mode {
    /// As it is stored and posted.
    pub fn as_str(self) -> &'static str {
        match self {
            Mode::Add => "add",
            Mode::Update => "update",
        }
    }

    /// What people read.
    pub fn title(self) -> &'static str {
        match self {
            Mode::Add => "只新增",
            Mode::Update => "新增，已有的更正",
        }
    }

    /// The mode of that word.
    pub fn parse(word: &str) -> Option<Mode> {
        [Mode::Add, Mode::Update].into_iter().find(|m| m.as_str() == word)
    }
}

/// Where a batch stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// To be checked.
    Waiting,
    /// Checked, to be confirmed.
    Checked,
    /// Checked, and there is nothing to write: nobody has to confirm or drop it.
    Empty,
    /// The file cannot be read as the ledger's sheet; the note says why.
    Refused,
    /// Confirmed, to be written.
    Confirmed,
    /// Written.
    Imported,
    /// Stopped while it was written; the note says why.
    Failed,
    /// Dropped by who sent it, or by its age.
    Dropped,
}

impl State {
    pub(super) const ALL: [State; 8] = [
        State::Waiting,
        State::Checked,
        State::Empty,
        State::Refused,
        State::Confirmed,
        State::Imported,
        State::Failed,
        State::Dropped,
    ];

    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Waiting => "waiting",
            State::Checked => "checked",
            State::Empty => "empty",
            State::Refused => "refused",
            State::Confirmed => "confirmed",
            State::Imported => "imported",
            State::Failed => "failed",
            State::Dropped => "dropped",
        }
    }

    /// What people read.
    pub fn title(self) -> &'static str {
        match self {
            State::Waiting => "正在检查",
            State::Checked => "待确认",
            State::Empty => "没有可写入的行",
            State::Refused => "不能导入",
            State::Confirmed => "正在写入",
            State::Imported => "已导入",
            State::Failed => "没有全部写入",
            State::Dropped => "已放弃",
        }
    }

    /// The program works at it.
    pub fn is_under_way(self) -> bool {
        matches!(self, State::Waiting | State::Confirmed)
    }
}
