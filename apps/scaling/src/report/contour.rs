//! Lines of equal height over a grid, by marching squares (Maple 2003, "Geometric design and
//! space planning using the marching squares and marching cube algorithms").

use std::collections::BTreeMap;

/// Heights over a rectangular grid.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Grid {
    pub(super) x: Vec<f64>,
    pub(super) y: Vec<f64>,
    /// Row by row: `z[j * x.len() + i]` is the height at `(x[i], y[j])`.
    pub(super) z: Vec<f64>,
}

type Point = (f64, f64);

/// An edge of the grid: from node `(i, j)` to the right, or up.
type Edge = (usize, usize, bool);

impl Grid {
    /// The heights of `f`.
    pub(super) fn of(x: Vec<f64>, y: Vec<f64>, f: impl Fn(f64, f64) -> f64) -> Self {
        let z = y.iter().flat_map(|y| x.iter().map(|x| f(*x, *y)).collect::<Vec<_>>()).collect();
        Self { x, y, z }
    }

    /// The lines along which the height is `level`. A line ends at the edge of the grid, or where
    /// a height is not a number, or closes: then its first point is its last.
    pub(super) fn lines(&self, level: f64) -> Vec<Vec<Point>> {
        let mut neighbours = BTreeMap::<Edge, Vec<Edge>>::new();
        for j in 0..self.y.len().saturating_sub(1) {
            for i in 0..self.x.len().saturating_sub(1) {
                for (a, b) in self.cut(i, j, level) {
                    neighbours.entry(a).or_default().push(b);
                    neighbours.entry(b).or_default().push(a);
                }
            }
        }
        let chains = chains(neighbours);
        chains
            .into_iter()
            .map(|c| c.into_iter().map(|e| self.crossing(e, level)).collect())
            .collect()
    }

    /// The outlines of where the height is below `level`.
    pub(super) fn below(&self, level: f64) -> Vec<Vec<Point>> {
        // A rim above the level, as wide as nothing, closes every line along the grid's edge.
        let rim = |v: &[f64]| [&v[..1], v, &v[v.len() - 1..]].concat();
        if self.x.is_empty() || self.y.is_empty() {
            return Vec::new();
        }
        let (x, y) = (rim(&self.x), rim(&self.y));
        let inside = |i: usize, n: usize| (1..=n).contains(&i);
        let z = (0..y.len()).flat_map(|j| (0..x.len()).map(move |i| (i, j))).map(|(i, j)| {
            let within = inside(i, self.x.len()) && inside(j, self.y.len());
            let z = if within { self.z[(j - 1) * self.x.len() + i - 1] } else { f64::NAN };
            if z.is_finite() { z } else { level + 1.0 }
        });
        let z = z.collect();
        Self { x, y, z }.lines(level)
    }

    fn height(&self, i: usize, j: usize) -> f64 {
        self.z[j * self.x.len() + i]
    }

    /// The straight pieces in the cell whose lower left node is `(i, j)`, as pairs of edges.
    fn cut(&self, i: usize, j: usize, level: f64) -> Vec<(Edge, Edge)> {
        // Around the cell: lower left, lower right, upper right, upper left.
        let heights = [
            self.height(i, j),
            self.height(i + 1, j),
            self.height(i + 1, j + 1),
            self.height(i, j + 1),
        ];
        if heights.iter().any(|z| !z.is_finite()) {
            return Vec::new();
        }
        let edges = [(i, j, true), (i + 1, j, false), (i, j + 1, true), (i, j, false)];
        let below = heights.map(|z| z < level);
        let crossed: Vec<usize> = (0..4).filter(|&e| below[e] != below[(e + 1) % 4]).collect();
        match crossed[..] {
            [a, b] => vec![(edges[a], edges[b])],
            // A saddle: its middle says which pair of corners is joined.
            [_, _, _, _] => {
                let middle_below = heights.iter().sum::<f64>() / 4.0 < level;
                if below[0] == middle_below {
                    vec![(edges[0], edges[1]), (edges[2], edges[3])]
                } else {
                    vec![(edges[3], edges[0]), (edges[1], edges[2])]
                }
            }
            _ => Vec::new(),
        }
    }

