//! The command line as it is typed: exit codes, messages, and what it prints, over a small made-up city.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::OnceLock,
};

/// What a command came to.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs the program in a directory that has no package.
pub(crate) fn run(data: &Path, args: &[&str]) -> Ran {
    let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_dongliang"))
        .current_dir(data.parent().unwrap())
        .arg("--data")
        .arg(data)
        .args(args)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: status.code().unwrap(), out: text(stdout), err: text(stderr) }
}

/// The smallest city, made once. No test opens it: what is copied from a database in use may be torn.
fn made() -> &'static Path {
    static CITY: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, data) = CITY.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("city");
        let made = run(&data, &["demo", "--people", "600", "--no-serve"]);
        assert_eq!(made.code, 0, "{}", made.err);
        (dir, data)
    });
    data
}

/// The smallest city, for tests that only ask.
pub(crate) fn city() -> &'static Path {
    static CITY: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, data) = CITY.get_or_init(own_city);
    data
}

/// An installation of the directive's own package, with nothing in it.
pub(crate) fn fresh() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let made = run(&data, &["init"]);
    assert_eq!(made.code, 0, "{}", made.err);
    (dir, data)
}

/// A city of one's own, for tests that write.
pub(crate) fn own_city() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("city");
    fs::create_dir(&data).unwrap();
    for entry in fs::read_dir(made()).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), data.join(entry.file_name())).unwrap();
    }
    (dir, data)
}

fn package(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name).display().to_string()
}

#[test]
fn wrong_use_is_2_and_what_cannot_be_done_is_3() {
    let data = city();
    let wrong: [(&[&str], i32, &str); 15] = [
        (&["evaluate", "--window", "garbage"], 2, "2025Q1"),
        (&["evaluate", "--requirement", "R-99"], 2, "没有正在判定的要求"),
        (&["explain", "R-21", "x", "--window", "2025-13"], 2, "不是期间"),
        (&["explain", "R-21", "x", "--window", "2025-03", "--as-of", "昨天"], 2, "不是日期"),
        (&["evaluate", "--foo"], 2, "没有“--foo”这个选项"),
        (&["import", "guidance"], 2, "缺少 <FILE>"),
        (&["--database", "foo", "verify"], 2, "sqlite:文件路径"),
        (&["demo", "--people", "60", "--no-serve"], 2, "600 到 1000000"),
        (&["demo", "--today", "1900-01-01", "--no-serve"], 2, "2025-01-01 到 2026-12-31"),
        (&["demo", "--people", "601", "--no-serve"], 2, "有 600 名干部、种子是 1"),
        (&["demo", "--seed", "2", "--no-serve"], 2, "有 600 名干部、种子是 1"),
        (&["check", "没有"], 3, "没有目录 没有"),
        (&["package", "apply", "没有"], 3, "没有目录 没有"),
        (&["import", "guidance", "没有.csv"], 3, "没有文件 没有.csv"),
        (&["import", "guidance", "."], 3, "是目录"),
    ];
    for (args, code, says) in wrong {
        let ran = run(data, args);
        assert_eq!(ran.code, code, "{args:?}: {}{}", ran.out, ran.err);
        assert!(ran.err.contains(says), "{args:?}: {}", ran.err);
    }
    assert_eq!(run(data, &["init", "--directive", "没有"]).code, 3);
}

/// Help, and what is wrong with arguments, as they are printed.
#[test]
fn all_that_it_says_of_itself_is_chinese() {
    let said = |line: &str| {
        let ran = run(city(), &line.split_whitespace().collect::<Vec<_>>());
        format!("$ dongliang {line}\n{}{}{}", ran.out, ran.err, ran.code)
    };
    let lines = [
        "",
        "evaluate --help",
        "evaluate --foo",
        "evalute",
        "evaluate --format xml",
        "evaluate --window",
        "serve --listen nowhere:1",
        "demo --seed x",
        "import unit",
        "import unit a.csv --undo 3",
        "package",
        "--version",
    ];
    insta::assert_snapshot!(lines.map(said).join("\n\n"));
}

