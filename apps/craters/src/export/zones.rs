//! Risk zones as polygons: a layer of a GeoPackage, and GeoJSON. Knows nothing of how a zone was
//! found.

use std::path::{Path, PathBuf};

use super::columns::{Kind, Value};
use super::place::signed_area;
use super::{Format, Outgoing, geojson, geopackage};
use crate::error::Result;

/// A zone: rings in the scene's projection, and what is to be said of it. A ring inside an odd
/// number of others is a hole.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Zone {
    /// Rings, closed or not, in either direction.
    pub rings: Vec<Vec<[f64; 2]>>,
    /// Names and values, the same names in each zone.
    pub attributes: Vec<(String, Value)>,
}

/// A polygon: its outline counter-clockwise, its holes clockwise, all closed.
pub(crate) type Polygon = Vec<Vec<[f64; 2]>>;

/// Names and kinds of what is said of the zones, in the order in which they first come.
pub(crate) fn fields(zones: &[Zone]) -> Vec<(String, Kind)> {
    let mut fields: Vec<(String, Kind)> = Vec::new();
    for (name, value) in zones.iter().flat_map(|zone| &zone.attributes) {
        let kind = match value {
            Value::Nothing => continue,
            Value::Integer(_) => Kind::Integer,
            Value::Real(_) => Kind::Real,
            Value::Text(_) => Kind::Text,
            Value::Boolean(_) => Kind::Boolean,
        };
        if !fields.iter().any(|(known, _)| known == name) {
            fields.push((name.clone(), kind));
        }
    }
    fields
}

/// The rings of a zone as polygons.
pub(crate) fn polygons(zone: &Zone) -> Vec<Polygon> {
    let rings: Vec<Vec<[f64; 2]>> = zone.rings.iter().filter_map(|ring| closed(ring)).collect();
    let depth: Vec<usize> = (0..rings.len())
        .map(|i| (0..rings.len()).filter(|j| *j != i && holds(&rings[*j], &rings[i])).count())
        .collect();
    let mut polygons: Vec<(usize, Polygon)> = Vec::new();
    for (i, ring) in rings.iter().enumerate().filter(|(i, _)| depth[*i].is_multiple_of(2)) {
        polygons.push((i, vec![turned(ring, true)]));
    }
    for (i, ring) in rings.iter().enumerate().filter(|(i, _)| !depth[*i].is_multiple_of(2)) {
        let around =
            |(j, _): &&mut (usize, Polygon)| depth[*j] + 1 == depth[i] && holds(&rings[*j], ring);
        if let Some((_, polygon)) = polygons.iter_mut().find(around) {
            polygon.push(turned(ring, false));
        }
    }
    polygons.into_iter().map(|(_, polygon)| polygon).collect()
}

/// The ring with its first corner repeated at its end; none where it holds no area.
fn closed(ring: &[[f64; 2]]) -> Option<Vec<[f64; 2]>> {
    let mut ring = ring.to_vec();
    if ring.first() != ring.last() {
        ring.push(*ring.first()?);
    }
    let is_finite = ring.iter().flatten().all(|value| value.is_finite());
    (ring.len() >= 4 && is_finite && signed_area(&ring) != 0.0).then_some(ring)
}

/// The ring in the direction that was asked for.
fn turned(ring: &[[f64; 2]], counter_clockwise: bool) -> Vec<[f64; 2]> {
    let mut ring = ring.to_vec();
    if (signed_area(&ring) > 0.0) != counter_clockwise {
        ring.reverse();
    }
    ring
}

/// Whether `outer` goes around `inner`: around the middle of its first side, since rings may touch
/// at corners.
fn holds(outer: &[[f64; 2]], inner: &[[f64; 2]]) -> bool {
    let [x, y] = [(inner[0][0] + inner[1][0]) / 2.0, (inner[0][1] + inner[1][1]) / 2.0];
    let crosses = |side: &&[[f64; 2]]| {
        let ([x0, y0], [x1, y1]) = (side[0], side[1]);
        (y0 > y) != (y1 > y) && x < x0 + (y - y0) / (y1 - y0) * (x1 - x0)
    };
    outer.windows(2).filter(crosses).count() % 2 == 1
}

/// Writes `zones.gpkg` and, where there is a place on the ground, `zones.geojson`; returns what
/// stands beside the first.
pub(crate) fn write(out: &Outgoing<'_>, folder: &Path) -> Result<Vec<PathBuf>> {
    geopackage::write_zones(out, &folder.join(Format::Zones.file()))?;
    let Some(georeference) = &out.survey.georeference else { return Ok(Vec::new()) };
    let path = folder.join("zones.geojson");
    geojson::zones(out, georeference, &path)?;
    Ok(vec![path])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(at: f64, side: f64) -> Vec<[f64; 2]> {
        vec![[at, at], [at + side, at], [at + side, at + side], [at, at + side]]
    }

    #[test]
    fn a_ring_in_a_ring_is_a_hole_and_a_ring_in_a_hole_is_a_polygon() {
        let rings = vec![square(4.0, 1.0), square(0.0, 10.0), square(3.0, 4.0), square(20.0, 1.0)];
        let polygons = polygons(&Zone { rings, attributes: vec![] });
        let n_rings: Vec<usize> = polygons.iter().map(Vec::len).collect();
        assert_eq!(n_rings, [1, 2, 1]);
        assert!(signed_area(&polygons[1][0]) > 0.0 && signed_area(&polygons[1][1]) < 0.0);
        assert_eq!(polygons[1][0].len(), 5);
    }

    #[test]
    fn a_ring_without_area_is_left_out() {
        let rings = vec![vec![], vec![[0.0, 0.0], [1.0, 1.0]], vec![[f64::NAN, 0.0]; 5]];
        assert!(polygons(&Zone { rings, attributes: vec![] }).is_empty());
    }
}
