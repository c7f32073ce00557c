//! The server as it is reached: over TLS, behind a proxy, by clients that are slow, greedy or under a false name.

use std::{
    fs,
    io::{BufRead as _, BufReader, ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _},
};

use crate::cli::{city, fresh, own_city, run};

/// `dongliang serve` on a free port of loopback, ended when dropped.
struct Server {
    child: Child,
    at: SocketAddr,
    said: String,
}

impl Server {
    fn start(data: &Path, args: &[&str]) -> Server {
        let mut child = Command::new(env!("CARGO_BIN_EXE_dongliang"))
            .arg("--data")
            .arg(data)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(args)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
        let address = said.split(['：', ' ']).find(|word| word.starts_with("http")).expect(&said);
        let port = address.rsplit(':').next().unwrap().parse().unwrap();
        Server { child, at: ([127, 0, 0, 1], port).into(), said }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.at).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream
    }

    /// The answer to a request with these header lines.
    fn ask(&self, path: &str, lines: &str) -> String {
        ask(self.connect(), path, lines)
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        assert!(status.unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn ask(mut stream: impl Read + Write, path: &str, lines: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nConnection: close\r\n{lines}\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or_else(|| panic!("{answer}"))
}

fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let lines = answer.split("\r\n").take_while(|l| !l.is_empty());
    lines.filter_map(|l| l.split_once(": ")).find(|(k, _)| k.eq_ignore_ascii_case(name)).map(|(_, v)| v)
}

/// A connection that trusts this certificate alone.
fn trusting(server: &Server, certificate: &Path) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificate).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from("dl.example").unwrap();
    StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), server.connect())
}

fn certificate(dir: &Path) -> [String; 2] {
    let made = run(city(), &["cert", "self-signed", "--host", "dl.example", "--host", "::1", "-o", path(dir)]);
    assert_eq!(made.code, 0, "{}", made.err);
    assert!(made.out.contains("--host dl.example --host [::1] --tls-cert"), "{}", made.out);
    ["server.crt", "server.key"].map(|name| path(&dir.join(name)).to_owned())
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn pages_over_tls_under_their_name_alone() {
    let (dir, data) = own_city();
    let files = dir.path().join("tls");
    let [cert, key] = certificate(&files);
    let mut server = Server::start(&data, &["--host", "dl.example", "--tls-cert", &cert, "--tls-key", &key]);
    assert!(server.said.contains("https://dl.example:"), "{}", server.said);
    let page = ask(trusting(&server, Path::new(&cert)), "/login", "Host: dl.example\r\n");
    assert_eq!(status(&page), 200);
    assert_eq!(header(&page, "strict-transport-security"), Some("max-age=63072000; includeSubDomains"));
    assert!(header(&page, "set-cookie").is_some_and(|c| c.starts_with("__Host-") && c.contains("Secure")), "{page}");
    let other = ask(trusting(&server, Path::new(&cert)), "/", "Host: evil.example\r\n");
    assert!(status(&other) == 421 && other.contains("dl.example") && other.contains("网址里的主机名不对"), "{other}");
    for name in ["content-security-policy", "cross-origin-opener-policy", "referrer-policy", "permissions-policy"] {
        assert!(header(&other, name).is_some(), "{name}: {other}");
    }
    assert_eq!(header(&other, "cross-origin-resource-policy"), Some("same-origin"));
    assert_eq!(header(&other, "strict-transport-security"), Some("max-age=63072000; includeSubDomains"));
    // In the clear there is no answer.
    let mut clear = server.connect();
    clear.write_all(b"GET / HTTP/1.1\r\nHost: dl.example\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let _ = clear.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"));

    // Another certificate takes its place without a restart; one that does not fit its key does not.
    let next = dir.path().join("next");
    certificate(&next);
    let before = fs::read(&cert).unwrap();
    fs::copy(next.join("server.crt"), &cert).unwrap();
    server.signal("HUP");
    std::thread::sleep(Duration::from_millis(200));
    let old = dir.path().join("old.crt");
    fs::write(&old, before).unwrap();
    assert_eq!(status(&ask(trusting(&server, &old), "/login", "Host: dl.example\r\n")), 200);
    fs::copy(next.join("server.key"), &key).unwrap();
    server.signal("HUP");
    let renewed = |_: &u32| {
        let mut stream = trusting(&server, Path::new(&cert));
        let done = stream.write_all(b"GET /login HTTP/1.1\r\nHost: dl.example\r\nConnection: close\r\n\r\n");
        std::thread::sleep(Duration::from_millis(50));
        done.is_ok()
    };
    assert!((0..200).any(|n| renewed(&n)), "the new certificate is not used");
    assert_eq!(status(&ask(trusting(&server, Path::new(&cert)), "/accounts", "Host: evil.example\r\n")), 421);
    server.signal("TERM");
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
    // What was refused is in the log: the first at once, the other at the end at the latest.
    let file = dir.path().join("log.jsonl");
    let written = run(&data, &["audit", "export", "-o", path(&file)]);
    assert_eq!(written.code, 0, "{}", written.err);
    let log = fs::read_to_string(&file).unwrap();
    let told: Vec<&str> = log.lines().filter(|l| l.contains("网址里的主机名不对")).collect();
    assert!(matches!(told.len(), 1 | 2), "one entry if the first was not yet written when the second came: {told:?}");
    assert!(told[0].contains("127.0.0.1") && told[told.len() - 1].contains("/accounts"), "{told:?}");
}

