//! What of a line or an area lies inside the frame. In pixels.

/// The inside of the axes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Frame {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) right: f64,
    pub(crate) bottom: f64,
}

type Point = (f64, f64);

impl Frame {
    /// Whether `point` lies inside, edges included.
    pub(crate) fn contains(&self, (x, y): Point) -> bool {
        self.left <= x && x <= self.right && self.top <= y && y <= self.bottom
    }

    /// The pieces of the line through `points` that lie inside.
    pub(crate) fn clip_line(&self, points: &[Point]) -> Vec<Vec<Point>> {
        let mut pieces: Vec<Vec<Point>> = Vec::new();
        for ends in points.windows(2) {
            let Some((from, to)) = self.clip_segment(ends[0], ends[1]) else { continue };
            match pieces.last_mut() {
                Some(piece) if piece.last() == Some(&from) => piece.push(to),
                _ => pieces.push(vec![from, to]),
            }
        }
        pieces
    }

    /// The part of a straight piece that lies inside (Liang and Barsky 1984).
    fn clip_segment(&self, (x0, y0): Point, (x1, y1): Point) -> Option<(Point, Point)> {
        let (dx, dy) = (x1 - x0, y1 - y0);
        let (mut enter, mut leave) = (0.0f64, 1.0f64);
        let edges = [
            (-dx, x0 - self.left),
            (dx, self.right - x0),
            (-dy, y0 - self.top),
            (dy, self.bottom - y0),
        ];
        for (towards, room) in edges {
            if towards == 0.0 && room < 0.0 {
                return None;
            }
            let at = room / towards;
            if towards < 0.0 {
                enter = enter.max(at);
            } else if towards > 0.0 {
                leave = leave.min(at);
            }
        }
        let at = |t: f64| match t {
            0.0 => (x0, y0),
            1.0 => (x1, y1),
            _ => (x0 + t * dx, y0 + t * dy),
        };
        (enter <= leave).then(|| (at(enter), at(leave)))
    }

    /// The part of an area that lies inside (Sutherland and Hodgman 1974), edge by edge.
    pub(crate) fn clip_area(&self, outline: &[Point]) -> Vec<Point> {
        let left = |p: Point| p.0 - self.left;
        let right = |p: Point| self.right - p.0;
        let top = |p: Point| p.1 - self.top;
        let bottom = |p: Point| self.bottom - p.1;
        let clipped = clip_by(&clip_by(outline, left), right);
        clip_by(&clip_by(&clipped, top), bottom)
    }
}

/// The part of an area where `inside` is not below zero.
fn clip_by(outline: &[Point], inside: impl Fn(Point) -> f64) -> Vec<Point> {
    let mut kept = Vec::with_capacity(outline.len() + 4);
    for (i, &to) in outline.iter().enumerate() {
        let from = outline[(i + outline.len() - 1) % outline.len()];
        let (a, b) = (inside(from), inside(to));
        if (a < 0.0) != (b < 0.0) {
            let t = a / (a - b);
            kept.push((from.0 + t * (to.0 - from.0), from.1 + t * (to.1 - from.1)));
        }
        if b >= 0.0 {
            kept.push(to);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Frame = Frame { left: 0.0, top: 0.0, right: 10.0, bottom: 10.0 };

    #[test]
    fn a_line_through_the_frame_is_cut_at_its_edges() {
        assert_eq!(FRAME.clip_line(&[(-5.0, 5.0), (15.0, 5.0)]), [[(0.0, 5.0), (10.0, 5.0)]]);
    }

    #[test]
    fn a_line_that_leaves_and_comes_back_is_two_pieces() {
        let line = [(1.0, 5.0), (1.0, -5.0), (9.0, -5.0), (9.0, 5.0)];
        assert_eq!(FRAME.clip_line(&line), [[(1.0, 5.0), (1.0, 0.0)], [(9.0, 0.0), (9.0, 5.0)]]);
    }

    #[test]
    fn a_line_beside_the_frame_is_not_seen() {
        assert!(FRAME.clip_line(&[(-5.0, -5.0), (-1.0, 20.0)]).is_empty());
        assert!(FRAME.clip_line(&[(-5.0, 5.0), (-5.0, 6.0)]).is_empty());
    }

    #[test]
    fn an_area_larger_than_the_frame_is_the_frame() {
        let area = [(-5.0, -5.0), (20.0, -5.0), (20.0, 20.0), (-5.0, 20.0)];
        let mut clipped = FRAME.clip_area(&area);
        clipped.sort_by(|a, b| a.partial_cmp(b).unwrap());
        assert_eq!(clipped, [(0.0, 0.0), (0.0, 10.0), (10.0, 0.0), (10.0, 10.0)]);
    }

    #[test]
    fn an_area_outside_is_nothing() {
        assert!(FRAME.clip_area(&[(11.0, 1.0), (12.0, 1.0), (12.0, 2.0)]).is_empty());
    }
}
