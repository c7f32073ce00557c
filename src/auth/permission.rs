//! Who may do what: one table of permission × role. What is not in it is not allowed.
//!
//! A permission is an act; over which units it holds is the scope's matter (`super::scope_of`). Which permission an
//! address asks for stands beside its handler in `web::router`.

/// A role that is granted to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// 系统管理员: keeps the program running.
    System,
    /// 安全管理员: gives accounts and roles.
    Security,
    /// 审计管理员: looks at what the others did.
    AuditAdmin,
    /// 领导小组.
    Leaders,
    /// 领导小组办公室.
    Office,
    /// 人事部门.
    Personnel,
    /// 机关党委: the integrity office.
    Party,
    /// 单位管理员.
    UnitAdmin,
    /// 科室填报.
    Clerk,
    /// 干部: sees the own records.
    Cadre,
    /// 审计: reads, as an auditor from outside.
    Auditor,
}

impl Role {
    /// All, in the order of the page.
    pub const ALL: [Role; 11] = [
        Role::System,
        Role::Security,
        Role::AuditAdmin,
        Role::Leaders,
        Role::Office,
        Role::Personnel,
        Role::Party,
        Role::UnitAdmin,
        Role::Clerk,
        Role::Cadre,
        Role::Auditor,
    ];

    /// The three administrators.
    pub const ADMINISTRATORS: [Role; 3] = [Role::System, Role::Security, Role::AuditAdmin];

    /// As written in the store, in forms and on pages.
    pub fn title(self) -> &'static str {
        match self {
            Role::System => "系统管理员",
            Role::Security => "安全管理员",
            Role::AuditAdmin => "审计管理员",
            Role::Leaders => "领导小组",
            Role::Office => "领导小组办公室",
            Role::Personnel => "人事部门",
            Role::Party => "机关党委",
            Role::UnitAdmin => "单位管理员",
            Role::Clerk => "科室填报",
            Role::Cadre => "干部",
            Role::Auditor => "审计",
        }
    }

    /// The role of that title.
    pub fn parse(title: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.title() == title)
    }

    /// What the role is for, in one line.
    pub fn words(self) -> &'static str {
        match self {
            Role::System => "维护系统运行；不看业务数据",
            Role::Security => "管理账号、角色和口令；不看业务数据",
            Role::AuditAdmin => "审查各类操作；不看业务数据",
            Role::Leaders => "掌握全局，决定事项",
            Role::Office => "组织推进，汇总情况",
            Role::Personnel => "管理干部队伍和培养工作",
            Role::Party => "廉政教育、风险防控和谈话",
            Role::UnitAdmin => "本单位和下属科室的台账",
            Role::Clerk => "本科室的台账",
            Role::Cadre => "本人的记录",
            Role::Auditor => "只看不改",
        }
    }

    /// One of 系统管理员, 安全管理员, 审计管理员: an account that has it has no other role.
    pub fn is_administrator(self) -> bool {
        Role::ADMINISTRATORS.contains(&self)
    }

    /// Needs a second factor at each login, whatever was laid down of other roles ([`super::factor`]).
    pub fn needs_second_factor(self) -> bool {
        self.is_administrator() || self == Role::Party
    }

    /// Is always granted for one unit.
    pub fn needs_unit(self) -> bool {
        matches!(self, Role::UnitAdmin | Role::Clerk)
    }

    /// Is a person's of the roster: it ends with the post.
    pub fn needs_person(self) -> bool {
        matches!(self, Role::UnitAdmin | Role::Clerk | Role::Cadre)
    }

    /// May be granted for one unit; the others hold for no unit at all.
    pub fn takes_unit(self) -> bool {
        !self.is_administrator() && self != Role::Cadre
    }

    /// May be handed to a stand-in for a time.
    pub fn can_be_stood_in_for(self) -> bool {
        !self.is_administrator() && self != Role::Cadre
    }
}

/// An act that not everybody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// The overview.
    Overview,
    /// Requirements, over all units of the scope.
    Requirements,
    /// Units and their verdicts.
    Verdicts,
    /// The roster.
    People,
    /// The roster as a file.
    ExportPeople,
    /// The chart.
    Chart,
    /// Ledgers and records.
    Ledgers,
    /// Ledgers as files.
    ExportLedgers,
    /// Records: new, corrected, voided.
    Record,
    /// Files into ledgers.
    Import,
    /// Records: doubted, with a reason.
    Doubt,
    /// Consequences and orders: seen, answered.
    Remedies,
    /// Drafted consequences: confirmed or dropped.
    DecideRemedies,
    /// Dropping drafts of consequences: not by the unit that missed the demand.
    DropRemedies,
    /// Orders to units: issued, closed.
    Supervise,
    /// Papers: seen and handed out.
    Papers,
    /// Papers: drafted and written in.
    DraftPapers,
    /// Papers: issued under a number.
    IssuePapers,
    /// Thresholds, rulings, slots.
    Settings,
    /// Tests: arranged, marked, their results seen.
    ArrangeTests,
    /// 每日一题, 每周一课, 每月一考: the plan, and how ready groups are.
    Publish,
    /// The question bank.
    Questions,
    /// Requests for correction: seen and answered.
    Corrections,
    /// What was said about the program: seen and answered.
    Feedback,
    /// How long records are kept, in counts.
    Retention,
    /// Whole 身份证号 and numbers.
    OpenNumbers,
    /// Notes of talks held by others.
    OpenNotes,
    /// The audit log.
    Audit,
    /// Accounts, roles, passwords of others.
    Accounts,
}

