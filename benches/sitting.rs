//! Sittings over HTTP against the program itself: 20 single-choice questions, each answer durable before it is told saved.
//!
//! `cargo bench --bench sitting -- [--people N] [--at-once N]`; prints lines `name=value`. Everybody is logged in before;
//! open, start, 20 saves and handing in are measured. Then everybody else begins in the same second.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use dongliang::{
    auth::{
        account,
        session::{self, From},
        token,
    },
    clock::Clock,
    db::{Db, Tx},
    exam::{
        roll::Listed,
        test::{self, Item, Rules},
    },
    questions::{Answer, Kind, Question, Weight, bank},
    scope::Actor,
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

/// Questions of the test.
const QUESTIONS: usize = 20;
/// Sittings whose figures are kept; those before warm the server up.
const WARM: usize = 50;

fn main() -> anyhow::Result<()> {
    let of = |name: &str, usual: usize| {
        let args: Vec<String> = std::env::args().collect();
        let at = args.iter().position(|a| a == name);
        at.and_then(|i| args.get(i + 1)?.parse().ok()).unwrap_or(usual)
    };
    let (people, at_once) = (of("--people", 7_000), of("--at-once", 50));
    rlimit::increase_nofile_limit(16_384)?;
    let dir = tempfile::tempdir()?;
    let data = dir.path().join("data");
    run(program().arg("--data").arg(&data).args(["demo", "--no-serve", "--people", &people.to_string()]))?;
    let everybody = everybody(&data)?;
    let server = Server::start(&data)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(measure(&server, &data, everybody, at_once))
}

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_dongliang"))
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let output = command.stdout(Stdio::null()).output()?;
    anyhow::ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// Somebody who is logged in: the cookie's value and the token of forms.
#[derive(Clone, Debug)]
struct Person {
    session: String,
    form: String,
}

/// A test that is open now, all cadres on its list, each with a session.
fn everybody(data: &Path) -> anyhow::Result<(i64, Vec<Person>)> {
    let db = Db::open(&format!("sqlite:{}", data.join("dongliang.db").display()))?;
    db.write(|tx| {
        let window =
            tx.one("select opens_at, closes_at from test where row_id = 2", &[], |r| Ok((r.i64(0)?, r.i64(1)?)))?;
        let (opens, closes) = window.context("the demo has an open test")?;
        let actor = Actor { name: "测速".into(), account: None, at: opens };
        let single = |n: usize| {
            let answers =
                (0..4).map(|o| Answer::new(format!("选项{o}"), if o == 1 { Weight::FULL } else { Weight::NONE }));
            let question =
                Question::new(Kind::Single, format!("测速第{n}题：下列哪一项符合文件要求？"), answers.collect());
            Question { source: "二（一）二".into(), topic: "测速".into(), ..question }
        };
        let questions: Vec<Question> = (0..QUESTIONS).map(single).collect();
        let numbers = bank::add(tx, &actor, &questions, "测速")?;
        let items: Vec<Item> = numbers.into_iter().map(|number| Item { number, version: 1, marks: 50 }).collect();
        let title = "测速".to_owned();
        let (unit, activity, minutes, attempts) = (1, None, 60, 1);
        let rules = Rules { title, activity, unit, opens, closes, minutes, attempts, review: closes };
        let test = test::make(tx, &actor, &rules, &items)?;
        let persons =
            tx.rows("select record_id from l_person where voided_at is null order by record_id", &[], |r| r.i64(0))?;
        let listed = |person: &i64| Listed { person: *person, organ: None, extra: 0, excused: None };
        let listed: Vec<Listed> = persons.iter().map(listed).collect();
        test::publish(tx, &actor, test, &listed, opens)?;
        let now = Clock::Machine.now().instant;
        let people =
            persons.into_iter().map(|person| logged_in(tx, &actor, person, now)).collect::<anyhow::Result<_>>()?;
        Ok((test, people))
    })
}

fn logged_in(tx: &mut Tx<'_>, actor: &Actor, person: i64, now: i64) -> anyhow::Result<Person> {
    let name = format!("bench{person}");
    let account = account::create(tx, actor, (&name, &name), Some(person), None)?;
    let from = From { address: "127.0.0.1".into(), agent: "bench".into() };
    let session = session::open(tx, account, &from, false, now)?;
    let form = token::form_token(&session)?;
    Ok(Person { session, form })
}

