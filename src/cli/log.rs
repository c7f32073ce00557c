//! The log of faults: standard error, one line each, whatever stands in it.

use std::io::{self, Write};

use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

use crate::harmless::one_line;

/// What is written down: of ours what the operator should know, of libraries what troubles them.
const LEVELS: &str = "warn,dongliang=info";

/// From here on faults go to standard error.
pub(super) fn begin() {
    let log = subscriber(|| Lines(io::stderr()));
    // Tests may have one already.
    let _ = tracing::subscriber::set_global_default(log);
}

fn subscriber<W>(to: W) -> impl tracing::Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(LEVELS))
        .with_ansi(false)
        .with_target(false)
        .with_writer(to)
        .finish()
}

/// Writes each event, which comes in one piece, as one line.
struct Lines<W>(W);

impl<W: Write> Write for Lines<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        writeln!(self.0, "{}", one_line(text.trim_end_matches('\n')))?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn whatever_stands_in_a_fault_it_is_one_line() {
        let kept = Kept::default();
        let to = kept.clone();
        tracing::subscriber::with_default(subscriber(move || Lines(to.clone())), || {
            tracing::error!("第3次导入没有完成：{}", "文件“a\n2025 ERROR 编号 假”\u{1b}[2J\u{202e}");
            tracing::warn!("再来一条");
            tracing::debug!("不必知道");
        });
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<&str> = text.split_terminator('\n').collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert!(lines[0].contains("ERROR 第3次导入没有完成：文件“a\\u{a}2025"), "{text}");
        assert!(lines[0].ends_with("[2J\\u{202e}") && lines[1].ends_with("再来一条"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }
}
