//! `cargo xtask bench pages`: processor time of the server a page, compression included, in cities of several sizes.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use super::directory;
use crate::{
    server::Server,
    step::{Outcome, Stop, cargo, run as step},
};

const PAGES: [(&str, &str); 20] = [
    ("工作总览", "/"),
    ("要求清单", "/requirements"),
    ("要求详情", "/requirements/R-21"),
    ("单位详情", "/units/{unit}"),
    ("判定", "{verdict}"),
    ("全部台账", "/ledgers"),
    ("台账（指导记录）", "/ledgers/guidance"),
    ("人员", "/people"),
    ("机构", "/org"),
    ("记录", "{record}"),
    ("新增记录", "/ledgers/guidance/new"),
    ("我的待办", "/todo"),
    ("改进措施", "/remedies"),
    ("督办", "/supervise"),
    ("近期节点", "/calendar"),
    ("通报与公文", "/papers"),
    ("上传导入文件", "/imports/new?ledger=guidance"),
    ("台账（参训记录），第一页", "/ledgers/attendance"),
    ("台账（参训记录），最后一页", "{last}"),
    ("台账（参训记录），一个单位", "/ledgers/attendance?unit={code}"),
];

/// Clock ticks a second in `/proc`; the kernel shows 100 to all programs.
const TICKS: f64 = 100.0;

/// Requests of a page that are measured together; before them one that is not.
const TIMES: u32 = 50;

/// Measures each page in cities of so many people and prints a table.
pub(crate) fn run(sizes: &[u32]) -> Outcome {
    step(&mut cargo(&["build", "--release", "--locked", "--bin", "dongliang"]))?;
    let mut columns = Vec::new();
    for people in sizes {
        let data = directory(&format!("bench-pages-{people}"))?;
        let server = Server::of(&data, *people)?;
        columns.push(city(&server)?);
    }
    let head: Vec<String> = sizes.iter().map(|n| format!(" {n} people, CPU ms | KB |")).collect();
    println!("\n| Page |{}\n|---|{}", head.concat(), "---|---|".repeat(sizes.len()));
    for (i, (title, _)) in PAGES.iter().enumerate() {
        let cells: Vec<String> =
            columns.iter().map(|c| format!(" {:.1} | {:.0} |", c[i].0 * 1e3, c[i].1 as f64 / 1e3)).collect();
        println!("| {title} |{}", cells.concat());
    }
    Ok(())
}

/// Seconds of the server's processor and bytes sent, for each page.
fn city(server: &Server) -> Outcome<Vec<(f64, usize)>> {
    let visit = Visit::begin(server)?;
    let unit = visit.link("/", "/units/")?;
    let verdict = visit.link(&unit, "/verdicts/")?;
    let record = visit.link(&visit.link(&unit, "/verdicts/R-21/")?, "/ledgers/guidance/")?;
    let last = visit.last("/ledgers/attendance")?;
    let code = unit.trim_start_matches("/units/").split('?').next().unwrap_or_default().to_owned();
    let found = |path: &str| match path {
        "{verdict}" => verdict.clone(),
        "{record}" => record.clone(),
        "{last}" => last.clone(),
        path => path.replace("/units/{unit}", &unit).replace("{code}", &code),
    };
    PAGES.iter().map(|(_, path)| visit.page(&found(path))).collect()
}

/// A visit to a server, logged in as the identity that the demo offers first.
struct Visit<'s> {
    server: &'s Server,
    cookie: String,
}

