//! `dongliang cert`: a key with a certificate of its own, or with a request for the office's authority to sign.

use std::{
    fs::OpenOptions,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use rcgen::{CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose};
use sha2::{Digest as _, Sha256};

use super::{Outcome, usage};
use crate::{clock::Clock, day::Day, private};

/// How long a certificate of our own is good; browsers refuse much longer ones of any origin.
const DAYS: i32 = 730;

/// What is made.
#[derive(Subcommand)]
pub(super) enum Command {
    /// 自签名证书：server.crt 和 server.key；浏览器须先信任它
    SelfSigned(Options),
    /// 向本单位的证书机构申请：server.csr 和 server.key
    Request(Options),
}

/// Options of both.
#[derive(Args)]
pub(super) struct Options {
    /// 网页的域名或地址，可写多个
    #[arg(long, required = true, value_name = "NAME", value_parser = usage::host)]
    host: Vec<String>,
    /// 写到哪个目录
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

/// Runs it.
pub(super) fn run(command: &Command) -> anyhow::Result<Outcome> {
    match command {
        Command::SelfSigned(options) => self_signed(options),
        Command::Request(options) => request(options),
    }
}

fn self_signed(options: &Options) -> anyhow::Result<Outcome> {
    let mut params = params(&options.host)?;
    let today = Clock::Machine.now().day;
    // From yesterday on: clocks differ.
    let [from, to] = [today.plus(-1), today.plus(DAYS)].map(Day::ymd);
    params.not_before = rcgen::date_time_ymd(from.0, from.1 as u8, from.2 as u8);
    params.not_after = rcgen::date_time_ymd(to.0, to.1 as u8, to.2 as u8);
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    let [cert_file, key_file] = ["server.crt", "server.key"].map(|name| options.output.join(name));
    put(options, &[(&key_file, key.serialize_pem()), (&cert_file, certificate.pem())])?;
    let print: Vec<String> = Sha256::digest(certificate.der()).iter().map(|b| format!("{b:02X}")).collect();
    say!("已生成 {} 和 {}，有效期到 {}", cert_file.display(), key_file.display(), today.plus(DAYS).chinese());
    say!("SHA-256 指纹（供各机器信任时核对）：{}", print.join(":"));
    say!("下一步：{}", serve_line(options, &cert_file, &key_file));
    Ok(Outcome::Done)
}

fn request(options: &Options) -> anyhow::Result<Outcome> {
    let key = KeyPair::generate()?;
    let request = params(&options.host)?.serialize_request(&key)?.pem()?;
    let [request_file, key_file] = ["server.csr", "server.key"].map(|name| options.output.join(name));
    put(options, &[(&key_file, key.serialize_pem()), (&request_file, request)])?;
    say!("已生成 {} 和 {}", request_file.display(), key_file.display());
    say!("请把 {} 交给证书机构；私钥留在本机，不要外传", request_file.display());
    let cert_file = options.output.join("server.crt");
    say!("收到证书存为 {} 后：{}", cert_file.display(), serve_line(options, &cert_file, &key_file));
    Ok(Outcome::Done)
}

fn serve_line(options: &Options, certificate: &Path, key: &Path) -> String {
    let hosts: Vec<String> = options.host.iter().map(|h| format!("--host {h}")).collect();
    format!(
        "dongliang serve --listen 0.0.0.0:8443 {} --tls-cert {} --tls-key {}",
        hosts.join(" "),
        certificate.display(),
        key.display()
    )
}

fn params(hosts: &[String]) -> anyhow::Result<CertificateParams> {
    // Addresses stand in certificates without brackets.
    let names: Vec<String> = hosts.iter().map(|h| h.trim_matches(['[', ']']).to_owned()).collect();
    let mut params = CertificateParams::new(names.clone())?;
    params.distinguished_name = DistinguishedName::new();
    // A common name has at most 64 characters; what counts are the names above.
    if let Some(name) = names.iter().find(|n| n.len() <= 64) {
        params.distinguished_name.push(DnType::CommonName, name.as_str());
    }
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params)
}

/// Writes new files that only their owner may read; none is written over.
fn put(options: &Options, files: &[(&Path, String)]) -> anyhow::Result<()> {
    private::create_dir(&options.output).with_context(|| format!("目录 {} 建不了", options.output.display()))?;
    for (path, _) in files {
        anyhow::ensure!(!path.exists(), "{} 已经有了，没有改动：请换一个目录", path.display());
    }
    for (path, text) in files {
        let written = || -> std::io::Result<()> {
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()
        };
        written().with_context(|| format!("文件 {} 写不了", path.display()))?;
    }
    Ok(())
}
