//! What the command line says of itself, in Chinese: its help, and what is wrong with the arguments.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use clap::{
    ArgAction, Command,
    error::{ContextKind, ContextValue, ErrorKind},
};

use crate::demo::LEAST;

/// The help of every command.
const HELP: &str = "{about-with-newline}\n用法：{usage}\n\n{all-args}";

/// The commands with their help in Chinese.
pub(super) fn chinese(command: Command) -> Command {
    let top = command.get_version().is_some();
    let mut place = 0;
    // As they are declared; those of every command come last.
    let ordered = |arg: clap::Arg| {
        place += 1;
        let place = if arg.is_global_set() { 100 + place } else { place };
        argument(arg.display_order(place))
    };
    let mut command = command
        .help_template(HELP)
        .subcommand_help_heading("命令")
        .subcommand_value_name("命令")
        .disable_help_flag(true)
        .disable_version_flag(true)
        .mut_args(ordered)
        .mut_subcommands(chinese)
        .arg(own("help", 'h', "显示帮助", ArgAction::Help));
    if top {
        command = command.arg(own("version", 'V', "显示版本", ArgAction::Version));
    }
    command
}

fn own(name: &'static str, short: char, help: &'static str, action: ArgAction) -> clap::Arg {
    let arg = clap::Arg::new(name).short(short).long(name).help(help).action(action);
    arg.help_heading("选项").display_order(200)
}

/// An argument whose default and possible values are said in its help.
fn argument(arg: clap::Arg) -> clap::Arg {
    let mut help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let heading = if arg.is_positional() { "参数" } else { "选项" };
    if !arg.get_action().takes_values() {
        return arg.help_heading(heading);
    }
    let possible: Vec<String> = arg.get_possible_values().iter().map(|v| v.get_name().to_owned()).collect();
    if !possible.is_empty() {
        help.push_str(&format!("：{}", possible.join("、")));
    }
    let default: Vec<String> = arg.get_default_values().iter().map(|v| v.to_string_lossy().into_owned()).collect();
    if !default.is_empty() {
        help.push_str(&format!("（缺省 {}）", default.join("、")));
    }
    arg.help(help).hide_default_value(true).hide_possible_values(true).help_heading(heading)
}

/// Help or version that was asked for, or what is wrong with the arguments.
pub(super) fn words(e: &clap::Error) -> String {
    let text = match e.kind() {
        ErrorKind::DisplayVersion => return e.render().to_string(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => e.render().to_string(),
        _ => format!("错误：{}\n{}", wrong(e), hint(e)),
    };
    let headed = ["命令", "参数", "选项"]
        .iter()
        .fold(text, |text, heading| text.replace(&format!("\n{heading}:\n"), &format!("\n{heading}：\n")));
    headed.replace("[OPTIONS]", "[选项]")
}

fn wrong(e: &clap::Error) -> String {
    let arg = said(e, ContextKind::InvalidArg);
    let value = said(e, ContextKind::InvalidValue);
    match e.kind() {
        ErrorKind::UnknownArgument => format!("没有“{arg}”这个选项或参数"),
        ErrorKind::InvalidSubcommand => format!("没有“{}”这个命令", said(e, ContextKind::InvalidSubcommand)),
        ErrorKind::MissingSubcommand => "请写明要做什么：缺少命令".into(),
        ErrorKind::MissingRequiredArgument => format!("缺少 {arg}"),
        ErrorKind::ArgumentConflict => format!("{arg} 不能与 {} 同用", said(e, ContextKind::PriorArg)),
        ErrorKind::InvalidValue if value.is_empty() => format!("{arg} 后面没有写值"),
        ErrorKind::InvalidValue => {
            format!("{arg} 不能是“{value}”，只能是{}", said(e, ContextKind::ValidValue))
        }
        ErrorKind::ValueValidation => {
            let cause = std::error::Error::source(e).map(ToString::to_string).unwrap_or_default();
            // Our own parsers say how to write it; those of others speak English.
            let cause = if cause.is_ascii() { "应是整数".into() } else { cause };
            format!("{arg} 不能是“{value}”：{cause}")
        }
        ErrorKind::NoEquals => format!("{arg} 与它的值之间应有等号"),
        ErrorKind::TooManyValues | ErrorKind::WrongNumberOfValues | ErrorKind::TooFewValues => {
            format!("{arg} 的值的个数不对")
        }
        ErrorKind::InvalidUtf8 => "参数里有不是 UTF-8 的字符".into(),
        _ => e.to_string(),
    }
}

/// What may have been meant, and where to look it up.
fn hint(e: &clap::Error) -> String {
    let near = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand].map(|kind| said(e, kind));
    let near: Vec<String> = near.into_iter().filter(|s| !s.is_empty()).map(|s| format!("是不是要写 {s}？\n")).collect();
    let usage = said(e, ContextKind::Usage);
    let usage = usage.trim().strip_prefix("Usage:").unwrap_or(&usage).trim();
    let usage = if usage.is_empty() { String::new() } else { format!("用法：{usage}\n") };
    format!("{}{usage}加 --help 看说明", near.concat())
}

