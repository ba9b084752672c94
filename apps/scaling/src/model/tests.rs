//! What every law must keep, whichever it is.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::*;

fn all() -> impl Iterator<Item = &'static Law> {
    LAWS.iter().chain(RELATED).copied()
}

/// A row a law could be given.
fn row(law: &Law, random: &mut ChaCha8Rng) -> Vec<f64> {
    let mut between = |low: f64, high: f64| low * (high / low).powf(random.random::<f64>());
    let range = |quantity: &Quantity| match quantity {
        Quantity::Parameters => between(1e6, 1e11),
        Quantity::Tokens => between(1e8, 1e13),
        Quantity::UniqueTokens => between(1e7, 1e12),
        Quantity::Steps => between(1e2, 1e6),
        Quantity::Batch => between(1e4, 1e7),
        Quantity::Compute => between(1e17, 1e24),
        Quantity::Experts => between(1.0, 512.0),
        Quantity::Granularity => between(1.0, 64.0),
        Quantity::ForwardArea => between(0.1, 50.0),
        Quantity::AnnealingArea => between(1e-3, 1.0),
        Quantity::Loss => between(1.5, 6.0),
    };
    law.inputs.iter().map(range).collect()
}

/// Rows and losses as a fit would see them, and a start made from them.
fn start(law: &Law, random: &mut ChaCha8Rng) -> (Vec<Vec<f64>>, Vec<f64>, Vec<f64>) {
    let rows: Vec<_> = (0..20).map(|_| row(law, random)).collect();
    // An error of downstream tasks is a share, a loss some nats.
    let scale = if law.inputs == [Quantity::Loss] { 0.25 } else { 1.0 };
    let loss: Vec<f64> = (0..20).map(|_| scale * (2.0 + 2.0 * random.random::<f64>())).collect();
    let u: Vec<f64> = law.parameters.iter().map(|_| random.random()).collect();
    let theta = (law.start)(&rows, &loss, &u);
    (rows, loss, theta)
}

/// The slope of the value by parameter `i`, by differences on five points.
fn slope(law: &Law, x: &[f64], theta: &[f64], i: usize) -> f64 {
    let h = 1e-4 * size(law, theta, i);
    let at = |step: f64| {
        let mut theta = theta.to_vec();
        theta[i] += step * h;
        law.at(x, &theta)
    };
    (8.0 * (at(1.0) - at(-1.0)) - (at(2.0) - at(-2.0))) / (12.0 * h)
}

/// What a parameter is large or small against.
fn size(law: &Law, theta: &[f64], i: usize) -> f64 {
    match law.parameters[i].scale {
        Scale::Log => theta[i],
        Scale::Linear => theta[i].abs().max(1e-3),
    }
}

fn check_gradient(law: &Law, x: &[f64], theta: &[f64]) {
    let mut gradient = vec![f64::NAN; theta.len()];
    let value = (law.loss)(x, theta, &mut gradient);
    for (i, p) in law.parameters.iter().enumerate() {
        let difference = slope(law, x, theta, i);
        let noise = 1e-8 * value.abs() / size(law, theta, i);
        assert!(
            (difference - gradient[i]).abs() <= 1e-6 * difference.abs() + noise,
            "{} at {x:?} and {theta:?}: ∂/∂{} is {}, differences say {difference}",
            law.id,
            p.symbol,
            gradient[i],
        );
    }
}

#[test]
fn every_gradient_is_the_slope_of_its_value() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    for law in all() {
        for constants in law.published {
            (0..20).for_each(|_| check_gradient(law, &row(law, &mut random), constants.theta));
        }
        for _ in 0..20 {
            let (rows, _, theta) = start(law, &mut random);
            check_gradient(law, &rows[0], &theta);
        }
    }
}

#[test]
fn every_start_is_within_the_bounds_and_of_the_size_of_the_losses() {
    let mut random = ChaCha8Rng::seed_from_u64(2);
    for law in all() {
        for _ in 0..50 {
            let (rows, loss, theta) = start(law, &mut random);
            assert_eq!(theta.len(), law.parameters.len());
            for (value, p) in theta.iter().zip(law.parameters) {
                let within = p.low <= *value && *value <= p.high;
                assert!(within, "{}: {} = {value}", law.id, p.symbol);
            }
            let mut ratios: Vec<f64> =
                rows.iter().zip(&loss).map(|(x, l)| law.at(x, &theta) / l).collect();
            ratios.sort_by(f64::total_cmp);
            let typical = ratios[ratios.len() / 2];
            assert!((0.05..20.0).contains(&typical), "{}: {typical} at {theta:?}", law.id);
        }
    }
}

#[test]
fn published_constants_are_one_a_parameter_and_within_the_bounds() {
    for law in all() {
        for constants in law.published {
            assert_eq!(constants.theta.len(), law.parameters.len(), "{}", law.id);
            assert_eq!(law.within_bounds(constants.theta.to_vec()), constants.theta, "{}", law.id);
            let takes_size = law.inputs.contains(&Quantity::Parameters);
            assert_eq!(constants.count.is_some(), takes_size, "{}", constants.name);
        }
    }
}

#[test]
fn no_two_laws_share_an_id_and_each_is_found_by_its_own() {
    let mut ids: Vec<_> = all().map(|law| law.id).collect();
    assert!(LAWS.iter().all(|l| law(l.id).is_some_and(|found| std::ptr::eq(found, *l))));
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all().count());
    assert!(law("no such law").is_none());
}

#[test]
fn every_law_and_every_set_of_constants_is_on_the_page_of_the_models() {
    let page = include_str!("../../../../docs/models/scaling.md");
    for law in all() {
        assert!(page.contains(&format!("`{}`", law.id)), "the page lacks `{}`", law.id);
        assert!(page.contains(law.equation), "the page lacks {}", law.equation);
        for p in law.parameters {
            assert!(page.contains(p.symbol), "the page lacks {} of {}", p.symbol, law.id);
        }
        for constants in law.published {
            assert!(page.contains(constants.name), "the page lacks {}", constants.name);
        }
    }
    for rule in hyperparameters::RULES {
        assert!(page.contains(rule.equation), "the page lacks {}", rule.equation);
    }
}
