//! From runs to decisions: what the planner says of runs whose law is known, what it refuses, and
//! what it makes of real data.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a panic here is a failed test; a skipped one says so"
)]

#[path = "predictions/batch.rs"]
mod batch;
#[path = "predictions/compare.rs"]
mod compare;
#[path = "predictions/curve.rs"]
mod curve;
#[path = "predictions/isoflop.rs"]
mod isoflop;
#[path = "predictions/judge.rs"]
mod judge;
#[path = "predictions/next.rs"]
mod next;
#[path = "predictions/plan.rs"]
mod plan;
#[path = "predictions/stop.rs"]
mod stop;
#[path = "predictions/synthetic.rs"]
mod synthetic;
