//! The statistics of tests: against tables worked by hand, the published estimates of LSAT section 6, and made-up
//! answers whose truth is known.

use std::{
    fs,
    path::{Path, PathBuf},
};

use dongliang::{
    exam::{
        answers::{self, Answer, Responses},
        irt::{self, Calibration, Curve, Model, link, person},
        items::{self, Warning},
    },
    sheet::{Limits, read_path},
};
use serde_json::Value as Json;

use super::{
    cli::run,
    exam_made::{Rng, names, questions, sit},
};

fn lsat6() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/exam/lsat6.csv")
}

fn read(file: &Path) -> Responses {
    let table = read_path(file, &Limits::default()).unwrap();
    answers::marked(&answers::given(&table).unwrap()).unwrap()
}

fn close(found: &[f64], wanted: &[f64], within: f64) {
    assert_eq!(found.len(), wanted.len());
    for (f, w) in found.iter().zip(wanted) {
        assert!((f - w).abs() <= within, "{found:?} instead of {wanted:?}");
    }
}

fn table(rows: &[&str]) -> Responses {
    let answer = |c| match c {
        '1' => Answer::Right,
        '0' => Answer::Wrong,
        _ => Answer::Missing,
    };
    Responses::collect(names(0, rows[0].len()), rows.iter().map(|r| (r.chars().map(answer).collect(), 1)))
}

/// Four persons, two questions of several marks: 1 and 4, 2 and 6, 3 and 5, 0 and 1; a fifth has no marks for the second yet.
/// Variances (n − 1): questions 5/3 and 14/3, score 11; alpha = 2 · (1 − 19/33) = 28/33, error of measurement √(11 · 5/33).
#[test]
fn alpha_is_that_of_the_marks() {
    let marked = Responses::collect(vec!["1".into(), "2".into()], std::iter::empty());
    let mut a = items::analyse(&marked);
    let rows = [
        [Some(1.0), Some(4.0)],
        [Some(2.0), Some(6.0)],
        [Some(3.0), Some(5.0)],
        [Some(0.0), Some(1.0)],
        [Some(3.0), None],
    ];
    items::by_marks(&mut a, &rows.map(Vec::from));
    assert_eq!(a.complete, 4);
    let found = [a.mean.unwrap(), a.sd.unwrap(), a.alpha.unwrap(), a.sem.unwrap()];
    close(&found, &[5.5, 11.0_f64.sqrt(), 28.0 / 33.0, (5.0_f64 / 3.0).sqrt()], 1e-14);
    // Of questions of one mark each it is KR-20.
    let patterns = ["111", "101", "011", "001", "000"];
    let kr20 = items::analyse(&table(&patterns));
    let mut a = kr20.clone();
    let share = |c: char| Some(f64::from(u8::from(c == '1')));
    items::by_marks(&mut a, &patterns.map(|row| row.chars().map(share).collect()));
    let of = |a: &items::Analysis| [a.mean, a.sd, a.alpha, a.alpha_se, a.sem].map(Option::unwrap);
    close(&of(&a), &of(&kr20), 1e-12);
}

