//! Is one better than the other? Two results on the same split, held against each other: by their
//! scores alone, or, sharper, item by item.

use record::{EvalReport, Interval, Score};
use serde::Serialize;

use crate::Error;
use crate::bootstrap::{self, Resampling};
use crate::distributions::sign_test;

/// One metric of two reports on one split.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// The metric.
    pub metric: String,
    /// The split.
    pub split: String,
    /// Of the first report.
    pub first: f64,
    /// Of the second report.
    pub second: f64,
    /// `second − first`.
    pub difference: f64,
    /// Where the difference lies; none where a report has no interval.
    pub interval: Option<Interval>,
}

/// Holds two reports against each other, score by score. They must hold the same metrics on the
/// same splits.
///
/// From scores alone nobody knows how far the two err together, so the interval is the one that
/// holds whatever they do: `[low₂ − high₁, high₂ − low₁]`, wrong at most as often as either of the
/// two is (Bonferroni: `1 − level = (1 − level₁) + (1 − level₂)`). [`by_item`] gives a narrower one.
///
/// # Errors
/// Refused where a metric or split of one report is not in the other, or stands there twice.
pub fn reports(first: &EvalReport, second: &EvalReport) -> Result<Vec<Difference>, Error> {
    let differences = first
        .scores
        .iter()
        .map(|score| Ok(difference(score, twin(score, second)?)))
        .collect::<Result<_, Error>>()?;
    second.scores.iter().try_for_each(|score| twin(score, first).map(drop))?;
    Ok(differences)
}

/// The errors of one result, by item.
#[derive(Debug, Clone, PartialEq)]
pub struct Errors {
    /// Whose errors, such as "Skaling".
    pub name: String,
    /// The split on which they were made.
    pub split: String,
    /// Each item's name and its error, above zero or at it: smaller is better.
    pub items: Vec<(String, f64)>,
}

/// How the errors of two results differ, item by item.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Paired {
    /// The first result.
    pub first: String,
    /// The second result.
    pub second: String,
    /// The split of both.
    pub split: String,
    /// Items compared.
    pub n_items: usize,
    /// Mean error of the second less that of the first: below zero where the second is better.
    pub difference: f64,
    /// Where the difference lies, by drawing items.
    pub interval: Interval,
    /// Items on which the second errs less.
    pub n_second_better: u64,
    /// Items on which the first errs less.
    pub n_first_better: u64,
    /// How likely so uneven a count is where neither is better (two-sided sign test, ties left
    /// out; Dixon and Mood 1946).
    pub sign_test_p: f64,
}

impl Paired {
    /// What the numbers say, in a sentence.
    pub fn verdict(&self) -> String {
        let Self { first, second, .. } = self;
        let (n, wins) = (self.n_items, self.n_second_better);
        let counts = format!(
            "{second} errs less on {wins} of {n} items, {first} on {} (sign test p = {:.2})",
            self.n_first_better, self.sign_test_p
        );
        let level = 100.0 * self.interval.level;
        let word = match (self.interval.low, self.interval.high) {
            (_, high) if high < 0.0 => format!("{second} is better"),
            (low, _) if low > 0.0 => format!("{first} is better"),
            _ => format!("no difference between {first} and {second} that the items show"),
        };
        format!("{word} at {level:.0} %: {counts}")
    }
}

