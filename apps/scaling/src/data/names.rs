//! The role of a column, a logged metric or a configuration key, guessed from its name.

use super::role::Role;

/// How well a name fits a role: 0 is a name that can mean nothing else.
pub(super) type Rank = u8;

/// The rank of a loss that does not say on which text it was measured.
const UNSTATED_LOSS: Rank = 10;
/// What is added to the rank of a lowest, highest or first loss.
const EXTREME_LOSS: Rank = 40;

/// Whether a loss of that rank does not say on which text it was measured.
pub(super) fn is_unstated(rank: Rank) -> bool {
    rank % EXTREME_LOSS >= UNSTATED_LOSS
}

/// Each role's names, best first; as [`words`] joins them.
const NAMES: &[(Role, &[&str])] = &[
    (Role::Id, &["id", "run_id", "run_uuid", "run"]),
    (Role::Name, &["name", "run_name", "exp_name", "display_name", "experiment_name"]),
    (
        Role::Group,
        &[
            "group",
            "suite",
            "stage",
            "family",
            "architecture",
            "arch",
            "recipe",
            "series",
            "model_type",
            "experiment",
            "dataset",
        ],
    ),
    (Role::Model, &["model", "model_name"]),
    (Role::State, &["state", "status", "run_state"]),
    (
        Role::Schedule,
        &[
            "schedule",
            "lr_schedule",
            "lr_scheduler_type",
            "lr_scheduler",
            "scheduler",
            "scheduler_name",
        ],
    ),
    (Role::Metric, &["metric", "metric_name", "key", "tag"]),
    (Role::Value, &["value", "metric_value"]),
    (
        Role::BodyParameters,
        &["n_body", "body_params", "params_body", "body_parameters", "parameters_body"],
    ),
    (
        Role::TotalParameters,
        &[
            "n_total",
            "total_params",
            "params_total",
            "total_parameters",
            "parameters_total",
            "num_total_params",
        ],
    ),
    (
        Role::Parameters,
        &[
            "n",
            "params",
            "parameters",
            "n_params",
            "num_params",
            "nparams",
            "n_parameters",
            "num_parameters",
            "param_count",
            "parameter_count",
            "model_size",
            "model_params",
            "model_parameters",
        ],
    ),
    (
        Role::Tokens,
        &[
            "d",
            "tokens",
            "n_tokens",
            "num_tokens",
            "train_tokens",
            "training_tokens",
            "total_tokens",
            "tokens_seen",
            "tokens_processed",
            "consumed_tokens",
            "consumed_train_tokens",
            "token_count",
            "t",
        ],
    ),
    (
        Role::UniqueTokens,
        &["unique_tokens", "n_unique_tokens", "num_unique_tokens", "tokens_unique", "u"],
    ),
    (Role::Epochs, &["epochs", "n_epochs", "num_epochs", "num_train_epochs"]),
    (
        Role::TokensPerParameter,
        &["tokens_per_param", "tokens_per_parameter", "tpp", "d_n", "d_over_n", "token_multiplier"],
    ),
    (
        Role::Steps,
        &[
            "steps",
            "n_steps",
            "num_steps",
            "num_train_steps",
            "train_steps",
            "training_steps",
            "total_steps",
            "max_steps",
            "iterations",
            "iters",
            "max_iters",
            "num_iterations",
            "updates",
            "n_updates",
            "num_updates",
            "max_updates",
            "ti",
            "s",
            "decay_steps",
        ],
    ),
    (Role::LastStep, &["last_step", "final_step"]),
    (Role::Step, &["step", "global_step", "iteration", "iter", "log_step"]),
    (
        Role::BatchTokens,
        &[
            "batch_tokens",
            "batch_size_tokens",
            "tokens_per_batch",
            "tokens_per_step",
            "tokens_per_update",
        ],
    ),
    (
        Role::BatchSequences,
        &[
            "batch_sequences",
            "batch_size_sequences",
            "batch_seqs",
            "batch_size_seqs",
            "sequences_per_batch",
            "seqs_per_batch",
        ],
    ),
    (
        Role::Batch,
        &[
            "global_batch_size",
            "global_bs",
            "gbs",
            "total_batch_size",
            "train_batch_size",
            "batch_size",
            "batch",
            "bs",
            "b",
        ],
    ),
    (
        Role::SequenceLength,
        &[
            "seq_len",
            "seq_length",
            "sequence_length",
            "seqlen",
            "context_length",
            "ctx_len",
            "ctx_length",
            "n_ctx",
            "ctx",
            "max_seq_len",
            "max_seq_length",
            "max_sequence_length",
            "block_size",
            "context",
        ],
    ),
    (
        Role::Compute,
        &[
            "c",
            "flops",
            "flop",
            "compute",
            "training_flop",
            "training_flops",
            "train_flop",
            "train_flops",
            "total_flops",
            "total_flop",
            "compute_flop",
            "compute_flops",
            "total_flos",
        ],
    ),
    (Role::PfDays, &["pf_days", "pfdays", "compute_pf_days", "c_pf_days", "petaflop_days"]),
    (
        Role::LearningRate,
        &[
            "lr",
            "learning_rate",
            "peak_lr",
            "max_lr",
            "peak_learning_rate",
            "max_learning_rate",
            "base_lr",
        ],
    ),
    (Role::Seed, &["seed", "random_seed", "rng_seed"]),
    (Role::SmallNormSquared, &["grad_sq_small", "grad_norm_sq_small"]),
    (Role::BigNormSquared, &["grad_sq_big", "grad_norm_sq_big"]),
    (Role::SmallBatch, &["b_small"]),
    (Role::BigBatch, &["b_big"]),
];