/// Five persons, three questions; scores 3, 2, 2, 1, 0. Variances (n − 1): questions 0.3, 0.3, 0.2, score 1.3; alpha =
/// 3/2 · (1 − 0.8/1.3) = 15/26.
#[test]
fn a_table_by_hand() {
    let a = items::analyse(&table(&["111", "101", "011", "001", "000"]));
    assert_eq!((a.persons, a.complete), (5, 5));
    let facility: Vec<f64> = a.items.iter().filter_map(|i| i.facility).collect();
    assert_eq!(facility, [0.4, 0.4, 0.8]);
    close(&[a.mean.unwrap(), a.sd.unwrap(), a.alpha.unwrap()], &[1.6, 1.3_f64.sqrt(), 15.0 / 26.0], 1e-14);
    close(&[a.sem.unwrap()], &[(1.3_f64 * (11.0 / 26.0)).sqrt()], 1e-14);
    // Of q0: x = 1,1,0,0,0; rest = 2,1,2,1,0. Sxy = 3 − 2·6/5 = 0.6; Sxx = 1.2; Syy = 10 − 36/5 = 2.8.
    // Of q2: x = 1,1,1,1,0; rest = 2,1,1,0,0. Sxy = 4 − 4·4/5 = 0.8; Sxx = 0.8; Syy = 6 − 16/5 = 2.8.
    let discrimination: Vec<f64> = a.items.iter().filter_map(|i| i.discrimination).collect();
    let (q0, q2) = (0.6 / (1.2_f64 * 2.8).sqrt(), 0.8 / (0.8_f64 * 2.8).sqrt());
    close(&discrimination, &[q0, q0, q2], 1e-14);
    // V = [.3 .05 .1; .05 .3 .1; .1 .1 .2]: tr V² = .265, (tr V)² = .64, 1ᵀV²1 = .45² + .45² + .4² = .565.
    let q: f64 = 2.0 * 9.0 / (4.0 * 1.3_f64.powi(3)) * (1.3 * (0.265 + 0.64) - 2.0 * 0.8 * 0.565);
    close(&[a.alpha_se.unwrap()], &[(q / 5.0).sqrt()], 1e-14);
}

#[test]
fn what_is_missing_is_not_wrong() {
    let a = items::analyse(&table(&["11-", "10-", "0-1", "-01", "111", "000"]));
    assert_eq!(a.complete, 2);
    let counts: Vec<_> = a.items.iter().map(|i| (i.answered, i.right)).collect();
    assert_eq!(counts, [(5, 3), (5, 2), (4, 3)]);
    // Nothing at all gives nothing, and no figure that is not a number.
    let none = items::analyse(&table(&["--", "--"]));
    assert_eq!((none.alpha, none.items[0].facility, none.mean), (None, None, None));
    let alike = items::analyse(&table(&["11", "11"]));
    assert_eq!((alike.alpha, alike.items[0].discrimination), (None, None));
    assert_eq!(alike.items[0].warnings, [Warning::Constant]);
}

/// Forty know the four others and choose B, forty do not and choose A, which is marked right.
#[test]
fn a_wrong_key_is_suspected() {
    let csv = |text: &str| {
        let table = dongliang::sheet::csv_text::table(text.as_bytes(), &Limits::default()).unwrap();
        answers::given(&table).unwrap()
    };
    let given = csv("甲,乙,丙,丁,戊,人数\nb,A,A,A,A,20\nB,A,A,A,B,20\nA,B,B,B,A,30\nC,A,B,B,B,10\n");
    let key: Vec<String> = "A,A,A,A,A".split(',').map(String::from).collect();
    let a = items::analyse_options(&given, &key);
    assert_eq!(a.items[0].warnings, [Warning::Negative, Warning::Key { option: Some("B".into()) }]);
    let counts: Vec<_> = a.items[0].options.iter().map(|o| (o.option.as_str(), o.key, o.chosen)).collect();
    assert_eq!(counts, [("A", true, 30), ("B", false, 40), ("C", false, 10)]);
    assert!(a.items[1].warnings.is_empty(), "{:?}", a.items[1]);
    // Letters of full width are the same letters, in the table and in the key.
    let wide = csv("甲,乙,丙,丁,戊,人数\nｂ,Ａ,A,A,A,20\nB,A,A,ａ,Ｂ,20\nA,B,B,B,Ａ,30\nＣ,A,B,B,B,10\n");
    let wide_key: Vec<String> = "Ａ,A,ａ,A,A".split(',').map(String::from).collect();
    assert_eq!(items::analyse_options(&wide, &wide_key), a);
    // Where no other option is clearly better, the sign alone is told.
    let mut text = String::from("甲,乙,丙,丁,戊,人数\nA,B,B,B,B,24\n");
    for option in 'B'..='I' {
        text.push_str(&format!("{option},A,A,A,A,5\n{option},B,B,B,B,2\n"));
    }
    let spread = items::analyse_options(&csv(&text), &key);
    assert_eq!(spread.items[0].warnings, [Warning::Negative, Warning::Key { option: None }]);
}

