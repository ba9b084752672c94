//! Every closed form against values that were computed apart from this code, by name of the
//! equation: a table of 108 rows beside the project, and a smaller one here.

use std::path::Path;

use scaling::model::allocation::{Split, TwoTerms};
use scaling::model::kaplan::{allocation, architecture, loss, training};
use scaling::model::mccandlish::NormPair;
use scaling::model::{hyperparameters, muennighoff, pearce};
use scaling::units::{BodyParameters, Flop, Nats, Parameters, PfDays, Steps, Tokens};
use serde_json::{Value, json};

const TOLERANCE: f64 = 1e-9;

/// (equation, inputs, value)
fn shipped() -> Vec<(&'static str, Value, f64)> {
    vec![
        ("K1.1 L(N)", json!({"N": 768}), 6.926171330660467),
        ("K1.1 L(N)", json!({"N": 1.5e9}), 2.3035505519976587),
        ("K1.2 L(D)", json!({"D": 2.2e7}), 4.046199131280936),
        ("K1.2 L(D)", json!({"D": 2.29e10}), 2.091187799004205),
        ("K1.3 L(Cmin PFd)", json!({"Cmin_pfday": 1}), 2.6580802262455236),
        ("K1.3 L(Cmin PFd)", json!({"Cmin_pfday": 1e4}), 1.677135240967187),
        ("K3.3 L(C naive)", json!({"C_pfday": 1}), 2.574155859897865),
        ("K1.4 Bcrit tokens", json!({"L": 2.5}), 2547285.206486146),
        ("K1.4 Bcrit tokens", json!({"L": 4}), 271692.5037589511),
        ("K1.5 L(N,D) table2", json!({"N": 1e6, "D": 2.2e7}), 4.293808434221667),
        ("K1.5 L(N,D) table2", json!({"N": 1.5e9, "D": 2.2e10}), 2.3125484833714913),
        ("K4.3 dL overfit", json!({"N": 1e8, "D": 1e9}), 0.07039122210634297),
        ("K4.4 Dmin", json!({"N": 1e9}), 22854409480.743748),
        ("K1.6 L(N,Smin) table3", json!({"N": 1e8, "Smin": 1e4}), 3.1082267236280448),
        ("K5.7 S_stop >=", json!({"N": 1e8, "D": 1e9}), 18114.415144417984),
        ("K5.4 Smin", json!({"S": 1e4, "B": 524288, "L": 3}), 3290.3686366158267),
        ("K5.5 Cmin/C", json!({"B": 524288, "L": 3}), 0.6709631363384174),
        ("K6 Nopt", json!({"Cmin": 1e3}), 201346160458.62256),
        ("K6 Bcrit-opt tokens", json!({"Cmin": 1e3}), 10496149.204995451),
        ("K6 Smin", json!({"Cmin": 1e3}), 6643.451362386861),
        ("K6 Dopt", json!({"Cmin": 1e3}), 129130845806.93112),
        ("K1.8 alpha_Cmin", json!({}), 0.05198697068403909),
        ("K D.1 LR", json!({"N": 1e6}), 0.001311736277163984),
        ("KB.14 C(N)/C(Neff)", json!({"ratio": 0.6}), 1.1644744835816732),
        ("KB.15 S(N)/S(Neff)", json!({"ratio": 2.2}), 0.5470422678158633),
        ("K2.1 N", json!({"n_layer": 12, "d_model": 768}), 84934656.0),
        ("K2.2 C_fwd/token", json!({"n_layer": 12, "d_model": 768, "n_ctx": 1024}), 188743680.0),
        ("Hoffmann A3 (rounded) L(N,D)", json!({"N": 7e10, "D": 1.4e12}), 1.9366454705587173),
        ("Hoffmann A3 (rounded) Nopt", json!({"C": 5.76e23}), 32189859151.368168),
        ("Hoffmann A3 (rounded) Dopt", json!({"C": 5.76e23}), 2982305686662.796),
        ("Besiroglu 2024 L(N,D)", json!({"N": 7e10, "D": 1.4e12}), 1.9738818631585637),
        ("Besiroglu 2024 Nopt", json!({"C": 5.76e23}), 72248702500.38242),
        ("Besiroglu 2024 a", json!({}), 0.5126121076233184),
        ("Muennighoff C4 Dopt", json!({"C": 5.76e23}), 1372170066384.2363),
        (
            "Muennighoff L(N,D,U)",
            json!({"N": 6.34e9, "D": 2.42e11, "U": 2.5e10}),
            2.2256440889984477,
        ),
        (
            "Muennighoff L(N,D,U)",
            json!({"N": 8.67e9, "D": 1.78e11, "U": 2.5e10}),
            2.2269634075087867,
        ),
        ("StepLaw lr", json!({"N": 1e9, "D": 1e11}), 0.001632499402447079),
        ("StepLaw bs tokens", json!({"D": 1e11}), 1107714.8899684167),
        ("DeepSeek lr", json!({"C": 1e20}), 0.0009859981744405008),
        ("DeepSeek bs tokens", json!({"C": 1e20}), 1017144.9599051544),
        ("GNS |G|^2", json!({"Bs": 32, "Bb": 512, "gs": 5, "gb": 1.5}), 1.2666666666666666),
        ("GNS S", json!({"Bs": 32, "Bb": 512, "gs": 5, "gb": 1.5}), 119.46666666666667),
        ("Pearce local exponent", json!({"N_nonemb": 1e3}), 0.7629790755109974),
        ("Pearce local exponent", json!({"N_nonemb": 1e10}), 0.5175690344237444),
    ]
}

