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

const PAGES: [(&str, &str); 9] = [
    ("工作总览", "/"),
    ("要求清单", "/requirements"),
    ("要求详情", "/requirements/R-21"),
    ("单位详情", "/units/{unit}"),
    ("判定", "{verdict}"),
    ("全部台账", "/ledgers"),
    ("台账（指导记录）", "/ledgers/guidance"),
    ("人员", "/people"),
    ("机构", "/org"),
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
    let unit = link(server, "/", "/units/")?;
    let verdict = link(server, &unit, "/verdicts/")?;
    PAGES
        .iter()
        .map(|(_, path)| {
            let path = if *path == "{verdict}" { verdict.clone() } else { path.replace("/units/{unit}", &unit) };
            page(server, &path)
        })
        .collect()
}

fn page(server: &Server, path: &str) -> Outcome<(f64, usize)> {
    let size = get(server, path, true)?.len();
    let before = cpu(server.pid())?;
    for _ in 0..TIMES {
        get(server, path, true)?;
    }
    Ok(((cpu(server.pid())? - before) / f64::from(TIMES), size))
}

/// The first link of a page that begins so.
fn link(server: &Server, page: &str, begins: &str) -> Outcome<String> {
    let body = get(server, page, false)?;
    let text = String::from_utf8_lossy(&body);
    let found = text.split("href=\"").skip(1).filter_map(|t| t.split_once('"')).map(|(href, _)| href);
    let found =
        found.map(|href| href.replace("&#38;", "&").replace("&amp;", "&")).find(|href| href.starts_with(begins));
    found.ok_or_else(|| Stop::Failed(format!("{page} has no link to {begins}…")))
}

fn get(server: &Server, path: &str, gzip: bool) -> Outcome<Vec<u8>> {
    let cannot = |e: std::io::Error| Stop::Failed(format!("{path}: {e}"));
    let address = server.url().trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).map_err(cannot)?;
    let encoding = if gzip { "gzip" } else { "identity" };
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept-Encoding: {encoding}\r\nConnection: close\r\n\r\n"
    )
    .map_err(cannot)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).map_err(cannot)?;
    if answer.starts_with(b"HTTP/1.1 200 ") {
        return Ok(answer);
    }
    let line = String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned();
    Err(Stop::Failed(format!("{path}: {line}")))
}

/// Seconds in user and in kernel mode of a process, all threads together.
fn cpu(pid: u32) -> Outcome<f64> {
    let path = format!("/proc/{pid}/stat");
    let stat = std::fs::read_to_string(&path).map_err(|e| Stop::Failed(format!("{path}: {e}")))?;
    let fields: Vec<&str> = stat.rsplit_once(')').map_or(vec![], |(_, after)| after.split_whitespace().collect());
    let ticks = |i: usize| fields.get(i).and_then(|f| f.parse::<f64>().ok()).unwrap_or_default();
    Ok((ticks(11) + ticks(12)) / TICKS)
}
