//! 亮灯规则说明 `/help/lights` and 无障碍说明 `/help/a11y`.

use axum::{extract::State, response::Response};

use super::{
    app::App,
    asked,
    frame::{Ask, show},
    view::{a11y::Accessibility, lights::Lights},
};

/// `GET /help/lights`.
pub(super) async fn lights(State(app): State<App>, ask: Ask) -> Response {
    show(app, ask, |desk| {
        let thresholds = desk.current.engine.rules.thresholds;
        Ok(Lights {
            page: desk.page("/help/lights")?,
            yellow_from: thresholds.yellow.try_into().unwrap_or(0),
            red_above: thresholds.red.try_into().unwrap_or(0),
        })
    })
    .await
}

/// `GET /help/a11y`.
pub(super) async fn accessibility(State(app): State<App>, ask: Ask) -> Response {
    show(app, ask, |desk| {
        asked::keys(desk, &[]);
        Ok(Accessibility { page: desk.page("/help/a11y")? })
    })
    .await
}
