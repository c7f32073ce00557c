//! Bodies of requests that may be large: handed on piece by piece, and read to their end even where nobody wants them any
//! more. A browser reads the answer only after it has sent everything, so that a refusal must not close the connection.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    http::StatusCode,
};
use futures_core::Stream;
use http_body_util::{BodyExt as _, Limited};
use tokio::sync::mpsc;

use super::error::PageError;

/// Pieces that wait to be taken; each is some tens of kilobytes.
const WAITING: usize = 4;
/// A piece that takes longer to come ends the body.
const PATIENCE: Duration = Duration::from_secs(30);
/// The same where it is only thrown away.
const SHORT_PATIENCE: Duration = Duration::from_secs(2);
/// What is read only to be thrown away, and how long at most.
const DRAINED: usize = 512 << 20;
const DRAINING: Duration = Duration::from_secs(60);

/// What of the body comes next, or why no more of it comes.
pub(super) type Piece = Result<Bytes, Broken>;

/// A body that ended before its end.
#[derive(Clone, Copy, Debug)]
pub(super) enum Broken {
    /// The client left, or sent what cannot be read.
    Gone,
    /// It was longer than the gate lets through.
    TooLong,
    /// It came too slowly.
    TooSlow,
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for Broken {}

impl From<Broken> for PageError {
    fn from(broken: Broken) -> PageError {
        let (status, told) = match broken {
            Broken::Gone => (StatusCode::BAD_REQUEST, "上传中断，文件没有传完。"),
            Broken::TooLong => (StatusCode::PAYLOAD_TOO_LARGE, "上传的内容超过上限。"),
            Broken::TooSlow => (StatusCode::REQUEST_TIMEOUT, "上传中断：30秒内没有收到新的内容。"),
        };
        PageError::Upload(status, told.into())
    }
}

/// The pieces of a body. Once this is dropped the rest is read and thrown away.
pub(super) struct Pieces(mpsc::Receiver<Piece>);

impl Stream for Pieces {
    type Item = Piece;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Piece>> {
        self.0.poll_recv(cx)
    }
}

/// Reads a body on a task of its own.
pub(super) fn pieces(body: Body) -> Pieces {
    let (to, from) = mpsc::channel(WAITING);
    tokio::spawn(pump(body, to, DRAINING));
    Pieces(from)
}

/// Reads a body that is not wanted.
pub(super) fn drain(body: Body) {
    tokio::spawn(rest(body, DRAINING));
}

/// Reads what nobody wants, for so long at most: whoever sends it drop by drop is cut off.
async fn rest(body: Body, time: Duration) {
    let mut body = Body::new(Limited::new(body, DRAINED));
    let read = async { while let Ok(Some(_)) = next(&mut body, SHORT_PATIENCE).await {} };
    // Cut off or read to its end, nothing follows from it.
    let _ = tokio::time::timeout(time, read).await;
}

async fn pump(mut body: Body, to: mpsc::Sender<Piece>, draining: Duration) {
    loop {
        let piece = tokio::select! {
            // Who does not want it any more has dropped the other end.
            () = to.closed() => return rest(body, draining).await,
            piece = next(&mut body, PATIENCE) => piece,
        };
        let piece = match piece {
            Ok(Some(piece)) => Ok(piece),
            Ok(None) => return,
            Err(broken) => Err(broken),
        };
        let ended = piece.is_err();
        // What is not taken any more is noticed above.
        let _ = to.send(piece).await;
        if ended {
            return;
        }
    }
}

/// The next piece with anything in it; `None` at the end.
async fn next(body: &mut Body, patience: Duration) -> Result<Option<Bytes>, Broken> {
    loop {
        let frame = tokio::time::timeout(patience, body.frame()).await.map_err(|_| Broken::TooSlow)?;
        match frame {
            None => return Ok(None),
            Some(Ok(frame)) => match frame.into_data() {
                Ok(bytes) if !bytes.is_empty() => return Ok(Some(bytes)),
                _ => {}
            },
            Some(Err(e)) => return Err(if is_too_long(&e) { Broken::TooLong } else { Broken::Gone }),
        }
    }
}

/// Whether the gate's limit ended it.
fn is_too_long(e: &axum::Error) -> bool {
    let mut at: Option<&(dyn std::error::Error + 'static)> = Some(e);
    while let Some(error) = at {
        if error.is::<http_body_util::LengthLimitError>() {
            return true;
        }
        at = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use std::{future::Future as _, sync::Arc, time::Instant};

    use super::*;

    /// A byte every few milliseconds, without end.
    struct Drops(Pin<Box<tokio::time::Sleep>>, #[expect(dead_code, reason = "it counts who has it")] Arc<()>);

    const PAUSE: Duration = Duration::from_millis(5);

    impl Stream for Drops {
        type Item = Result<Bytes, std::io::Error>;

        fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            std::task::ready!(self.0.as_mut().poll(cx));
            self.0 = Box::pin(tokio::time::sleep(PAUSE));
            Poll::Ready(Some(Ok(Bytes::from_static(b"x"))))
        }
    }

    /// How long a body is read that nobody wants, after `take` pieces of it were wanted.
    fn read_for(take: usize) -> Duration {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap();
        runtime.block_on(async {
            let there = Arc::new(());
            let body = Body::from_stream(Drops(Box::pin(tokio::time::sleep(PAUSE)), there.clone()));
            let (to, from) = mpsc::channel(WAITING);
            tokio::spawn(pump(body, to, Duration::from_millis(300)));
            let mut pieces = Pieces(from);
            for _ in 0..take {
                let piece = std::future::poll_fn(|cx| Pin::new(&mut pieces).poll_next(cx)).await;
                assert_eq!(piece.unwrap().unwrap(), Bytes::from_static(b"x"));
            }
            drop(pieces);
            let begun = Instant::now();
            while Arc::strong_count(&there) > 1 && begun.elapsed() < Duration::from_secs(10) {
                tokio::time::sleep(PAUSE).await;
            }
            begun.elapsed()
        })
    }

    #[test]
    fn what_nobody_wants_is_read_for_a_while_and_not_for_ever() {
        for take in [0, 3] {
            let time = read_for(take);
            assert!((Duration::from_millis(200)..Duration::from_secs(5)).contains(&time), "{take}: {time:?}");
        }
    }
}