/// A fault is one line on standard error, under the number that its page shows.
#[test]
fn what_cannot_be_tidied_up_keeps_nobody_out() {
    let (_dir, data) = own_city();
    for name in ["uploads", "imports"] {
        fs::write(data.join(name), "no directory").unwrap();
    }
    let server = Server::start(&data, &[]);
    assert_eq!(status(&server.ask("/login", "Host: localhost\r\n")), 200);
}

#[test]
fn a_fault_is_written_to_the_log() {
    let (_dir, data) = own_city();
    let mut child = Command::new(env!("CARGO_BIN_EXE_dongliang"))
        .arg("--data")
        .arg(&data)
        .args(["serve", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
    let at = said.split(['：', ' ']).find_map(|word| word.strip_prefix("http://")).expect(&said).to_owned();
    dongliang::db::Db::open(&format!("sqlite:{}", path(&data.join("dongliang.db"))))
        .unwrap()
        .write(|tx| tx.ddl("drop table login_failure"))
        .unwrap();
    let login = ask(TcpStream::connect(&at).unwrap(), "/login", &format!("Host: {at}\r\n"));
    let cookie = header(&login, "set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let form = login.split("name=\"form\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let body = format!("form={form}&login=a&password=b");
    let mut stream = TcpStream::connect(&at).unwrap();
    write!(
        stream,
        "POST /login HTTP/1.1\r\nHost: {at}\r\nCookie: {cookie}\r\nConnection: close\r\nContent-Length: {}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert_eq!(status(&answer), 500, "{answer}");
    let _ = child.kill();
    let log = String::from_utf8(child.wait_with_output().unwrap().stderr).unwrap();
    let line = log.lines().find(|l| l.contains("login_failure") && l.contains("编号")).expect(&log);
    let number = line.split("编号 ").nth(1).unwrap().split('：').next().unwrap();
    assert!(answer.contains(number), "{line}");
}

#[test]
fn an_address_that_asks_too_often_waits_and_only_the_proxy_is_believed() {
    let (_dir, data) = fresh();
    let made = run(&data, &["user", "add", "周敏", "--login", "zhoumin", "--role", "安全管理员"]);
    assert_eq!(made.code, 0, "{}", made.err);
    let proxied = Server::start(&data, &["--behind-proxy", "127.0.0.1", "--host", "dl.example"]);
    let from = |client: &str| {
        let lines = format!("Host: dl.example\r\nX-Forwarded-For: 1.2.3.4, {client}\r\nX-Forwarded-Proto: https\r\n");
        proxied.ask("/assets/none", &lines)
    };
    let refused = (0..5_000).map(|_| from("10.0.0.1")).find(|answer| status(answer) != 404);
    let refused = refused.expect("nobody is asked to wait");
    assert_eq!(status(&refused), 429);
    assert!(refused.contains("访问过于频繁") && header(&refused, "retry-after").is_some(), "{refused}");
    assert!(header(&refused, "strict-transport-security").is_some());
    assert_eq!(status(&from("10.0.0.2")), 404);
    drop(proxied);
    // Without a proxy nobody's word is taken: this is the machine itself, which is not held back.
    let plain = Server::start(city(), &[]);
    for _ in 0..400 {
        let answer = plain.ask("/assets/none", "Host: localhost\r\nX-Forwarded-For: 10.0.0.1\r\n");
        assert!(status(&answer) == 404 && header(&answer, "strict-transport-security").is_none());
    }
}

/// In the demo everybody is let in as anybody.
#[test]
fn the_demo_stays_on_its_machine() {
    for reach in [&["--behind-proxy", "127.0.0.1"][..], &["--listen", "0.0.0.0:0", "--behind-proxy", "127.0.0.1"]] {
        let refused = run(city(), &[&["serve", "--host", "dl.example"], reach].concat());
        assert!(refused.code == 2 && refused.err.contains("演示数据不用口令就能选择身份登录"), "{}", refused.err);
    }
}

/// Clients that send a letter now and then are dropped, and meanwhile others are served.
#[test]
fn slow_clients_hold_nobody_up() {
    let server = Server::start(city(), &[]);
    let slow: Vec<TcpStream> = (0..200)
        .map(|_| {
            let mut stream = server.connect();
            stream.write_all(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ").unwrap();
            stream
        })
        .collect();
    let mut idle = server.connect();
    idle.write_all(b"GET /login HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").unwrap();
    assert_eq!(status(&server.ask("/login", "Host: 127.0.0.1\r\n")), 200);
    for mut stream in slow {
        stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let mut answer = [0; 1024];
        // Far fewer letters than would fill a head.
        let ended = (0..2_000).any(|_| {
            let sent = stream.write_all(b"a");
            match stream.read(&mut answer) {
                Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => sent.is_err(),
                _ => true,
            }
        });
        assert!(ended, "a slow client is still waited for");
    }
    // One that has been answered and asks no more is let go too.
    let mut answer = Vec::new();
    let _ = idle.read_to_end(&mut answer);
    assert_eq!(status(&String::from_utf8_lossy(&answer)), 200);
    assert_eq!(status(&server.ask("/login", "Host: 127.0.0.1\r\n")), 200);
}

#[test]
fn too_much_is_refused() {
    let server = Server::start(city(), &[]);
    let large = server.ask("/", "Host: localhost\r\nContent-Length: 70000\r\n");
    assert!(status(&large) == 413 && large.contains("最多提交64KB"), "{large}");
    let long = format!("Host: localhost\r\nX-Long: {}\r\n", "a".repeat(100_000));
    assert_eq!(status(&server.ask("/", &long)), 431);
    let many: String = (0..100).map(|n| format!("X-{n}: a\r\n")).collect();
    assert_eq!(status(&server.ask("/", &format!("Host: localhost\r\n{many}"))), 431);
    assert_eq!(status(&server.ask("/", "Host: evil.example\r\n")), 421);
    assert_eq!(status(&server.ask("/login", "Host: localhost:99\r\n")), 200);
}

#[test]
fn nobody_is_served_in_the_clear_by_mistake() {
    let (dir, data) = own_city();
    let [cert, key] = certificate(&dir.path().join("tls"));
    let wrong: [(&[&str], i32, &str); 7] = [
        (&["serve", "--listen", "0.0.0.0:0"], 2, "不是本机地址"),
        (&["serve", "--listen", "0.0.0.0:0", "--host", "a"], 2, "--behind-proxy"),
        (&["demo", "--people", "600", "--listen", "0.0.0.0:0"], 2, "不是本机地址"),
        (&["serve", "--tls-cert", &cert, "--host", "a"], 2, "缺少"),
        (&["serve", "--tls-cert", &cert, "--tls-key", &key], 2, "--host"),
        (&["serve", "--tls-cert", &key, "--tls-key", &key, "--host", "a"], 3, "没有证书"),
        (&["serve", "--behind-proxy", "nginx", "--host", "a"], 2, "应是 IP 地址"),
    ];
    for (args, code, says) in wrong {
        let ran = run(&data, args);
        assert!(ran.code == code && ran.err.contains(says), "{args:?}: {} {}", ran.code, ran.err);
    }
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let ran = run(&data, &["serve", "--tls-cert", &cert, "--tls-key", &key, "--host", "a"]);
    assert!(ran.code == 3 && ran.err.contains("chmod 600"), "{}", ran.err);
}

#[test]
fn a_request_for_the_authority_and_its_key() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("tls");
    let args = ["cert", "request", "--host", "dl.example", "--host", "10.0.0.1", "-o", path(&out)];
    let made = run(city(), &args);
    assert_eq!(made.code, 0, "{}", made.err);
    assert!(fs::read_to_string(out.join("server.csr")).unwrap().starts_with("-----BEGIN CERTIFICATE REQUEST-----"));
    PrivateKeyDer::from_pem_file(out.join("server.key")).unwrap();
    assert_eq!(fs::metadata(out.join("server.key")).unwrap().permissions().mode() & 0o777, 0o600);
    let key = fs::read(out.join("server.key")).unwrap();
    let again = run(city(), &args);
    assert!(again.code == 3 && again.err.contains("已经有了"), "{}", again.err);
    assert_eq!(fs::read(out.join("server.key")).unwrap(), key);
    assert_eq!(run(city(), &["cert", "request", "--host", "https://a", "-o", path(&out)]).code, 2);
    assert_eq!(run(city(), &["cert", "request", "-o", path(&out)]).code, 2);
}