    /// Where the level is crossed on an edge, straight between its ends.
    fn crossing(&self, (i, j, across): Edge, level: f64) -> Point {
        let (i1, j1) = if across { (i + 1, j) } else { (i, j + 1) };
        let (z0, z1) = (self.height(i, j), self.height(i1, j1));
        let t = (level - z0) / (z1 - z0);
        (self.x[i] + t * (self.x[i1] - self.x[i]), self.y[j] + t * (self.y[j1] - self.y[j]))
    }
}

/// Joins edges to chains: open ones from their ends first, then closed ones.
fn chains(mut neighbours: BTreeMap<Edge, Vec<Edge>>) -> Vec<Vec<Edge>> {
    let ends: Vec<Edge> =
        neighbours.iter().filter(|(_, next)| next.len() == 1).map(|(edge, _)| *edge).collect();
    let mut chains = Vec::new();
    for end in ends {
        chains.extend(walk(&mut neighbours, end));
    }
    while let Some((&any, _)) = neighbours.first_key_value() {
        let chain = walk(&mut neighbours, any);
        chains.extend(chain.map(|mut chain| {
            chain.push(chain[0]);
            chain
        }));
    }
    chains
}

fn walk(neighbours: &mut BTreeMap<Edge, Vec<Edge>>, start: Edge) -> Option<Vec<Edge>> {
    let mut next = neighbours.remove(&start)?;
    let mut chain = vec![start];
    while let Some((edge, further)) =
        next.iter().find_map(|edge| Some((*edge, neighbours.remove(edge)?)))
    {
        chain.push(edge);
        next = further;
    }
    Some(chain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(n: usize) -> Vec<f64> {
        (0..n).map(|i| i as f64).collect()
    }

    #[test]
    fn the_contour_of_a_plane_is_one_straight_line_from_edge_to_edge() {
        let plane = Grid::of(steps(11), steps(11), |x, y| x + 2.0 * y);
        let lines = plane.lines(9.3);
        assert_eq!(lines.len(), 1);
        for (x, y) in &lines[0] {
            assert!((x + 2.0 * y - 9.3).abs() < 1e-12, "({x}, {y})");
        }
        let mut ends = [lines[0][0], lines[0][lines[0].len() - 1]];
        ends.sort_by(|a, b| a.0.total_cmp(&b.0));
        assert!(ends[0].0 == 0.0 && ends[1].1 == 0.0, "{ends:?}");
    }

    #[test]
    fn the_contour_of_a_bowl_is_one_closed_ring() {
        let bowl = Grid::of(steps(21), steps(21), |x, y| (x - 10.0).hypot(y - 10.0));
        let lines = bowl.lines(5.0);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].first(), lines[0].last());
        for (x, y) in &lines[0] {
            assert!(((x - 10.0).hypot(y - 10.0) - 5.0).abs() < 0.05, "({x}, {y})");
        }
    }

    #[test]
    fn a_saddle_is_two_lines_that_do_not_cross() {
        let saddle = Grid { x: steps(2), y: steps(2), z: vec![0.0, 1.0, 1.0, 0.0] };
        assert_eq!(saddle.lines(0.4).len(), 2);
        assert_eq!(saddle.lines(0.6).len(), 2);
    }

    #[test]
    fn a_level_that_is_not_reached_has_no_line_and_a_hole_breaks_one() {
        let plane = Grid::of(steps(5), steps(5), |x, _| x);
        assert!(plane.lines(9.0).is_empty());
        let torn = Grid::of(steps(5), steps(5), |x, y| if y == 2.0 { f64::NAN } else { x });
        assert_eq!(torn.lines(1.5).len(), 2);
    }

    #[test]
    fn what_lies_below_is_closed_along_the_edge_of_the_grid() {
        let plane = Grid::of(steps(5), steps(5), |x, _| x);
        let outlines = plane.below(1.5);
        assert_eq!(outlines.len(), 1);
        assert_eq!(outlines[0].first(), outlines[0].last());
        let area: f64 =
            outlines[0].windows(2).map(|p| p[0].0 * p[1].1 - p[1].0 * p[0].1).sum::<f64>() / 2.0;
        assert!((area.abs() - 1.5 * 4.0).abs() < 1e-9, "{area}");
    }

    #[test]
    fn an_empty_grid_has_no_lines() {
        assert!(Grid { x: vec![], y: vec![], z: vec![] }.below(1.0).is_empty());
    }
}
