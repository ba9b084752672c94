//! The boundary of a zone: marching squares over the centres of cells, joined to closed rings.

use std::collections::BTreeMap;

use super::kernel::{Frame, contains, signed_area};

/// An edge between two neighbouring centres, as the ring's corner on it is named by: the cell, and
/// whether its eastern (else its northern) neighbour is the other.
type Edge = (usize, bool);

/// The parts of `{value > level}`: of each its outer ring, then its holes. Outer rings run
/// counter-clockwise, holes clockwise; the first position of each is repeated at its end. Cells on
/// the frame's border must lie at or below the level.
pub(super) fn polygons(frame: &Frame, values: &[f32], level: f32) -> Vec<Vec<Vec<[f64; 2]>>> {
    let rings = rings(frame, values, level);
    let (mut outer, holes): (Vec<_>, Vec<_>) =
        rings.into_iter().partition(|ring| signed_area(ring) > 0.0);
    outer.sort_by(|a, b| signed_area(a).total_cmp(&signed_area(b)));
    let mut polygons: Vec<Vec<Vec<[f64; 2]>>> = outer.into_iter().map(|ring| vec![ring]).collect();
    for hole in holes {
        // The smallest that encloses it.
        if let Some(polygon) = polygons.iter_mut().find(|polygon| contains(&polygon[0], &hole[0])) {
            polygon.push(hole);
        }
    }
    polygons.reverse();
    polygons
}

fn rings(frame: &Frame, values: &[f32], level: f32) -> Vec<Vec<[f64; 2]>> {
    let mut next = segments(frame, values, level);
    let mut rings = Vec::new();
    while let Some((first, _)) = next.first_key_value() {
        let first = *first;
        let mut ring = Vec::new();
        let mut at = first;
        while let Some(to) = next.remove(&at) {
            ring.push(corner(frame, values, level, at));
            at = to;
        }
        ring.push(ring[0]);
        rings.push(ring);
    }
    rings
}

/// From each corner to the next, the zone on the left.
fn segments(frame: &Frame, values: &[f32], level: f32) -> BTreeMap<Edge, Edge> {
    let mut next = BTreeMap::new();
    for row in 0..frame.height - 1 {
        for column in 0..frame.width - 1 {
            let at = row * frame.width + column;
            let corners = [at, at + 1, at + 1 + frame.width, at + frame.width];
            let above = corners.map(|cell| values[cell] > level);
            // South, east, north, west side of the square between four centres.
            let sides = [(at, true), (at + 1, false), (at + frame.width, true), (at, false)];
            let middle = corners.iter().map(|cell| values[*cell]).sum::<f32>() / 4.0 > level;
            for (from, to) in turns(above, middle) {
                next.insert(sides[*from], sides[*to]);
            }
        }
    }
    next
}

/// The segments of one square, as sides (0 south, 1 east, 2 north, 3 west), by which of its corners
/// (south-west, south-east, north-east, north-west) lie above the level. In the two cases with
/// opposite corners the mean of the four decides whether they are joined.
fn turns(above: [bool; 4], middle: bool) -> &'static [(usize, usize)] {
    match above {
        [false, false, false, false] | [true, true, true, true] => &[],
        [true, false, false, false] => &[(0, 3)],
        [false, true, false, false] => &[(1, 0)],
        [false, false, true, false] => &[(2, 1)],
        [false, false, false, true] => &[(3, 2)],
        [true, true, false, false] => &[(1, 3)],
        [false, true, true, false] => &[(2, 0)],
        [false, false, true, true] => &[(3, 1)],
        [true, false, false, true] => &[(0, 2)],
        [false, true, true, true] => &[(3, 0)],
        [true, false, true, true] => &[(0, 1)],
        [true, true, false, true] => &[(1, 2)],
        [true, true, true, false] => &[(2, 3)],
        [true, false, true, false] if middle => &[(0, 1), (2, 3)],
        [true, false, true, false] => &[(0, 3), (2, 1)],
        [false, true, false, true] if middle => &[(1, 2), (3, 0)],
        [false, true, false, true] => &[(1, 0), (3, 2)],
    }
}

/// Where the level lies between two centres, linear between them.
fn corner(frame: &Frame, values: &[f32], level: f32, (cell, is_east): Edge) -> [f64; 2] {
    let other = if is_east { cell + 1 } else { cell + frame.width };
    let (a, b) = (f64::from(values[cell]), f64::from(values[other]));
    // At the window's edge there is nothing to go between.
    let at_edge = frame.inside[cell] != frame.inside[other];
    let share = if at_edge { 0.5 } else { ((f64::from(level) - a) / (b - a)).clamp(0.0, 1.0) };
    let mut position = frame.centre(cell % frame.width, cell / frame.width);
    position[usize::from(!is_east)] += share * frame.cell_m;
    position
}
