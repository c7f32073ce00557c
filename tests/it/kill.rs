//! The program itself, killed while it imports: what another run finishes is what an unkilled run leaves.

use std::{
    fmt::Write as _,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::{Command, Stdio},
};

use dongliang::db::{
    Db,
    testing::{self, PostgresDb, TempDir},
};

/// Rows of the file.
const ROWS: i64 = 3_000;

/// An installation that the program has made.
struct Place {
    dir: TempDir,
    url: String,
    database: Option<PostgresDb>,
}

impl Place {
    /// With three units, sixty persons and their posts, and a file of talks to be imported.
    fn new(database: Option<PostgresDb>) -> Place {
        let place = Place::empty(database);
        place.done(&["init", "--directive", concat!(env!("CARGO_MANIFEST_DIR"), "/directives/2025")]);
        let mut person = "编号,姓名,出生日期\n".to_owned();
        let mut post = "单位,姓名,任职类别,任职日期\n".to_owned();
        for i in 0..60 {
            let (unit, duty) = match i {
                0 => ("U2", "主要负责同志"),
                1 => ("U2", "班子成员"),
                2 => ("U3", "科室负责人"),
                _ => ("U3", "普通干部"),
            };
            writeln!(person, "P{i},某{i},1996-05-05").unwrap();
            writeln!(post, "{unit},P{i},{duty},2020-01-01").unwrap();
        }
        let unit = "编号,名称,层级,上级单位,设立日期\nU1,市发改委,市,,2020-01-01\nU2,甲区发改委,区县,U1,2020-01-01\n\
                    U3,甲一科,科室,U2,2020-01-01\n";
        let mut talk = "编号,谈话类型,谈话人,谈话对象,谈话日期\n".to_owned();
        for i in 0..ROWS {
            let (talker, listener, month, day) = (i % 3, 3 + i % 57, 1 + i % 9, 1 + i % 28);
            writeln!(talk, "T{i},例行,P{talker},P{listener},2025-{month:02}-{day:02}").unwrap();
        }
        for (ledger, text) in [("unit", unit), ("person", &person), ("post", &post)] {
            fs::write(place.path(ledger), text).unwrap();
            place.done(&["import", ledger, place.path(ledger).to_str().unwrap()]);
        }
        fs::write(place.path("talk"), talk).unwrap();
        place
    }

    fn empty(database: Option<PostgresDb>) -> Place {
        let dir = TempDir::new();
        let file = format!("sqlite:{}", dir.0.join("data/dongliang.db").display());
        Place { url: database.as_ref().map_or(file, |d| d.url.clone()), dir, database }
    }

    /// The same again, so that it need not be made anew.
    fn copy(&self) -> Place {
        let copy = Place::empty(self.database.as_ref().map(PostgresDb::copy));
        fs::create_dir(copy.dir.0.join("data")).unwrap();
        let files = fs::read_dir(self.dir.0.join("data")).unwrap().map(|f| f.unwrap().path());
        for file in files.chain([self.path("talk")]) {
            fs::copy(&file, copy.dir.0.join(file.strip_prefix(&self.dir.0).unwrap())).unwrap();
        }
        copy
    }