fn of(c: &Calibration, f: impl Fn(&irt::ItemFit) -> f64) -> Vec<f64> {
    c.items.iter().map(f).collect()
}

#[test]
fn lsat6_as_published_1pl() {
    let c = irt::calibrate(&read(&lsat6()), Model::Rasch).unwrap();
    assert!(c.converged);
    assert_eq!((c.persons, c.patterns, c.parameters), (1000, 30, 6));
    close(&[c.log_likelihood], &[-2466.938], 5e-4);
    close(&of(&c, |i| i.slope), &[0.7551; 5], 5e-5);
    close(&of(&c, |i| i.slope_se.unwrap()), &[0.069; 5], 6e-4);
    close(&of(&c, |i| i.difficulty), &[-3.6153, -1.3224, -0.3176, -1.7301, -2.7802], 5e-5);
    close(&of(&c, |i| i.intercept_se.unwrap()), &[0.130, 0.079, 0.072, 0.085, 0.105], 6e-4);
    let a = items::analyse(&read(&lsat6()));
    close(&[a.alpha.unwrap()], &[0.295], 5e-4);
    let rest: Vec<f64> = a.items.iter().filter_map(|i| i.discrimination).collect();
    close(&rest, &[0.1128, 0.1532, 0.1728, 0.1444, 0.1216], 5e-5);
}

#[test]
fn lsat6_as_published_2pl() {
    let c = irt::calibrate(&read(&lsat6()), Model::TwoPl).unwrap();
    assert!(c.converged);
    close(&[c.log_likelihood], &[-2466.653], 5e-4);
    close(&of(&c, |i| i.slope), &[0.826, 0.723, 0.891, 0.688, 0.657], 1e-3);
    close(&of(&c, |i| i.slope_se.unwrap()), &[0.26, 0.19, 0.23, 0.19, 0.21], 6e-3);
    close(&of(&c, |i| i.difficulty), &[-3.36, -1.37, -0.280, -1.87, -3.13], 6e-3);
}

#[test]
fn a_person_of_lsat6() {
    let c = irt::calibrate(&read(&lsat6()), Model::Rasch).unwrap();
    let curves = c.curves();
    let all = person::estimate(&curves, &[Answer::Right; 5]);
    assert_eq!((all.ml, all.ml_se), (None, None));
    assert!(all.eap > 0.5 && all.eap < 0.8, "{all:?}");
    let some = [Answer::Right, Answer::Right, Answer::Wrong, Answer::Wrong, Answer::Right];
    let e = person::estimate(&curves, &some);
    // At the maximum the expected score is the score.
    close(&[irt::expected_score(&curves, e.ml.unwrap())], &[3.0], 1e-9);
    // Nothing known: the posterior is the prior.
    let nothing = person::estimate(&curves, &[Answer::Missing; 5]);
    close(&[nothing.eap, nothing.eap_se], &[0.0, 1.0], 1e-6);
}