/// One binary works anywhere: neither the first run nor the second needs the package beside it.
#[test]
fn a_city_stands_without_a_checkout() {
    let again = run(city(), &["demo", "--people", "600", "--seed", "1", "--no-serve"]);
    assert_eq!((again.code, again.err.as_str()), (0, ""));
    let checked = run(city(), &["check"]);
    assert_eq!(checked.code, 0, "{}", checked.out);
    assert!(checked.out.contains("个例子相符，0个不符") && !checked.out.contains("passed"), "{}", checked.out);
}

#[test]
fn rows_come_in_the_same_order_stored_or_judged_anew() {
    let stored = run(city(), &["evaluate", "--format", "json"]);
    let full = run(city(), &["evaluate", "--format", "json", "--full"]);
    assert_eq!(stored.code, 0);
    assert!(stored.out == full.out, "the order differs");
    let table = run(city(), &["evaluate", "--requirement", "R-28"]);
    let mut lines = table.out.lines();
    assert_eq!(lines.next(), Some("要求\t行\t编号\t名称\t期间\t判定\t灯\t数值\t目标"));
    let first: Vec<&str> = lines.next().unwrap().split('\t').collect();
    assert_eq!(first[..2], ["R-28", "对象"]);
    assert!(first[2].is_ascii() && !first[2].is_empty() && !first[3].is_ascii(), "{first:?}");
}

#[test]
fn rows_that_seem_to_stand_are_told_and_can_be_left_out() {
    let (dir, data) = fresh();
    let file = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
    file("甲.csv", "编号,姓名,性别\nA1,甲,男\nA2,乙,女\n");
    assert_eq!(run(&data, &["import", "person", "甲.csv"]).code, 0);
    // The same list comes back without its numbers, with a column more, and one more row.
    file("乙.csv", "姓名,性别,备注\n甲,男,转来\n乙,女,转来\n丙,男,转来\n");
    let told = run(&data, &["import", "person", "乙.csv", "--dry-run"]);
    assert!(told.code == 0 && told.out.contains("疑似重复：第 2 行，与台账中编号 A1 的记录相同"), "{}", told.out);
    assert!(told.out.contains("共 3 行，可导入 3 行") && told.out.contains("疑似重复 2 行，照常导入"), "{}", told.out);
    let told = run(&data, &["import", "person", "乙.csv", "--skip-alike"]);
    assert!(
        told.code == 0 && told.out.contains("共 3 行，可导入 1 行") && told.out.contains("已导入 1 行"),
        "{}",
        told.out
    );
    assert!(told.out.contains("另有疑似重复 2 行，不导入"), "{}", told.out);
    // A row that is wrong is no correction, though its number stands.
    file("丙.csv", "编号,姓名,性别,出生日期\nA1,甲,男,1980-02-30\nA9,丁,男,1980-02-01\n");
    let told = run(&data, &["import", "person", "丙.csv", "--skip-bad"]);
    assert!(
        told.code == 0 && told.out.contains("（其中更正 0 行）") && told.out.contains("已导入 1 行"),
        "{}",
        told.out
    );
}

#[test]
fn nothing_imported_because_all_is_wrong_is_no() {
    let (dir, data) = own_city();
    fs::write(dir.path().join("a.csv"), "导师,结对,指导日期\n某甲,没有这对,昨天\n").unwrap();
    let ran = run(&data, &["import", "guidance", "a.csv", "--skip-bad"]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("没有要导入的行"), "{}", ran.out);
}

#[test]
fn findings_of_a_package_are_shown_where_they_can_be_opened() {
    let (dir, data) = own_city();
    let broken = dir.path().join("broken");
    fs::create_dir(&broken).unwrap();
    fs::write(broken.join("directive.toml"), "title = 1\n").unwrap();
    let ran = run(&data, &["check", &broken.display().to_string()]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("┌─ broken/directive.toml:1:9"), "{}", ran.err);
}

