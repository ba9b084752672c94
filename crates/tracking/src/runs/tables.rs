//! The tables of experiments, runs and metrics. Runs and keys have numbers, so that a million
//! points of metrics stay small; the points lie in the order in which they are asked for.

/// The migrations, first to last.
pub(crate) const TABLES: &[&str] = &["
    CREATE TABLE experiments (
        id {id},
        name TEXT NOT NULL UNIQUE,
        artifact_location TEXT NOT NULL,
        is_deleted BIGINT NOT NULL,
        created_ms BIGINT NOT NULL,
        updated_ms BIGINT NOT NULL
    );
    CREATE TABLE experiment_tags (
        experiment BIGINT NOT NULL,
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (experiment, key)
    ) {clustered};

    CREATE TABLE runs (
        id {id},
        uuid TEXT NOT NULL UNIQUE,
        experiment BIGINT NOT NULL,
        name TEXT NOT NULL,
        user_id TEXT NOT NULL,
        status TEXT NOT NULL,
        started_ms BIGINT NOT NULL,
        ended_ms BIGINT,
        artifact_uri TEXT NOT NULL,
        is_deleted BIGINT NOT NULL,
        deleted_ms BIGINT
    );
    CREATE INDEX runs_by_start ON runs (experiment, started_ms DESC, uuid, is_deleted);

    CREATE TABLE run_keys (id {id}, name TEXT NOT NULL UNIQUE);
    CREATE TABLE params (
        run BIGINT NOT NULL,
        key BIGINT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (run, key)
    ) {clustered};
    CREATE TABLE tags (
        run BIGINT NOT NULL,
        key BIGINT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (run, key)
    ) {clustered};

    CREATE TABLE metrics (
        run BIGINT NOT NULL,
        key BIGINT NOT NULL,
        step BIGINT NOT NULL,
        timestamp_ms BIGINT NOT NULL,
        value DOUBLE PRECISION NOT NULL,
        is_nan BIGINT NOT NULL,
        PRIMARY KEY (run, key, step, timestamp_ms, value, is_nan)
    ) {clustered};
    CREATE TABLE metric_summaries (
        run BIGINT NOT NULL,
        key BIGINT NOT NULL,
        step BIGINT NOT NULL,
        timestamp_ms BIGINT NOT NULL,
        value DOUBLE PRECISION NOT NULL,
        is_nan BIGINT NOT NULL,
        least DOUBLE PRECISION,
        greatest DOUBLE PRECISION,
        n BIGINT NOT NULL,
        PRIMARY KEY (run, key)
    ) {clustered};

    CREATE TABLE datasets (
        id {id},
        experiment BIGINT NOT NULL,
        name TEXT NOT NULL,
        digest TEXT NOT NULL,
        source_type TEXT NOT NULL,
        source TEXT NOT NULL,
        schema TEXT,
        profile TEXT,
        UNIQUE (experiment, name, digest)
    );
    CREATE TABLE inputs (
        run BIGINT NOT NULL,
        dataset BIGINT NOT NULL,
        PRIMARY KEY (run, dataset)
    ) {clustered};
    CREATE INDEX inputs_by_dataset ON inputs (dataset);
    CREATE TABLE input_tags (
        run BIGINT NOT NULL,
        dataset BIGINT NOT NULL,
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (run, dataset, key)
    ) {clustered};
    CREATE TABLE run_models (
        run BIGINT NOT NULL,
        is_output BIGINT NOT NULL,
        model_id TEXT NOT NULL,
        step BIGINT NOT NULL,
        PRIMARY KEY (run, is_output, model_id)
    ) {clustered};
"];
