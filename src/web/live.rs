//! Work of the program while somebody waits for it, told as it goes on.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    http::StatusCode,
    response::{
        IntoResponse as _, Response,
        sse::{Event, Sse},
    },
};
use futures_core::Stream;
use tokio::sync::{Semaphore, SemaphorePermit, mpsc};

use super::app::App;
use crate::db::Tx;

/// Between two looks.
const PACE: Duration = Duration::from_millis(500);
/// Looks of one answer. A browser asks again by itself; who is still logged in is then looked at anew, and whoever shuts the
/// program down does not wait long.
const LOOKS: usize = 16;
/// Answers of this kind at a time; whoever comes beyond sees his page again instead.
static LIVE: Semaphore = Semaphore::const_new(64);

struct Events(mpsc::Receiver<Event>);

impl Stream for Events {
    type Item = Result<Event, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(cx).map(|event| event.map(Ok))
    }
}

/// Answers with what `look` finds, as it changes, and with `done` once it finds nothing more: then the page has something
/// else to show.
pub(super) fn told(
    app: &App,
    look: impl Fn(&mut Tx<'_>, &App) -> anyhow::Result<Option<String>> + Clone + Send + 'static,
) -> Response {
    let Ok(place) = LIVE.try_acquire() else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    let (to, from) = mpsc::channel(1);
    tokio::runtime::Handle::current().spawn(tell(app.clone(), look, to, place));
    Sse::new(Events(from)).into_response()
}

async fn tell(
    app: App,
    look: impl Fn(&mut Tx<'_>, &App) -> anyhow::Result<Option<String>> + Clone + Send + 'static,
    to: mpsc::Sender<Event>,
    _place: SemaphorePermit<'static>,
) {
    let mut said = String::new();
    for _ in 0..LOOKS {
        let (app, look) = (app.clone(), look.clone());
        let found = tokio::task::spawn_blocking(move || app.installation.db.read(|tx| look(tx, &app))).await;
        let Ok(Ok(found)) = found else { return };
        let over = found.is_none();
        let event = match found {
            Some(text) if text == said => None,
            Some(text) => {
                said.clone_from(&text);
                Some(Event::default().data(text))
            }
            None => Some(Event::default().event("done").data("done")),
        };
        let left = match event {
            Some(event) => to.send(event).await.is_err(),
            None => false,
        };
        if left || over {
            return;
        }
        tokio::time::sleep(PACE).await;
    }
}
