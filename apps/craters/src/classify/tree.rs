//! One decision tree, as in the paper; its path explains a decision.
//!
//! Grown as CART grows it (Breiman et al. 1984): each question lowers the Gini impurity most.

use serde::{Deserialize, Serialize};

use super::bins::{Binned, Table};
use super::grow::{self, Limits};

/// A decision tree over rows of features. NaN goes the way that was better in training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tree {
    nodes: Vec<Node>,
}

/// How a tree grows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Questions on the longest way.
    pub depth: usize,
    /// Most leaves.
    pub leaves: usize,
    /// Fewest rows of a leaf.
    pub rows_of_leaf: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { depth: 6, leaves: 48, rows_of_leaf: 20 }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Node {
    /// Share of craters among the training rows that came here.
    share: f32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    split: Option<Split>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Split {
    feature: usize,
    threshold: f32,
    absent_below: bool,
    /// The side above stands behind it.
    below: usize,
}

/// One question on the way to a leaf.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// Index of the feature.
    pub feature: usize,
    /// What it is compared with.
    pub threshold: f32,
    /// The value of this candidate; absent where it could not be measured.
    #[serde(with = "absent")]
    pub value: f32,
    /// Whether the value was at most the threshold.
    pub is_below: bool,
    /// Share of craters among the training candidates that came here.
    pub share_before: f32,
}

/// NaN as `null`: JSON has no other word for a number that is absent.
mod absent {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &f32, to: S) -> Result<S::Ok, S::Error> {
        if value.is_nan() { to.serialize_none() } else { to.serialize_f32(*value) }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f32, D::Error> {
        Ok(Option::<f32>::deserialize(from)?.unwrap_or(f32::NAN))
    }
}

impl Tree {
    /// Grows a tree that tells the rows with `true` from the others.
    pub fn fit(table: &Table, is_crater: &[bool], settings: &Settings) -> Self {
        let binned = Binned::of(table);
        let pairs: Vec<[f32; 2]> =
            is_crater.iter().map(|is| [if *is { -1.0 } else { 0.0 }, 1.0]).collect();
        let limits = Limits {
            depth: settings.depth,
            leaves: settings.leaves,
            least_curvature: settings.rows_of_leaf as f64,
            l2: 0.0,
        };
        let features: Vec<usize> = (0..table.n_features).collect();
        let rows = (0..is_crater.len() as u32).collect();
        let nodes = grow::grow(&binned, rows, &features, &pairs, &limits);
        Self { nodes: nodes.iter().map(node).collect() }
    }

    /// Share of craters in the leaf of a row.
    pub fn share(&self, row: &[f32]) -> f32 {
        self.nodes[self.way(row).1].share
    }

    /// The questions on the way of a row, first to last.
    pub fn path(&self, row: &[f32]) -> Vec<Question> {
        self.way(row).0
    }

    /// Whether every question asks one of so many features and leads onward, so that a tree from
    /// a file can be followed.
    pub fn is_sound(&self, n_features: usize) -> bool {
        let leads_on = |(at, node): (usize, &Node)| {
            node.split.is_none_or(|split| {
                split.feature < n_features && at < split.below && split.below + 1 < self.nodes.len()
            })
        };
        !self.nodes.is_empty() && self.nodes.iter().enumerate().all(leads_on)
    }

    fn way(&self, row: &[f32]) -> (Vec<Question>, usize) {
        let (mut at, mut path) = (0, Vec::new());
        while let Some(split) = self.nodes[at].split {
            let value = row[split.feature];
            let is_below =
                if value.is_nan() { split.absent_below } else { value <= split.threshold };
            path.push(Question {
                feature: split.feature,
                threshold: split.threshold,
                value,
                is_below,
                share_before: self.nodes[at].share,
            });
            at = split.below + usize::from(!is_below);
        }
        (path, at)
    }
}

fn node(grown: &grow::Node) -> Node {
    let split = grown.split.map(|split| Split {
        feature: split.feature,
        threshold: split.threshold,
        absent_below: split.absent_below,
        below: split.below,
    });
    Node { share: grown.value.clamp(0.0, 1.0) as f32, split }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Settings = Settings { depth: 3, leaves: 8, rows_of_leaf: 1 };

    fn fit(columns: usize, values: &[f32], is_crater: &[bool]) -> Tree {
        let table = Table { n_features: columns, values: values.to_vec() };
        Tree::fit(&table, is_crater, &SMALL)
    }

    #[test]
    fn the_first_question_parts_the_classes_and_the_path_tells_it() {
        let tree = fit(2, &[7.0, 1.0, 8.0, 2.0, 7.0, 5.0, 8.0, 6.0], &[false, false, true, true]);
        assert_eq!(tree.share(&[0.0, 1.5]), 0.0);
        assert_eq!(tree.share(&[0.0, 9.0]), 1.0);
        let question =
            Question { feature: 1, threshold: 3.5, value: 9.0, is_below: false, share_before: 0.5 };
        assert_eq!(tree.path(&[0.0, 9.0]), [question]);
    }

    #[test]
    fn one_number_after_another_parts_what_none_parts_alone() {
        let values = [0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0];
        let tree = fit(2, &values, &[false, true, true, false, false]);
        for (row, is) in values.chunks(2).zip([0.0, 1.0, 1.0, 0.0, 0.0]) {
            assert_eq!(tree.share(row), is, "{row:?}");
        }
    }

    #[test]
    fn an_absent_value_goes_to_the_side_that_it_resembled_in_training() {
        let values = [1.0, 2.0, 5.0, 6.0, f32::NAN, f32::NAN];
        let tree = fit(1, &values, &[true, true, false, false, true, true]);
        assert_eq!(tree.share(&[f32::NAN]), 1.0);
        let tree = fit(1, &values, &[true, true, false, false, false, false]);
        assert_eq!(tree.share(&[f32::NAN]), 0.0);
    }

    #[test]
    fn a_leaf_keeps_its_fewest_rows() {
        let table = Table { n_features: 1, values: vec![1.0, 2.0, 3.0, 4.0] };
        let settings = Settings { rows_of_leaf: 2, ..SMALL };
        let tree = Tree::fit(&table, &[true, false, false, false], &settings);
        assert_eq!(tree.share(&[1.0]), 0.5);
    }

    #[test]
    fn a_tree_survives_json_and_an_absent_value_of_its_path_too() {
        let tree = fit(1, &[1.0, 2.0, f32::NAN], &[true, false, false]);
        let text = serde_json::to_string(&tree).unwrap();
        assert_eq!(serde_json::from_str::<Tree>(&text).unwrap(), tree);
        let path = serde_json::to_string(&tree.path(&[f32::NAN])).unwrap();
        assert!(path.contains(r#""value":null"#), "{path}");
        assert!(serde_json::from_str::<Vec<Question>>(&path).unwrap()[0].value.is_nan());
    }
}
