//! The server is killed two hundred times while people answer: every answer that was told saved is there.

use std::{
    collections::HashMap,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use dongliang::{
    auth::{
        account,
        session::{self, From},
        token,
    },
    clock::Clock,
    db::Db,
    exam::attempt,
    scope::Actor,
};

use super::cli::own_city;

/// Kills.
const TIMES: usize = 200;
/// People who answer.
const PEOPLE: usize = 4;

/// Somebody who answers: person, cookie, token of forms.
#[derive(Clone)]
struct Sitter {
    person: i64,
    session: String,
    form: String,
}

fn open(data: &Path) -> Db {
    Db::open(&format!("sqlite:{}", data.join("dongliang.db").display())).unwrap()
}

/// People on the list of the demo's open test, logged in.
fn sitters(data: &Path) -> Vec<Sitter> {
    open(data)
        .write(|tx| {
            let sql = "select person_id from test_roll where test_id = 2 order by person_id desc limit 4";
            let persons = tx.rows(sql, &[], |r| r.i64(0))?;
            let now = Clock::Machine.now().instant;
            let one = |person: &i64| {
                let (name, actor) = (format!("kill{person}"), Actor { name: "试".into(), account: None, at: now });
                let id = account::create(tx, &actor, (&name, &name), Some(*person), None)?;
                let from = From { address: "127.0.0.1".into(), agent: "test".into() };
                let session = session::open(tx, id, &from, false, now)?;
                let form = token::form_token(&session)?;
                Ok(Sitter { person: *person, session, form })
            };
            persons.iter().map(one).collect()
        })
        .unwrap()
}

fn serve(data: &Path, address: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_dongliang"))
        .arg("--data")
        .arg(data)
        .args(["serve", "--listen", address])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Posts, and gives the status if an answer came.
fn post(address: &str, of: &Sitter, path: &str, fields: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    let body = format!("form={}{fields}", of.form);
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nCookie: dongliang={}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        of.session,
        body.len()
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    String::from_utf8_lossy(&answer).strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
}

/// What was told saved last: person and place → count and letter.
type Told = HashMap<(i64, usize), (i64, char)>;

#[test]
fn what_was_told_saved_is_there_after_two_hundred_kills() {
    let (_dir, data) = own_city();
    let people = sitters(&data);
    assert_eq!(people.len(), PEOPLE);
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let told: Arc<Mutex<Told>> = Arc::default();
    let mut saved_in_all = 0_usize;
    for round in 0..TIMES {
        let mut server = serve(&data, &address);
        let begun = Instant::now();
        while TcpStream::connect(&address).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(60), "the server starts after a kill");
            std::thread::sleep(Duration::from_millis(5));
        }
        if round == 0 {
            people.iter().for_each(|of| assert_eq!(post(&address, of, "/exams/2/start", ""), Some(303)));
        }
        let (stop, said) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let threads: Vec<_> = people
            .iter()
            .cloned()
            .enumerate()
            .map(|(i, of)| {
                let (address, told) = (address.clone(), Arc::clone(&told));
                let (stop, said) = (Arc::clone(&stop), Arc::clone(&said));
                std::thread::spawn(move || {
                    let mut n = 0;
                    while !stop.load(Ordering::Relaxed) {
                        let place = (n + i) % 12 + 1;
                        // A count that was never told: what is told carries the highest one.
                        let (count, letter) = ((round * 1_000 + n) as i64 + 1, ['A', 'B'][(round + n) % 2]);
                        let status = post(&address, &of, "/exams/2/save", &format!("&q={place}&n={count}&a={letter}"));
                        if status == Some(200) {
                            told.lock().unwrap().insert((of.person, place), (count, letter));
                            said.fetch_add(1, Ordering::Relaxed);
                        }
                        n += 1;
                    }
                    n
                })
            })
            .collect();
        // Another moment of the flow each time.
        while said.load(Ordering::Relaxed) == 0 && begun.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis((round as u64 * 7) % 40));
        server.kill().unwrap();
        server.wait().unwrap();
        stop.store(true, Ordering::Relaxed);
        threads.into_iter().for_each(|t| {
            t.join().unwrap();
        });
        let told = told.lock().unwrap();
        saved_in_all += said.load(Ordering::Relaxed);
        open(&data)
            .read(|tx| {
                for of in &people {
                    let attempt = attempt::last(tx, 2, of.person)?.expect("it was begun");
                    let answers = attempt::answers(tx, attempt.id)?;
                    for ((_, place), (count, letter)) in told.iter().filter(|((person, _), _)| *person == of.person) {
                        let asked = &attempt.asked[place - 1];
                        let kept = answers.iter().find(|k| k.question == asked.question).expect("it was told saved");
                        // One that was sent later and never answered may stand in its place.
                        assert!(kept.sequence >= *count, "round {round}: {kept:?} after {count}");
                        if kept.sequence == *count {
                            let meant = asked.options[(u32::from(*letter) - u32::from('A')) as usize];
                            assert_eq!(kept.answer, meant.to_string(), "round {round}");
                        }
                    }
                }
                Ok(())
            })
            .unwrap();
    }
    assert!(saved_in_all >= TIMES, "{saved_in_all} answers were saved on the way");
    let answered: std::collections::BTreeSet<i64> = told.lock().unwrap().keys().map(|(person, _)| *person).collect();
    assert_eq!(answered.len(), PEOPLE);
}