/// The program, serving.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(data: &Path) -> anyhow::Result<Server> {
        let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let child = program()
            .arg("--data")
            .arg(data)
            .args(["serve", "--listen", &address])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let server = Server { child, address };
        let begun = Instant::now();
        while std::net::TcpStream::connect(&server.address).is_err() {
            anyhow::ensure!(begun.elapsed() < Duration::from_secs(60), "no server");
            std::thread::sleep(Duration::from_millis(50));
        }
        // What waits after the start is done before anything is measured.
        std::thread::sleep(Duration::from_secs(3));
        Ok(server)
    }

    /// Seconds of processor time, all threads together.
    fn cpu(&self) -> anyhow::Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let fields: Vec<&str> = stat.rsplit_once(')').map_or(vec![], |(_, after)| after.split_whitespace().collect());
        let ticks = |i: usize| fields.get(i).and_then(|f| f.parse::<f64>().ok()).unwrap_or_default();
        Ok((ticks(11) + ticks(12)) / 100.0)
    }

    /// A line of its status in MB: `VmHWM`, `VmRSS`.
    fn memory(&self, line: &str) -> anyhow::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let found = status.lines().find_map(|l| l.strip_prefix(line)?.strip_prefix(':'));
        let kilobytes: f64 = found.and_then(|l| l.split_whitespace().next()?.parse().ok()).context("no such line")?;
        Ok(kilobytes / 1e3)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Bytes of the database and its log.
fn bytes(data: &Path) -> anyhow::Result<u64> {
    let files: Vec<PathBuf> = ["dongliang.db", "dongliang.db-wal"].iter().map(|f| data.join(f)).collect();
    Ok(files.iter().filter_map(|f| f.metadata().ok()).map(|m| m.len()).sum())
}

/// A connection that stays open.
struct Browser {
    stream: BufReader<TcpStream>,
    host: String,
    person: Person,
    took: Vec<Duration>,
    read: u64,
}

impl Browser {
    async fn of(address: &str, person: Person) -> anyhow::Result<Browser> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Browser { stream: BufReader::new(stream), host: address.to_owned(), person, took: Vec::new(), read: 0 })
    }

    /// Asks, and gives the status.
    async fn ask(&mut self, method: &str, path: &str, fields: &str) -> anyhow::Result<u16> {
        let begun = Instant::now();
        let body = if method == "POST" { format!("form={}{fields}", self.person.form) } else { String::new() };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nCookie: dongliang={}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.host,
            self.person.session,
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes()).await?;
        let (mut status, mut length, mut line) = (0, 0, String::new());
        loop {
            line.clear();
            self.read += self.stream.read_line(&mut line).await? as u64;
            let text = line.trim_end();
            if text.is_empty() {
                break;
            }
            if let Some(rest) = text.strip_prefix("HTTP/1.1 ") {
                status = rest.get(..3).and_then(|s| s.parse().ok()).unwrap_or_default();
            } else if let Some((name, value)) = text.split_once(": ")
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.parse()?;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await?;
        self.read += length as u64;
        self.took.push(begun.elapsed());
        Ok(status)
    }

    /// The whole flow.
    async fn sit(&mut self, test: i64) -> anyhow::Result<()> {
        expect(self.ask("GET", &format!("/exams/{test}"), "").await?, 200)?;
        expect(self.ask("POST", &format!("/exams/{test}/start"), "").await?, 303)?;
        expect(self.ask("GET", &format!("/exams/{test}/q/1"), "").await?, 200)?;
        let save = format!("/exams/{test}/save");
        for n in 1..=QUESTIONS {
            let letter = ["A", "B", "C", "D"][n % 4];
            expect(self.ask("POST", &save, &format!("&q={n}&n=1&a={letter}")).await?, 200)?;
        }
        expect(self.ask("POST", &format!("/exams/{test}/submit"), "&sure=1").await?, 303)
    }
}

