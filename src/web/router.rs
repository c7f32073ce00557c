//! All routes.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, Request, State},
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use tower_http::compression::CompressionLayer;

use super::{
    account, account_factor, account_sso, account_stand_in, account_trace, accounts, accounts_change,
    app::App,
    ask, audit, calendar, class_people, class_roster, daily, dashboard, doubt,
    error::PageError,
    exam_result, exam_sit, exams, feed, feedback,
    frame::{Ask, instant, show},
    headers, help, import_act, import_marked, import_one, imports, learning, ledger, ledger_columns, ledger_export,
    ledgers,
    limits::network,
    login, me, org, paper, paper_acts, papers, permissions, question_file, question_one, questions, readiness, record,
    record_files, record_new, record_open, record_void, releases, remedies, remedy, remedy_class, requests,
    requirement, requirements, retention,
    route::{self, Needs, Route, post, read},
    search, settings, settings_change, sso, supervise, supervise_acts, supervise_new, test_acts, test_key, test_list,
    test_marking, test_new, test_one, test_print, test_sheets, test_sheets_acts, test_withdraw, todo, training,
    training_one, unit, units, verdict,
    view::{assets, lights::Lights},
    weekly,
};
use crate::{
    auth::Permission,
    refusals::{Refusals, Refused, Why},
};

/// All routes, each with what it asks of who comes.
pub(super) fn routes() -> Vec<Route> {
    [entrance(), own(), judged(), kept(), published(), tested(), taken_in_and_given_out(), offices()]
        .into_iter()
        .flatten()
        .collect()
}

/// Logging in and out, and what a page is drawn with.
fn entrance() -> Vec<Route> {
    use Needs::{Nothing, OwnAccount};
    vec![
        read("/feeds/{file}", Nothing, feed::secret),
        read("/login", Nothing, login::page),
        post("/login", Nothing, login::enter),
        post("/login/demo", Nothing, login::enter_demo),
        read("/login/sso", Nothing, sso::begin),
        read("/login/sso/return", Nothing, sso::back),
        read("/login/sso/code", Nothing, sso::ask_code),
        post("/login/sso/code", Nothing, sso::enter),
        read("/logout/sso", Nothing, sso::leave),
        read("/assets/{file}", Nothing, asset),
        read("/help/a11y", Nothing, help::accessibility),
        post("/logout", OwnAccount, login::leave),
    ]
}

/// What belongs to whoever is logged in.
fn own() -> Vec<Route> {
    use Needs::{LogIn, OwnAccount};
    vec![
        read("/account", OwnAccount, account::page),
        post("/account/password", OwnAccount, account::change_password),
        post("/account/sessions", OwnAccount, account::close_sessions),
        post("/account/factor", OwnAccount, account_factor::begin),
        post("/account/factor/confirm", OwnAccount, account_factor::confirm),
        post("/account/factor/remove", OwnAccount, account_factor::remove),
        post("/account/sso", LogIn, account_sso::begin),
        post("/account/sso/remove", LogIn, account_sso::remove),
        post("/account/stand-ins", LogIn, account_stand_in::name),
        post("/account/stand-ins/withdraw", LogIn, account_stand_in::withdraw),
        post("/account/feeds", LogIn, feed::make),
        post("/account/feeds/withdraw", LogIn, feed::withdraw),
        read("/me", LogIn, me::page),
        read("/me/learning", LogIn, learning::own_page),
        read("/me/calendar.ics", LogIn, feed::own),
        read("/me/records/{ledger}", LogIn, me::records),
        post("/me/export", LogIn, me::export),
        read("/requests/new", LogIn, requests::blank),
        post("/requests/new", LogIn, requests::make),
        read("/feedback/new", LogIn, feedback::blank),
        post("/feedback/new", LogIn, feedback::give),
        post("/feedback/answer", LogIn, feedback::look),
        read("/account/trace", LogIn, account_trace::page),
        read("/permissions", LogIn, permissions::page),
        read("/help/lights", LogIn, help::lights),
    ]
}

