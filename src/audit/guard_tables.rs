//! Where what is guarded lies: tables, the columns that are hashed, and the rows that belong to a row. What stands here is
//! what [`super::guard`] holds against the log.

use super::{guard::Guarded, kind::Kind};

/// Where an item lies.
pub(super) struct Table {
    pub(super) guarded: Guarded,
    /// The table, which is also the word in an entry.
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) kind: Kind,
    /// What tells one from another, a number.
    pub(super) key: &'static str,
    /// Those alone are guarded.
    pub(super) only: &'static str,
    pub(super) columns: &'static str,
    pub(super) belongs: &'static [Belongs],
}

/// Rows that belong to an item.
pub(super) struct Belongs {
    pub(super) table: &'static str,
    /// The column that names the item.
    pub(super) to: &'static str,
    /// What puts them in order.
    pub(super) order: &'static str,
    pub(super) columns: &'static str,
}

const fn table(guarded: Guarded, name: &'static str, title: &'static str, kind: Kind, columns: &'static str) -> Table {
    Table { guarded, name, title, kind, key: "row_id", only: "1 = 1", columns, belongs: &[] }
}

pub(super) const TABLES: [Table; 17] = [
    Table {
        belongs: &[Belongs { table: "recovery_code", to: "account_id", order: "hash", columns: "hash" }],
        ..table(
            Guarded::Account,
            "account",
            "账号",
            Kind::Account,
            "login name person_id password must_change password_until totp totp_confirmed created_at created_by \
             disabled_at disabled_by",
        )
    },
    table(
        Guarded::Grant,
        "role_grant",
        "角色",
        Kind::Grant,
        "account_id role unit_id starts ends granted_at granted_by withdrawn_at withdrawn_by",
    ),
    table(
        Guarded::StandIn,
        "stand_in",
        "代理",
        Kind::Grant,
        "from_account to_account starts ends reason created_at withdrawn_at",
    ),
    table(Guarded::Link, "sso_link", "单点登录绑定", Kind::Grant, "account_id issuer subject linked_at linked_by"),
    Table {
        key: "cast(case key when 'sso' then 0 else 1 end as bigint)",
        only: "key in ('sso', 'factor_roles')",
        ..table(Guarded::Sso, "meta", "登录方式的设置", Kind::Setting, "value")
    },
    Table {
        belongs: &[Belongs {
            table: "remedy_event",
            to: "remedy_id",
            order: "row_id",
            columns: "kind at actor account day person_id text",
        }],
        ..table(
            Guarded::Remedy,
            "remedy",
            "改进措施",
            Kind::Remedy,
            "requirement subject rest window_label act unit_id organ_id state drafted_at due person_id acted_on \
             escalated_at",
        )
    },
    Table {
        belongs: &[Belongs {
            table: "supervision_event",
            to: "supervision_id",
            order: "row_id",
            columns: "kind at actor account day text",
        }],
        ..table(
            Guarded::Supervision,
            "supervision",
            "督办",
            Kind::Supervise,
            "requirement subject rest window_label unit_id title demand due state issued_at issued_by escalated_at \
             year sequence",
        )
    },
    table(
        Guarded::Doubt,
        "doubt",
        "存疑",
        Kind::Doubt,
        "ledger record_id revision unit_id reason asked_at asked_by account answered_at answered_by answer",
    ),
    Table {
        belongs: &[Belongs {
            table: "question_key",
            to: "question_id",
            order: "corrected_at",
            columns: "number version corrected reason corrected_at corrected_by",
        }],
        ..table(
            Guarded::Question,
            "question",
            "题",
            Kind::Question,
            "number version kind topic difficulty source content fingerprint recorded_at recorded_by retired_at \
             retired_by retire_reason",
        )
    },
    Table {
        belongs: &[
            Belongs {
                table: "test_roll",
                to: "test_id",
                order: "person_id",
                columns: "person_id organ_id extra excused",
            },
            Belongs {
                table: "test_withdrawn",
                to: "test_id",
                order: "question",
                columns: "question reason withdrawn_at withdrawn_by",
            },
            Belongs { table: "test_sheets_in", to: "test_id", order: "ended_at", columns: "ended_at ended_by" },
            Belongs { table: "test_form", to: "test_id", order: "letter", columns: "letter asked made_at made_by" },
        ],
        ..table(
            Guarded::Test,
            "test",
            "考试",
            Kind::Test,
            "title activity_id unit_id opens_at closes_at minutes attempts review_at state paper made_at made_by \
             published_at published_by closed_at first_id blueprint line first_line line_note error",
        )
    },
    Table {
        only: "ended_at is not null",
        belongs: &[
            Belongs {
                table: "attempt_answer",
                to: "attempt_id",
                order: "question",
                columns: "question sequence answer flagged saved_at marks marked_by marked_at",
            },
            Belongs {
                table: "attempt_rescored",
                to: "attempt_id",
                order: "row_id",
                columns: "question cause score_before score_after reason rescored_at rescored_by",
            },
        ],
        ..table(
            Guarded::Attempt,
            "attempt",
            "答卷",
            Kind::Test,
            "test_id person_id number asked begun_at due_at seat ended_at by_clock score earlier_score \
             sheet_file sheet_total entered_by",
        )
    },
    table(
        Guarded::Paper,
        "paper",
        "公文",
        Kind::Paper,
        "kind period unit_id requirements content digest drawn_at drawn_by version dropped_at year prefix sequence \
         issued_at issued_by issued_on file bytes checkpoint",
    ),
    // Its sealed key is left out: a change of keys seals it anew, and a wrong one does not open the file.
    table(
        Guarded::File,
        "attachment",
        "附件",
        Kind::Attach,
        "ledger record_id sha256 name size kind recorded_at recorded_by account removed_at removed_by reason",
    ),
    table(
        Guarded::Request,
        "correction_request",
        "更正申请",
        Kind::Request,
        "account_id person_id ledger record_id revision unit_id wrong proposed asked_at due answered_at answered_by \
         accepted answer",
    ),
    table(
        Guarded::Feedback,
        "feedback",
        "意见建议",
        Kind::Feedback,
        "account_id receipt page text given_on answered_at answered_by answer",
    ),
    table(Guarded::Calendar, "feed", "日历订阅链接", Kind::Account, "account_id unit_id token made_at"),
    table(
        Guarded::Release,
        "release_plan",
        "题、课、考的安排",
        Kind::Release,
        "kind day title question version body checks test_id planned_at planned_by released_at record_id",
    ),
];
