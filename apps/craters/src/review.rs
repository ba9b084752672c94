//! Reviews: what people say of craters, kept for ever, and which crater to show them next.
//!
//! The log is one [`Review`] a line, only ever appended to. Knows nothing of images.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use crate::error::{Error, Result};
use crate::survey::{Crater, REVIEWS, Review, Verdict};

/// Every review of a survey, in the order they were given; none where nobody reviewed yet.
///
/// # Errors
/// A line that is no review, by its number. A last line without its end, which a crash may leave,
/// is left out.
pub fn read(folder: &Path) -> Result<Vec<Review>> {
    let path = folder.join(REVIEWS);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text =
        fs::read_to_string(&path).map_err(|source| Error::Io { path: path.clone(), source })?;
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let parse = |(idx, line): (usize, &str)| {
        serde_json::from_str(line).map_err(|error| {
            let what = format!("this is no review: {error}");
            Error::input(&path, idx as u64 + 1, what, "mend the line, or take it out by hand")
        })
    };
    let lines = whole.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(parse).collect()
}

/// Adds a review to the log and waits until the disk has it.
///
/// # Errors
/// What the file system says.
pub fn append(folder: &Path, review: &Review) -> Result<()> {
    let path = folder.join(REVIEWS);
    let add = || {
        let mut line = serde_json::to_vec(review)?;
        line.push(b'\n');
        let mut log = File::options().append(true).create(true).open(&path)?;
        // What a crash left of a line, which nobody was told is kept, must not begin this one.
        let there = fs::read(&path)?;
        let whole = there.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        if whole < there.len() {
            log.set_len(whole as u64)?;
        }
        log.write_all(&line)?;
        log.sync_data()
    };
    add().map_err(|source| Error::Write { path: path.clone(), source })
}

/// A review of a crater by a person, now.
pub fn now(crater: &Crater, verdict: Verdict, who: &str) -> Review {
    Review {
        crater: Some(crater.id),
        x_px: crater.x_px,
        y_px: crater.y_px,
        diameter_px: crater.diameter_px,
        verdict,
        who: who.to_owned(),
        when: jiff::Timestamp::now().round(jiff::Unit::Second).unwrap_or_default().to_string(),
    }
}

/// Gives each crater its last verdict.
pub fn judge(craters: &mut [Crater], reviews: &[Review]) {
    let last: HashMap<u64, Verdict> =
        reviews.iter().filter_map(|review| Some((review.crater?, review.verdict))).collect();
    for crater in craters {
        crater.verdict = last.get(&crater.id).copied();
    }
}

/// Whether two circles are the same crater: centres within `max(2 px, 0.5 r)`, radii within a
/// factor of two. The rule by which detections are scored.
pub fn is_same(a: (f64, f64, f64), b: (f64, f64, f64)) -> bool {
    let (radius_a, radius_b) = (a.2 / 2.0, b.2 / 2.0);
    let near = (0.5 * radius_a.max(radius_b)).max(2.0);
    let ratio = radius_a / radius_b;
    (a.0 - b.0).hypot(a.1 - b.1) <= near && (0.5..=2.0).contains(&ratio)
}

/// Numbers craters so that one which people reviewed keeps its number when the scene is surveyed
/// again; the others count on from the highest. `craters` are most likely first.
pub fn number(craters: &mut [Crater], reviews: &[Review]) {
    let mut old: HashMap<u64, (f64, f64, f64)> = HashMap::new();
    for review in reviews {
        if let Some(id) = review.crater {
            old.insert(id, (review.x_px, review.y_px, review.diameter_px));
        }
    }
    let mut known: Vec<_> = old.into_iter().collect();
    known.sort_by_key(|(id, _)| *id);
    let mut next = known.last().map_or(1, |(id, _)| id + 1);
    let mut taken = HashSet::new();
    for crater in craters {
        let here = (crater.x_px, crater.y_px, crater.diameter_px);
        let same = known.iter().find(|(id, at)| !taken.contains(id) && is_same(*at, here));
        crater.id = match same {
            Some((id, _)) => *id,
            None => {
                next += 1;
                next - 1
            }
        };
        taken.insert(crater.id);
    }
}

