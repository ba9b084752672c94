//! Where words go so that they cover neither each other nor the marks. In pixels.

use super::clip::Frame;

/// How wide `text` is in letters of height `font`, about: no font is at hand, and any may show it.
pub(crate) fn width_of(text: &str, font: f64) -> f64 {
    let em = |c: char| match c {
        'i' | 'l' | 'j' | '\'' | '.' | ',' | ':' | ';' | '|' | '!' | 'I' => 0.32,
        't' | 'f' | 'r' | ' ' | '(' | ')' | '[' | ']' | '-' | '·' => 0.4,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '—' => 0.94,
        '⁰'..='⁹' | '¹' | '²' | '³' | '⁻' => 0.4,
        c if c.is_ascii_uppercase() => 0.7,
        _ => 0.61,
    };
    text.chars().map(em).sum::<f64>() * font
}

/// What is already there.
#[derive(Debug)]
pub(crate) struct Placer {
    frame: Frame,
    font: f64,
    marks: Vec<(f64, f64)>,
    taken: Vec<Frame>,
}

/// How much worse a place is for each mark that it covers.
const COVERED: f64 = 2.0;

impl Placer {
    /// A frame with marks in it.
    pub(crate) fn new(frame: Frame, font: f64, marks: Vec<(f64, f64)>) -> Self {
        Self { frame, font, marks, taken: Vec::new() }
    }

    /// Keeps all words off a mark of that half width.
    pub(crate) fn keep_free(&mut self, (x, y): (f64, f64), r: f64) {
        self.taken.push(Frame { left: x - r, top: y - r, right: x + r, bottom: y + r });
    }

    /// The middle of `text` on the line through `points`, near that share of its length where
    /// there is room; none where there is none.
    pub(crate) fn on_line(
        &mut self,
        text: &str,
        points: &[(f64, f64)],
        share: f64,
    ) -> Option<(f64, f64)> {
        let along = evenly(points, 4.0);
        let last = along.len().checked_sub(1)?;
        let cost = |i: usize| 12.0 * (i as f64 / last.max(1) as f64 - share).abs();
        let places = along.iter().enumerate().map(|(i, &at)| (at, cost(i)));
        self.take(text, places.collect())
    }

    /// The middle of `text` beside `point`, where it covers least.
    pub(crate) fn beside(&mut self, text: &str, (x, y): (f64, f64)) -> Option<(f64, f64)> {
        let (dx, dy) = (width_of(text, self.font) / 2.0 + 9.0, self.font + 2.0);
        let places = [
            ((x + dx, y - dy * 0.8), 0.0),
            ((x + dx, y), 0.2),
            ((x - dx, y - dy * 0.8), 0.4),
            ((x, y - dy * 1.2), 0.5),
            ((x + dx, y + dy * 0.8), 0.6),
            ((x, y + dy * 1.2), 0.7),
            ((x - dx, y), 0.8),
            ((x - dx, y + dy * 0.8), 0.9),
            ((x + dx, y - dy * 2.0), 1.2),
            ((x - dx, y - dy * 2.0), 1.4),
            ((x + dx, y + dy * 2.0), 1.5),
            ((x - dx, y + dy * 2.0), 1.6),
        ];
        self.take(text, places.to_vec())
    }

    fn take(&mut self, text: &str, places: Vec<((f64, f64), f64)>) -> Option<(f64, f64)> {
        let covered = |at: (f64, f64)| {
            let place = self.box_around(text, at);
            self.marks.iter().filter(|mark| place.contains(**mark)).count() as f64
        };
        let (at, _) = places
            .into_iter()
            .filter(|(at, _)| self.is_free(text, *at))
            .map(|(at, cost)| (at, cost + COVERED * covered(at)))
            .min_by(|a, b| a.1.total_cmp(&b.1))?;
        self.taken.push(self.box_around(text, at));
        Some(at)
    }

    fn is_free(&self, text: &str, at: (f64, f64)) -> bool {
        let place = self.box_around(text, at);
        let inside = self.frame.contains((place.left, place.top))
            && self.frame.contains((place.right, place.bottom));
        inside && !self.taken.iter().any(|other| overlap(&place, other))
    }

    fn box_around(&self, text: &str, (x, y): (f64, f64)) -> Frame {
        let (dx, dy) = (width_of(text, self.font) / 2.0 + 2.0, self.font * 0.6 + 1.0);
        Frame { left: x - dx, top: y - dy, right: x + dx, bottom: y + dy }
    }
}

fn overlap(a: &Frame, b: &Frame) -> bool {
    a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
}

/// Points every `step` pixels along a line.
fn evenly(points: &[(f64, f64)], step: f64) -> Vec<(f64, f64)> {
    let mut along = Vec::new();
    for ends in points.windows(2) {
        let ((x0, y0), (x1, y1)) = (ends[0], ends[1]);
        let n = ((x1 - x0).hypot(y1 - y0) / step).ceil().max(1.0);
        along.extend((0..n as usize).map(|i| {
            let t = i as f64 / n;
            (x0 + t * (x1 - x0), y0 + t * (y1 - y0))
        }));
    }
    along
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Frame = Frame { left: 0.0, top: 0.0, right: 200.0, bottom: 100.0 };

    #[test]
    fn words_on_a_line_keep_off_the_marks_and_off_each_other() {
        let marks = (0..20).map(|i| (80.0 + 2.0 * f64::from(i), 50.0)).collect();
        let mut placer = Placer::new(FRAME, 10.0, marks);
        let line = [(0.0, 50.0), (200.0, 50.0)];
        let first = placer.on_line("2.5", &line, 0.5).unwrap();
        assert!(first.0 < 80.0 || first.0 > 118.0, "{first:?}");
        let second = placer.on_line("2.5", &line, 0.5).unwrap();
        assert!((first.0 - second.0).abs() > width_of("2.5", 10.0), "{first:?} {second:?}");
    }

    #[test]
    fn words_that_have_no_room_are_not_placed() {
        let mut placer = Placer::new(FRAME, 10.0, vec![]);
        assert_eq!(placer.on_line(&"wide ".repeat(20), &[(0.0, 50.0), (200.0, 50.0)], 0.5), None);
        assert_eq!(placer.on_line("2.5", &[], 0.5), None);
    }

    #[test]
    fn words_beside_a_point_at_the_edge_stay_inside() {
        let mut placer = Placer::new(FRAME, 10.0, vec![]);
        let (x, _) = placer.beside("planned", (199.0, 50.0)).unwrap();
        assert!(x + width_of("planned", 10.0) / 2.0 <= 200.0);
    }
}
