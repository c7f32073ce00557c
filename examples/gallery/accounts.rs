//! Login, one's own account, accounts and roles.

use dongliang::web::view::account::{Account, Factor, Session, SignOn, StandIn};
use dongliang::web::view::accounts::{Accounts, Grant, NewAccount, OneAccount, Row};
use dongliang::web::view::form::{Errors, Field, Form};
use dongliang::web::view::login::{Identity, Login};
use dongliang::web::view::page::Page;
use dongliang::web::view::parts::{Fact, Facts};
use dongliang::web::view::table::Pager;
use dongliang::web::view::url::Query;

use crate::frame::{link, page};

fn form(id: &str, fields: Vec<Field>, button: &str) -> Form {
    Form {
        id: id.into(),
        action: "/account".into(),
        token: "0".repeat(128),
        fields,
        button: button.into(),
        ..Form::default()
    }
}

/// The login page of real data, after a wrong password.
pub(crate) fn login() -> Login {
    let fields = vec![
        Field { autocomplete: "username", ..Field::text("login", "登录名", "zhoumin").required() },
        Field::password("password", "口令", "current-password"),
        Field::code("code", "动态码").hint("已启用动态码的账号填写手机上的6位数字，或者一个恢复码。"),
    ];
    Login {
        page: Page { menu: Vec::new(), user: None, demo_day: None, ..page("/login", "") },
        form: form("in", fields, "登录"),
        errors: Errors(vec![link("登录名、口令或动态码不正确。还可尝试4次。", "#in-login")]),
        identities: Vec::new(),
        sso: Some("/login/sso".into()),
        left: true,
        lost: false,
    }
}

/// The login page of the demo.
pub(crate) fn demo() -> Login {
    let identity =
        |login: &str, role: &str, whom: &str| Identity { login: login.into(), role: role.into(), whom: whom.into() };
    Login {
        page: Page { menu: Vec::new(), user: None, ..page("/login", "") },
        errors: Errors::default(),
        identities: vec![
            identity("office", "领导小组办公室", "全市　叶初蓁"),
            identity("clerk", "科室填报", "柳溪县发改局 办公室　孙三"),
            identity("secadmin", "安全管理员", "专用账号"),
        ],
        sso: None,
        left: false,
        lost: false,
        ..login()
    }
}

fn facts() -> Facts {
    let facts = [
        ("登录名", "zhoumin"),
        ("姓名", "周敏"),
        ("角色", "领导小组办公室（全市）"),
        ("最近登录", "2025年10月20日 9:02　10.1.2.3"),
    ];
    Facts(facts.map(|(term, words)| Fact::new(term, words)).into())
}

/// One's own account, with recovery codes that are shown once.
pub(crate) fn own() -> Account {
    let current = || Field::password("current", "现在的口令", "current-password");
    let new = Field::password("new", "新口令", "new-password").hint("12至128个字符，任何字符都可以。");
    Account {
        page: page("/account", ""),
        errors: Errors::default(),
        notice: "动态码已启用，下次登录时填写。其他设备上的登录已退出。".into(),
        facts: facts(),
        password: Some(form("pw", vec![current(), new], "修改口令")),
        factor: Factor {
            words: "已启用，还有8个恢复码。换手机的，先取消，再重新启用。".into(),
            picture: None,
            codes: vec!["ABCD-EFGH-IJKL-MNOP-QRST-UVWX".into(), "2345-67AB-CDEF-GHIJ-KLMN-OPQR".into()],
            forms: vec![form("fr", vec![current(), Field::code("code", "动态码或恢复码").required()], "取消动态码")],
        },
        sso: Some(SignOn {
            words: "没有绑定。绑定后可以用本单位的统一身份登录；口令仍然可用。".into(),
            away: String::new(),
            forms: vec![form("sl", vec![current()], "绑定单点登录")],
        }),
        sessions: vec![Session {
            id: 1,
            own: true,
            address: "10.1.2.3".into(),
            agent: "Mozilla/5.0 (X11; Linux x86_64) Chrome/126".into(),
            times: ["2025年10月20日 9:02".into(), "2025年10月20日 9:30".into()],
        }],
        token: "0".repeat(128),
        stand_ins: vec![StandIn {
            id: 1,
            words: "由李明代理".into(),
            span: "2025年10月20日至2025年10月24日".into(),
            reason: "年休假".into(),
            state: "代理中",
            own: true,
        }],
        stand_in: Some(form("si", vec![Field::text("to", "代理人的登录名", "").required()], "请人代理")),
        feeds: None,
    }
}

/// The list of accounts.
pub(crate) fn list() -> Accounts {
    let row = |login: &str, name: &str, roles: &str, state| Row {
        login: link(login, "/accounts/1"),
        name: name.into(),
        roles: roles.into(),
        state,
        factor: roles.contains("管理员"),
        last: "2025年10月20日 9:02".into(),
    };
    Accounts {
        page: page("/accounts", "/accounts"),
        query: String::new(),
        summary: "2个账号".into(),
        rows: vec![row("wuhaiyan", "吴海燕", "安全管理员", "正常"), row("liming", "李明", "", "待首次登录")],
        pager: Pager { query: Query::new("/accounts"), title: "账号".into(), total: 2, size: 20, page: 1 },
    }
}

fn role() -> Field {
    let choices =
        ["", "单位管理员", "科室填报"].map(|r| (r.to_owned(), if r.is_empty() { "请选择" } else { r }.to_owned()));
    Field::choice("role", "角色", "单位管理员", choices.into()).required()
}

/// A new account, refused.
pub(crate) fn new() -> NewAccount {
    let login = Field {
        error: "登录名 liming 已有人使用，请换一个。".into(),
        ..Field::text("login", "登录名", "liming")
    };
    let form =
        Form {
            primary: true, cancel: Some(link("取消", "/accounts")), ..form("new", vec![login, role()], "建立账号")
        };
    NewAccount { page: page("/accounts/new", "/accounts"), errors: Errors::of(&form), form }
}

/// An account whose password was just reset.
pub(crate) fn one() -> OneAccount {
    OneAccount {
        page: page("/accounts/1", "/accounts"),
        errors: Errors::default(),
        notice: "口令已重设，该账号的登录已全部退出。".into(),
        password: "ABCD-EFGH-IJKL-MNOP".into(),
        title: "周敏（zhoumin）".into(),
        facts: facts(),
        withdraw: ["/accounts/1/grants/withdraw".into(), "0".repeat(128)],
        grants: vec![Grant {
            id: 1,
            role: "单位管理员",
            unit: "柳溪县发改局".into(),
            span: "2025年1月1日起".into(),
            given: "吴海燕　2025年1月1日 9:00".into(),
            state: "有效",
            open: true,
        }],
        give: Some(form("give", vec![role()], "授予")),
        acts: vec![form("state", Vec::new(), "停用账号")],
    }
}