/// The craters that nobody judged, those first from whose review a detector would learn most: near
/// the threshold, and not near each other.
///
/// Each next one maximises uncertainty times distance: `(1 - |p - t| / max(t, 1 - t)) * d / (d + s)`,
/// where `d` is the distance to the nearest that was chosen, in the plane of position and logarithm
/// of diameter, and `s` is a tenth of the scene.
pub fn next(craters: &[Crater], threshold: f64, limit: usize) -> Vec<&Crater> {
    const POOL: usize = 20;
    let doubt = |crater: &Crater| {
        1.0 - (crater.probability - threshold).abs() / threshold.max(1.0 - threshold)
    };
    let mut pool: Vec<&Crater> = craters.iter().filter(|it| it.verdict.is_none()).collect();
    pool.sort_by(|a, b| doubt(b).total_cmp(&doubt(a)).then(a.id.cmp(&b.id)));
    pool.truncate(limit.saturating_mul(POOL));
    let side = pool.iter().map(|it| it.x_px.max(it.y_px)).fold(1.0, f64::max);
    let apart = |a: &Crater, b: &Crater| {
        let place = (a.x_px - b.x_px).hypot(a.y_px - b.y_px) / side;
        place.hypot((a.diameter_px / b.diameter_px).ln() / 4.0)
    };
    let mut nearest = vec![f64::INFINITY; pool.len()];
    let mut chosen: Vec<&Crater> = Vec::new();
    while chosen.len() < limit.min(pool.len()) {
        let value = |idx: usize| match nearest[idx] {
            d if d.is_infinite() => doubt(pool[idx]),
            d => doubt(pool[idx]) * d / (d + 0.1),
        };
        // The first of equals: the pool is in order of doubt.
        let best = (0..pool.len()).rev().max_by(|a, b| value(*a).total_cmp(&value(*b)));
        let Some(best) = best else { break };
        chosen.push(pool[best]);
        for (idx, crater) in pool.iter().enumerate() {
            nearest[idx] = nearest[idx].min(apart(crater, pool[best]));
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crater(id: u64, x_px: f64, probability: f64) -> Crater {
        Crater {
            id,
            x_px,
            y_px: 10.0,
            diameter_px: 12.0,
            diameter_m: None,
            position: None,
            lon_lat: None,
            probability,
            path: Vec::new(),
            verdict: None,
        }
    }

    #[test]
    fn the_last_verdict_holds_and_every_one_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let mut craters = [crater(1, 10.0, 0.9), crater(2, 80.0, 0.4)];
        append(folder.path(), &now(&craters[0], Verdict::Confirmed, "ana")).unwrap();
        append(folder.path(), &now(&craters[0], Verdict::Rejected, "ben")).unwrap();
        let reviews = read(folder.path()).unwrap();
        judge(&mut craters, &reviews);
        assert_eq!(craters[0].verdict, Some(Verdict::Rejected));
        assert_eq!(craters[1].verdict, None);
        assert_eq!(reviews.iter().map(|r| r.who.as_str()).collect::<Vec<_>>(), ["ana", "ben"]);
    }

    #[test]
    fn half_a_line_that_a_crash_left_harms_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let one = crater(1, 10.0, 0.9);
        append(folder.path(), &now(&one, Verdict::Confirmed, "ana")).unwrap();
        let path = folder.path().join(REVIEWS);
        let mut log = fs::read(&path).unwrap();
        log.extend(b"{\"crater\":2,");
        fs::write(&path, log).unwrap();
        assert_eq!(read(folder.path()).unwrap().len(), 1);
        append(folder.path(), &now(&one, Verdict::Rejected, "ben")).unwrap();
        assert_eq!(read(folder.path()).unwrap().len(), 2);
    }

    #[test]
    fn a_line_that_is_no_review_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(REVIEWS), "{}\n").unwrap();
        let error = read(folder.path()).unwrap_err().to_string();
        assert!(error.contains("reviews.jsonl:1") && error.contains("hint"), "{error}");
    }

    #[test]
    fn a_reviewed_crater_keeps_its_number_in_the_next_survey() {
        let review = now(&crater(7, 100.0, 0.5), Verdict::Confirmed, "ana");
        let mut again = [crater(0, 30.0, 0.9), crater(0, 101.0, 0.6)];
        number(&mut again, &[review]);
        assert_eq!(again.each_ref().map(|crater| crater.id), [8, 7]);
    }

    #[test]
    fn the_next_to_review_are_uncertain_and_apart() {
        let craters = [
            crater(1, 900.0, 0.99),
            crater(2, 100.0, 0.5),
            crater(3, 104.0, 0.51),
            crater(4, 800.0, 0.6),
        ];
        let next: Vec<u64> = next(&craters, 0.5, 2).iter().map(|crater| crater.id).collect();
        assert_eq!(next, [2, 4]);
    }
}
