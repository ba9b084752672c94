//! How long a name may be and how much a request may carry: MLflow's numbers
//! (`mlflow/utils/validation.py` of 3.17).

/// Metrics in one batch.
pub const METRICS_PER_BATCH: usize = 1000;
/// Parameters in one batch.
pub const PARAMS_PER_BATCH: usize = 100;
/// Tags in one batch.
pub const TAGS_PER_BATCH: usize = 100;
/// Metrics, parameters and tags together in one batch.
pub const ENTITIES_PER_BATCH: usize = 1000;
