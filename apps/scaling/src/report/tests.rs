use ::evaluate::plot::{Plot, Size};
use ::evaluate::{Fact, Table, html};
use record::{Interval, Silent};

use super::*;
use crate::data::{Origin, StepsToLoss};
use crate::fit::{Fit, Recipe};
use crate::model::allocation::TwoTerms;
use crate::model::chinchilla::CHINCHILLA;
use crate::model::mccandlish::StepsAgainstExamples;
use crate::predict::batch::{REFERENCE, report};
use crate::units::{CountKind, ParameterCount, Steps};

const LAW: TwoTerms = TwoTerms { e: 1.8, a: 480.0, b: 2100.0, alpha: 0.35, beta: 0.37 };

/// Twelve runs of four sizes at three lengths, exactly on [`LAW`].
fn twelve_runs() -> Vec<Run> {
    let sizes = [1e8, 3e8, 1e9, 3e9];
    let runs = sizes.iter().flat_map(|n| [10.0, 20.0, 40.0].map(|ratio| (*n, ratio * n)));
    let run = |(i, (n, d)): (usize, (f64, f64))| Run {
        id: format!("run <{i}>"),
        parameters: Parameters(n),
        tokens: Tokens(d),
        compute: Flop(6.0 * n * d),
        loss: Nats(loss(n, d)),
    };
    runs.enumerate().map(run).collect()
}

fn loss(n: f64, d: f64) -> f64 {
    LAW.e + LAW.a / n.powf(LAW.alpha) + LAW.b / d.powf(LAW.beta)
}

fn frontier(budgets: &[f64]) -> Vec<Frontier> {
    let at = |c: &f64| {
        let best = LAW.best_split(Flop(*c));
        let (n, l) = (best.parameters.0, LAW.loss(best).0);
        Frontier {
            compute: Flop(*c),
            best,
            loss: Nats(l),
            size_interval: Some(Interval::new(n / 1.5, n * 1.5, 0.95, "test")),
            loss_interval: Some(Interval::new(l - 0.02, l + 0.02, 0.95, "test")),
        }
    };
    budgets.iter().map(at).collect()
}

/// How many marks of that kind the groups of a class hold.
fn count(plot: &Plot, class: &str, mark: &str) -> usize {
    let svg = plot.standalone(Size::WIDE);
    let groups = svg.split("<g ").filter(|group| group.starts_with(&format!("class=\"{class}\"")));
    groups.map(|group| group.matches(&format!("<{mark}")).count()).sum()
}

#[test]
fn the_plane_shows_every_run_the_contours_the_budgets_and_the_frontier() {
    let (runs, frontier) = (twelve_runs(), frontier(&[1e18, 1e19, 1e20, 1e21]));
    let point = frontier[3].point("planned");
    let picture = plane(&Plane {
        loss: &loss,
        runs: &runs,
        frontier: &frontier,
        planned: Some(&point),
        count: CountKind::Total,
    });
    // One more of each kind in the legend.
    assert_eq!(count(&picture, "run", "circle"), 12 + 1);
    assert!(count(&picture, "contour", "polyline") > 5);
    assert!(count(&picture, "isoflop", "polyline") > 3);
    assert_eq!(count(&picture, "frontier", "polyline"), 1 + 1);
    assert_eq!(count(&picture, "band", "polygon"), 1 + 1);
    assert_eq!(count(&picture, "planned", "polygon"), 1);
    assert!(picture.standalone(Size::WIDE).contains("10²⁰ FLOP"));
    assert!(picture.description.contains("12 runs"), "{}", picture.description);
}

#[test]
fn of_very_many_runs_some_are_drawn_and_the_picture_says_so() {
    let runs: Vec<Run> = twelve_runs().into_iter().cycle().take(12_000).collect();
    let picture = loss_against_compute(&runs, &frontier(&[1e18, 1e20]), None);
    assert_eq!(count(&picture, "run", "circle"), 2000 + 1);
    assert!(picture.description.starts_with("12000 runs, of which 2000 are drawn,"));
}

