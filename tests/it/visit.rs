//! A browser for the tests of pages: it keeps cookies, reads forms and posts them, without scripts.

use std::collections::BTreeMap;

use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, Request, header},
};
use dongliang::{
    auth::{
        Role, account,
        grant::{self, Wanted},
        session::{self, From},
    },
    clock::Clock,
    db::testing::TempDir,
    installation::Installation,
    scope::Actor,
    web::{self, Transport},
};
use tower::ServiceExt as _;

/// An answer as it came.
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Got {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// What is read on the page, without marks.
    pub(crate) fn read(&self) -> String {
        let mut out = String::new();
        let mut inside = false;
        for c in self.text().chars() {
            match c {
                '<' => inside = true,
                '>' => inside = false,
                c if !inside => out.push(c),
                _ => {}
            }
        }
        out
    }

    pub(crate) fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }

    /// Status and where it leads.
    pub(crate) fn led(&self) -> (u16, &str) {
        (self.status, self.header(header::LOCATION))
    }

    /// The token of the forms on the page.
    pub(crate) fn token(&self) -> String {
        let text = self.text();
        let from =
            text.find(r#"name="form" value=""#).unwrap_or_else(|| panic!("the page has no form: {}", self.status)) + 19;
        text[from..].split('"').next().unwrap().to_owned()
    }
}

/// The present, by which sessions go.
pub(crate) fn now() -> i64 {
    Clock::Machine.now().instant
}

/// A browser.
pub(crate) struct Browser {
    pub(crate) office: Installation,
    pub(crate) transport: Transport,
    pub(crate) cookies: BTreeMap<String, String>,
    /// Pages that last from one request to the next; else each has its own.
    pub(crate) pages: Option<axum::Router>,
    /// Sent with every request.
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Browser {
    /// One that nobody has used yet.
    pub(crate) fn new(office: &Installation) -> Browser {
        Browser {
            office: office.clone(),
            transport: Transport::Loopback,
            cookies: BTreeMap::new(),
            pages: None,
            headers: vec![],
        }
    }

    /// One in which somebody with this role is logged in: for the whole city, or for the unit 2.
    pub(crate) fn of(office: &Installation, role: Role) -> Browser {
        let unit = role.needs_unit().then_some(2);
        let id = account(office, &format!("test-{role:?}").to_lowercase(), role, unit, None);
        Browser::logged_in(office, id)
    }

    /// One in which that account is logged in, as if by an identity of the demo or by password.
    pub(crate) fn logged_in(office: &Installation, id: i64) -> Browser {
        let from = From { address: "127.0.0.1".into(), agent: "test".into() };
        let token = office.db.write(move |tx| session::open(tx, id, &from, false, now())).unwrap();
        let mut browser = Browser::new(office);
        browser.cookies.insert("dongliang".into(), token);
        browser
    }

    pub(crate) fn get(&mut self, path: &str) -> Got {
        self.send(Request::get(path), String::new())
    }

    /// Asks with another method.
    pub(crate) fn method(&mut self, method: &str, path: &str) -> Got {
        self.send(Request::builder().method(method).uri(path), String::new())
    }

    /// Opens a page and posts fields to an address with the page's token.
    pub(crate) fn submit(&mut self, page: &str, action: &str, fields: &[(&str, &str)]) -> Got {
        let token = self.get(page).token();
        let mut all = vec![("form", token.as_str())];
        all.extend(fields);
        self.post(action, &all)
    }

    pub(crate) fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Got {
        let pairs: Vec<String> = fields.iter().map(|(k, v)| format!("{k}={}", encoded(v))).collect();
        self.post_body(path, "application/x-www-form-urlencoded", pairs.join("&"))
    }

    pub(crate) fn post_body(&mut self, path: &str, kind: &str, body: String) -> Got {
        self.send(Request::post(path).header(header::CONTENT_TYPE, kind), body)
    }

    /// Opens a page and posts a form with files to an address: fields first, each file as field, name and content.
    pub(crate) fn send_files(
        &mut self,
        page: &str,
        action: &str,
        fields: &[(&str, &str)],
        files: &[(&str, &str, &[u8])],
    ) -> Got {
        let token = self.get(page).token();
        let mut all = vec![("form", token.as_str())];
        all.extend(fields);
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        self.send(Request::post(action).header(header::CONTENT_TYPE, kind), multipart(&all, files))
    }

    pub(crate) fn post_bytes(&mut self, path: &str, kind: &str, body: impl Into<Body>) -> Got {
        self.send(Request::post(path).header(header::CONTENT_TYPE, kind), body)
    }

    fn send(&mut self, mut request: axum::http::request::Builder, body: impl Into<Body>) -> Got {
        if !self.cookies.is_empty() {
            let cookies: Vec<String> = self.cookies.iter().map(|(k, v)| format!("{k}={v}")).collect();
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let pages = self.pages.clone().unwrap_or_else(|| web::pages(self.office.clone(), self.transport));
        let got = runtime.block_on(async {
            let response = pages.oneshot(request.body(body.into()).unwrap()).await.unwrap();
            let (parts, body) = response.into_parts();
            let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
            Got { status: parts.status.as_u16(), headers: parts.headers, body }
        });
        for set in got.headers.get_all(header::SET_COOKIE) {
            let (name, value) = set.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            match value {
                "" => self.cookies.remove(name),
                value => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        got
    }
}

/// Between the parts of a form with files.
pub(crate) const BOUNDARY: &str = "----part-of-a-form";

/// A form with files as a browser sends it.
pub(crate) fn multipart(fields: &[(&str, &str)], files: &[(&str, &str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        let part = format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend(part.into_bytes());
    }
    for (field, name, content) in files {
        let head = format!("content-disposition: form-data; name=\"{field}\"; filename=\"{name}\"");
        body.extend(format!("--{BOUNDARY}\r\n{head}\r\ncontent-type: application/octet-stream\r\n\r\n").into_bytes());
        body.extend(*content);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{BOUNDARY}--\r\n").into_bytes());
    body
}

/// The same installation with a data directory, which goes with what is given beside it.
pub(crate) fn with_directory(office: &Installation) -> (Installation, TempDir) {
    let dir = TempDir::new();
    let mut installation = office.clone();
    installation.directory = Some(dir.0.as_path().into());
    (installation, dir)
}

/// Percent-encoded as a browser does it.
pub(crate) fn encoded(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

/// An account with a role, made if it is not there; it has no password to begin with, and its second factor counts as set.
pub(crate) fn account(office: &Installation, login: &str, role: Role, unit: Option<i64>, person: Option<i64>) -> i64 {
    let (login, day) = (login.to_owned(), office.clock.now().day);
    office
        .db
        .write(move |tx| {
            if let Some(known) = account::by_login(tx, &login)? {
                return Ok(known.id);
            }
            let actor = Actor { account: None, name: "测试".into(), at: now() };
            let id = account::create(tx, &actor, (&login, &login), person, None)?;
            // A unit that many speak for is what most tests want; as it was allowed before, and the log states it so.
            let alone = role.needs_person() && person.is_none();
            let wanted = if alone { (Role::Auditor, None) } else { (role, unit) };
            grant::give(tx, &actor, id, Wanted { role: wanted.0, unit: wanted.1, starts: day, ends: None })?;
            if alone {
                let sql = "update role_grant set role = $2, unit_id = $3 where account_id = $1";
                tx.execute(sql, &[id.into(), role.title().into(), unit.into()])?;
            }
            tx.execute("update account set totp_confirmed = 1 where row_id = $1", &[id.into()])?;
            Ok(id)
        })
        .unwrap()
}
