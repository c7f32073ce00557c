//! All routes.

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use tower_http::{compression::CompressionLayer, limit::RequestBodyLimitLayer, set_header::SetResponseHeaderLayer};

use super::{
    app::App,
    error::PageError,
    frame::{Ask, show},
    view::{assets, lights::Lights},
};

/// Nothing but our own files, no inline script or style.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'";

/// Bodies larger than this are refused.
const BODY: usize = 64 * 1024;

/// The pages of an installation.
pub(super) fn router(app: App) -> Router {
    let header = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    Router::new()
        .route("/help/lights", get(lights))
        .route("/assets/{file}", get(asset))
        .fallback(not_found)
        .with_state(app)
        .layer(header(header::CONTENT_SECURITY_POLICY, POLICY))
        .layer(header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(header(header::REFERRER_POLICY, "same-origin"))
        .layer(header(header::CACHE_CONTROL, "no-store"))
        .layer(CompressionLayer::new())
        .layer(RequestBodyLimitLayer::new(BODY))
}

async fn asset(Path(file): Path<String>) -> Response {
    match assets::find(&format!("/assets/{file}")) {
        Some(asset) => {
            let headers =
                [(header::CONTENT_TYPE, asset.kind), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
            (headers, asset.body).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn lights(State(app): State<App>, ask: Ask) -> Response {
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

async fn not_found(State(app): State<App>, ask: Ask) -> Response {
    show::<Lights, _>(app, ask, |_| Err(PageError::NotFound.into())).await
}