#[test]
fn the_plane_of_one_run_has_lines_of_equal_compute_around_it() {
    let run = &twelve_runs()[..1];
    let alone =
        Plane { loss: &loss, runs: run, frontier: &[], planned: None, count: CountKind::Total };
    let picture = plane(&alone);
    assert_eq!(count(&picture, "run", "circle"), 1 + 1);
    assert!(count(&picture, "isoflop", "polyline") > 1);
}

#[test]
fn the_plane_of_no_runs_is_an_empty_picture() {
    let nothing =
        Plane { loss: &loss, runs: &[], frontier: &[], planned: None, count: CountKind::Body };
    let picture = plane(&nothing);
    assert_eq!(count(&picture, "run", "circle"), 0);
    assert_eq!(picture.x.title, "N, parameters without embeddings");
}

#[test]
fn what_lies_beyond_the_runs_is_shaded_and_nothing_is_where_nothing_does() {
    let runs = twelve_runs();
    let far = loss_against_compute(&runs, &frontier(&[1e18, 1e23]), Some("planned"));
    assert_eq!(count(&far, "beyond", "polygon"), 1 + 1);
    assert_eq!(count(&far, "planned", "polygon"), 1);
    assert!(far.description.contains("46.3 times the largest run"), "{}", far.description);
    let near = loss_against_compute(&runs, &frontier(&[1e18, 1e20]), None);
    assert_eq!(count(&near, "beyond", "polygon"), 0);
}

#[test]
fn a_parabola_has_its_lowest_point_marked_and_an_edge_is_marked_as_one() {
    let points = |shift: f64| {
        let at = |n: f64| (Parameters(n), Nats(3.0 + shift + (n / 1e8).ln().powi(2) / 10.0));
        [2.5e7, 5e7, 1e8, 2e8, 4e8].map(at).to_vec()
    };
    let inside = Lowest::Inside { best: Parameters(1e8), loss: Nats(3.0), bend: 0.1 };
    let at_edge = Lowest::AtEdge { size: Parameters(2.5e7), loss: Nats(3.3) };
    let picture = parabolas(&[
        Isoflop { compute: Flop(1e19), points: points(0.0), lowest: inside },
        Isoflop { compute: Flop(3e18), points: points(0.1), lowest: at_edge },
    ]);
    assert_eq!(count(&picture, "run", "circle"), 10);
    assert_eq!(count(&picture, "lowest", "polygon"), 1 + 1);
    assert_eq!(count(&picture, "edge", "circle"), 1 + 1);
    let svg = picture.standalone(Size::WIDE);
    assert!(svg.contains("10¹⁹ FLOP") && svg.contains("3×10¹⁸ FLOP"));
}

#[test]
fn a_hyperbola_has_its_runs_its_two_limits_and_its_critical_batch() {
    let fitted = StepsAgainstExamples { least_steps: Steps(1e3), least_examples: Tokens(1e9) };
    let runs = [1e5, 1e6, 1e7].map(|b| (Tokens(b), fitted.steps(Tokens(b)))).to_vec();
    let picture = hyperbola(&[TradeOff {
        name: "85M".into(),
        target: Nats(3.4),
        runs,
        fitted,
        critical: Some(Interval::new(9e5, 1.1e6, 0.95, "test")),
    }]);
    assert_eq!(count(&picture, "run", "circle"), 3 + 1);
    assert_eq!(count(&picture, "asymptote", "polyline"), 2 + 1);
    assert_eq!(count(&picture, "critical", "polygon"), 1);
    assert_eq!(
        picture.description,
        "85M to a loss of 3.4: at least 1k steps and 1B tokens, critical batch 1M tokens (95 % \
         900k to 1.1M)."
    );
}

#[test]
fn residuals_show_every_run_in_classes_of_size_with_their_spread() {
    let runs: Vec<(Run, f64)> = twelve_runs().into_iter().zip([0.01, -0.01].repeat(6)).collect();
    let picture = residuals(&runs);
    // Four sizes are four classes, each with a line in the legend.
    assert_eq!(count(&picture, "run", "circle"), 12 + 4);
    assert_eq!(count(&picture, "zero", "polyline"), 1);
    assert!(picture.standalone(Size::WIDE).contains("±2 sd (2.97 %)"));
}

