//! What is true of both models before they are trained.

use burn::module::Module as _;
use burn::tensor::{Device, Int, Tensor, TensorData};
use learn::{Architecture, LanguageModel};

const LENGTH: usize = 8;

fn both() -> [Architecture; 3] {
    [
        Architecture::Transformer { n_layers: 1, width: 8, context: LENGTH },
        Architecture::Transformer { n_layers: 2, width: 32, context: LENGTH },
        Architecture::Lstm { n_layers: 2, width: 12 },
    ]
}

fn bytes(rows: &[&[u8; LENGTH]]) -> Tensor<2, Int> {
    let all: Vec<i64> = rows.iter().flat_map(|row| row.iter().copied().map(i64::from)).collect();
    Tensor::from_data(TensorData::new(all, [rows.len(), LENGTH]), &Device::flex())
}

fn logits(model: &LanguageModel, rows: &[&[u8; LENGTH]]) -> Vec<f32> {
    model.logits(bytes(rows)).try_into_vec_as().expect("32-bit numbers")
}

#[test]
fn the_parameters_are_as_many_as_the_formula_says() {
    for architecture in both() {
        let model = LanguageModel::new(&architecture, 0, &Device::flex());
        assert_eq!(model.num_params() as u64, architecture.n_total(), "{architecture:?}");
    }
}

#[test]
fn the_body_of_a_transformer_is_twelve_l_d_squared_and_its_norms() {
    let model = Architecture::Transformer { n_layers: 2, width: 64, context: 64 };
    assert_eq!(model.n_body(), 12 * 2 * 64 * 64 + 5 * 64);
}

#[test]
fn an_untrained_model_expects_every_byte_alike() {
    for architecture in both() {
        let model = LanguageModel::new(&architecture, 3, &Device::flex());
        let loss: f64 = model.loss(bytes(&[b"untraine"]), bytes(&[b"ntrained"])).into_scalar();
        assert!((loss - f64::ln(256.0)).abs() < 0.05, "{architecture:?}: {loss}");
    }
}

#[test]
fn a_byte_changes_what_is_expected_after_it_and_nothing_before() {
    for architecture in both() {
        let model = LanguageModel::new(&architecture, 1, &Device::flex());
        let (one, other) = (logits(&model, &[b"abcdefgh"]), logits(&model, &[b"abcdeXgh"]));
        let changed: Vec<bool> = (0..LENGTH)
            .map(|at| one[at * 256..(at + 1) * 256] != other[at * 256..(at + 1) * 256])
            .collect();
        let expected = [false, false, false, false, false, true, true, true];
        assert_eq!(changed, expected, "{architecture:?}");
    }
}

#[test]
fn a_sequence_does_not_see_its_neighbour_in_the_batch() {
    for architecture in both() {
        let model = LanguageModel::new(&architecture, 1, &Device::flex());
        let alone = logits(&model, &[b"abcdefgh"]);
        let beside = logits(&model, &[b"abcdefgh", b"12345678"]);
        let far = alone.iter().zip(&beside).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(far < 1e-6, "{architecture:?}: {far}");
    }
}

#[test]
fn the_seed_fixes_the_weights() {
    for architecture in both() {
        let of = |seed| {
            logits(&LanguageModel::new(&architecture, seed, &Device::flex()), &[b"abcdefgh"])
        };
        assert_eq!(of(5), of(5));
        assert_ne!(of(5), of(6));
    }
}

#[test]
fn training_costs_six_operations_a_weight_and_byte_and_attention() {
    // 3 · (2 · 12 L d² + 4 L T d + 2 · 256 d) with L = 1, d = 8, T = 64
    let model = Architecture::Transformer { n_layers: 1, width: 8, context: 64 };
    assert_eq!(model.flop_per_token(64), 3.0 * (1536.0 + 2048.0 + 4096.0));
    // 3 · (2 · 8 h² + 2 · 256 h) with h = 8
    let model = Architecture::Lstm { n_layers: 1, width: 8 };
    assert_eq!(model.flop_per_token(64), 3.0 * (1024.0 + 4096.0));
}
