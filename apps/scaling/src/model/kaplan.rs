//! Kaplan et al. 2020, "Scaling Laws for Neural Language Models" (arXiv 2001.08361).
//!
//! In it N counts parameters without embeddings, D and B are in tokens, C is in PF-days and also
//! leaves embeddings out, L is in nats a token. Its Tables 2, 3 and 5 give different constants
//! for what looks like the same quantity; each function says which it takes. Its allocation,
//! N ∝ C^0.73, came from runs that were tuned unevenly (Porian et al. 2024, Pearce and Song
//! 2024): it is shown beside others, never as advice.
//!
//! Read in this order: [`loss`] (how low a loss), [`training`] (batch and steps), [`allocation`]
//! (how to spend compute), [`architecture`] (what N and C are of a given network).

pub mod allocation;
pub mod architecture;
pub mod loss;
pub mod training;

pub use loss::{KAPLAN_C, KAPLAN_D, KAPLAN_N, KAPLAN_ND, KAPLAN_NS};
