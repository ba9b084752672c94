use record::Interval;

use super::*;
use crate::plot::{Axis, Colour, Layer};

fn report() -> EvalReport {
    let score = Score::new("mape", 0.01062, "held-out: top 25 % of compute")
        .with_interval(Interval::new(0.0081, 0.0143, 0.95, "bootstrap by run, 4000 draws"))
        .against("Chinchilla", 0.0125);
    let mut report = EvalReport::new("Skaling on 240 runs", vec![score]);
    report.seed = Some(7);
    report
}

fn plot() -> Plot {
    Plot::new("Loss", Axis::log("N").short(), Axis::linear("nats"))
        .describe("Two runs.")
        .with(Layer::points("run", Colour::Blue, vec![(1e6, 4.0), (1e8, 3.0)]))
}

fn photo(word: &str) -> Photo {
    Photo { url: word.into(), alt: word.into(), title: word.into(), text: word.into() }
}

#[test]
fn what_people_wrote_is_text_and_never_markup() {
    let evil = "</style><script>alert('x')</script>&";
    let section = Section::new(
        evil,
        vec![
            Block::Text(evil.into()),
            Block::Equation(evil.into()),
            Block::Warning(evil.into()),
            Block::Table(Table::new(evil, &[evil], vec![vec![evil.into()]])),
            Block::Scores(EvalReport::new(evil, vec![Score::new(evil, 1.0, evil)])),
            Block::Figure(Figure::new(Plot { title: evil.into(), ..plot() }, evil)),
            Block::Photo(photo(evil)),
            Block::Gallery(vec![photo(evil)]),
        ],
    );
    let mut page = Page::new(evil, evil).with(section);
    page.summary = vec![Fact::new(evil, evil, evil)];
    page.warnings = vec![evil.into()];
    page.colophon = vec![evil.into()];
    let html = html(&page);
    assert!(!html.contains("<script") && !html.contains("'x'"));
    assert_eq!(html.matches("</style>").count(), 1);
}

#[test]
fn a_page_needs_nothing_from_elsewhere() {
    let figure = Block::Figure(Figure::new(plot(), ""));
    let html = html(&Page::new("T", "L").with(Section::new("S", vec![figure])));
    for outside in ["src=", "href=\"h", "@import", "url("] {
        assert!(!html.contains(outside), "{outside}");
    }
    assert_eq!(html.replace("http://www.w3.org/2000/svg", "").matches("http").count(), 0);
}

#[test]
fn photographs_stand_in_the_page_with_words_for_who_cannot_see_them() {
    let html = block(&Block::Gallery(vec![photo("one"), photo("two")]));
    assert!(html.starts_with("<div class=\"gallery\">"));
    assert!(html.contains("<img src=\"two\" alt=\"two\">"));
    assert!(html.contains("<figcaption><b>one.</b> one</figcaption>"));
}

#[test]
fn a_figure_is_drawn_for_the_desk_and_for_the_phone_with_words_for_who_cannot_see_it() {
    let html = figure_html(&Figure::new(plot(), "Lower is better."));
    assert_eq!(html.matches("<svg ").count(), 2);
    assert_eq!(html.matches("<title>Loss</title>\n<desc>Two runs.</desc>").count(), 2);
    assert!(html.contains("<figcaption><b>Loss.</b> Lower is better.</figcaption>"));
}

#[test]
fn headings_go_down_one_level_at_a_time() {
    let page = Page::new("T", "").with(Section::new("A", vec![])).with(Section::new("B", vec![]));
    let html = html(&page);
    assert_eq!((html.matches("<h1>").count(), html.matches("<h2>").count()), (1, 2));
    assert_eq!(html.matches("<h3>").count(), 0);
}

#[test]
fn a_score_is_shown_with_its_interval_its_split_and_its_baseline() {
    let html = block(&Block::Scores(report()));
    let row = "<td>mape</td><td class=\"n\">0.01062</td>\
               <td class=\"n\">0.00810 to 0.0143 (95 %)</td>\
               <td>held-out: top 25 % of compute</td><td>Chinchilla: 0.01250</td>";
    assert!(html.contains(row), "{html}");
    assert!(html.contains("Intervals: bootstrap by run, 4000 draws. Seed 7."), "{html}");
}

#[test]
fn what_is_to_be_typed_is_set_as_code() {
    assert_eq!(prose("see `a <b>` & c"), "see <code>a &lt;b&gt;</code> &amp; c");
    assert_eq!(prose("one ` alone"), "one ` alone");
}

#[test]
fn equations_have_what_is_raised_raised_and_what_is_lowered_lowered() {
    assert_eq!(equation("E + A/N^α + B"), "E + A/N<sup>α</sup> + B");
    assert_eq!(equation("(N_c/N)^α_N"), "(N<sub>c</sub>/N)<sup>α<sub>N</sub></sup>");
    assert_eq!(equation("x^(1/(a + b)) < 1"), "x<sup>1/(a + b)</sup> &lt; 1");
    assert_eq!(equation("β·x^−c, R_D*"), "β·x<sup>−c</sup>, R<sub>D*</sub>");
    assert_eq!(equation("η_{k−1}"), "η<sub>k−1</sub>");
    assert_eq!(equation("x^ and x^("), "x<sup></sup> and x<sup>(</sup>");
}

#[test]
fn a_report_comes_back_from_its_json() {
    let text = json(&report()).unwrap();
    assert_eq!(serde_json::from_str::<EvalReport>(&text).unwrap(), report());
}

#[test]
fn a_number_that_is_not_finite_is_refused_in_json() {
    let report = EvalReport::new("t", vec![Score::new("rmse", f64::NAN, "test")]);
    assert!(json(&report).unwrap_err().to_string().contains("rmse"));
}

#[test]
fn numbers_are_written_with_four_digits() {
    let shown = [0.010_62, 2.5, -1234.5, 123_456.0, 3.2e10, 2e-7, 0.0].map(number);
    assert_eq!(shown, ["0.01062", "2.500", "−1234", "123,456", "3.2×10¹⁰", "2×10⁻⁷", "0"]);
}

#[test]
fn a_small_page_looks_like_this() {
    let mut page = Page::new("Training plan", "From two runs.").with(Section::new(
        "Scores",
        vec![
            Block::Text("A score comes with its interval.".into()),
            Block::Equation("L = A/N^α".into()),
            Block::Scores(report()),
            Block::Figure(Figure::new(plot(), "Each point is a run.")),
        ],
    ));
    page.summary = vec![Fact::new("Parameters", "9.72B", "95 %: 7.1B to 12B")];
    page.warnings = vec!["The budget is 76 times the largest run.".into()];
    page.colophon = vec!["Seed 7.".into()];
    let html = html(&page);
    // The style is not what this test is about.
    looks_like("small_page.html", html.split_once("</style>").unwrap().1);
}

/// Holds `text` against the snapshot of that name, and renews it where `RENEW_SNAPSHOTS` is set.
fn looks_like(name: &str, text: &str) {
    let snapshot = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/page").join(name);
    if std::env::var_os("RENEW_SNAPSHOTS").is_some() {
        std::fs::write(&snapshot, text).unwrap();
    }
    let expected = std::fs::read_to_string(&snapshot).unwrap();
    assert!(text == expected, "{name} differs; with RENEW_SNAPSHOTS=1 `git diff` shows how");
}