/// What is judged, and what follows from it.
fn judged() -> Vec<Route> {
    use Needs::{LogIn, May};
    use Permission::{
        DecideRemedies, Doubt, DropRemedies, Overview, Record, Remedies, Requirements, Supervise, Verdicts,
    };
    vec![
        read("/", May(Overview), dashboard::page),
        read("/requirements", May(Requirements), requirements::page),
        read("/requirements/{id}", May(Requirements), requirement::page),
        read("/units", May(Verdicts), units::page),
        read("/units/{id}", May(Verdicts), unit::page),
        read("/units/{id}/progress", May(Verdicts), units::one),
        read("/verdicts/{requirement}/{subject}/{window}", May(Verdicts), verdict::page),
        read("/todo", LogIn, todo::page),
        read("/remedies", May(Remedies), remedies::page),
        read("/remedies/{id}", May(Remedies), remedy::page),
        post("/remedies/{id}/confirm", May(DecideRemedies), remedy::confirm),
        post("/remedies/{id}/drop", May(DropRemedies), remedy::drop),
        post("/remedies/{id}/act", May(Record), remedy::done),
        read("/remedies/{id}/class", May(Record), remedy_class::blank),
        post("/remedies/{id}/class", May(Record), remedy_class::make),
        read("/calendar", May(Requirements), calendar::page),
        post("/ledgers/{name}/{id}/doubt", May(Doubt), doubt::mark),
        post("/doubts/{id}", May(Record), doubt::answer),
        read("/supervise", May(Remedies), supervise::list),
        read("/supervise/new", May(Supervise), supervise_new::blank),
        post("/supervise/new", May(Supervise), supervise_new::issue),
        read("/supervise/{id}", May(Remedies), supervise::one),
        post("/supervise/{id}/reply", May(Record), supervise_acts::reply),
        post("/supervise/{id}/close", May(Supervise), supervise_acts::close),
        post("/supervise/{id}/return", May(Supervise), supervise_acts::back),
    ]
}

/// Units, persons and records.
fn kept() -> Vec<Route> {
    use Needs::May;
    use Permission::{Chart, ExportLedgers, ExportPeople, Ledgers, People, Record};
    vec![
        read("/search", May(Ledgers), search::page),
        read("/org", May(Chart), org::page),
        read("/people", May(People), ledger::people),
        read("/people/{id}/learning", May(Ledgers), learning::of_person),
        read("/people/export", May(ExportPeople), ledger_export::people),
        post("/people/export", May(ExportPeople), record_open::people_file),
        read("/ledgers", May(Ledgers), ledgers::page),
        read("/ledgers/{name}", May(Ledgers), ledger::page),
        read("/ledgers/{name}/export", May(ExportLedgers), ledger_export::page),
        post("/ledgers/{name}/export", May(ExportLedgers), record_open::ledger_file),
        read("/ledgers/{name}/new", May(Record), record_new::blank),
        post("/ledgers/{name}/new", May(Record), record_new::make),
        post("/ledgers/{name}/void", May(Record), record_void::many),
        post("/ledgers/{name}/columns", May(Ledgers), ledger_columns::keep),
        read("/ledgers/{name}/{id}", May(Ledgers), record::page),
        read("/ledgers/{name}/{id}/correct", May(Record), record_new::open),
        post("/ledgers/{name}/{id}/correct", May(Record), record_new::correct),
        read("/ledgers/{name}/{id}/void", May(Record), record_void::ask_one),
        post("/ledgers/{name}/{id}/void", May(Record), record_void::one_record),
        post("/ledgers/{name}/{id}/open", May(Ledgers), record_open::record),
        post("/ledgers/{name}/{id}/files", May(Record), record_files::send),
        read("/ledgers/{name}/{id}/files/{file}", May(Ledgers), record_files::download),
        post("/ledgers/{name}/{id}/files/open", May(Ledgers), record_files::open),
        post("/ledgers/{name}/{id}/files/remove", May(Record), record_files::remove),
    ]
}

/// What is published for everybody, and the question bank.
fn published() -> Vec<Route> {
    use Needs::{LogIn, May};
    use Permission::{Publish, Questions};
    vec![
        read("/daily", LogIn, daily::page),
        read("/daily/review", LogIn, daily::review),
        post("/daily/wipe", LogIn, daily::wipe),
        read("/daily/{number}", LogIn, daily::one),
        post("/daily/{number}", LogIn, daily::answered),
        read("/weekly", LogIn, weekly::page),
        read("/weekly/{id}/files/{file}", LogIn, weekly::download),
        read("/releases", May(Publish), releases::page),
        post("/releases/draft", May(Publish), releases::draft),
        post("/releases/lesson", May(Publish), releases::lesson),
        post("/releases/test", May(Publish), releases::test),
        post("/releases/{id}/lesson", May(Publish), releases::rewrite),
        post("/releases/{id}/change", May(Publish), releases::change),
        post("/releases/{id}/drop", May(Publish), releases::drop),
        post("/releases/{id}/today", May(Publish), releases::today),
        read("/readiness", May(Publish), readiness::page),
        read("/questions", May(Questions), questions::list),
        read("/questions/export", May(Questions), questions::export),
        read("/questions/template", May(Questions), questions::template),
        read("/questions/new", May(Questions), question_one::blank),
        post("/questions/new", May(Questions), question_one::make),
        read("/questions/import", May(Questions), question_file::blank),
        post("/questions/import", May(Questions), question_file::send),
        read("/questions/import/{id}", May(Questions), question_file::check),
        post("/questions/import/{id}", May(Questions), question_file::settle),
        read("/questions/{number}", May(Questions), question_one::page),
        post("/questions/{number}/revise", May(Questions), question_one::revise),
        post("/questions/{number}/retire", May(Questions), question_one::end),
    ]
}