    fn path(&self, ledger: &str) -> PathBuf {
        self.dir.0.join(format!("{ledger}.csv"))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dongliang"));
        command
            .args(arguments)
            .arg("--data")
            .arg(self.dir.0.join("data"))
            .args(["--database", &self.url])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the program and gives its exit code and what it printed.
    fn run(&self, arguments: &[&str]) -> (i32, String) {
        let out = self.command(arguments).output().unwrap();
        let text = String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned();
        (out.status.code().unwrap_or(-1), text)
    }

    fn done(&self, arguments: &[&str]) {
        let (code, text) = self.run(arguments);
        assert_eq!(code, 0, "{arguments:?}: {text}");
    }

    /// Imports the talks; killed as soon as the database is so far. Gives whether the kill came before the end.
    fn import(&self, far: Option<&str>) -> bool {
        let file = self.path("talk");
        let mut child = self.command(&["import", "talk", file.to_str().unwrap()]).spawn().unwrap();
        if let Some(far) = far {
            let db = Db::open(&self.url).unwrap();
            let reached = || db.read(|tx| tx.one(far, &[], |r| r.i64(0))).unwrap().unwrap() > 0;
            while child.try_wait().unwrap().is_none() {
                if reached() {
                    child.kill().unwrap();
                    break;
                }
            }
        }
        let status = child.wait().unwrap();
        assert!(far.is_some() || status.success());
        !status.success()
    }

    /// The talks, and what is left in the way.
    fn outcome(&self) -> (Vec<String>, [i64; 4]) {
        let out = self.dir.0.join("out.csv");
        self.done(&["export", "talk", "-o", out.to_str().unwrap()]);
        assert_eq!(fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600, "exports are their owner's");
        let mut lines: Vec<String> = fs::read_to_string(out).unwrap().lines().map(str::to_owned).collect();
        lines.sort_unstable();
        let db = Db::open(&self.url).unwrap();
        let count = |sql: &str| db.read(|tx| tx.one(sql, &[], |r| r.i64(0))).unwrap().unwrap();
        let left = [
            count("select count(*) from import where ledger = 'talk'"),
            count("select count(*) from job"),
            count("select count(*) from import_row"),
            count("select count(*) from l_talk"),
        ];
        (lines, left)
    }
}

/// How far the import is when it is killed: staging, staged, moved in part, moved whole, judging.
const INSTANTS: [&str; 5] = [
    "select count(*) from import_row",
    "select count(*) from job where kind = 'import' and state = 'waiting'",
    "select count(*) - 499 from l_talk",
    "select count(*) - 2999 from l_talk",
    "select count(*) from meta where key = 'judging'",
];

fn killed_and_finished(base: &Place, instants: &[&str]) {
    let unkilled = base.copy();
    unkilled.import(None);
    unkilled.done(&["verify"]);
    let whole = unkilled.outcome();
    assert_eq!(whole.1, [1, 0, 0, ROWS]);
    let mut interrupted = 0;
    for far in instants {
        let place = base.copy();
        interrupted += i32::from(place.import(Some(far)));
        // The same command again: it goes on where the killed one stopped, or begins anew.
        let (code, text) = place.run(&["import", "talk", place.path("talk").to_str().unwrap()]);
        assert!(code == 0 || text.contains("导入过"), "{far}: {code} {text}");
        let (code, text) = place.run(&["verify"]);
        assert_eq!(code, 0, "{far}: {text}");
        assert_eq!(place.outcome(), whole, "{far}");
    }
    assert!(interrupted > 0, "every import was done before it was killed");
}

#[test]
fn an_import_killed_at_any_instant_is_finished_sqlite() {
    killed_and_finished(&Place::new(None), &INSTANTS);
}

#[test]
fn an_import_killed_at_any_instant_is_finished_postgres() {
    testing::on_postgres(|_| killed_and_finished(&Place::new(Some(PostgresDb::new(""))), &INSTANTS[1..3]));
}

/// The answer of `verify` is its exit code; the place is closed to others.
#[test]
fn a_tampered_count_is_told() {
    let place = Place::new(None);
    place.import(None);
    place.done(&["verify"]);
    let sql = "update verdict_tally set n = n + 1 where requirement = (select min(requirement) from verdict_tally)";
    Db::open(&place.url).unwrap().write(|tx| tx.execute(sql, &[])).unwrap();
    let (code, text) = place.run(&["verify"]);
    assert!(code == 1 && text.contains("计数与判定不符"), "{code} {text}");
    place.done(&["verify", "--mend"]);
    place.done(&["verify"]);
    let mode = |path: &str| fs::metadata(place.dir.0.join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("data"), mode("data/dongliang.db"), mode("data/keys")), (0o700, 0o600, 0o600));
}
