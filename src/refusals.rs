//! Requests that were refused, counted in memory, so that they become few entries of the audit log however many they
//! are: the first of its kind at once, the others of the next ten minutes together.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use serde_json::json;

use crate::{
    audit::{self, Kind},
    auth::policy::MINUTE,
    clock::{self, Clock},
    harmless::is_harmless,
    installation::Installation,
    scope::Actor,
};

/// What follows the first refusal of a kind, account and address is told together once in this time (µs).
const EVERY: i64 = 10 * MINUTE;
/// So many kinds, accounts and addresses are told apart at the same time; what comes beyond is counted together.
const APART: usize = 64;
/// Addresses of ours that an entry names.
const PATHS: usize = 3;
/// Characters of one that are kept.
const LONGEST: usize = 120;

/// Why a request was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// No role has the permission.
    Forbidden,
    /// Nothing is there, or nothing that the reader may see: the answer is the same.
    Absent,
    /// A form without a login.
    NotLoggedIn,
    /// A form that no page of ours made for this session.
    Stale,
    /// Rows that are not the writer's.
    OutOfScope,
    /// A body that is too large, too slow or no form; characters that no database keeps.
    Unreadable,
    /// A method that the address does not have.
    Method,
    /// Another host's name.
    Host,
    /// Too many requests of one address.
    Rate,
    /// A 身份证号 was typed, or came in a file, that another person has: asked often, the answer would find out one.
    Number,
}

impl Why {
    /// In words.
    pub fn title(self) -> &'static str {
        match self {
            Why::Forbidden => "没有权限",
            Why::Absent => "要看的内容不存在，或者不在范围内",
            Why::NotLoggedIn => "没有登录就提交表单",
            Why::Stale => "提交的表单已过期，或者不是本系统的页面发出的",
            Why::OutOfScope => "填报范围以外的记录",
            Why::Unreadable => "提交的内容过大、过慢或者不能读取",
            Why::Method => "请求的方式不对",
            Why::Host => "网址里的主机名不对",
            Why::Rate => "访问过于频繁",
            Why::Number => "填写的身份证号系统里已有",
        }
    }
}

/// A request that was refused, as it is handed from the page to who counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub why: Why,
    /// Number and name of the account, if anybody was logged in.
    pub who: Option<(i64, String)>,
}

/// What is counted together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    why: Why,
    who: Option<(i64, String)>,
    /// Address on the network; `None`: several.
    from: Option<String>,
}

/// What came of one kind, account and address.
#[derive(Clone, Debug, Default)]
struct Count {
    /// Not told yet.
    n: u64,
    first: i64,
    last: i64,
    paths: Vec<String>,
    /// There were others.
    more: bool,
    /// When it was told last, µs.
    told: Option<i64>,
}

impl Count {
    fn is_due(&self, now: i64) -> bool {
        self.n > 0 && self.told.is_none_or(|told| now - told >= EVERY)
    }

    fn is_over(&self, now: i64) -> bool {
        self.n == 0 && self.told.is_none_or(|told| now - told >= EVERY)
    }
}

/// What was refused and is not told yet.
#[derive(Debug, Default)]
pub struct Refusals(Mutex<BTreeMap<Key, Count>>);

impl Refusals {
    /// Counts a refusal: from which address on the network, at which of ours, when (µs).
    pub fn note(&self, refused: &Refused, from: &str, path: &str, now: i64) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut key = Key { why: refused.why, who: refused.who.clone(), from: Some(from.to_owned()) };
        if !counts.contains_key(&key) && counts.len() >= APART {
            counts.retain(|_, count| !count.is_over(now));
            if counts.len() >= APART {
                (key.who, key.from) = (None, None);
            }
        }
        let count = counts.entry(key).or_default();
        if count.n == 0 {
            (count.first, count.paths, count.more) = (now, Vec::new(), false);
        }
        count.n += 1;
        count.last = now;
        let path: String = path.chars().filter(|c| is_harmless(*c)).take(LONGEST).collect();
        if !count.paths.contains(&path) {
            if count.paths.len() < PATHS { count.paths.push(path) } else { count.more = true }
        }
    }

    /// What is to be told now; all of it at the end.
    fn due(&self, now: i64, end: bool) -> Vec<(Key, Count)> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = counts.iter().filter(|(_, c)| if end { c.n > 0 } else { c.is_due(now) });
        due.map(|(k, c)| (k.clone(), c.clone())).collect()
    }

    /// So many of a kind are told.
    fn told(&self, key: &Key, n: u64, now: i64) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(key) {
            count.n -= n.min(count.n);
            count.told = Some(now);
        }
    }
}