/// Classes; tests: sat, and arranged.
fn tested() -> Vec<Route> {
    use Needs::{LogIn, May};
    use Permission::{ArrangeTests, Ledgers, Questions, Record};
    vec![
        read("/training", May(Ledgers), training::page),
        read("/training/calendar.ics", May(Ledgers), feed::of_unit),
        read("/training/{id}", May(Ledgers), training_one::page),
        read("/training/{id}/people", May(Record), class_people::page),
        post("/training/{id}/people", May(Record), class_people::add),
        read("/training/{id}/roster", May(Record), class_roster::page),
        post("/training/{id}/roster", May(Record), class_roster::save),
        read("/exams", LogIn, exams::list),
        read("/exams/{id}", LogIn, exams::notice),
        post("/exams/{id}/start", LogIn, exams::start),
        post("/exams/{id}/take", LogIn, exams::take),
        read("/exams/{id}/all", LogIn, exam_sit::all),
        read("/exams/{id}/q/{n}", LogIn, exam_sit::page),
        post("/exams/{id}/q/{n}", LogIn, exam_sit::step),
        post("/exams/{id}/save", LogIn, exam_sit::save),
        read("/exams/{id}/sheet", LogIn, exam_sit::sheet),
        post("/exams/{id}/submit", LogIn, exam_sit::hand_in),
        read("/exams/{id}/result", LogIn, exam_result::page),
        read("/tests", May(ArrangeTests), test_list::list),
        read("/tests/new", May(ArrangeTests), test_new::blank),
        post("/tests/new", May(ArrangeTests), test_new::make),
        read("/tests/{id}", May(ArrangeTests), test_one::page),
        post("/tests/{id}/publish", May(ArrangeTests), test_acts::publish),
        post("/tests/{id}/rules", May(ArrangeTests), test_acts::rules),
        post("/tests/{id}/drop", May(ArrangeTests), test_acts::drop),
        post("/tests/{id}/roll", May(ArrangeTests), test_acts::roll),
        post("/tests/{id}/withdraw", May(ArrangeTests), test_withdraw::withdraw),
        read("/tests/{id}/key", May(Questions), test_key::page),
        post("/tests/{id}/key", May(Questions), test_key::correct),
        post("/tests/{id}/print", May(ArrangeTests), test_print::print),
        read("/tests/{id}/events", May(ArrangeTests), test_one::events),
        read("/tests/{id}/sheets", May(ArrangeTests), test_sheets::page),
        post("/tests/{id}/sheets", May(ArrangeTests), test_sheets::send),
        read("/tests/{id}/sheets/template", May(ArrangeTests), test_sheets::template),
        post("/tests/{id}/sheets/undo", May(ArrangeTests), test_sheets_acts::undo),
        post("/tests/{id}/sheets/end", May(ArrangeTests), test_sheets_acts::end),
        read("/tests/{id}/sheets/{file}", May(ArrangeTests), test_sheets_acts::check),
        post("/tests/{id}/sheets/{file}", May(ArrangeTests), test_sheets_acts::settle),
        read("/tests/{id}/marking", May(ArrangeTests), test_marking::page),
        post("/tests/{id}/marking", May(ArrangeTests), test_marking::mark),
    ]
}

/// Files that come in, papers that go out.
fn taken_in_and_given_out() -> Vec<Route> {
    use Needs::May;
    use Permission::{DraftPapers, Import, IssuePapers, Papers};
    vec![
        read("/papers", May(Papers), papers::list),
        post("/papers", May(DraftPapers), papers::draft),
        read("/papers/{id}", May(Papers), paper::page),
        post("/papers/{id}", May(DraftPapers), paper_acts::write),
        post("/papers/{id}/redraw", May(DraftPapers), paper_acts::redraw),
        post("/papers/{id}/drop", May(DraftPapers), paper_acts::drop),
        post("/papers/{id}/issue", May(IssuePapers), paper_acts::publish),
        read("/papers/{id}/file", May(Papers), paper_acts::hand_out),
        read("/imports", May(Import), imports::list),
        read("/imports/new", May(Import), imports::blank),
        post("/imports/new", May(Import), imports::send),
        read("/imports/template", May(Import), imports::template),
        read("/imports/{id}", May(Import), import_one::page),
        read("/imports/{id}/events", May(Import), import_one::events),
        read("/imports/{id}/marked", May(Import), import_marked::copy),
        post("/imports/{id}/ledger", May(Import), import_act::ledger),
        post("/imports/{id}/columns", May(Import), import_act::columns),
        post("/imports/{id}/confirm", May(Import), import_act::confirm),
        post("/imports/{id}/drop", May(Import), import_act::drop),
        post("/imports/{id}/undo", May(Import), import_act::undo),
    ]
}