#[test]
fn the_shipped_reference_values_are_met() {
    for (equation, inputs, expected) in shipped() {
        check(equation, &inputs, expected);
    }
}

#[test]
fn every_row_of_the_reference_table_beside_the_project_is_met() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/scaling/reference_values.json");
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("skipped: ../shared is absent");
        return;
    };
    let rows: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert_eq!(rows.len(), 108);
    for row in &rows {
        check(row["eq"].as_str().unwrap(), &row["inputs"], row["output"].as_f64().unwrap());
    }
}

#[track_caller]
fn check(equation: &str, inputs: &Value, expected: f64) {
    let value = evaluate(equation, inputs);
    assert!(
        (value / expected - 1.0).abs() <= TOLERANCE,
        "{equation} at {inputs}: {value}, expected {expected}"
    );
}

/// The value of the equation of that name.
fn evaluate(equation: &str, inputs: &Value) -> f64 {
    let input = |name: &str| {
        inputs[name].as_f64().unwrap_or_else(|| panic!("{equation} has no input {name}: {inputs}"))
    };
    let body = |name| BodyParameters(input(name));
    let tokens = |name| Tokens(input(name));
    if let Some((law, what)) = two_terms(equation) {
        return evaluate_two_terms(&law, what, &input);
    }
    match equation {
        "K1.1 L(N)" => loss::loss_of_size(body("N")).0,
        "K1.2 L(D)" => loss::loss_of_data(tokens("D")).0,
        "K1.3 L(Cmin PFd)" => loss::loss_of_least_compute(PfDays(input("Cmin_pfday"))).0,
        "K3.3 L(C naive)" => loss::loss_of_compute_at_fixed_batch(PfDays(input("C_pfday"))).0,
        "K1.4 Bcrit tokens" => critical_batch(input("L")).0,
        "K1.5 L(N,D) table2" => {
            loss::loss_of_size_and_data(body("N"), tokens("D"), &loss::TABLE_2).0
        }
        "K4.3 dL overfit" => loss::overfitting(body("N"), tokens("D"), &loss::TABLE_2),
        "K4.4 Dmin" => loss::tokens_against_overfitting(body("N")).0,
        "K1.6 L(N,Smin) table3" => {
            loss::loss_of_size_and_steps(body("N"), Steps(input("Smin")), &loss::TABLE_3).0
        }
        "K5.7 S_stop >=" => {
            let (data, steps) = (&loss::TABLE_2, &loss::TABLE_3);
            training::early_stopping_bound(body("N"), tokens("D"), data, steps).0
        }
        "K5.4 Smin" => {
            let critical = critical_batch(input("L"));
            training::least_steps(Steps(input("S")), tokens("B"), critical).0
        }
        "K5.5 Cmin/C" => {
            training::least_compute(Flop(1.0), tokens("B"), critical_batch(input("L"))).0
        }
        "K6 Nopt" => allocation::allocation(PfDays(input("Cmin"))).parameters.0,
        "K6 Bcrit-opt tokens" => allocation::allocation(PfDays(input("Cmin"))).batch.0,
        "K6 Smin" => allocation::allocation(PfDays(input("Cmin"))).least_steps.0,
        "K6 Dopt" => allocation::allocation(PfDays(input("Cmin"))).tokens.0,
        "K1.8 alpha_Cmin" => allocation::AlphaCMin::Computed.value(),
        "K D.1 LR" => architecture::learning_rate(body("N")).expect("a size in range"),
        "KB.14 C(N)/C(Neff)" => {
            allocation::compute_at_other_size(input("ratio"), &allocation::PUBLISHED_EXPONENTS)
        }
        "KB.15 S(N)/S(Neff)" => {
            allocation::steps_at_other_size(input("ratio"), &allocation::PUBLISHED_EXPONENTS)
        }
        "K2.1 N" => transformer(&input, 1024.0).body_parameters().0,
        "K2.2 C_fwd/token" => transformer(&input, input("n_ctx")).forward_flop_per_token().0,
        "Muennighoff L(N,D,U)" => {
            let law = &muennighoff::MUENNIGHOFF;
            law.at(&[input("N"), input("D"), input("U")], law.published[0].theta)
        }
        "StepLaw lr" => hyperparameters::step_law(body("N"), tokens("D")).learning_rate,
        "StepLaw bs tokens" => {
            hyperparameters::step_law(BodyParameters(1e9), tokens("D"))
                .batch
                .expect("Step Law says one")
                .0
        }
        "DeepSeek lr" => hyperparameters::deepseek(Flop(input("C"))).learning_rate,
        "DeepSeek bs tokens" => {
            hyperparameters::deepseek(Flop(input("C"))).batch.expect("DeepSeek says one").0
        }
        "GNS |G|^2" => norms(&input).estimate().gradient_squared,
        "GNS S" => norms(&input).estimate().trace,
        "Pearce local exponent" => {
            pearce::local_exponent(body("N_nonemb"), &BESIROGLU, pearce::OMEGA)
        }
        unknown => panic!("no equation is named {unknown}"),
    }
}