#[test]
fn a_package_says_what_it_would_do_and_an_earlier_year_can_still_be_asked_about() {
    let (_dir, data) = own_city();
    let before = run(&data, &["evaluate", "--requirement", "R-21", "--window", "2025-03", "--format", "csv"]);
    let next = package("tests/packages/2026");
    let asked = run(&data, &["package", "apply", &next]);
    assert_eq!(asked.code, 0, "{}", asked.err);
    assert!(asked.out.contains("尚未改动"), "{}", asked.out);
    assert!(asked.out.contains("R-21 导师每月指导不少于2次：不再列出"), "{}", asked.out);
    assert!(asked.out.contains("起算日移到2026年1月1日"), "{}", asked.out);
    let same = run(&data, &["evaluate", "--requirement", "R-21", "--window", "2025-03", "--format", "csv"]);
    assert_eq!(same.out, before.out, "asking has changed something");

    let done = run(&data, &["package", "apply", &next, "--yes"]);
    assert_eq!(done.code, 0, "{}", done.err);
    let list = run(&data, &["package", "list"]);
    let lines: Vec<&str> = list.out.lines().collect();
    assert!(lines[0].contains("已被取代  2025-01-01 起"), "{}", list.out);
    assert!(lines[1].contains("在用  2026-01-01 起"), "{}", list.out);
    let after = run(&data, &["evaluate", "--requirement", "R-21", "--window", "2025-03", "--format", "csv"]);
    assert_eq!(after.out, before.out);
    let all = run(&data, &["evaluate", "--requirement", "R-21", "--as-of", "2025-10-19"]);
    assert!(all.out.lines().count() > 2, "{}", all.out);
    let pair = before.out.lines().nth(1).unwrap().split(',').nth(4).unwrap();
    let explained = run(&data, &["explain", "R-21", pair, "--window", "2025-03", "--as-of", "2025-03-31"]);
    assert_eq!(explained.code, 0, "{}{}", explained.out, explained.err);
    assert!(explained.out.contains("指导记录"), "{}", explained.out);
}

/// A threshold that goes up: who would fall below it.
#[test]
fn a_package_says_from_what_to_what_verdicts_go() {
    let (dir, data) = own_city();
    let changed = dir.path().join("changed");
    copy_package(&package("directives/2025"), &changed);
    let file = changed.join("requirements/practice.toml");
    let text = fs::read_to_string(&file).unwrap();
    let higher = text.replacen("at_least = 50", "at_least = 5000", 1);
    assert_ne!(text, higher);
    fs::write(&file, higher).unwrap();
    // How long records are kept, which is what a deletion goes by.
    let file = changed.join("ledgers/learn.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replacen("title = ", "keep = \"5 years\"\ntitle = ", 1)).unwrap();
    fs::remove_dir_all(changed.join("examples")).unwrap();
    let asked = run(&data, &["package", "apply", "changed"]);
    assert_eq!(asked.code, 0, "{}{}", asked.out, asked.err);
    assert!(asked.out.contains("1 个判定将改变，0 个将新增，0 个将不再列出"), "{}", asked.out);
    assert!(asked.out.contains("R-19 "), "{}", asked.out);
    assert!(asked.out.contains("台账“班次与活动”的保存期限：未规定 → 5年"), "{}", asked.out);
}