fn expect(status: u16, wanted: u16) -> anyhow::Result<()> {
    if status == wanted { Ok(()) } else { bail!("status {status} instead of {wanted}") }
}

async fn measure(
    server: &Server,
    data: &Path,
    (test, people): (i64, Vec<Person>),
    at_once: usize,
) -> anyhow::Result<()> {
    let together = people.len().saturating_sub(2_000).min(5_000);
    let (starters, sitters) = people.split_at(together);
    flow(server, test, &sitters[..WARM], at_once).await?;
    let (cpu, disk) = (server.cpu()?, bytes(data)?);
    let begun = Instant::now();
    let (mut took, read) = flow(server, test, &sitters[WARM..], at_once).await?;
    let (wall, n) = (begun.elapsed().as_secs_f64(), (sitters.len() - WARM) as f64);
    took.sort_unstable();
    let at = |part: f64| took[((took.len() - 1) as f64 * part) as usize].as_secs_f64() * 1e3;
    println!("sittings={n}\nat_once={at_once}\nsittings_a_second={:.0}", n / wall);
    println!("cpu_ms_a_sitting={:.2}", (server.cpu()? - cpu) / n * 1e3);
    println!("p50_ms={:.2}\np99_ms={:.2}\nmax_ms={:.1}", at(0.5), at(0.99), at(1.0));
    println!("traffic_kb_a_sitting={:.1}", read as f64 / n / 1e3);
    println!("peak_mb={:.0}", server.memory("VmHWM")?);
    let (wait, late, refused) = begin_together(server, test, starters).await?;
    println!("together={}\nall_begun_s={wait:.2}\nslowest_s={late:.2}\nrefused={refused}", starters.len());
    println!("peak_together_mb={:.0}", server.memory("VmHWM")?);
    // The log goes into the database when nobody writes.
    let growth = (bytes(data)?.saturating_sub(disk)) as f64;
    println!("growth_mb={:.1}", growth / 1e6);
    Ok(())
}

/// So many at once sit, one after another; how long each request took, and the bytes read.
async fn flow(server: &Server, test: i64, people: &[Person], at_once: usize) -> anyhow::Result<(Vec<Duration>, u64)> {
    let (people, next) = (Arc::new(people.to_vec()), Arc::new(AtomicUsize::new(0)));
    let tasks: Vec<_> = (0..at_once)
        .map(|_| {
            let (people, next, address) = (Arc::clone(&people), Arc::clone(&next), server.address.clone());
            tokio::spawn(async move {
                let (mut took, mut read) = (Vec::new(), 0);
                while let Some(person) = people.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let mut browser = Browser::of(&address, person.clone()).await?;
                    browser.sit(test).await?;
                    took.append(&mut browser.took);
                    read += browser.read;
                }
                anyhow::Ok((took, read))
            })
        })
        .collect();
    let (mut took, mut read) = (Vec::new(), 0);
    for task in tasks {
        let (mut of, bytes) = task.await??;
        took.append(&mut of);
        read += bytes;
    }
    Ok((took, read))
}

/// All begin within a second, on connections that are open; seconds until the last was served, of the slowest, and how many
/// were refused.
async fn begin_together(server: &Server, test: i64, people: &[Person]) -> anyhow::Result<(f64, f64, usize)> {
    let mut browsers = Vec::with_capacity(people.len());
    for person in people {
        browsers.push(Browser::of(&server.address, person.clone()).await?);
    }
    let path = format!("/exams/{test}/start");
    let begun = Instant::now();
    let n = browsers.len().max(1) as u32;
    let tasks: Vec<_> = browsers
        .into_iter()
        .enumerate()
        .map(|(i, mut browser)| {
            let path = path.clone();
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_secs(1) * i as u32 / n).await;
                let answered = browser.ask("POST", &path, "").await;
                (answered.is_ok_and(|status| status == 303), browser.took.last().copied().unwrap_or_default())
            })
        })
        .collect();
    let (mut slowest, mut refused) = (Duration::ZERO, 0);
    for task in tasks {
        let (good, took) = task.await?;
        refused += usize::from(!good);
        slowest = slowest.max(took);
    }
    Ok((begun.elapsed().as_secs_f64(), slowest.as_secs_f64(), refused))
}
