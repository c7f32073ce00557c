//! How much one client may ask of the server. All numbers stand here, each with its reason.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// What a request may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Share {
    /// The longest body, in bytes.
    pub(super) body: usize,
    /// It must be read and its answer begun in this time.
    pub(super) time: Duration,
}

/// The longest form, in bytes: ours are some kilobytes. `view::problem` says it in words.
const FORM: usize = 64 * 1024;

/// A page; none takes more than a second to make.
const PAGE: Share = Share { body: FORM, time: Duration::from_secs(60) };

/// A file: a million rows are written before the first byte is sent.
const EXPORT: Share = Share { time: Duration::from_secs(300), ..PAGE };

/// The form of a record: some texts of 4,000 characters, nine bytes each when posted.
const RECORD: Share = Share { body: 512 * 1024, ..PAGE };

/// The largest file that is taken in: the largest sheets met in offices are some megabytes.
pub(super) const SHEET: u64 = 50 << 20;

/// A file that is sent, with the fields around it; at 100 KB a second the largest takes nine minutes.
const UPLOAD: Share = Share { body: SHEET as usize + PAGE.body, time: Duration::from_secs(600) };

/// A sheet for a ledger: what is too large is told on the page of the form, as of attached files.
const IMPORT: Share = Share { body: ATTACHED.body, ..UPLOAD };

/// Files that are attached to a record: what is too large is told on the record's page, so it is read (and thrown away) so
/// far; `attach` has the limits of files.
const ATTACHED: Share = Share { body: 512 << 20, ..UPLOAD };

/// What a request to this path may take.
pub(super) fn share(path: &str) -> Share {
    let record = path.starts_with("/ledgers/") && (path.ends_with("/new") || path.ends_with("/correct"));
    match path {
        "/imports/new" => IMPORT,
        "/questions/import" => UPLOAD,
        path if path.starts_with("/tests/") && path.ends_with("/sheets") => UPLOAD,
        path if path.starts_with("/ledgers/") && path.ends_with("/files") => ATTACHED,
        path if path.ends_with("/export") => EXPORT,
        _ if record => RECORD,
        _ => PAGE,
    }
}

/// The TLS handshake, and the head of a request, must be there in this time. A browser needs one round trip; who sends a
/// letter a second only holds a connection. An idle connection is closed after it too, and opened again at no cost.
pub(super) const HEAD_TIME: Duration = Duration::from_secs(10);

/// An answer of which the client takes nothing for this long is given up.
pub(super) const STALL_TIME: Duration = Duration::from_secs(30);

/// On leaving, requests that are being answered may take this long.
pub(super) const LEAVING_TIME: Duration = Duration::from_secs(10);

/// Heads larger than this are refused: our addresses with all conditions of a list are below 4 KB, cookies below 1 KB; who
/// puts 2,000 Chinese characters into a search, 18 KB in an address, is told on its page that they are too many.
pub(super) const HEAD: usize = 32 * 1024;

/// Header lines of a request; browsers send about 20.
pub(super) const HEADER_LINES: usize = 64;

/// Connections at the same time, as far as the process may have files open (`listen` asks for as many); further ones wait.
/// Five thousand people may begin a test in the same second. Browsers at rest hold none for longer than ten seconds.
pub(super) const CONNECTIONS: usize = 6_000;

/// Files that a process has open besides its connections: database, log, uploads.
pub(super) const OTHER_FILES: usize = 256;

/// Connections that wait in the system's queue until they are taken.
pub(super) const QUEUE: u32 = 4_096;

/// Connections from one address, so that one cannot take all. A browser opens six; an office of some hundred people may
/// share an address.
pub(super) const CONNECTIONS_EACH: usize = 1_024;

/// Requests that an address may make at once: a page and what belongs to it are about six, for some tens of clerks who
/// share an address.
const BURST: f64 = 300.0;

/// Requests a second that an address may make for long.
const STEADY: f64 = 50.0;

/// Addresses that are remembered; a bucket is some tens of bytes.
const REMEMBERED: usize = 16 * 1024;

/// The same for sitting a test: an office of some hundred people may share an address, all begin in the same minute, and
/// each answer is a request of its own. Such a request takes some 0.2 ms of one processor.
const SITTING_BURST: f64 = 6_000.0;

/// As [`STEADY`], for sitting a test.
const SITTING_STEADY: f64 = 500.0;

/// A bucket of tokens an address: each request takes one, and they come back at a steady rate.
pub(super) struct Buckets {
    burst: f64,
    steady: f64,
    all: Mutex<HashMap<IpAddr, Bucket>>,
}

impl Default for Buckets {
    fn default() -> Buckets {
        Buckets { burst: BURST, steady: STEADY, all: Mutex::default() }
    }
}

struct Bucket {
    tokens: f64,
    at: Instant,
}

impl Bucket {
    fn refill(&mut self, now: Instant, (burst, steady): (f64, f64)) {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.tokens = (self.tokens + passed * steady).min(burst);
        self.at = now;
    }
}

impl Buckets {
    /// For those who sit a test.
    pub(super) fn of_sittings() -> Buckets {
        Buckets { burst: SITTING_BURST, steady: SITTING_STEADY, ..Buckets::default() }
    }

    /// Whether one more request of this address is answered now.
    pub(super) fn take(&self, address: IpAddr, now: Instant) -> bool {
        let rate = (self.burst, self.steady);
        let mut buckets = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= REMEMBERED {
            // Who has been quiet is as good as new. If nobody has, all begin anew: memory stays bounded.
            buckets.retain(|_, b| {
                b.refill(now, rate);
                b.tokens < rate.0
            });
            if buckets.len() >= REMEMBERED {
                buckets.clear();
            }
        }
        let bucket = buckets.entry(network(address)).or_insert(Bucket { tokens: rate.0, at: now });
        bucket.refill(now, rate);
        let there = bucket.tokens >= 1.0;
        if there {
            bucket.tokens -= 1.0;
        }
        there
    }
}

/// Whom an address belongs to: of IPv6 a client has at least a /64 for itself.
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.into(),
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(buckets: &Buckets, address: &str, now: Instant, tries: usize) -> usize {
        let address = address.parse().unwrap();
        (0..tries).filter(|_| buckets.take(address, now)).count()
    }

    #[test]
    fn a_burst_then_a_steady_rate_for_each_address() {
        let (buckets, begun) = (Buckets::default(), Instant::now());
        assert_eq!(taken(&buckets, "10.0.0.1", begun, 1000), BURST as usize);
        assert_eq!(taken(&buckets, "10.0.0.2", begun, 1), 1);
        assert_eq!(taken(&buckets, "10.0.0.1", begun + Duration::from_secs(2), 1000), 2 * STEADY as usize);
        assert_eq!(taken(&buckets, "10.0.0.1", begun + Duration::from_secs(3600), 1000), BURST as usize);
    }

    #[test]
    fn one_network_of_ipv6_is_one_client_and_memory_is_bounded() {
        let (buckets, now) = (Buckets::default(), Instant::now());
        assert_eq!(taken(&buckets, "2001:db8::1", now, 1000), BURST as usize);
        assert_eq!(taken(&buckets, "2001:db8::ffff:2", now, 1000), 0);
        assert_eq!(taken(&buckets, "::ffff:10.0.0.1", now, 1000), BURST as usize);
        assert_eq!(taken(&buckets, "10.0.0.1", now, 1), 0);
        for n in 0..2 * REMEMBERED as u32 {
            buckets.take(IpAddr::V4(n.into()), now);
        }
        assert!(buckets.all.lock().unwrap().len() <= REMEMBERED);
    }
}