fn critical_batch(loss: f64) -> Tokens {
    training::critical_batch(Nats(loss), &training::PUBLISHED_BATCH)
}

fn transformer(input: &impl Fn(&str) -> f64, n_ctx: f64) -> architecture::Transformer {
    let (n_layer, d_model) = (input("n_layer") as u32, input("d_model") as u32);
    architecture::Transformer::usual(n_layer, d_model, n_ctx as u32, 50_257)
}

fn norms(input: &impl Fn(&str) -> f64) -> NormPair {
    NormPair {
        b_small: input("Bs"),
        b_big: input("Bb"),
        small_squared: input("gs"),
        big_squared: input("gb"),
    }
}

/// Besiroglu et al. 2024, as printed.
const BESIROGLU: TwoTerms =
    TwoTerms { e: 1.8172, a: 482.01, b: 2085.43, alpha: 0.3478, beta: 0.3658 };

/// Hoffmann et al. 2022, as printed.
const HOFFMANN: TwoTerms = TwoTerms { e: 1.69, a: 406.4, b: 410.7, alpha: 0.34, beta: 0.28 };

/// The law that begins the equation's name, and which of its values is meant.
fn two_terms(equation: &str) -> Option<(TwoTerms, &str)> {
    let muennighoff = muennighoff::MUENNIGHOFF.published[0].theta;
    let &[e, a, b, alpha, beta, ..] = muennighoff else { panic!("seven parameters") };
    let laws = [
        ("Hoffmann A3 (rounded) ", HOFFMANN),
        ("Besiroglu 2024 ", BESIROGLU),
        ("Muennighoff C4 ", TwoTerms { e, a, b, alpha, beta }),
    ];
    laws.into_iter().find_map(|(name, law)| Some((law, equation.strip_prefix(name)?)))
}

fn evaluate_two_terms(law: &TwoTerms, what: &str, input: &impl Fn(&str) -> f64) -> f64 {
    let best = || law.best_split(Flop(input("C")));
    match what {
        "L(N,D)" => {
            let split = Split { parameters: Parameters(input("N")), tokens: Tokens(input("D")) };
            law.loss(split).0
        }
        "Nopt" => best().parameters.0,
        "Dopt" => best().tokens.0,
        "D/N" => best().tokens_per_parameter(),
        "Lopt" => law.loss(best()).0,
        "a" => law.size_exponent(),
        unknown => panic!("no value of a law in two terms is named {unknown}"),
    }
}
