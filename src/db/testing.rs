//! Databases for tests: a SQLite file and a PostgreSQL database, both fresh, both gone afterwards.
//!
//! PostgreSQL is started once per test process in a temporary directory, under an unprivileged user when we are root
//! (`initdb` refuses root). A shell holds it and waits on a pipe: when the test process ends, however it ends, the
//! pipe closes, the shell stops the server and removes the directory.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use super::Db;

/// Makes `name::sqlite` and `name::postgres` of one test: `db_test!(name, |db: &Db| { … });`
#[macro_export]
macro_rules! db_test {
    ($(#[$meta:meta])* $name:ident, $body:expr) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            $(#[$meta])*
            #[test]
            fn sqlite() {
                $crate::db::testing::on_sqlite($body);
            }

            $(#[$meta])*
            #[test]
            fn postgres() {
                $crate::db::testing::on_postgres($body);
            }
        }
    };
}

/// Runs a test on a fresh SQLite file.
pub fn on_sqlite(test: impl FnOnce(&Db)) {
    let dir = TempDir::new();
    let db = Db::open(&format!("sqlite:{}", dir.0.join("test.db").display())).expect("a fresh SQLite file opens");
    test(&db);
}

/// Runs a test on a fresh PostgreSQL database. Without PostgreSQL it fails and says what to type; only
/// `DONGLIANG_SKIP_POSTGRES=1` leaves it out.
pub fn on_postgres(test: impl FnOnce(&Db)) {
    if std::env::var_os("DONGLIANG_SKIP_POSTGRES").is_some_and(|v| v == "1") {
        eprintln!("left out: DONGLIANG_SKIP_POSTGRES=1");
        return;
    }
    let database = PostgresDb::new("");
    let db = Db::open(&database.url).expect("a fresh PostgreSQL database opens");
    test(&db);
}

/// Makes `name::sqlite` and `name::postgres` of one test on the address of a fresh database, to open it as several
/// processes do: `url_test!(name, |url: &str| { … });`
#[macro_export]
macro_rules! url_test {
    ($(#[$meta:meta])* $name:ident, $body:expr) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            $(#[$meta])*
            #[test]
            fn sqlite() {
                let dir = $crate::db::testing::TempDir::new();
                let test: fn(&str) = $body;
                test(&format!("sqlite:{}", dir.0.join("test.db").display()));
            }

            $(#[$meta])*
            #[test]
            fn postgres() {
                $crate::db::testing::on_postgres(|_| {
                    let test: fn(&str) = $body;
                    test(&$crate::db::testing::PostgresDb::new("").url);
                });
            }
        }
    };
}

/// A directory that is removed when dropped.
pub struct TempDir(pub PathBuf);

impl TempDir {
    /// An empty directory that nobody else has.
    #[expect(clippy::new_without_default, reason = "it makes something in the file system")]
    pub fn new() -> TempDir {
        let dir = std::env::temp_dir().join(format!("dongliang-test-{}-{}", std::process::id(), next()));
        std::fs::create_dir(&dir).expect("the temporary directory can be written");
        TempDir(dir)
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A fresh PostgreSQL database, dropped at the end.
pub struct PostgresDb {
    name: String,
    /// Its address.
    pub url: String,
}

impl PostgresDb {
    /// Makes one; `options` are added to `create database`.
    pub fn new(options: &str) -> PostgresDb {
        let name = format!("test_{}_{}", std::process::id(), next());
        administer(&format!("create database {name} template template0 {options}"));
        PostgresDb { url: server().url(&name), name }
    }

    /// Another one with the same content; nobody may be connected to this one.
    pub fn copy(&self) -> PostgresDb {
        let name = format!("test_{}_{}", std::process::id(), next());
        administer(&format!("create database {name} template {}", self.name));
        PostgresDb { url: server().url(&name), name }
    }
}

impl Drop for PostgresDb {
    fn drop(&mut self) {
        administer(&format!("drop database if exists {} with (force)", self.name));
    }
}

/// Runs a statement on the server itself.
pub fn administer(sql: &str) {
    let mut client = ::postgres::Client::connect(&server().url("postgres"), ::postgres::NoTls)
        .expect("the server was ready when it was started");
    client.batch_execute(sql).unwrap_or_else(|e| panic!("{sql}: {e:?}"));
}

/// The one server of this process, started when first asked for.
pub fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start(None))
}

/// A PostgreSQL server that lives no longer than this value, nor than this process.
pub struct Server {
    /// The port on 127.0.0.1.
    pub port: u16,
    /// Its temporary directory, which also holds the socket.
    pub dir: PathBuf,
    pipe: Option<ChildStdin>,
    shell: Child,
}

/// `$1` binaries, `$2` port, `$3` directory with `server.pem` and `server.key` or nothing.
const SCRIPT: &str = r#"
set -eu
bin=$1 port=$2 tls=$3 ssl=off
dir=$(mktemp -d "${TMPDIR:-/tmp}/dongliang-postgres-XXXXXX")
echo "$dir"
trap 'rm -rf "$dir"' EXIT
"$bin/initdb" -D "$dir/data" -U postgres --locale=C --encoding=UTF8 --auth=trust --no-sync >"$dir/log" 2>&1 || {
    cat "$dir/log" >&2; exit 1; }
if [ -n "$tls" ]; then
    ssl=on
    cp "$tls/server.pem" "$tls/server.key" "$dir/data/"
    chmod 600 "$dir/data/server.key"
fi
"$bin/postgres" -D "$dir/data" -p "$port" -c listen_addresses=127.0.0.1 -c unix_socket_directories="$dir" \
    -c fsync=off -c full_page_writes=off -c synchronous_commit=off -c max_connections=200 \
    -c ssl=$ssl -c ssl_cert_file=server.pem -c ssl_key_file=server.key >>"$dir/log" 2>&1 &
server=$!
trap 'kill -INT $server 2>/dev/null || true; wait $server || true; rm -rf "$dir"' EXIT
read -r _ || true
"#;

impl Server {
    /// Starts a server; it offers TLS if there is a directory with its `server.pem` and `server.key`.
    pub fn start(tls: Option<&Path>) -> Server {
        let bin = binaries().unwrap_or_else(|| {
            panic!(
                "PostgreSQL is not installed. Type:\n\n    apt-get install -y postgresql\n\n\
                 or leave its tests out with DONGLIANG_SKIP_POSTGRES=1"
            )
        });
        let port =
            TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("loopback has a free port").port();
        let mut command = unprivileged();
        command.args(["-c", SCRIPT, "sh"]).arg(&bin).arg(port.to_string()).arg(tls.unwrap_or(Path::new("")));
        // A group of its own, so that Ctrl-C ends the tests first and the server by the pipe.
        let mut shell = command
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell can be started");
        let mut dir = String::new();
        let out = shell.stdout.take().expect("stdout is piped");
        BufReader::new(out).read_line(&mut dir).expect("the shell says where it works");
        let pipe = shell.stdin.take();
        let mut server = Server { port, dir: PathBuf::from(dir.trim()), pipe, shell };
        server.wait_until_ready();
        server
    }

    /// Address of a database on it.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    fn wait_until_ready(&mut self) {
        let begun = Instant::now();
        while let Err(e) = ::postgres::Client::connect(&self.url("postgres"), ::postgres::NoTls) {
            let log = || std::fs::read_to_string(self.dir.join("log")).unwrap_or_default();
            let ended = self.shell.try_wait().ok().flatten();
            let given_up = ended.is_some() || begun.elapsed() > Duration::from_secs(60);
            assert!(!given_up, "PostgreSQL does not start: {e}\n{}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut pipe) = self.pipe.take() {
            let _ = pipe.write_all(b"\n");
        }
        let _ = self.shell.wait();
    }
}

/// `sh`, as another user when we are root.
fn unprivileged() -> Command {
    let root = std::fs::metadata("/proc/self").is_ok_and(|m| std::os::unix::fs::MetadataExt::uid(&m) == 0);
    if !root {
        return Command::new("sh");
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let user = if users.lines().any(|l| l.starts_with("postgres:")) { "postgres" } else { "nobody" };
    let mut command = Command::new("runuser");
    command.args(["-u", user, "--", "sh"]);
    command
}

/// Where Debian keeps the server's programs, the newest version first; else the search path.
fn binaries() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = versions.map(|v| v.path().join("bin")).filter(|b| has_server(b)).collect();
    found.sort_by_key(|b| b.parent().and_then(Path::file_name).and_then(|v| v.to_str()?.parse::<u32>().ok()));
    let path = std::env::var_os("PATH").unwrap_or_default();
    found.pop().or_else(|| std::env::split_paths(&path).find(|dir| has_server(dir)))
}

fn has_server(bin: &Path) -> bool {
    bin.join("initdb").exists() && bin.join("postgres").exists()
}

fn next() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