/// Compares the errors of two results on the same items of the same split.
///
/// # Errors
/// Refused where the splits or the items differ, an item stands twice, an error is not a number
/// from zero up, or there are fewer than two items.
pub fn by_item(first: &Errors, second: &Errors, how: &Resampling) -> Result<Paired, Error> {
    if first.split != second.split {
        return Err(other_split(&first.split, &second.split));
    }
    let (sorted1, sorted2) = (sorted_items(first)?, sorted_items(second)?);
    if !sorted1.iter().map(|item| &item.0).eq(sorted2.iter().map(|item| &item.0)) {
        return Err(Error::refused(
            format!("{} and {} were measured on different items", first.name, second.name),
            "measure both on the same items",
        ));
    }
    let differences: Vec<f64> = sorted1.iter().zip(&sorted2).map(|(a, b)| b.1 - a.1).collect();
    let mean = |d: &[f64]| Some(d.iter().sum::<f64>() / d.len() as f64);
    let interval = bootstrap::interval(&differences, mean, how)?;
    let count = |wanted: fn(f64) -> bool| differences.iter().filter(|d| wanted(**d)).count() as u64;
    let (n_second_better, n_first_better) = (count(|d| d < 0.0), count(|d| d > 0.0));
    Ok(Paired {
        first: first.name.clone(),
        second: second.name.clone(),
        split: first.split.clone(),
        n_items: differences.len(),
        difference: differences.iter().sum::<f64>() / differences.len() as f64,
        interval: Interval { method: format!("paired {}", interval.method), ..interval },
        n_second_better,
        n_first_better,
        sign_test_p: sign_test(n_second_better, n_first_better),
    })
}

fn difference(first: &Score, second: &Score) -> Difference {
    let interval = first.interval.as_ref().zip(second.interval.as_ref()).map(|(a, b)| {
        let level = (a.level + b.level - 1.0).max(0.0);
        Interval::new(b.low - a.high, b.high - a.low, level, "Bonferroni, from both intervals")
    });
    Difference {
        metric: first.metric.clone(),
        split: first.split.clone(),
        first: first.value,
        second: second.value,
        difference: second.value - first.value,
        interval,
    }
}

/// The one score of `report` with the metric and split of `score`.
fn twin<'a>(score: &Score, report: &'a EvalReport) -> Result<&'a Score, Error> {
    let same_metric: Vec<&Score> =
        report.scores.iter().filter(|other| other.metric == score.metric).collect();
    let twins: Vec<&Score> =
        same_metric.iter().copied().filter(|other| other.split == score.split).collect();
    match (&twins[..], &same_metric[..]) {
        ([twin], _) => Ok(twin),
        ([], []) => Err(Error::refused(
            format!("\"{}\" has no {}", report.title, score.metric),
            "compare reports that hold the same metrics",
        )),
        ([], [other, ..]) => Err(other_split(&score.split, &other.split)),
        _ => Err(Error::refused(
            format!("\"{}\" has {} on {} twice", report.title, score.metric, score.split),
            "keep one score a metric and split",
        )),
    }
}

fn other_split(first: &str, second: &str) -> Error {
    Error::refused(
        format!("the splits differ: \"{first}\" and \"{second}\""),
        "measure both on the same rows: numbers of different rows say nothing about each other",
    )
}

