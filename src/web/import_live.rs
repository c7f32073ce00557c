//! A batch while the program works at it, told as it goes on.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{
        IntoResponse as _, Response,
        sse::{Event, Sse},
    },
};
use futures_core::Stream;
use tokio::sync::{Semaphore, SemaphorePermit, mpsc};

use super::{
    app::App,
    frame::{Ask, answer},
    import_one::{doing, own},
};

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

/// `GET /imports/{id}/events`: what is being done, and `done` once the page has something else to show.
pub(super) async fn events(State(app): State<App>, Path(id): Path<String>, ask: Ask) -> Response {
    let mine = app.clone();
    answer(app, ask, move |desk| {
        let account = desk.reader()?.account;
        own(desk.tx, account, &id)?;
        let Ok(place) = LIVE.try_acquire() else { return Ok(StatusCode::SERVICE_UNAVAILABLE.into_response()) };
        let (to, from) = mpsc::channel(1);
        tokio::runtime::Handle::current().spawn(tell(mine, account, id, to, place));
        Ok(Sse::new(Events(from)).into_response())
    })
    .await
}

async fn tell(app: App, account: i64, id: String, to: mpsc::Sender<Event>, _place: SemaphorePermit<'static>) {
    let mut said = String::new();
    for _ in 0..LOOKS {
        let (app, id) = (app.clone(), id.clone());
        let look = move || {
            app.installation.db.read(|tx| {
                let batch = own(tx, account, &id)?;
                batch.state.is_under_way().then(|| doing(tx, &app, &batch)).transpose()
            })
        };
        let Ok(Ok(found)) = tokio::task::spawn_blocking(look).await else { return };
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