#[test]
fn a_predicted_curve_lies_over_the_logged_one_and_ends_where_it_ends() {
    let falling = |n: usize| (1..=n).map(|s| (s as f64, 2.0 + 5.0 / s as f64)).collect::<Vec<_>>();
    let curve = |name: &str, predicted| Curve {
        name: name.into(),
        points: falling(1001),
        predicted,
        band: vec![],
    };
    let picture = curves(&[curve("other schedule", true), curve("as logged", false)]);
    assert_eq!(picture.layers.last().unwrap().class, "predicted");
    let places = picture.layers[0].marks.clone();
    let ::evaluate::plot::Marks::Lines { lines, .. } = places else { panic!("not a line") };
    assert!(lines[0].points.len() < 510 && lines[0].points.last().unwrap().0 == 1001.0);
    assert!(picture.description.contains("as logged ends at 2.005 after 1001 steps"));
}

#[test]
fn laws_stand_side_by_side_with_the_baseline_where_it_is_near() {
    let score = |name: &str, mape, chosen| LawScore {
        name: name.into(),
        mape,
        interval: Some(Interval::new(mape * 0.8, mape * 1.2, 0.95, "test")),
        chosen,
    };
    let scores = [score("Skaling", 0.010, true), score("Chinchilla", 0.012, false)];
    let near = laws(&scores, Some(("lowest loss", 0.03)));
    assert_eq!(count(&near, "law", "circle"), 2 + 2);
    assert_eq!(count(&near, "interval", "polyline"), 2);
    assert_eq!(count(&near, "baseline", "polyline"), 1 + 1);
    let far = laws(&scores, Some(("lowest loss", 0.9)));
    assert_eq!(count(&far, "baseline", "polyline"), 0);
    assert!(far.description.contains("lowest loss 90.00 %"), "{}", far.description);
}

fn fitted() -> Fit {
    let runs = twelve_runs();
    let observations = Observations {
        inputs: CHINCHILLA.inputs,
        x: runs.iter().map(|run| vec![run.parameters.0, run.tokens.0]).collect(),
        loss: runs.iter().map(|run| run.loss.0).collect(),
        run: (0..runs.len()).collect(),
        id: runs.iter().map(|run| run.id.clone()).collect(),
        compute: runs.iter().map(|run| Some(run.compute)).collect(),
        count: Some(CountKind::Total),
        notes: vec![],
    };
    Fit {
        law: &CHINCHILLA,
        theta: vec![LAW.e, LAW.a, LAW.b, LAW.alpha, LAW.beta],
        objective: 0.0,
        recipe: Recipe::default(),
        observations,
        n_starts: 103,
        n_reached: 101,
        draws: vec![],
    }
}