fn sorted_items(errors: &Errors) -> Result<Vec<&(String, f64)>, Error> {
    let mut items: Vec<&(String, f64)> = errors.items.iter().collect();
    items.sort_by(|a, b| a.0.cmp(&b.0));
    if let Some((name, error)) = items.iter().find(|item| !(item.1.is_finite() && item.1 >= 0.0)) {
        return Err(Error::refused(
            format!("{} errs on {name} by {error}", errors.name),
            "give absolute errors, and leave out what could not be predicted on both sides",
        ));
    }
    if let Some(pair) = items.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(Error::refused(
            format!("{} has two errors of {}", errors.name, pair[0].0),
            "give each item its own name",
        ));
    }
    Ok(items)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(metric: &str, value: f64, half: f64, split: &str) -> EvalReport {
        let interval = Interval::new(value - half, value + half, 0.95, "bootstrap");
        EvalReport::new(metric, vec![Score::new(metric, value, split).with_interval(interval)])
    }

    #[test]
    fn two_reports_differ_by_their_scores_within_the_bonferroni_interval() {
        let (a, b) = (report("mape", 3.0, 0.5, "test"), report("mape", 2.0, 0.25, "test"));
        let difference = &reports(&a, &b).unwrap()[0];
        assert_eq!(difference.difference, -1.0);
        let interval = difference.interval.as_ref().unwrap();
        assert_eq!((interval.low, interval.high), (-1.75, -0.25));
        assert!((interval.level - 0.9).abs() < 1e-12);
    }

    #[test]
    fn a_score_without_interval_gives_a_difference_without_one() {
        let mut a = report("mape", 3.0, 0.5, "test");
        a.scores[0].interval = None;
        assert_eq!(reports(&a, &report("mape", 2.0, 0.5, "test")).unwrap()[0].interval, None);
    }

    #[test]
    fn reports_on_other_splits_or_metrics_are_refused() {
        let a = report("mape", 3.0, 0.5, "test");
        let other_split = reports(&a, &report("mape", 2.0, 0.5, "train")).unwrap_err().to_string();
        assert!(other_split.contains("the splits differ: \"test\""), "{other_split}");
        assert!(reports(&a, &report("rmse", 2.0, 0.5, "test")).is_err());
        let mut more = a.clone();
        more.scores.push(Score::new("rmse", 1.0, "test"));
        assert!(reports(&a, &more).is_err() && reports(&more, &a).is_err());
    }

    fn errors(name: &str, errors: &[f64]) -> Errors {
        let items = errors.iter().enumerate().map(|(i, e)| (format!("run {i}"), *e)).collect();
        Errors { name: name.into(), split: "held out".into(), items }
    }

    #[test]
    fn a_result_that_errs_less_on_every_item_is_better() {
        let a = errors("A", &[0.3, 0.5, 0.4, 0.9, 0.6, 0.8]);
        let b = errors("B", &[0.2, 0.3, 0.3, 0.6, 0.5, 0.5]);
        let paired = by_item(&a, &b, &Resampling::default()).unwrap();
        assert_eq!((paired.n_second_better, paired.n_first_better), (6, 0));
        assert!((paired.sign_test_p - 0.031_25).abs() < 1e-12);
        assert!((paired.difference + 1.1 / 6.0).abs() < 1e-12);
        assert!(paired.interval.high < 0.0);
        assert!(paired.verdict().starts_with("B is better at 95 %"), "{}", paired.verdict());
    }

    #[test]
    fn the_order_of_the_items_does_not_matter() {
        let (a, b) = (errors("A", &[0.3, 0.5, 0.4]), errors("B", &[0.2, 0.6, 0.1]));
        let mut turned = b.clone();
        turned.items.reverse();
        let how = Resampling::default();
        assert_eq!(by_item(&a, &b, &how), by_item(&a, &turned, &how));
    }

    #[test]
    fn results_that_win_half_each_do_not_differ() {
        let (a, b) = (errors("A", &[1.0, 2.0, 1.0, 2.0]), errors("B", &[2.0, 1.0, 2.0, 1.0]));
        let paired = by_item(&a, &b, &Resampling::default()).unwrap();
        assert_eq!((paired.difference, paired.sign_test_p), (0.0, 1.0));
        assert!(paired.verdict().starts_with("no difference between A and B"));
    }

    #[test]
    fn other_items_other_splits_and_errors_below_zero_are_refused() {
        let (a, how) = (errors("A", &[0.3, 0.5]), Resampling::default());
        assert!(by_item(&a, &errors("B", &[0.3]), &how).is_err());
        assert!(by_item(&a, &errors("B", &[0.3, -0.5]), &how).is_err());
        assert!(by_item(&a, &errors("B", &[0.3, f64::NAN]), &how).is_err());
        let train = Errors { split: "train".into(), ..errors("B", &[0.3, 0.5]) };
        assert!(by_item(&a, &train, &how).unwrap_err().to_string().contains("splits differ"));
        let mut twice = a.clone();
        twice.items[1].0 = "run 0".into();
        assert!(by_item(&twice, &twice, &how).is_err());
    }
}
