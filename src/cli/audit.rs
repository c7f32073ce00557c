//! `dongliang audit …`: proves the log and the ledgers, makes a checkpoint, hands the log to others.

use std::{
    fs,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use clap::Subcommand;
use serde_json::json;

use super::{Outcome, Place, misuse, open};
use crate::{
    attach,
    audit::{self, Against, Kind, Signer, Verifier},
    ledger::key_file::Hold,
    private,
    scope::Actor,
};

/// Findings that are printed.
const SHOWN: usize = 50;

/// Sub-commands of `audit`.
#[derive(Subcommand)]
pub(super) enum Command {
    /// 核验操作日志、全部台账和附件：有没有被改动、删去、插入、调换、截断，在哪里
    Verify {
        /// 以前取走保存的检查点，可写多次
        #[arg(long, value_name = "FILE")]
        checkpoint: Vec<PathBuf>,
        /// 检查点的公钥（缺省用数据目录里的签名密钥，没有时用数据库里记的）
        #[arg(long, value_name = "KEY")]
        key: Option<String>,
    },
    /// 签名一个检查点，取走另存，以后可证日志未被截断
    Checkpoint {
        /// 写到哪个文件（缺省写到屏幕）
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// 导出操作日志，供别人核验
    Export {
        /// 写到哪个文件
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
        /// 只导出第几条，连同它到检查点的路径
        #[arg(long, value_name = "N")]
        entry: Option<i64>,
    },
    /// 依法删除一条日志里改动前后的内容；日志本身和它的证明都在
    Erase {
        /// 第几条
        entry: i64,
        /// 依据
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// 由谁删除
        #[arg(long, default_value = "命令行", value_name = "NAME")]
        by: String,
    },
}

/// Runs it.
pub(super) fn run(place: &Place, command: &Command) -> anyhow::Result<Outcome> {
    match command {
        Command::Verify { checkpoint, key } => verify(place, checkpoint, key.as_deref()),
        Command::Checkpoint { output } => checkpoint(place, output.as_deref()),
        Command::Export { output, entry } => export(place, output, *entry),
        Command::Erase { entry, reason, by } => erase(place, *entry, reason, by),
    }
}

fn verify(place: &Place, published: &[PathBuf], key: Option<&str>) -> anyhow::Result<Outcome> {
    let reached = open::reach(place, Hold::Shared)?;
    let own = open::audit_key_file(&place.data);
    let verifier = match key {
        Some(text) => {
            let text = fs::read_to_string(text).unwrap_or_else(|_| text.to_owned());
            Some(Verifier::parse(&text).ok_or_else(|| misuse("公钥读不出来，应写作 名称+编号+公钥"))?)
        }
        None if own.exists() => Some(Signer::load(&own)?.verifier().clone()),
        None => None,
    };
    let read = |path: &PathBuf| fs::read_to_string(path).with_context(|| format!("{} 打不开", path.display()));
    let published = published.iter().map(read).collect::<anyhow::Result<Vec<_>>>()?;
    let report = audit::verify(&reached.db, &Against { verifier, published })?;
    report.findings.iter().take(SHOWN).for_each(|f| say!("✗ {f}"));
    if report.found > SHOWN as u64 {
        say!("……共 {} 处，只列前 {SHOWN} 处", report.found);
    }
    say!(
        "核验日志 {} 条（其中 {} 条的内容已依法删除，{} 条尚未编号），台账 {} 行，作废 {} 处，检查点 {} 个{}",
        report.entries,
        report.erased,
        report.waiting,
        report.rows,
        report.voids,
        report.checkpoints,
        if report.signed { "" } else { "（没有公钥，签名未核对）" }
    );
    if report.deleted > 0 {
        say!("已依法删除 {} 行：内容不在了，它们的哈希还在，其余照样可证", report.deleted);
    }
    say!("账号、角色、措施、督办、考试等 {} 项", report.guarded);
    if report.unguarded > 0 {
        say!("另有 {} 类表还没有纳入核验：用 dongliang serve 等命令打开一次即纳入", report.unguarded);
    }
    let files = attach::prove(&reached.db, &place.data)?;
    files.findings.iter().take(SHOWN).for_each(|f| say!("✗ {f}"));
    if files.files > 0 {
        say!("附件 {} 个，{} 处不符", files.files, files.findings.len());
    }
    say!("第 {} 条处的根：{}", report.size, report.root);
    let found = report.found + files.findings.len() as u64;
    if found == 0 {
        say!("校验通过");
        return Ok(Outcome::Done);
    }
    say!("断点：{found} 处不符");
    Ok(Outcome::No)
}

fn checkpoint(place: &Place, output: Option<&Path>) -> anyhow::Result<Outcome> {
    let installation = open::installation(place)?;
    let signer = installation.signer.as_ref().context("没有签名密钥")?;
    let note = audit::checkpoint(&installation.db, signer)?;
    match output {
        None => say!("{}", note.trim_end()),
        Some(path) => {
            // One that was kept may be the only proof of its day.
            private::create_new(path)?.write_all(note.as_bytes())?;
            say!("已写出 {}。公钥：{}", path.display(), signer.verifier());
        }
    }
    Ok(Outcome::Done)
}

fn export(place: &Place, output: &Path, entry: Option<i64>) -> anyhow::Result<Outcome> {
    let installation = open::installation(place)?;
    let mut file = BufWriter::new(private::create_new(output)?);
    // Nothing leaves before the log says so.
    let actor = Actor { account: None, name: "命令行".into(), at: installation.clock.now().instant };
    let title = entry.map_or_else(|| "操作日志".to_owned(), |seq| format!("操作日志第{seq}条"));
    installation.db.write(move |tx| {
        audit::note(tx, &actor, Kind::Export, json!({ "title": title }));
        Ok(())
    })?;
    if let Some(signer) = &installation.signer {
        audit::checkpoint(&installation.db, signer)?;
    }
    let n = installation.db.read(|tx| match entry {
        None => audit::export(tx, &mut file),
        Some(seq) => audit::export_one(tx, seq, &mut file).map(|()| 1),
    })?;
    file.flush()?;
    say!("已导出 {n} 条日志：{}。核验办法见 docs/AUDITORS.md", output.display());
    Ok(Outcome::Done)
}

fn erase(place: &Place, entry: i64, reason: &str, by: &str) -> anyhow::Result<Outcome> {
    let installation = open::installation(place)?;
    let actor = Actor { account: None, name: by.to_owned(), at: installation.clock.now().instant };
    audit::erase(&installation.db, actor, entry, reason)?;
    audit::tend(&installation)?;
    say!("第 {entry} 条日志的内容已依法删除");
    Ok(Outcome::Done)
}
