//! The menu at the left.

use super::words::Link;

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
/// (a page below it names its list: the page of one talk is under `/ledgers/talk`).
pub fn menu(requirements: usize, ledgers: &[MenuLedger<'_>], here: &str) -> Vec<MenuGroup> {
    let item =
        |text: &str, href: &str, count: String| MenuItem { link: Link::new(text, href), count, current: href == here };
    let fixed = |title: &str, items| MenuGroup { title: title.to_owned(), open: true, items };
    let mut groups = vec![
        fixed("总览", vec![item("工作总览", "/", String::new())]),
        fixed("任务落实", vec![item("要求清单", "/requirements", requirements.to_string())]),
        fixed("人员机构", vec![item("人员", "/people", String::new()), item("机构", "/org", String::new())]),
        fixed("台账", vec![item("全部台账", "/ledgers", ledgers.len().to_string())]),
    ];
    for ledger in ledgers {
        let title = if ledger.group.is_empty() { "其他台账" } else { ledger.group };
        let entry = item(ledger.title, &format!("/ledgers/{}", ledger.name), String::new());
        match groups.iter_mut().find(|g| g.title == title) {
            Some(group) => group.items.push(entry),
            None => groups.push(MenuGroup { title: title.to_owned(), open: false, items: vec![entry] }),
        }
    }
    let audit = item("操作日志", "/audit", String::new());
    groups.push(MenuGroup { title: "系统".to_owned(), open: false, items: vec![audit] });
    for group in &mut groups {
        group.open |= group.items.iter().any(|i| i.current);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ledgers_fall_into_their_groups_and_the_current_one_is_open() {
        let ledger = |group, title, name| MenuLedger { group, title, name };
        let ledgers = [
            ledger("实践锻炼", "导师帮带", "mentor_pair"),
            ledger("监督", "谈话", "talk"),
            ledger("实践锻炼", "指导记录", "guidance"),
        ];
        let groups = menu(51, &ledgers, "/ledgers/guidance");
        let shape: Vec<(&str, bool, usize)> =
            groups.iter().map(|g| (g.title.as_str(), g.open, g.items.len())).collect();
        assert_eq!(shape[4..], [("实践锻炼", true, 2), ("监督", false, 1), ("系统", false, 1)]);
        let current: Vec<&str> =
            groups.iter().flat_map(|g| &g.items).filter(|i| i.current).map(|i| i.link.text.as_str()).collect();
        assert_eq!(current, ["指导记录"]);
    }
}