fn copy_package(from: &str, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_package(&entry.path().display().to_string(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn a_city_is_backed_up_and_stands_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).display().to_string();
    let done = |data: &Path, args: &[&str]| {
        let ran = run(data, args);
        assert_eq!(ran.code, 0, "{args:?}: {}{}", ran.out, ran.err);
        ran.out
    };
    let said = done(city(), &["backup", &at("a.zip"), "--keys", &at("k")]);
    assert!(said.contains("分开保管") && said.contains("已备份"), "{said}");
    let again = run(city(), &["backup", &at("a.zip")]);
    assert!(again.code == 3 && again.err.contains("已经有了"), "{}", again.err);
    let restored = dir.path().join("place");
    let said = done(&restored, &["restore", &at("a.zip"), "--keys", &at("k")]);
    assert!(said.contains(&format!("dongliang verify --data {}", restored.display())), "{said}");
    assert!(done(&restored, &["verify"]).contains("全部一致"));
    done(&restored, &["audit", "verify"]);
    let line = ["evaluate", "--format", "csv"];
    assert_eq!(done(&restored, &line), done(city(), &line));
    let taken = run(&restored, &["restore", &at("a.zip"), "--keys", &at("k")]);
    assert!(taken.code == 3 && taken.err.contains("已经有数据"), "{}", taken.err);

    // Without the keys it stands too, and says what is missing.
    let bare = dir.path().join("bare");
    assert!(done(&bare, &["restore", &at("a.zip")]).contains("还缺密钥"));
    assert!(run(&bare, &["verify"]).err.contains("缺少密钥文件"));
    fs::copy(restored.join("keys"), bare.join("keys")).unwrap();
    assert!(run(&bare, &["verify"]).err.contains("缺少签名密钥文件"));
    fs::copy(restored.join("audit-key"), bare.join("audit-key")).unwrap();
    done(&bare, &["verify"]);
    assert_eq!(run(&bare, &["restore"]).code, 2);
}

/// Files may not grow beyond 64 KB, as on a disk that is full.
#[test]
fn a_backup_on_a_full_disk_leaves_nothing() {
    let (dir, data) = own_city();
    let out = dir.path().join("out");
    fs::create_dir(&out).unwrap();
    let ran = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 128; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_dongliang"), "--data"])
        .arg(&data)
        .arg("backup")
        .arg(out.join("a.zip"))
        .output()
        .unwrap();
    let err = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(ran.status.code(), Some(3), "{err}");
    assert!(err.contains("写不下：磁盘已满"), "{err}");
    assert_eq!(fs::read_dir(&out).unwrap().count(), 0, "a half file is left");
}

#[test]
fn a_new_installation_takes_the_cipher_that_is_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("office");
    assert_eq!(run(&data, &["init", "--cipher", "des"]).code, 2);
    let made = run(&data, &["init", "--cipher", "sm4"]);
    assert_eq!(made.code, 0, "{}", made.err);
    assert!(fs::read_to_string(data.join("keys")).unwrap().contains("\n1 sm4 "));
    let (file, out) = (dir.path().join("in.csv"), dir.path().join("out.csv"));
    fs::write(&file, "人员编号,姓名,手机号\nP1,赵一,13912342716\n").unwrap();
    let taken = run(&data, &["import", "person", file.to_str().unwrap()]);
    assert_eq!(taken.code, 0, "{}{}", taken.out, taken.err);
    let written = run(&data, &["export", "person", "-o", out.to_str().unwrap()]);
    assert_eq!(written.code, 0, "{}", written.err);
    assert!(fs::read_to_string(&out).unwrap().contains("13912342716"));
    let db = dongliang::db::Db::open(&format!("sqlite:{}", data.join("dongliang.db").display())).unwrap();
    let (sealed, told) = db
        .read(|tx| {
            let sealed = tx.one("select \"phone\" from l_person", &[], |r| Ok(r.text(0)?.to_owned()))?;
            let sql = "select payload from audit_entry where kind = 'export'";
            Ok((sealed.unwrap(), tx.one(sql, &[], |r| Ok(r.text(0)?.to_owned()))?.unwrap()))
        })
        .unwrap();
    assert!(sealed.starts_with("s1:"), "{sealed}");
    assert!(
        told.contains("“人员”，敏感栏完整") && told.contains("\"rows\":1") && told.contains("\"persons\":\"1\""),
        "{told}"
    );
    let verified = run(&data, &["audit", "verify"]);
    assert_eq!(verified.code, 0, "{}{}", verified.out, verified.err);
}
