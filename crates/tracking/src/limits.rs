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
/// Characters of a parameter's value; longer ones are cut.
pub const PARAM_VALUE: usize = 6000;
/// Characters of the value of a run's tag; longer ones are cut.
pub const TAG_VALUE: usize = 8000;
/// Characters of the key of a metric, parameter or tag.
pub const ENTITY_KEY: usize = 250;
/// Characters of an experiment's name.
pub const EXPERIMENT_NAME: usize = 500;
/// Characters of the value of an experiment's tag.
pub const EXPERIMENT_TAG_VALUE: usize = 20_000;
/// Items on one page of a search.
pub const PAGE: i64 = 50_000;
/// Datasets in one request.
pub const DATASETS_PER_BATCH: usize = 1000;
/// Characters of a dataset's name.
pub const DATASET_NAME: usize = 500;
/// Characters of a dataset's digest.
pub const DATASET_DIGEST: usize = 36;
/// Characters of a dataset's schema.
pub const DATASET_SCHEMA: usize = 1_048_575;
/// Characters of a dataset's source.
pub const DATASET_SOURCE: usize = 65_535;
/// Characters of a dataset's profile.
pub const DATASET_PROFILE: usize = 16_777_215;
/// Characters of the key of a tag of an input.
pub const INPUT_TAG_KEY: usize = 255;
/// Characters of the value of a tag of an input.
pub const INPUT_TAG_VALUE: usize = 500;
/// Characters of the value of a tag in the registry.
pub const REGISTRY_TAG_VALUE: usize = 100_000;
/// Characters of an alias.
pub const ALIAS: usize = 255;
