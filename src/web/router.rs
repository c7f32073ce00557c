//! All routes.

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use tower_http::{compression::CompressionLayer, set_header::SetResponseHeaderLayer};

use super::{
    app::App,
    dashboard,
    error::PageError,
    frame::{Ask, answer, show},
    ledger, ledger_export, ledgers, org, record, requirement, requirements, unit, verdict,
    view::{assets, lights::Lights},
};

/// Nothing but our own files, no inline script or style.
pub(super) const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'";

/// The pages of an installation.
pub(super) fn router(app: App) -> Router {
    let header = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    Router::new()
        .route("/", get(overview))
        .route("/requirements", get(requirement_list))
        .route("/requirements/{id}", get(requirement_page))
        .route("/units/{id}", get(unit_page))
        .route("/verdicts/{requirement}/{subject}/{window}", get(verdict_page))
        .route("/org", get(org_page))
        .route("/people", get(people_page))
        .route("/people/export", get(people_export))
        .route("/ledgers", get(ledger_index))
        .route("/ledgers/{name}", get(ledger_page))
        .route("/ledgers/{name}/export", get(ledger_file))
        .route("/ledgers/{name}/{id}", get(record_page))
        .route("/help/lights", get(lights))
        .route("/assets/{file}", get(asset))
        .fallback(not_found)
        .with_state(app)
        .layer(axum::middleware::from_fn(one_address))
        .layer(header(header::CONTENT_SECURITY_POLICY, POLICY))
        .layer(header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(header(header::REFERRER_POLICY, "same-origin"))
        .layer(header(header::CACHE_CONTROL, "no-store"))
        .layer(CompressionLayer::new())
}

/// A page has one address: with a slash at the end it leads to the one without.
async fn one_address(request: axum::extract::Request, next: axum::middleware::Next) -> Response {
    let uri = request.uri();
    if uri.path().len() < 2 || !uri.path().ends_with('/') {
        return next.run(request).await;
    }
    // One slash at the head: two would name another host.
    let path = format!("/{}", uri.path().trim_matches('/'));
    let query = uri.query().map_or(String::new(), |q| format!("?{q}"));
    Redirect::permanent(&format!("{path}{query}")).into_response()
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

async fn overview(State(app): State<App>, ask: Ask) -> Response {
    show(app, ask, dashboard::page).await
}

async fn requirement_list(State(app): State<App>, ask: Ask) -> Response {
    show(app, ask, requirements::page).await
}

async fn requirement_page(State(app): State<App>, Path(id): Path<String>, ask: Ask) -> Response {
    show(app, ask, move |desk| requirement::page(desk, &id)).await
}

async fn unit_page(State(app): State<App>, Path(id): Path<String>, ask: Ask) -> Response {
    show(app, ask, move |desk| unit::page(desk, &id)).await
}

async fn verdict_page(
    State(app): State<App>,
    Path((id, subject, window)): Path<(String, String, String)>,
    ask: Ask,
) -> Response {
    let own = app.clone();
    show(app, ask, move |desk| verdict::page(desk, &own.installation, &id, &subject, &window)).await
}

async fn org_page(State(app): State<App>, ask: Ask) -> Response {
    let own = app.clone();
    show(app, ask, move |desk| org::page(desk, &own)).await
}

async fn people_page(State(app): State<App>, ask: Ask) -> Response {
    let own = app.clone();
    answer(app, ask, move |desk| ledger::page(desk, own, "person")).await
}

async fn people_export(State(app): State<App>, ask: Ask) -> Response {
    let own = app.clone();
    answer(app, ask, move |desk| ledger_export::page(desk, own, "person")).await
}

async fn ledger_index(State(app): State<App>, ask: Ask) -> Response {
    let own = app.clone();
    show(app, ask, move |desk| ledgers::page(desk, &own.memo)).await
}

async fn ledger_page(State(app): State<App>, Path(name): Path<String>, ask: Ask) -> Response {
    let own = app.clone();
    answer(app, ask, move |desk| ledger::page(desk, own, &name)).await
}

async fn ledger_file(State(app): State<App>, Path(name): Path<String>, ask: Ask) -> Response {
    let own = app.clone();
    answer(app, ask, move |desk| ledger_export::page(desk, own, &name)).await
}

async fn record_page(State(app): State<App>, Path((name, id)): Path<(String, String)>, ask: Ask) -> Response {
    let own = app.clone();
    show(app, ask, move |desk| record::page(desk, &own, &name, &id)).await
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
