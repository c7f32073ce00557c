//! Writes every page with fictional data, full, empty and with errors, as HTML files into a directory:
//! `cargo run --example gallery -- DIR`. For looking at the pages without a store; `DIR` may then be served by any
//! file server. All units, people and figures are invented.

mod accounts;
mod dashboard;
mod frame;
mod ledger;
mod requirement;
mod requirements;
mod rest;
mod unit;
mod verdict;

use std::{fs, io, path::Path};

use askama::Template;
use dongliang::web::view::assets::ASSETS;

fn main() -> io::Result<()> {
    let Some(dir) = std::env::args().nth(1) else {
        eprintln!("用法：cargo run --example gallery -- 目录");
        std::process::exit(2);
    };
    let dir = Path::new(&dir);
    fs::create_dir_all(dir.join("assets"))?;
    for asset in [&ASSETS.css, &ASSETS.js, &ASSETS.icon] {
        fs::write(dir.join(asset.href.trim_start_matches('/')), asset.body)?;
    }
    for (name, html) in pages() {
        let html = html.map_err(io::Error::other)?;
        println!("{name:24} {:6}", html.len());
        fs::write(dir.join(format!("{name}.html")), html)?;
    }
    Ok(())
}

type Page = (&'static str, askama::Result<String>);

fn pages() -> Vec<Page> {
    vec![
        ("dashboard", dashboard::full().render()),
        ("dashboard-empty", dashboard::empty().render()),
        ("requirements", requirements::full().render()),
        ("requirements-empty", requirements::empty().render()),
        ("requirement", requirement::full().render()),
        ("requirement-city", requirement::city().render()),
        ("verdict", verdict::full().render()),
        ("verdict-unknown", verdict::unknown().render()),
        ("verdict-rollup", verdict::rollup().render()),
        ("verdict-error", verdict::error().render()),
        ("unit", unit::full().render()),
        ("unit-empty", unit::empty().render()),
        ("ledgers", ledger::index().render()),
        ("ledger", ledger::full().render()),
        ("ledger-wide", ledger::wide().render()),
        ("ledger-empty", ledger::empty().render()),
        ("ledger-error", ledger::error().render()),
        ("ledger-paper", ledger::paper().render()),
        ("people", ledger::people().render()),
        ("record", rest::record().render()),
        ("record-voided", rest::voided().render()),
        ("org", rest::org().render()),
        ("org-error", rest::org_error().render()),
        ("search", rest::search().render()),
        ("search-empty", rest::search_in_vain().render()),
        ("login", accounts::login().render()),
        ("login-demo", accounts::demo().render()),
        ("account", accounts::own().render()),
        ("accounts", accounts::list().render()),
        ("account-new", accounts::new().render()),
        ("account-one", accounts::one().render()),
        ("403", rest::forbidden().render()),
        ("404", rest::not_found().render()),
        ("400", rest::invalid().render()),
        ("500", rest::internal().render()),
        ("lights", rest::lights().render()),
    ]
}
