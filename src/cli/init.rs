//! `dongliang init --directive DIR`: a new data directory with a package in force.

use std::{fs, io::Write as _, path::PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};

use super::{Outcome, Place, check, open};
use crate::{
    apply, audit,
    auth::mark,
    clock::Clock,
    db::Db,
    installation::meta,
    ledger::secret::{Cipher, Keys},
    private,
    scope::Actor,
};

/// Options of `init`.
#[derive(Args)]
pub(super) struct Options {
    /// 文件要求所在的目录（缺省 directives/2025，没有时用程序自带的那一份）
    #[arg(long, value_name = "DIR")]
    directive: Option<PathBuf>,
    /// 敏感栏的加密算法，以后可用 dongliang keys rotate --cipher 更换
    #[arg(long, value_enum, default_value_t = Choice::Xchacha20)]
    cipher: Choice,
}

/// The ciphers as they are typed.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Choice {
    /// XChaCha20-Poly1305
    Xchacha20,
    /// SM4-GCM，国密
    Sm4,
}

impl From<Choice> for Cipher {
    fn from(choice: Choice) -> Cipher {
        match choice {
            Choice::Xchacha20 => Cipher::XChaCha20,
            Choice::Sm4 => Cipher::Sm4,
        }
    }
}

/// Runs it.
pub(super) fn run(place: &Place, options: &Options) -> anyhow::Result<Outcome> {
    let Some(package) = check::checked(options.directive.as_deref())? else { return Ok(Outcome::No) };
    let keys = open::key_file(&place.data);
    if keys.exists() {
        bail!("{} 里已经有数据，没有改动。要换用新的文件要求，请用 dongliang package apply", place.data.display());
    }
    private::create_dir(&place.data).with_context(|| format!("目录 {} 建不了", place.data.display()))?;
    let db = Db::open(&open::url(place))?;
    if db.read(|tx| meta(tx, "package"))?.is_some() {
        bail!("这个数据库里已经有数据，而 {} 里没有它的密钥文件。请用原来的数据目录", place.data.display());
    }
    let keys = Keys::create(&keys, options.cipher.into())?;
    if let Some(url) = &place.database {
        // It may hold a password.
        private::create(&place.data.join("database"))?.write_all(url.as_bytes())?;
    }
    let title = package.directive.title.clone();
    let actor = Actor { account: None, name: "命令行".into(), at: Clock::Machine.now().instant };
    db.seal_entries(keys.audit_seal());
    let made = db.write(move |tx| {
        keys.bind(tx)?;
        mark::number(tx)?;
        apply::apply(tx, None, &package, &actor)
    });
    if made.is_err() {
        // Nothing was written: the next try must find the place empty.
        let _ = fs::remove_file(open::key_file(&place.data));
    }
    made?;
    audit::checkpoint(&db, &open::signer(&db, &place.data)?)?;
    say!(
        "已在 {} 装入《{title}》。下一步：用 dongliang user add 建立三名管理员，用 dongliang import 导入单位、人员和台账，再运行 dongliang serve",
        place.data.display()
    );
    Ok(Outcome::Done)
}
