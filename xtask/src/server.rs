//! A demo city, served from a temporary directory on a free port until dropped.

use std::{
    fs::File,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::step::{Outcome, Stop, dongliang, released, run};

/// How long the server may take until its first page.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running `dongliang serve` with its data.
pub(crate) struct Server {
    url: String,
    child: Child,
    log: PathBuf,
    /// Of the browser tests: its data.
    _held: Option<TempDir>,
}

/// A directory that is gone when nobody holds it any more, however far the start came.
struct TempDir(PathBuf);

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Server {
    /// Makes a demo city in a directory of its own and serves it; returns when the first page is answered.
    pub(crate) fn start() -> Outcome<Server> {
        let dir = std::env::temp_dir().join(format!("dongliang-e2e-{}", std::process::id()));
        std::fs::create_dir(&dir).map_err(|e| Stop::Failed(format!("{}: {e}", dir.display())))?;
        let held = TempDir(dir.clone());
        Server::launch(dongliang, &dir, &[], Some(held))
    }

    /// The same by the release build, of so many people, in a directory that is kept.
    pub(crate) fn of(dir: &Path, people: u32) -> Outcome<Server> {
        Server::launch(released, dir, &["--people", &people.to_string()], None)
    }

    fn launch(program: fn() -> Command, dir: &Path, options: &[&str], held: Option<TempDir>) -> Outcome<Server> {
        let cannot = |e| Stop::Failed(format!("{}: {e}", dir.display()));
        let address = free_port().map_err(|e| Stop::Failed(format!("no free port on 127.0.0.1: {e}")))?;
        let data = dir.join("data");
        if !data.exists() {
            run(program().arg("--data").arg(&data).args(["demo", "--no-serve"]).args(options))?;
        }
        let log = dir.join("log");
        let output = File::create(&log).map_err(cannot)?;
        let errors = output.try_clone().map_err(cannot)?;
        let child = program()
            .arg("--data")
            .arg(&data)
            .args(["serve", "--listen", &address.to_string()])
            .stdout(Stdio::from(output))
            .stderr(Stdio::from(errors))
            .spawn()
            .map_err(|e| Stop::Failed(format!("dongliang serve: cannot be started: {e}")))?;
        let mut server = Server { url: format!("http://{address}"), child, log, _held: held };
        server.wait(address)?;
        println!("    {} with {}", server.url, data.display());
        Ok(server)
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// What the server has said so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    fn wait(&mut self, address: SocketAddr) -> Outcome {
        let begun = Instant::now();
        loop {
            if answers(address) {
                return Ok(());
            }
            let ended = self.child.try_wait().ok().flatten();
            if let Some(status) = ended {
                return Err(Stop::Failed(format!("dongliang serve ended: {status}\n{}", self.log())));
            }
            if begun.elapsed() > PATIENCE {
                return Err(Stop::Failed(format!("no page from {} after {PATIENCE:?}\n{}", self.url, self.log())));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> std::io::Result<SocketAddr> {
    TcpListener::bind(("127.0.0.1", 0))?.local_addr()
}

/// Whether the login page is there.
fn answers(address: SocketAddr) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let request = format!("GET /login HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes())?;
        let mut head = [0; 12];
        stream.read_exact(&mut head)?;
        Ok(String::from_utf8_lossy(&head).into_owned())
    };
    ask().is_ok_and(|head| head == "HTTP/1.1 200")
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader};

    use super::*;

    #[test]
    fn only_a_good_answer_counts() {
        for (answer, good) in [("HTTP/1.1 200 OK\r\n\r\n", true), ("HTTP/1.1 500 Oh\r\n\r\n", false), ("", false)] {
            let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback is there");
            let address = listener.local_addr().expect("it is bound");
            let thread = std::thread::spawn(move || {
                let (mut stream, _) = listener.accept().expect("somebody calls");
                // To its end: closing with a part unread would reset the connection under the answer.
                let lines = BufReader::new(&stream).lines();
                assert!(lines.map_while(Result::ok).any(|line| line.is_empty()), "a whole request");
                stream.write_all(answer.as_bytes()).expect("the caller reads");
            });
            assert_eq!(answers(address), good, "{answer:?}");
            thread.join().expect("it ends");
        }
    }
}