/// The role that a name suggests and how well it fits. A nested name such as
/// `optimizer/scheduler.lr` is looked up whole, then without its first parts.
pub(super) fn guess(name: &str) -> Option<(Role, Rank)> {
    let all = words(name);
    if let Some(found) = guess_loss(&all) {
        return Some(found);
    }
    if without_embeddings(&all) {
        return Some((Role::BodyParameters, 1));
    }
    let parts: Vec<&str> = name.split(['/', '.']).filter(|p| !p.trim().is_empty()).collect();
    if let [a, b] = parts[..]
        && name.contains('/')
        && [a, b].iter().all(|p| exact(&words(p)).is_some_and(|(role, _)| role.is_count()))
    {
        return exact(&all); // a quotient such as D/N, never its divisor
    }
    (0..parts.len()).find_map(|skipped| {
        let rest = parts[skipped..].join("/");
        if skipped > 0 && rest.len() == 1 {
            return None; // `stats/n` may be the number of anything
        }
        let (role, rank) = exact(&words(&rest))?;
        if role.is_count() && is_aside(&words(&parts[..skipped].join("/"))) {
            return None;
        }
        Some((role, rank.saturating_add(skipped.min(50) as Rank * 4)))
    })
}

/// Whether what is counted below such a name is no count of the training: `eval.batch_size`,
/// `warmup/steps`.
fn is_aside(words: &[String]) -> bool {
    let asides = [
        "eval",
        "evaluation",
        "val",
        "validation",
        "test",
        "warmup",
        "cooldown",
        "decay",
        "log",
        "logging",
        "logger",
        "save",
        "checkpoint",
        "checkpointing",
        "profiler",
        "inference",
        "generation",
        "sampling",
        "ema",
    ];
    words.iter().any(|word| asides.contains(&word.as_str()))
}

/// The role of a count whose column says its unit, `Params (B)` or `tokens_millions`, and the
/// factor to plain numbers.
pub(super) fn guess_with_unit(name: &str) -> Option<(Role, f64)> {
    let all = words(name);
    let (unit, base) = all.split_last()?;
    let factor = match unit.as_str() {
        "k" | "thousand" | "thousands" => 1e3,
        "m" | "mn" | "million" | "millions" => 1e6,
        "b" | "bn" | "g" | "billion" | "billions" => 1e9,
        "t" | "tn" | "trillion" | "trillions" => 1e12,
        _ => return None,
    };
    let is_count = |role: &Role| role.is_count() && !matches!(role, Role::Epochs | Role::PfDays);
    guess(&base.join("_")).map(|(role, _)| role).filter(is_count).map(|role| (role, factor))
}

/// The tokens of a sequence, where a run's name says them: `llama_ctx8192_lr3e-4`.
pub(super) fn sequence_length_in(run_name: &str) -> Option<f64> {
    run_name.split(|c: char| !c.is_ascii_alphanumeric()).find_map(|part| {
        let digits = part.find(|c: char| c.is_ascii_digit())?;
        let known = matches!(&*part[..digits].to_ascii_lowercase(), "ctx" | "seq" | "seqlen");
        part[digits..].parse().ok().filter(|length| known && *length >= 1.0)
    })
}

/// A name in lower-case words: `Model Size`, `modelSize` and `model_size` are one.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut last_lower = false;
    for c in name.chars() {
        let starts = c.is_uppercase() && last_lower;
        if (starts || !c.is_alphanumeric()) && words.last().is_some_and(|w| !w.is_empty()) {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
        last_lower = c.is_lowercase();
    }
    words.retain(|w| !w.is_empty());
    words
}

fn exact(words: &[String]) -> Option<(Role, Rank)> {
    let name = words.join("_");
    NAMES.iter().find_map(|(role, names)| {
        names.iter().position(|n| *n == name).map(|rank| (*role, rank as Rank))
    })
}

