//! The search language: the first line is a filter, the others are keys to order by. Whatever
//! they are, the answer is a page or a refusal in the words of the protocol; a fault of ours, as a
//! statement that the database does not understand, is a finding.
#![no_main]

use std::sync::LazyLock;

use fieldkit_fuzz::Scratch;
use libfuzzer_sys::fuzz_target;
use tracking::{Error, Kind, Query};

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
    judge(tracking.search_runs(&["1".to_owned()], &query));
    judge(tracking.search_experiments(&query));
    judge(tracking.search_registered_models(&query));
    judge(tracking.search_model_versions(&query));
});

fn judge<T>(answer: Result<T, Error>) {
    if let Err(error) = answer {
        assert_ne!(error.kind, Kind::Internal, "{error}");
    }
}