impl Visit<'_> {
    fn begin(server: &Server) -> Outcome<Visit<'_>> {
        let stranger = Visit { server, cookie: String::new() };
        let page = stranger.ask("GET /login", "Accept-Encoding: identity\r\n", "")?;
        let value = |begins: &str| {
            let found = page.split_once(begins).and_then(|(_, after)| after.split_once('"'));
            found.map(|(value, _)| value.to_owned()).ok_or_else(|| Stop::Failed(format!("/login has no {begins}")))
        };
        let body =
            format!("form={}&identity={}", value("name=\"form\" value=\"")?, value("name=\"identity\" value=\"")?);
        let visitor = Visit { server, cookie: cookies(&page) };
        let kind = "Content-Type: application/x-www-form-urlencoded\r\n";
        let answer = visitor.ask("POST /login/demo", kind, &body)?;
        Ok(Visit { server, cookie: cookies(&answer) })
    }

    fn page(&self, path: &str) -> Outcome<(f64, usize)> {
        let size = self.get(path, true)?.len();
        let before = cpu(self.server.pid())?;
        for _ in 0..TIMES {
            self.get(path, true)?;
        }
        Ok(((cpu(self.server.pid())? - before) / f64::from(TIMES), size))
    }

    /// The first link of a page that begins so.
    fn link(&self, page: &str, begins: &str) -> Outcome<String> {
        let body = self.get(page, false)?;
        let text = String::from_utf8_lossy(&body);
        let found = text.split("href=\"").skip(1).filter_map(|t| t.split_once('"')).map(|(href, _)| href);
        let found =
            found.map(|href| href.replace("&#38;", "&").replace("&amp;", "&")).find(|href| href.starts_with(begins));
        found.ok_or_else(|| Stop::Failed(format!("{page} has no link to {begins}…")))
    }

    /// The last page of a list.
    fn last(&self, list: &str) -> Outcome<String> {
        let body = self.get(list, false)?;
        let text = String::from_utf8_lossy(&body);
        let numbers = text.split("?page=").skip(1).filter_map(|t| t.split_once('"')?.0.parse::<u64>().ok());
        Ok(format!("{list}?page={}", numbers.max().unwrap_or(1)))
    }

    fn get(&self, path: &str, gzip: bool) -> Outcome<Vec<u8>> {
        let encoding = if gzip { "gzip" } else { "identity" };
        let answer = self.send(&format!("GET {path}"), &format!("Accept-Encoding: {encoding}\r\n"), "")?;
        if answer.starts_with(b"HTTP/1.1 200 ") {
            return Ok(answer);
        }
        let line = String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned();
        Err(Stop::Failed(format!("{path}: {line}")))
    }

    fn ask(&self, what: &str, headers: &str, body: &str) -> Outcome<String> {
        Ok(String::from_utf8_lossy(&self.send(what, headers, body)?).into_owned())
    }

    fn send(&self, what: &str, headers: &str, body: &str) -> Outcome<Vec<u8>> {
        let cannot = |e: std::io::Error| Stop::Failed(format!("{what}: {e}"));
        let address = self.server.url().trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).map_err(cannot)?;
        let (cookie, length) = (&self.cookie, body.len());
        write!(
            stream,
            "{what} HTTP/1.1\r\nHost: {address}\r\nCookie: {cookie}\r\nContent-Length: {length}\r\n\
             {headers}Connection: close\r\n\r\n{body}"
        )
        .map_err(cannot)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).map_err(cannot)?;
        Ok(answer)
    }
}

/// The cookies that an answer sets, as they are sent back.
fn cookies(answer: &str) -> String {
    let head = answer.split("\r\n\r\n").next().unwrap_or_default();
    let set = head.lines().filter_map(|l| l.strip_prefix("set-cookie: ")).filter_map(|l| l.split(';').next());
    set.collect::<Vec<_>>().join("; ")
}

/// Seconds in user and in kernel mode of a process, all threads together.
fn cpu(pid: u32) -> Outcome<f64> {
    let path = format!("/proc/{pid}/stat");
    let stat = std::fs::read_to_string(&path).map_err(|e| Stop::Failed(format!("{path}: {e}")))?;
    let fields: Vec<&str> = stat.rsplit_once(')').map_or(vec![], |(_, after)| after.split_whitespace().collect());
    let ticks = |i: usize| fields.get(i).and_then(|f| f.parse::<f64>().ok()).unwrap_or_default();
    Ok((ticks(11) + ticks(12)) / TICKS)
}