/// Estimates lie about the truth as the standard errors say: the mean square of (estimate − truth) ÷ error is near 1.
#[test]
fn the_truth_is_found_again() {
    for (model, holes) in [(Model::TwoPl, 0.0), (Model::TwoPl, 0.25), (Model::Rasch, 0.0)] {
        let mut rng = Rng::new(11);
        let mut truth = questions(&mut rng, 30);
        if model == Model::Rasch {
            truth.iter_mut().for_each(|c| *c = Curve::new(1.3, -c.intercept / c.slope));
        }
        let thetas: Vec<f64> = (0..4000).map(|_| rng.normal()).collect();
        let mut responses = sit(&mut rng, &names(0, 30), &truth, &thetas);
        if holes > 0.0 {
            for pattern in &mut responses.patterns {
                pattern.answers.iter_mut().filter(|_| rng.unit() < holes).for_each(|a| *a = Answer::Missing);
            }
        }
        let c = irt::calibrate(&responses, model).unwrap();
        assert!(c.converged, "{model:?} {holes}");
        let (mut squares, mut n) = (0.0, 0.0);
        for (item, truth) in c.items.iter().zip(&truth) {
            let z = (item.difficulty + truth.intercept / truth.slope) / item.difficulty_se.unwrap();
            let y = (item.slope - truth.slope) / item.slope_se.unwrap();
            assert!(z.abs() < 4.5 && y.abs() < 4.5, "{item:?} of {truth:?}");
            squares += z * z + if model == Model::TwoPl { y * y } else { 0.0 };
            n += if model == Model::TwoPl { 2.0 } else { 1.0 };
        }
        assert!((0.4..1.8).contains(&(squares / n)), "{model:?} {holes}: {}", squares / n);
        // A true model is refused as often as it should be, about.
        let refused = c.items.iter().filter_map(|i| i.fit).filter(|f| f.p < 0.05).count();
        assert!(refused <= 6, "{refused} of 30");
    }
}

/// One question that does not follow the model is found by its fit.
#[test]
fn a_misfit_is_found() {
    let mut rng = Rng::new(5);
    let truth = questions(&mut rng, 20);
    let thetas: Vec<f64> = (0..3000).map(|_| rng.normal()).collect();
    let mut rows = Vec::new();
    for theta in &thetas {
        let mut row = super::exam_made::answers(&mut rng, &truth, *theta);
        // Right in the middle, wrong at both ends.
        row[10] = if theta.abs() < 0.7 { Answer::Right } else { Answer::Wrong };
        rows.push((row, 1));
    }
    let c = irt::calibrate(&Responses::collect(names(0, 20), rows), Model::TwoPl).unwrap();
    assert!(c.items[10].fit.unwrap().p < 1e-6, "{:?}", c.items[10]);
}

/// Two forms of 40 with 15 shared questions, taken by groups of different ability. Persons of a third group take both:
/// who is judged twice is judged alike, as far as the standard errors reach.
#[test]
fn pass_decisions_of_two_linked_forms_agree() {
    let mut rng = Rng::new(2025);
    let bank = questions(&mut rng, 65);
    // Shared are every fourth: easy and hard ones.
    let shared: Vec<usize> = (0..60).step_by(4).collect();
    let others: Vec<usize> = (0..65).filter(|i| !shared.contains(i)).collect();
    let form = |own: &[usize]| -> Vec<usize> { shared.iter().chain(own).copied().collect() };
    let forms = [form(&others[..25]), form(&others[25..])];
    let of = |form: &[usize]| -> (Vec<String>, Vec<Curve>) {
        (form.iter().map(|i| format!("q{i}")).collect(), form.iter().map(|i| bank[*i]).collect())
    };
    let ((names_a, truth_a), (names_b, truth_b)) = (of(&forms[0]), of(&forms[1]));
    let march: Vec<f64> = (0..3000).map(|_| rng.normal()).collect();
    let october: Vec<f64> = (0..3000).map(|_| 0.4 + 0.8 * rng.normal()).collect();
    let a = irt::calibrate(&sit(&mut rng, &names_a, &truth_a, &march), Model::TwoPl).unwrap();
    let b = irt::calibrate(&sit(&mut rng, &names_b, &truth_b, &october), Model::TwoPl).unwrap();
    let found = link::link(&a, &b).unwrap();
    assert!((found.scale - 0.8).abs() < 4.0 * found.scale_se, "{found:?}");
    assert!((found.shift - 0.4).abs() < 4.0 * found.shift_se, "{found:?}");
    assert!(found.scale_se < 0.06 && found.shift_se < 0.06, "{found:?}");
    let line = found.line(&a.curves(), &b.curves(), 24.0).unwrap();
    // The truth's own line on the second form.
    let theta = link::theta_of_score(&truth_a, 24.0).unwrap();
    let wanted = irt::expected_score(&truth_b, theta);
    assert!((line.new_score - wanted).abs() < 4.0 * line.new_score_se + 0.3, "{line:?}, {wanted}");

    let linked = found.curves(&b.curves());
    let (mut differ, mut expected, mut far, mut far_differ) = (0.0, 0.0, 0, 0);
    let persons = 2000;
    for _ in 0..persons {
        let theta = 0.2 + rng.normal();
        let one = super::exam_made::answers(&mut rng, &truth_a, theta);
        let two = super::exam_made::answers(&mut rng, &truth_b, theta);
        let (one, two) = (person::estimate(&a.curves(), &one), person::estimate(&linked, &two));
        let judged = [one, two].map(|e| person::decide(e.eap, e.eap_se, line.theta));
        let unlike = judged[0].pass != judged[1].pass;
        differ += f64::from(u8::from(unlike));
        if judged.iter().all(|d| !d.borderline) {
            far += 1;
            far_differ += u32::from(unlike);
        }
        // What the errors say: with both abilities about one truth, the chance that they fall on different sides.
        let p = [one, two].map(|e| normal((e.eap - line.theta) / e.eap_se));
        let both = (p[0] + p[1]) / 2.0;
        expected += 2.0 * both * (1.0 - both);
    }
    let error = f64::sqrt(expected);
    assert!(differ < expected + 3.0 * error, "{differ} of {persons}, expected {expected}");
    assert!(far > 1000 && f64::from(far_differ) < 0.03 * f64::from(far), "{far_differ} of {far}");
}