/// What a page says, without its pictures: one line for each thing that is said.
fn words(html: &str) -> String {
    let mut words = String::new();
    let body = html.split_once("<body>").expect("a body").1;
    for (i, part) in body.split("<svg").enumerate() {
        let part = if i == 0 { part } else { part.split_once("</svg>").expect("its end").1 };
        let mut in_tag = false;
        for c in part.chars() {
            match c {
                '<' => in_tag = true,
                '>' => {
                    in_tag = false;
                    words.push('\n');
                }
                c if !in_tag => words.push(c),
                _ => {}
            }
        }
    }
    let lines = words.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_page_of_a_plan_says_this() {
    let fit = fitted();
    let mut material = Material::new(&fit, "runs.csv");
    material.frontier = frontier(&[1e19, 1e21]);
    material.warnings = vec!["The budget is 17 times the largest run.".into()];
    material.colophon = vec!["Seed 0.".into()];
    let planned = Planned {
        facts: vec![Fact::new("Parameters", "2.9B", "95 %: 2B to 4B")],
        tables: vec![Table::new("Laws", &["Law", "N"], vec![vec!["Kaplan".into(), "9B".into()]])],
        point: Some(material.frontier[1].point("planned")),
    };
    looks_like("plan_page.txt", &words(&html(&plan_report(&material, &planned))));
}

/// Holds `text` against the snapshot of that name, and renews it where `RENEW_SNAPSHOTS` is set.
fn looks_like(name: &str, text: &str) {
    let snapshot = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/report").join(name);
    if std::env::var_os("RENEW_SNAPSHOTS").is_some() {
        std::fs::write(&snapshot, text).unwrap();
    }
    let expected = std::fs::read_to_string(&snapshot).unwrap();
    assert!(text == expected, "{name} differs; with RENEW_SNAPSHOTS=1 `git diff` shows how");
}

#[test]
fn names_of_runs_are_text_and_never_markup() {
    let fit = fitted();
    let html = html(&fit_report(&Material::new(&fit, "<b>runs</b>.csv")));
    assert!(html.contains("&lt;b&gt;runs&lt;/b&gt;.csv") && html.contains("run &lt;3&gt;"));
    assert!(!html.contains("<b>runs") && !html.contains("run <3>"));
}

#[test]
fn a_law_without_size_or_data_has_no_plane_and_no_residuals_by_size() {
    let mut fit = fitted();
    fit.observations.inputs = crate::model::kaplan::KAPLAN_C.inputs;
    let html = html(&fit_report(&Material::new(&fit, "runs.csv")));
    assert!(!html.contains("Size and data") && !html.contains("What it gets wrong"));
}

#[test]
fn the_frontier_of_a_fit_has_the_interval_of_its_draws() {
    let mut fit = fitted();
    fit.draws = (0..100)
        .map(|i| {
            let mut theta = fit.theta.clone();
            theta[1] *= 0.9 + 0.002 * f64::from(i);
            theta
        })
        .collect();
    let best = |theta: &[f64], c| {
        let &[e, a, b, alpha, beta] = theta else { return None };
        Some(TwoTerms { e, a, b, alpha, beta }.best_split(c))
    };
    let frontier = optimum_of(&fit, &[Flop(1e21)], best);
    let interval = frontier[0].size_interval.as_ref().unwrap();
    assert!(interval.contains(frontier[0].best.parameters.0));
    assert!(interval.low < interval.high);
}

#[test]
fn a_fit_made_here_gives_a_page() {
    let observations = fitted().observations;
    let recipe = Recipe { n_starts: 4, n_bootstrap: 0, ..Recipe::default() };
    let fit = crate::fit::fit(&CHINCHILLA, observations, &recipe, &mut Silent).unwrap();
    assert!(html(&fit_report(&Material::new(&fit, "runs.csv"))).contains("Chinchilla on runs.csv"));
}

#[test]
fn a_few_runs_far_off_do_not_press_the_rest_onto_the_zero_line() {
    let mut runs: Vec<(Run, f64)> =
        twelve_runs().into_iter().cycle().zip([0.01, -0.01].into_iter().cycle()).take(60).collect();
    runs[0].1 = -0.3;
    let picture = residuals(&runs);
    let (low, high) = picture.y.range.unwrap();
    assert!(low == -high && (high - 0.022).abs() < 1e-12, "{high}");
    assert_eq!(count(&picture, "further", "circle"), 1 + 1);
    assert!(picture.standalone(Size::WIDE).contains("1 further out, to -30.0 %"));
}

#[test]
fn the_page_of_batches_says_what_was_found() {
    let row = |batch: f64| StepsToLoss {
        model: Some("85M".into()),
        group: None,
        parameters: ParameterCount::default(),
        target: Nats(3.4),
        batch: Tokens(batch),
        steps: Steps(1e3 + 1e9 / batch),
        origin: Origin { file: "rows.csv".into(), line: None },
    };
    let rows = [1e5, 3e5, 1e6, 3e6, 1e7].map(row);
    let recipe = Recipe { n_bootstrap: 0, ..Recipe::default() };
    let found = report(&rows, REFERENCE, &recipe, &mut Silent).unwrap();
    let page = words(&batch_page("rows.csv", &found));
    assert!(page.contains("85M to a loss of 3.4\n1M tokens"), "{page}");
}
