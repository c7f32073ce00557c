//! The menu at the left.

use super::words::Link;
use crate::auth::Permission;

/// A group of the menu, a `<details>`.
#[derive(Clone, Debug, PartialEq)]
pub struct MenuGroup {
    /// 2 to 6 characters.
    pub title: String,
    /// Unfolded: the first groups, and the one with the current page.
    pub open: bool,
    /// Its pages.
    pub items: Vec<MenuItem>,
}

/// A page in the menu.
#[derive(Clone, Debug, PartialEq)]
pub struct MenuItem {
    /// Title and address.
    pub link: Link,
    /// A grey number at the right; empty for none.
    pub count: String,
    /// The page shown, or the list that it belongs to.
    pub current: bool,
}

/// A ledger as the menu needs it: from the package in force, `group`, `title` and `name` of `directive::model::Ledger`.
#[derive(Clone, Copy, Debug)]
pub struct MenuLedger<'a> {
    /// Menu group; empty goes to 其他台账.
    pub group: &'a str,
    /// Chinese title.
    pub title: &'a str,
    /// English name, the last part of the address.
    pub name: &'a str,
}

/// The whole menu. `requirements` is the number of judged demands, `here` the path of the menu's page that is shown
/// (a page below it names its list: the page of one talk is under `/ledgers/talk`), `todo` how much waits for the reader.
/// What the reader may not open is not in it; nobody logged in has none at all.
pub fn menu(
    requirements: usize,
    ledgers: &[MenuLedger<'_>],
    here: &str,
    may: &dyn Fn(Permission) -> bool,
    todo: Option<u64>,
) -> Vec<MenuGroup> {
    let item =
        |text: &str, href: &str, count: String| MenuItem { link: Link::new(text, href), count, current: href == here };
    let none = String::new;
    let fixed = [
        ("总览", Permission::Overview, item("工作总览", "/", none())),
        ("任务落实", Permission::Requirements, item("要求清单", "/requirements", requirements.to_string())),
        ("任务落实", Permission::Verdicts, item("单位进展", "/units", none())),
        ("任务落实", Permission::Requirements, item("近期节点", "/calendar", none())),
        ("任务落实", Permission::Remedies, item("改进措施", "/remedies", none())),
        ("任务落实", Permission::Remedies, item("督办", "/supervise", none())),
        ("总览", Permission::Papers, item("通报与公文", "/papers", none())),
        ("教育培训", Permission::Ledgers, item("每日一题", "/daily", none())),
        ("教育培训", Permission::Ledgers, item("每周一课", "/weekly", none())),
        ("教育培训", Permission::Ledgers, item("我的考试", "/exams", none())),
        ("教育培训", Permission::Ledgers, item("培训计划", "/training", none())),
        ("教育培训", Permission::ArrangeTests, item("考试管理", "/tests", none())),
        ("教育培训", Permission::Questions, item("题库", "/questions", none())),
        ("教育培训", Permission::Publish, item("发布安排", "/releases", none())),
        ("人员机构", Permission::People, item("人员", "/people", none())),
        ("人员机构", Permission::Chart, item("机构", "/org", none())),
        ("台账", Permission::Ledgers, item("全部台账", "/ledgers", ledgers.len().to_string())),
        ("台账", Permission::Import, item("批量导入", "/imports", none())),
        ("人员机构", Permission::Corrections, item("更正申请", "/requests", none())),
        ("系统管理", Permission::Settings, item("设置", "/settings", none())),
        ("系统管理", Permission::Feedback, item("意见建议", "/feedback", none())),
        ("系统管理", Permission::Accounts, item("账号与角色", "/accounts", none())),
        ("系统管理", Permission::Audit, item("操作日志", "/audit", none())),
        ("系统管理", Permission::Retention, item("保存期限", "/retention", none())),
    ];
    let mut groups: Vec<MenuGroup> = Vec::new();
    for (title, permission, item) in fixed {
        match groups.iter_mut().find(|g| g.title == title) {
            _ if !may(permission) => {}
            Some(group) => group.items.push(item),
            None => groups.push(MenuGroup { title: title.to_owned(), open: true, items: vec![item] }),
        }
    }
    if let Some(n) = todo {
        let own = item("我的待办", "/todo", if n > 0 { n.to_string() } else { none() });
        match groups.first_mut().filter(|g| g.title == "总览") {
            Some(group) => group.items.push(own),
            None => groups.insert(0, MenuGroup { title: "总览".into(), open: true, items: vec![own] }),
        }
    }
    for ledger in ledgers.iter().filter(|_| may(Permission::Ledgers)) {
        let title = if ledger.group.is_empty() { "其他台账" } else { ledger.group };
        let entry = item(ledger.title, &format!("/ledgers/{}", ledger.name), String::new());
        match groups.iter_mut().find(|g| g.title == title) {
            Some(group) => group.items.push(entry),
            None => groups.push(MenuGroup { title: title.to_owned(), open: false, items: vec![entry] }),
        }
    }
    for group in &mut groups {
        group.open |= group.items.iter().any(|i| i.current);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Role;

    #[test]
    fn ledgers_fall_into_their_groups_and_the_current_one_is_open() {
        let ledger = |group, title, name| MenuLedger { group, title, name };
        let ledgers = [
            ledger("实践锻炼", "导师帮带", "mentor_pair"),
            ledger("监督", "谈话", "talk"),
            ledger("实践锻炼", "指导记录", "guidance"),
        ];
        let groups = menu(51, &ledgers, "/ledgers/guidance", &|p| p.of(Role::Clerk), Some(3));
        let shape: Vec<(&str, bool, usize)> =
            groups.iter().map(|g| (g.title.as_str(), g.open, g.items.len())).collect();
        assert_eq!(shape[5..], [("实践锻炼", true, 2), ("监督", false, 1)]);
        let current: Vec<&str> =
            groups.iter().flat_map(|g| &g.items).filter(|i| i.current).map(|i| i.link.text.as_str()).collect();
        assert_eq!(current, ["指导记录"]);
    }

    #[test]
    fn what_may_not_be_opened_is_not_there() {
        let ledgers = [MenuLedger { group: "监督", title: "谈话", name: "talk" }];
        let titles = |may: &dyn Fn(Permission) -> bool| -> Vec<String> {
            menu(51, &ledgers, "/", may, None).into_iter().flat_map(|g| g.items).map(|i| i.link.text).collect()
        };
        assert!(titles(&|_| false).is_empty());
        assert_eq!(titles(&|p| p == Permission::Accounts), ["账号与角色"]);
        assert_eq!(titles(&|p| p == Permission::Chart), ["机构"]);
        assert_eq!(
            titles(&|p| p == Permission::Ledgers),
            ["每日一题", "每周一课", "我的考试", "培训计划", "全部台账", "谈话"]
        );
    }
}