/// Distribution function of the standard normal (Abramowitz and Stegun 26.2.17).
fn normal(x: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * x.abs());
    let poly =
        t * (0.319_381_53 + t * (-0.356_563_782 + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
    let upper = (-x * x / 2.0).exp() / std::f64::consts::TAU.sqrt() * poly;
    if x > 0.0 { 1.0 - upper } else { upper }
}

/// The same form twice is the same scale; a shared question that changed is named.
#[test]
fn a_form_on_itself_and_a_question_that_moved() {
    let mut rng = Rng::new(8);
    let truth = questions(&mut rng, 20);
    let thetas: Vec<f64> = (0..2000).map(|_| rng.normal()).collect();
    let responses = sit(&mut rng, &names(0, 20), &truth, &thetas);
    let c = irt::calibrate(&responses, Model::TwoPl).unwrap();
    let same = link::link(&c, &c).unwrap();
    close(&[same.scale, same.shift], &[1.0, 0.0], 1e-8);
    close(&[same.mean_sigma.0, same.mean_sigma.1], &[1.0, 0.0], 1e-12);
    let mut leaked = truth.clone();
    leaked[12].intercept += 1.5;
    let other = irt::calibrate(&sit(&mut rng, &names(0, 20), &leaked, &thetas), Model::TwoPl).unwrap();
    let found = link::link(&c, &other).unwrap();
    let moved: Vec<&str> = found.common.iter().filter(|c| c.moved).map(|c| c.name.as_str()).collect();
    assert_eq!(moved, ["q12"]);
    let strange = irt::calibrate(&sit(&mut rng, &names(50, 70), &truth, &thetas), Model::TwoPl).unwrap();
    assert_eq!(link::link(&c, &strange).unwrap_err(), link::NoLink::Common(0));
}

#[test]
fn what_cannot_be_calibrated_is_said() {
    assert_eq!(irt::calibrate(&table(&["111", "101"]), Model::Rasch).unwrap_err(), irt::NoFit::Items(1));
    // A question that all know is left out, the others stand.
    let mut rng = Rng::new(3);
    let truth = questions(&mut rng, 6);
    let thetas: Vec<f64> = (0..500).map(|_| rng.normal()).collect();
    let mut responses = sit(&mut rng, &names(0, 6), &truth, &thetas);
    responses.patterns.iter_mut().for_each(|p| p.answers[2] = Answer::Right);
    let c = irt::calibrate(&responses, Model::Rasch).unwrap();
    assert!(c.converged);
    assert_eq!((c.left_out.as_slice(), c.items.len()), (["q2".to_owned()].as_slice(), 5));
    // Answers that have nothing in common, or all: an end is reached in any case, and no estimate is claimed.
    let coin = Responses::collect(
        names(0, 4),
        (0..16).map(|i: u32| {
            let bit = |k: u32| if i >> k & 1 == 1 { Answer::Right } else { Answer::Wrong };
            ((0..4).map(bit).collect(), 10)
        }),
    );
    let flat = irt::calibrate(&coin, Model::TwoPl).unwrap();
    assert!(flat.items.iter().all(|i| i.slope.is_finite()));
    for model in [Model::Rasch, Model::TwoPl] {
        let guttman = irt::calibrate(&table(&["0000", "1000", "1100", "1110", "1111"]), model).unwrap();
        assert!(!guttman.converged || guttman.items.iter().all(|i| i.slope_se.is_some()));
    }
}

/// A handful of persons, a question that all know, a table in which no line is found: each is told beside the figures.
#[test]
fn figures_that_mean_little_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("none");
    let file = dir.path().join("few.csv");
    let path = file.to_str().unwrap();
    let warned = |args: &[&str]| -> (i32, Vec<String>, Json) {
        let ran = run(&data, &[&["exam"], args, &["--json"]].concat());
        let json: Json = serde_json::from_str(&ran.out).unwrap();
        let all = json["warnings"].as_array().unwrap();
        (ran.code, all.iter().map(|w| w["warning"].as_str().unwrap().to_owned()).collect(), json)
    };
    let has = |all: &[String], wanted: &[&str]| {
        assert!(wanted.iter().all(|w| all.iter().any(|a| a == w)), "{all:?} without one of {wanted:?}");
    };
    fs::write(&file, "甲,乙,丙,丁,戊\n1,1,1,0,1\n1,0,1,0,0\n1,1,0,1,0\n1,0,0,0,1\n").unwrap();
    for model in ["1pl", "2pl"] {
        let (_, all, json) = warned(&["calibrate", path, "--model", model]);
        has(&all, &["few_persons", "constant"]);
        let constant = json["warnings"].as_array().unwrap().iter().find(|w| w["warning"] == "constant").unwrap();
        assert_eq!(constant["items"], serde_json::json!(["甲"]));
        assert!(all.iter().any(|w| ["not_converged", "out_of_range", "large_error"].contains(&w.as_str())), "{all:?}");
        let ran = run(&data, &["exam", "calibrate", path, "--model", model]);
        assert!(ran.err.contains("注意：只有4人作答") && ran.err.contains("没有标定的题目：甲"), "{}", ran.err);
    }
    let (code, all, _) = warned(&["items", path]);
    has(&all, &["few_persons", "constant"]);
    assert!(code == 0 && all.iter().any(|w| w.ends_with("alpha") || w.ends_with("alpha_error")), "{all:?}");
    let ran = run(&data, &["exam", "items", path]);
    assert!(ran.err.contains("注意：只有4人作答") && ran.err.contains("没有区分度的题目：甲"), "{}", ran.err);
    // Who knows more is right less often, without end: no top is found, and the exit code says so too.
    fs::write(&file, "甲,乙,丙,人数\n1,1,1,200\n0,0,0,200\n").unwrap();
    let (code, all, _) = warned(&["calibrate", path, "--model", "2pl"]);
    has(&all, &["not_converged"]);
    assert_eq!(code, 1);
    // Enough persons, but few of them at one question.
    let text = fs::read_to_string(lsat6()).unwrap();
    let row = |(n, line): (usize, &str)| match n {
        0 => format!("新题,{line}"),
        1 | 2 => format!("{},{line}", n - 1),
        _ => format!(",{line}"),
    };
    fs::write(&file, text.lines().enumerate().map(row).collect::<Vec<_>>().join("\n")).unwrap();
    let (_, all, _) = warned(&["calibrate", path, "--model", "1pl"]);
    has(&all, &["few_answers"]);
    has(&warned(&["items", path]).1, &["few_answers", "few_complete"]);
    // What is sound has none.
    let sound = lsat6().display().to_string();
    for args in
        [&["calibrate", &sound, "--model", "1pl"][..], &["calibrate", &sound, "--model", "2pl"], &["items", &sound]]
    {
        assert_eq!(warned(args).1, [""; 0], "{args:?}");
    }
}

