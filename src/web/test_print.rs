//! The forms of a test on paper: `/tests/{id}/print` gives papers, answer sheets and keys as one file.

use axum::{
    extract::{Path, State},
    http::header,
    response::{IntoResponse as _, Response},
};

use super::{
    app::App,
    awaited::may_see_paper,
    error::PageError,
    exams,
    frame::Ask,
    post::{Posted, act},
    test_acts::{refused, test_of, wrong},
    view::{
        form::{Field, Form},
        url::segment,
    },
};
use crate::{
    auth::token,
    exam::{
        key,
        paper::MOST_FORMS,
        print::{self, Head},
        printed,
        test::{State as Stands, Test},
    },
};

/// The form of the test's page, where anything can be printed; `printed` is how many forms there are.
pub(super) fn form(test: &Test, printed: usize) -> Option<Form> {
    let most = match test.state {
        Stands::Draft => 0,
        Stands::Open => MOST_FORMS,
        Stands::Closed => printed,
    };
    let letters = |n: usize| ('A'..).take(n).map(String::from).collect::<Vec<_>>().join("、");
    let choices = (1..=most).map(|n| (n.to_string(), format!("{n}份（{}卷）", letters(n)))).collect();
    let forms = Field::choice("forms", "卷数", &printed.max(1).to_string(), choices).hint(
        "各卷题目相同，题序和选项次序不同。下载的压缩包里每份卷有试卷、答题卡和答案；答案考前不得外传，下载记入操作日志。再次打印，各卷不变。印过卷的考试要等纸面答卷录入完毕才结束。",
    );
    (most > 0).then(|| Form {
        id: "pr".into(),
        action: format!("/tests/{}/print", test.id),
        fields: vec![forms],
        button: "下载打印".into(),
        ..Form::default()
    })
}

/// `POST /tests/{id}/print`.
pub(super) async fn print(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let test = test_of(seat, &id)?;
        let kept = seat.typed("pr", &["forms"]);
        seat.db().read(|tx| may_see_paper(tx, &seat.app, seat.reader.person, &test))?;
        let Some(sat) = seat.db().read(|tx| exams::sat(tx, &seat.app, test.id))? else {
            return Err(PageError::Refused("考试还没有发布，发布后才能打印试卷。".into()).into());
        };
        let count = seat.fields.get("forms").parse().ok().filter(|n| (1..=MOST_FORMS).contains(n));
        let Some(count) = count else {
            return wrong(seat, &id, kept, "pr-forms", format!("卷数应为1至{MOST_FORMS}。"));
        };
        let (actor, seed) = (seat.actor(), u64::from_le_bytes(token::random::<8>()?));
        let (head, of, paper) = (
            Head { title: test.rules.title.clone(), minutes: u32::try_from(test.rules.minutes).ok() },
            test.clone(),
            sat.paper.clone(),
        );
        let forms =
            seat.db().write(move |tx| printed::take(tx, &actor, (&of, &paper), count, seed)).map_err(refused)?;
        // The answers are those by which it is scored.
        let scored = seat.db().read(|tx| Ok(key::scored(tx, &sat.paper)?.into_owned()))?;
        let bytes = print::bundle(&print::files(&head, &scored, &forms)?)?;
        let name = segment(&format!("{}试卷.zip", test.rules.title));
        let disposition = format!("attachment; filename=\"paper-{}.zip\"; filename*=UTF-8''{name}", test.id);
        let headers =
            [(header::CONTENT_TYPE, "application/zip".to_owned()), (header::CONTENT_DISPOSITION, disposition)];
        Ok((headers, bytes).into_response())
    })
    .await
}
