//! `dongliang keys …`: another key for the sensitive values, the keys there are, one less.

use std::collections::BTreeMap;

use clap::Subcommand;
use serde_json::json;

use super::{
    Outcome, Place, init, misuse,
    open::{self, Reached},
    progress,
};
use crate::{
    audit::{self, Kind},
    clock::Clock,
    db::Db,
    intake::held,
    ledger::{Keys, key_file::Hold, secret::Cipher},
    rekey,
    scope::Actor,
};

/// Sub-commands of `keys`.
#[derive(Subcommand)]
pub(super) enum Command {
    /// 更换密钥：新做一把，把加密的内容全部改用它；先停止 dongliang serve。中断了再运行一次，会接着做
    Rotate {
        /// 新密钥的加密算法（缺省与现在的相同）
        #[arg(long, value_enum)]
        cipher: Option<init::Choice>,
        /// 由谁更换
        #[arg(long, default_value = "命令行", value_name = "NAME")]
        by: String,
    },
    /// 列出各把密钥，和还有多少内容要用到它们
    List,
    /// 删去一把旧密钥；还有内容要用到它时不删
    Drop {
        /// 第几把
        #[arg(value_name = "N")]
        number: u32,
        /// 需要这把密钥的旧备份都已销毁，或不再需要
        #[arg(long)]
        backups_gone: bool,
        /// 由谁删去
        #[arg(long, default_value = "命令行", value_name = "NAME")]
        by: String,
    },
}

/// Runs it.
pub(super) fn run(place: &Place, command: &Command) -> anyhow::Result<Outcome> {
    match command {
        Command::Rotate { cipher, by } => rotate(place, cipher.map(Cipher::from), by),
        Command::List => list(place),
        Command::Drop { number, backups_gone, by } => drop_key(place, *number, *backups_gone, by),
    }
}

fn actor(by: &str) -> Actor {
    Actor { account: None, name: by.to_owned(), at: Clock::Machine.now().instant }
}

fn rotate(place: &Place, cipher: Option<Cipher>, by: &str) -> anyhow::Result<Outcome> {
    let Reached { db, mut keys, held: mut hold, number } = open::reach(place, Hold::Alone)?;
    let (actor, today, file) = (actor(by), Clock::Machine.now().day, open::key_file(&place.data));
    audit::adopt(&db, &actor)?;
    if number == keys.number() {
        keys = keys.next(cipher.unwrap_or(keys.newest().cipher), today)?;
        // Before anything is encrypted with it.
        hold = keys.replace(&file, hold)?;
    } else {
        say!("上次更换没有做完，接着改用第{}把密钥", keys.number());
        if cipher.is_some_and(|cipher| cipher != keys.newest().cipher) {
            return Err(misuse("上次更换用的是另一种加密算法：请不写 --cipher，先把它做完"));
        }
    }
    let bar = progress::bar("更换密钥");
    let done = rekey::run(&db, &keys, &actor, &mut |n, of| {
        progress::show(&bar, n, of);
        Ok(())
    });
    bar.finish_and_clear();
    let mut done = done?;
    done.others += held::reseal(&place.data, &keys)?;
    let used: Vec<u32> =
        uses(place, &db, &keys)?.into_iter().filter(|(_, n)| *n > 0).map(|(number, _)| number).collect();
    let keys = keys.unused_but(&used, today);
    let _hold = keys.replace(&file, hold)?;
    rekey::finish(&db, &keys, &actor, &done)?;
    signed(place, &db)?;
    say!("已改用第{}把密钥：台账{}行，其他{}处", keys.number(), done.rows, done.others);
    for (ledger, record, revision) in &done.stuck {
        say!("✗ 台账 {ledger} 记录 {record} 第 {revision} 版：加密的内容打不开，没有改动");
    }
    if done.left > 0 {
        say!("共{}行打不开：请用 dongliang audit verify 查看它们是否被改动", done.left);
    }
    say!(
        "旧密钥还在 {} 里，以前的备份要靠它。请重新备份数据和密钥文件；旧备份都不再需要时，用 dongliang keys drop 删去",
        file.display()
    );
    Ok(if done.left == 0 { Outcome::Done } else { Outcome::No })
}

fn list(place: &Place) -> anyhow::Result<Outcome> {
    let Reached { db, keys, number, .. } = open::reach(place, Hold::Shared)?;
    let uses = uses(place, &db, &keys)?;
    for key in keys.ring() {
        let cipher = match key.cipher {
            Cipher::XChaCha20 => "XChaCha20-Poly1305",
            Cipher::Sm4 => "SM4-GCM",
        };
        let made = key.made.map_or_else(|| "制作日期没有记".to_owned(), |day| format!("{}制作", day.chinese()));
        let n = uses.get(&key.number).copied().unwrap_or(0);
        let state = match key.unused {
            _ if key.number == keys.number() => format!("在用，{n}处"),
            Some(day) if n == 0 => format!("自{}起不再使用，只为更早的备份保留", day.chinese()),
            _ => format!("还有{n}处要用到"),
        };
        say!("第{}把：{cipher}，{made}，{state}", key.number);
    }
    if number != keys.number() {
        say!("更换密钥没有做完：请再运行一次 dongliang keys rotate");
    }
    Ok(Outcome::Done)
}

fn drop_key(place: &Place, number: u32, backups_gone: bool, by: &str) -> anyhow::Result<Outcome> {
    let Reached { db, keys, held: hold, number: whole } = open::reach(place, Hold::Alone)?;
    if !keys.ring().iter().any(|k| k.number == number) {
        return Err(misuse(format!("没有第{number}把密钥。dongliang keys list 列出各把密钥")));
    }
    if number == keys.number() || whole != keys.number() {
        return Err(misuse(format!("第{number}把密钥还在用，没有删去：请先用 dongliang keys rotate 换用新的")));
    }
    let n = uses(place, &db, &keys)?.get(&number).copied().unwrap_or(0);
    if n > 0 {
        say!("还有{n}处内容要用到第{number}把密钥，没有删去。请先用 dongliang keys rotate 把它们改用新的密钥");
        return Ok(Outcome::No);
    }
    if !backups_gone {
        return Err(misuse(format!(
            "删去以后，用第{number}把密钥时做的备份就读不出加密的内容，没有删去。确认那些备份不再需要的，加上 --backups-gone"
        )));
    }
    let (keys, actor) = (keys.without(number), actor(by));
    db.write(move |tx| {
        let told = json!({ "key": number, "title": format!("删去第{number}把密钥") });
        audit::note(tx, &actor, Kind::Rekey, told);
        Ok(())
    })?;
    let _hold = keys.replace(&open::key_file(&place.data), hold)?;
    signed(place, &db)?;
    say!("第{number}把密钥已删去");
    Ok(Outcome::Done)
}

/// How many values of the database and files on their way in each key still opens.
fn uses(place: &Place, db: &Db, keys: &Keys) -> anyhow::Result<BTreeMap<u32, u64>> {
    let mut uses = db.read(|tx| rekey::uses(tx, keys))?;
    for (number, files) in held::uses(&place.data, keys)? {
        *uses.entry(number).or_default() += files;
    }
    Ok(uses)
}

/// Numbers the entries and signs them.
fn signed(place: &Place, db: &Db) -> anyhow::Result<()> {
    audit::checkpoint(db, &open::signer(db, &place.data)?).map(|_| ())
}