impl Permission {
    /// All, in the order of the page.
    pub const ALL: [Permission; 29] = [
        Permission::Overview,
        Permission::Requirements,
        Permission::Verdicts,
        Permission::Ledgers,
        Permission::ExportLedgers,
        Permission::Record,
        Permission::Import,
        Permission::Doubt,
        Permission::Remedies,
        Permission::DecideRemedies,
        Permission::DropRemedies,
        Permission::Supervise,
        Permission::Papers,
        Permission::DraftPapers,
        Permission::IssuePapers,
        Permission::ArrangeTests,
        Permission::Questions,
        Permission::Publish,
        Permission::Settings,
        Permission::People,
        Permission::ExportPeople,
        Permission::Chart,
        Permission::Corrections,
        Permission::Feedback,
        Permission::Retention,
        Permission::OpenNumbers,
        Permission::OpenNotes,
        Permission::Audit,
        Permission::Accounts,
    ];

    /// What it is called on pages.
    pub fn title(self) -> &'static str {
        match self {
            Permission::Overview => "查看工作总览",
            Permission::Requirements => "查看要求清单和各单位完成情况",
            Permission::Verdicts => "查看单位和判定",
            Permission::People => "查看人员名册",
            Permission::ExportPeople => "导出人员名册",
            Permission::Chart => "查看机构",
            Permission::Ledgers => "查看台账和记录",
            Permission::ExportLedgers => "导出台账",
            Permission::Record => "登记、更正和作废记录",
            Permission::Import => "批量导入",
            Permission::Doubt => "对记录标记存疑",
            Permission::Remedies => "查看改进措施和督办",
            Permission::DecideRemedies => "确认拟办措施",
            Permission::DropRemedies => "决定不采用拟办措施",
            Permission::Supervise => "签发督办",
            Permission::Papers => "查看通报与公文",
            Permission::DraftPapers => "起草通报与公文",
            Permission::IssuePapers => "印发通报与公文",
            Permission::Settings => "系统设置",
            Permission::ArrangeTests => "组织考试",
            Permission::Publish => "查看发布安排和掌握情况（市级人员可以安排）",
            Permission::Questions => "管理题库",
            Permission::Corrections => "答复更正申请",
            Permission::Feedback => "答复意见建议",
            Permission::Retention => "查看保存期限",
            Permission::OpenNumbers => "说明理由后查看完整的身份证号和联系方式",
            Permission::OpenNotes => "说明理由后查看他人廉政谈话的内容",
            Permission::Audit => "查看操作日志",
            Permission::Accounts => "管理账号与角色",
        }
    }

    /// Whether a role has it. Every pair is decided here.
    pub fn of(self, role: Role) -> bool {
        use Role::{AuditAdmin, Auditor, Cadre, Clerk, Leaders, Office, Party, Personnel, Security, System, UnitAdmin};
        match self {
            Permission::Overview => {
                matches!(role, Leaders | Office | Personnel | Party | UnitAdmin | Clerk | Auditor)
            }
            Permission::Requirements | Permission::Verdicts | Permission::Chart | Permission::Ledgers => {
                matches!(role, Leaders | Office | Personnel | Party | UnitAdmin | Clerk | Cadre | Auditor)
            }
            Permission::People | Permission::ExportLedgers => {
                matches!(role, Leaders | Office | Personnel | Party | UnitAdmin | Clerk | Auditor)
            }
            Permission::Record => matches!(role, Office | Personnel | Party | UnitAdmin | Clerk | Cadre),
            Permission::Import => matches!(role, Office | Personnel | Party | UnitAdmin | Clerk),
            Permission::Doubt | Permission::Remedies => {
                matches!(role, Leaders | Office | Personnel | Party | UnitAdmin | Clerk | Auditor)
            }
            Permission::DecideRemedies => matches!(role, Leaders | Office | Personnel | UnitAdmin),
            Permission::DropRemedies => matches!(role, Leaders | Office | Personnel),
            Permission::Supervise => matches!(role, Leaders | Office),
            Permission::Papers => matches!(role, Leaders | Office | Personnel | Party | UnitAdmin | Clerk | Auditor),
            Permission::DraftPapers => matches!(role, Leaders | Office | Personnel | Party | UnitAdmin),
            Permission::IssuePapers | Permission::Settings => role == Office,
            Permission::ExportPeople => matches!(role, Leaders | Office | Personnel | UnitAdmin | Auditor),
            Permission::ArrangeTests => matches!(role, Office | Personnel | Party | UnitAdmin),
            Permission::Publish => matches!(role, Office | Personnel | UnitAdmin),
            Permission::Questions => matches!(role, Office | Personnel | Party),
            Permission::Corrections => matches!(role, Personnel | UnitAdmin),
            Permission::Feedback => role == Office,
            Permission::Retention => matches!(role, System | AuditAdmin | Auditor),
            Permission::OpenNumbers => role == Personnel,
            Permission::OpenNotes => role == Party,
            Permission::Audit => matches!(role, AuditAdmin | Auditor),
            Permission::Accounts => role == Security,
        }
    }

    /// Roles that have it.
    pub fn roles(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| self.of(*role))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn administrators_see_no_business_records() {
        for permission in Permission::ALL {
            for role in Role::ADMINISTRATORS.into_iter().filter(|r| permission.of(*r)) {
                let own = [
                    (Permission::Accounts, Role::Security),
                    (Permission::Audit, Role::AuditAdmin),
                    (Permission::Retention, Role::AuditAdmin),
                    (Permission::Retention, Role::System),
                ];
                assert!(own.contains(&(permission, role)), "{permission:?} {role:?}");
            }
            assert!(permission.roles().next().is_some(), "{permission:?} is nobody's");
        }
    }

    #[test]
    fn titles_lead_back_to_their_roles() {
        assert!(Role::ALL.into_iter().all(|role| Role::parse(role.title()) == Some(role)));
        assert_eq!(Role::parse("管理员"), None);
    }
}