fn without_embeddings(words: &[String]) -> bool {
    let any = |names: &[&str]| words.iter().any(|w| names.contains(&w.as_str()));
    any(&["no", "non", "without", "nonembedding", "nonembed", "nonemb"])
        && any(&[
            "emb",
            "embed",
            "embeds",
            "embedding",
            "embeddings",
            "nonembedding",
            "nonembed",
            "nonemb",
        ])
}

/// A loss, by the words of its name. Spread, scale and side losses are none.
fn guess_loss(words: &[String]) -> Option<(Role, Rank)> {
    let any = |names: &[&str]| words.iter().any(|w| names.contains(&w.as_str()));
    let is_loss = any(&["loss", "nll", "xent", "crossentropy"])
        || words.join("_").contains("cross_entropy")
        || words == ["l"];
    let is_other = any(&[
        "scale",
        "scaler",
        "aux",
        "auxiliary",
        "router",
        "balance",
        "balancing",
        "z",
        "std",
        "var",
        "weight",
        "delta",
        "diff",
        "gap",
        "time",
        "perplexity",
        "ppl",
        "bpb",
        "bits",
        "smoothing",
        "spike",
        "spikes",
    ]);
    if !is_loss || is_other {
        return None;
    }
    if any(&["target"]) {
        return Some((Role::TargetLoss, 0));
    }
    let extreme =
        if any(&["min", "max", "best", "initial", "first", "ema"]) { EXTREME_LOSS } else { 0 };
    if any(&["val", "valid", "validation", "eval", "evaluation", "heldout", "holdout", "dev"])
        || any(&["tar", "shard"])
    {
        return Some((Role::Loss, extreme));
    }
    if any(&["test"]) {
        return Some((Role::Loss, extreme + 1));
    }
    let smoothed = if any(&["smooth", "smoothed"]) { 0 } else { 1 };
    if any(&["train", "training"]) {
        return Some((Role::TrainLoss, extreme + smoothed));
    }
    Some((Role::Loss, extreme + UNSTATED_LOSS + smoothed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, role: impl Into<Option<Role>>) {
        assert_eq!(guess(name).map(|(role, _)| role), role.into(), "{name}");
    }

    #[test]
    fn a_name_is_known_however_it_is_written() {
        for name in ["Model Size", "modelSize", "model_size", "model/.num_params", "N", "params"] {
            check(name, Role::Parameters);
        }
        for name in ["params_no_embed", "non-embedding params", "nonEmbeddingParams", "n_body"] {
            check(name, Role::BodyParameters);
        }
        check("Training FLOP", Role::Compute);
        check("optimizer.scheduler.lr", Role::LearningRate);
        check("dataset/.global_batch_size", Role::Batch);
        check("batch_size_seqs", Role::BatchSequences);
        check("trainer/global_step", Role::Step);
        check("trainer.max_steps", Role::Steps);
        for name in ["stats/n", "eval.steps", "val/batch_size", "lr.warmup.steps"] {
            check(name, None);
        }
    }

    #[test]
    fn a_count_may_say_its_unit_in_its_name() {
        assert_eq!(guess_with_unit("Params (B)"), Some((Role::Parameters, 1e9)));
        assert_eq!(guess_with_unit("tokens_millions"), Some((Role::Tokens, 1e6)));
        assert_eq!(guess_with_unit("N (millions)"), Some((Role::Parameters, 1e6)));
        for name in ["loss_b", "lr_m", "model_b", "b", "ti"] {
            assert_eq!(guess_with_unit(name), None, "{name}");
        }
    }

    #[test]
    fn a_runs_name_may_say_its_sequence_length() {
        assert_eq!(sequence_length_in("llama_200M_ctx8192_lr0.003_gbs128"), Some(8192.0));
        assert_eq!(sequence_length_in("llama-seq-2048"), None);
    }

    #[test]
    fn a_quotient_is_not_its_divisor() {
        check("D/N", Role::TokensPerParameter);
        check("tokens/params", None);
    }

    #[test]
    fn a_loss_says_on_which_text_or_is_unstated() {
        check("val/.dclm_loss", Role::Loss);
        check("loss_shard-{0000000..0000010}.tar", Role::Loss);
        check("train/.loss_mean", Role::TrainLoss);
        check("target_val_loss", Role::TargetLoss);
        assert_eq!(guess("Metrics/loss"), Some((Role::Loss, UNSTATED_LOSS + 1)));
        assert_eq!(guess("smooth loss"), Some((Role::Loss, UNSTATED_LOSS)));
    }

    #[test]
    fn what_only_sounds_like_a_quantity_is_none() {
        for name in ["loss_scale", "aux_loss", "train/.loss_std", "val/.epoch_time", "weight_decay"]
        {
            check(name, None);
        }
        for name in ["n_exponent", "loss_star_std", "n_star_std", "x", "h", "final_lr", "epoch"] {
            check(name, None);
        }
    }
}