/// Writes entries for what is to be told at `now` (µs), for all of it at the `end`; gives how many. What cannot be
/// written is told the next time.
///
/// # Errors
/// When the store cannot be written.
pub fn tell(installation: &Installation, now: i64, end: bool) -> anyhow::Result<usize> {
    let due = installation.refusals.due(now, end);
    for (key, count) in &due {
        let (account, name) = match &key.who {
            Some((id, name)) => (Some(*id), name.clone()),
            None if matches!(key.why, Why::NotLoggedIn | Why::Stale) => (None, "未登录".to_owned()),
            // Refused before anybody asked who it was.
            None => (None, "身份未核对".to_owned()),
        };
        let actor = Actor { name, account, at: now };
        let (title, n) = (title(key, count), count.n);
        let told = json!({
            "title": title, "why": key.why.title(), "count": n, "address": key.from, "paths": count.paths,
            "first": clock::iso(count.first), "last": clock::iso(count.last),
        });
        installation.db.write(move |tx| {
            audit::note(tx, &actor, Kind::Refuse, told);
            Ok(())
        })?;
        installation.refusals.told(key, n, now);
    }
    Ok(due.len())
}

/// The same at the machine's present instant.
///
/// # Errors
/// As [`tell`].
pub fn tell_now(installation: &Installation, end: bool) -> anyhow::Result<usize> {
    tell(installation, Clock::Machine.now().instant, end)
}

/// `没有权限，共3次，2025年10月20日10:20起；地址 10.0.0.2；/accounts、/audit`.
fn title(key: &Key, count: &Count) -> String {
    let times = match count.n {
        1 => String::new(),
        n => format!("，共{n}次，{}起", clock::chinese(count.first)),
    };
    let from = match key.from.as_deref() {
        None => "；来自多处".to_owned(),
        Some("") => String::new(),
        Some(from) => format!("；地址 {from}"),
    };
    let more = if count.more { "等" } else { "" };
    format!("{}{times}{from}；{}{more}", key.why.title(), count.paths.join("、"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(why: Why, n: i64) -> Refused {
        Refused { why, who: Some((n, format!("用户{n}"))) }
    }

    #[test]
    fn a_flood_is_few_and_nothing_is_forgotten() {
        let refusals = Refusals::default();
        for n in 0..10_000 {
            refusals.note(&of(Why::Absent, n), "10.0.0.1", &format!("/ledgers/person/{n}"), n);
        }
        let due = refusals.due(10_000, false);
        assert!(due.len() <= APART + 1, "{}", due.len());
        assert_eq!(due.iter().map(|(_, c)| c.n).sum::<u64>(), 10_000);
        assert!(due.iter().any(|(k, c)| k.from.is_none() && c.n > 9_000 && title(k, c).contains("来自多处")));
        due.iter().for_each(|(k, c)| refusals.told(k, c.n, 10_000));
        assert!(refusals.due(10_000 + EVERY, true).is_empty());
        // Once quiet, others are told apart again.
        refusals.note(&of(Why::Host, 20_000), "10.0.0.2", "/", 10_000 + EVERY);
        assert_eq!(refusals.due(10_000 + EVERY, false)[0].0.from.as_deref(), Some("10.0.0.2"));
        assert_eq!(refusals.0.lock().unwrap().len(), 1);
    }

    #[test]
    fn what_follows_is_told_together() {
        let refusals = Refusals::default();
        let note = |now: i64, path: &str| refusals.note(&of(Why::Forbidden, 1), "", path, now);
        note(5, "/a\u{202e}\n");
        let due = refusals.due(5, false);
        assert_eq!(title(&due[0].0, &due[0].1), "没有权限；/a");
        refusals.told(&due[0].0, 1, 5);
        for (n, path) in ["/a", "/b", "/c", "/d", "/a"].into_iter().enumerate() {
            note(6 + n as i64, path);
        }
        assert!(refusals.due(4 + EVERY, false).is_empty());
        let due = refusals.due(5 + EVERY, false);
        let told = title(&due[0].0, &due[0].1);
        assert!(told.starts_with("没有权限，共5次，") && told.ends_with("；/a、/b、/c等"), "{told}");
        // One that comes while the entry is written is not lost.
        note(6 + EVERY, "/e");
        refusals.told(&due[0].0, due[0].1.n, 5 + EVERY);
        assert_eq!(refusals.due(0, true)[0].1.n, 1);
    }
}
