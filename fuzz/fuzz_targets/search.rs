//! The search language: the first line is a filter, the others are keys to order by. Whatever
//! they are, the answer is a page or a refusal in the words of the protocol; a fault of ours, as a
//! statement that the database does not understand, is a finding.
#![no_main]

use std::sync::LazyLock;

use fieldkit_fuzz::{Scratch, judge};
use libfuzzer_sys::fuzz_target;
use tracking::Query;

static SCRATCH: LazyLock<Scratch> = LazyLock::new(Scratch::new);

fuzz_target!(|text: &str| {
    let mut lines = text.lines();
    let query = Query {
        filter: lines.next().unwrap_or_default().to_owned(),
        order_by: lines.map(str::to_owned).collect(),
        max_results: 10,
        ..Query::default()
    };
    let tracking = &SCRATCH.tracking;
    let answers = [
        tracking.search_runs(&["1".to_owned()], &query).err(),
        tracking.search_experiments(&query).err(),
        tracking.search_registered_models(&query).err(),
        tracking.search_model_versions(&query).err(),
    ];
    for error in answers.into_iter().flatten() {
        judge("a search", &error.message);
    }
});