#[test]
fn the_command_gives_tables_and_json() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("none");
    let file = lsat6().display().to_string();
    let ran = run(&data, &["exam", "calibrate", &file, "--model", "1pl", "--persons"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    insta::assert_snapshot!("exam_calibrate", ran.out);
    insta::assert_snapshot!("exam_items", run(&data, &["exam", "items", &file]).out);
    let json: Json =
        serde_json::from_str(&run(&data, &["exam", "calibrate", &file, "--model", "2pl", "--json"]).out).unwrap();
    assert_eq!(json["model"], "2pl");
    assert_eq!(json["items"].as_array().unwrap().len(), 5);
    assert!((json["log_likelihood"].as_f64().unwrap() + 2466.653).abs() < 1e-3);
    let json: Json = serde_json::from_str(&run(&data, &["exam", "items", &file, "--json"]).out).unwrap();
    assert_eq!(json["items"][0]["right"], 924);
    let linked = run(&data, &["exam", "link", &file, &file, "--model", "1pl"]);
    assert_eq!(linked.code, 0, "{}", linked.err);
    assert!(linked.out.contains("= 新卷 3.00 分（满分 5）"), "{}", linked.out);

    // A question that everybody knows is in no score, and is named.
    let with = dir.path().join("with.csv");
    let text = fs::read_to_string(lsat6()).unwrap();
    let lines: Vec<String> =
        text.lines().enumerate().map(|(n, l)| format!("{},{l}", if n == 0 { "送分" } else { "1" })).collect();
    fs::write(&with, lines.join("\n")).unwrap();
    let with = with.to_str().unwrap();
    let linked = run(&data, &["exam", "link", with, &file, "--model", "1pl"]);
    assert!(linked.out.contains("基准卷有 1 道题没有标定") && linked.out.contains("合格线：送分"), "{}", linked.out);
    let json: Json =
        serde_json::from_str(&run(&data, &["exam", "link", with, &file, "--model", "1pl", "--json"]).out).unwrap();
    assert_eq!(
        (json["base_form"]["left_out"][0].as_str(), json["base_form"]["full_marks"].as_i64()),
        (Some("送分"), Some(5))
    );
    assert_eq!(json["new_form"]["left_out"].as_array().unwrap().len(), 0);

    let bad = dir.path().join("bad.csv");
    fs::write(&bad, "甲,乙\n1,0\n1,是\n").unwrap();
    let ran = run(&data, &["exam", "calibrate", bad.to_str().unwrap(), "--model", "1pl"]);
    assert_eq!(ran.code, 3);
    assert!(ran.err.contains("第3行B列：题目“乙”应为0、1或空，这里是“是”"), "{}", ran.err);
    let none = run(&data, &["exam", "items", "没有.csv"]);
    assert!(none.code == 3 && none.err.contains("没有文件 没有.csv"), "{}", none.err);
    let few = run(&data, &["exam", "items", &file, "--key", "AB"]);
    assert!(few.code == 2 && few.err.contains("答案有 2 个，题目有 5 道"), "{}", few.err);
}