/// What only certain offices do: answers, retention, the log, accounts.
fn offices() -> Vec<Route> {
    use Needs::May;
    use Permission::{Accounts, Audit, Corrections, Feedback, Retention, Settings};
    vec![
        read("/requests", May(Corrections), requests::list),
        read("/requests/{id}", May(Corrections), requests::one),
        post("/requests/{id}", May(Corrections), requests::reply),
        read("/feedback", May(Feedback), feedback::list),
        read("/feedback/{id}", May(Feedback), feedback::one),
        post("/feedback/{id}", May(Feedback), feedback::reply),
        read("/settings", May(Settings), settings::page),
        read("/settings/{kind}/{name}", May(Settings), settings_change::blank),
        post("/settings/{kind}/{name}", May(Settings), settings_change::lay_down),
        read("/retention", May(Retention), retention::page),
        read("/audit", May(Audit), audit::page),
        read("/accounts", May(Accounts), accounts::list),
        post("/permissions/factors", May(Accounts), permissions::lay_down),
        read("/accounts/new", May(Accounts), accounts::blank),
        post("/accounts/new", May(Accounts), accounts_change::create),
        read("/accounts/{id}", May(Accounts), accounts::one),
        post("/accounts/{id}/grants", May(Accounts), accounts_change::give),
        post("/accounts/{id}/grants/withdraw", May(Accounts), accounts_change::withdraw),
        post("/accounts/{id}/state", May(Accounts), accounts_change::set_state),
        post("/accounts/{id}/reset", May(Accounts), accounts_change::reset),
        post("/accounts/{id}/sso", May(Accounts), accounts_change::link),
        post("/accounts/{id}/sso/remove", May(Accounts), accounts_change::unlink),
        post("/accounts/{id}/unlock", May(Accounts), accounts_change::unlock),
    ]
}

/// The pages of an installation.
pub(super) fn router(app: App) -> Router {
    let refusals = Arc::clone(&app.installation.refusals);
    route::router(routes())
        .fallback(not_found)
        .method_not_allowed_fallback(wrong_method)
        .with_state(app)
        .layer(axum::middleware::from_fn_with_state(refusals, count_refusals))
        .layer(axum::middleware::from_fn(one_address))
        .layer(axum::middleware::map_response(headers::with))
        .layer(CompressionLayer::new())
}

/// Counts an answer that is a refusal, for the audit log.
async fn count_refusals(State(refusals): State<Arc<Refusals>>, request: Request, next: Next) -> Response {
    let (uri, from) = (request.uri().clone(), ask::client(request.extensions()));
    let mut response = next.run(request).await;
    let method = || Refused { why: Why::Method, who: None };
    let wrong_method = (response.status() == StatusCode::METHOD_NOT_ALLOWED).then(method);
    // Taken out, so that the gate does not count it again.
    if let Some(refused) = response.extensions_mut().remove::<Refused>().or(wrong_method) {
        let from = from.map_or_else(String::new, |ip| network(ip).to_string());
        refusals.note(&refused, &from, uri.path(), instant());
    }
    response
}

/// A page has one address: with a slash at the end it leads to the one without.
async fn one_address(request: Request, next: Next) -> Response {
    let uri = request.uri();
    if uri.path().len() < 2 || !uri.path().ends_with('/') {
        return next.run(request).await;
    }
    // One slash at the head: two would name another host, and browsers take a backslash for one.
    let path = format!("/{}", uri.path().trim_matches(['/', '\\']));
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

async fn not_found(State(app): State<App>, ask: Ask) -> Response {
    show::<Lights, _>(app, ask, |_| Err(PageError::NotFound.into())).await
}

/// Told to everybody: nothing of the address is shown.
async fn wrong_method(State(app): State<App>, ask: Ask) -> Response {
    show::<Lights, _>(app, Ask { needs: Needs::Nothing, ..ask }, |_| Err(PageError::Method.into())).await
}