fn said(e: &clap::Error, kind: ContextKind) -> String {
    match e.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(list)) => list.join("、"),
        Some(ContextValue::StyledStr(text)) => text.to_string(),
        Some(ContextValue::StyledStrs(list)) => list.iter().map(ToString::to_string).collect::<Vec<_>>().join("、"),
        Some(ContextValue::Number(n)) => n.to_string(),
        Some(ContextValue::Bool(b)) => b.to_string(),
        _ => String::new(),
    }
}

/// An address to listen on; `localhost` is the machine's own.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    let port = text.strip_prefix("localhost:").and_then(|port| port.parse().ok());
    match port {
        Some(port) => Ok((Ipv4Addr::LOCALHOST, port).into()),
        None => text.parse().map_err(|_| "应写作 127.0.0.1:8080 或 localhost:8080".to_owned()),
    }
}

/// The name or address of a machine, as it stands in an address line; an IPv6 address in brackets.
pub(super) fn host(text: &str) -> Result<String, String> {
    if let Ok(ip) = text.trim_matches(['[', ']']).parse::<IpAddr>() {
        return Ok(if ip.is_ipv6() { format!("[{ip}]") } else { ip.to_string() });
    }
    let label = |l: &str| {
        (1..=63).contains(&l.len())
            && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !l.starts_with('-')
            && !l.ends_with('-')
    };
    if text.len() <= 253 && text.split('.').all(label) {
        return Ok(text.to_ascii_lowercase());
    }
    Err("应是域名或地址，不带 https:// 和端口，如 dongliang.example.gov.cn".to_owned())
}

/// An address without a port.
pub(super) fn ip(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| "应是 IP 地址，如 10.0.0.1".to_owned())
}

/// Where a database is, as far as its form goes.
pub(super) fn database(text: &str) -> Result<String, String> {
    let known = ["sqlite:", "postgres://", "postgresql://"];
    if known.iter().any(|scheme| text.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty())) {
        return Ok(text.to_owned());
    }
    Err("应写作 sqlite:文件路径 或 postgres://用户:口令@主机:端口/库名".to_owned())
}

/// How many persons a made-up city has.
pub(super) fn people(text: &str) -> Result<usize, String> {
    // Fewer would leave an organ without somebody for a post.
    let n = text.parse().ok().filter(|n| (LEAST..=1_000_000).contains(n));
    n.ok_or_else(|| format!("应是 {LEAST} 到 1000000 的整数：人再少，演示城市的机构就配不齐"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_be_written_as_localhost() {
        assert_eq!(address("localhost:8098"), Ok((Ipv4Addr::LOCALHOST, 8098).into()));
        assert_eq!(address("[::1]:80").map(|a| a.port()), Ok(80));
        assert!(address("localhost").is_err() && address("localhost:99999").is_err());
    }

    #[test]
    fn a_database_has_a_known_form() {
        assert!(database("sqlite:a.db").is_ok() && database("postgres://a@b/c").is_ok());
        assert!(database("sqlite:").is_err() && database("mysql://a").is_err() && database("a.db").is_err());
    }

    #[test]
    fn a_host_is_a_name_or_an_address() {
        for (text, is) in [("DL.example", "dl.example"), ("10.0.0.1", "10.0.0.1"), ("::1", "[::1]"), ("[::1]", "[::1]")]
        {
            assert_eq!(host(text).as_deref(), Ok(is));
        }
        for text in ["", "https://a", "a:80", "a b", "-a", "a..b", "栋梁.中国"] {
            assert!(host(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_city_has_somebody_for_every_post() {
        assert_eq!(people("600"), Ok(600));
        assert!(people("599").is_err() && people("0").is_err() && people("2000000").is_err() && people("十").is_err());
    }
}
