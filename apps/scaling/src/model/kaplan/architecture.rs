//! What N and C are of a given transformer, and the learning rate by size.

use crate::Error;
use crate::units::{BodyParameters, Flop, Parameters};

/// The shape of a decoder-only transformer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transformer {
    /// n_layer.
    pub n_layer: u32,
    /// d_model: width of the residual stream.
    pub d_model: u32,
    /// d_attn: width of keys, queries and values over all heads.
    pub d_attn: u32,
    /// d_ff: width of the feed-forward layer.
    pub d_ff: u32,
    /// n_ctx: tokens in the context.
    pub n_ctx: u32,
    /// n_vocab: different tokens.
    pub n_vocab: u32,
}

impl Transformer {
    /// The usual proportions: d_attn = d_model, d_ff = 4·d_model.
    pub fn usual(n_layer: u32, d_model: u32, n_ctx: u32, n_vocab: u32) -> Self {
        Self { n_layer, d_model, d_attn: d_model, d_ff: 4 * d_model, n_ctx, n_vocab }
    }

    /// `N = 2·d_model·n_layer·(2·d_attn + d_ff)`, = 12·n_layer·d_model² in the usual proportions
    /// (eq. 2.1).
    pub fn body_parameters(&self) -> BodyParameters {
        let width = 2.0 * f64::from(self.d_attn) + f64::from(self.d_ff);
        BodyParameters(2.0 * f64::from(self.d_model) * f64::from(self.n_layer) * width)
    }

    /// `(n_vocab + n_ctx)·d_model`: token and position embeddings, which N leaves out (Table 1).
    pub fn embedding_parameters(&self) -> Parameters {
        Parameters((f64::from(self.n_vocab) + f64::from(self.n_ctx)) * f64::from(self.d_model))
    }

    /// FLOP of a forward pass, a token, without embedding and head.
    ///
    /// `C_fwd = 2N + 2·n_layer·n_ctx·d_attn` (eq. 2.2).
    pub fn forward_flop_per_token(&self) -> Flop {
        let attention = f64::from(self.n_layer) * f64::from(self.n_ctx) * f64::from(self.d_attn);
        Flop(2.0 * self.body_parameters().0 + 2.0 * attention)
    }

    /// FLOP of a forward and a backward pass, a token: three times the forward pass, ≈ 6N where
    /// d_model > n_ctx/12 (§2.1).
    pub fn training_flop_per_token(&self) -> Flop {
        Flop(3.0 * self.forward_flop_per_token().0)
    }

    /// The same with the head that turns the last layer into n_vocab scores, `+ 6·n_vocab·d_model`:
    /// leaving it out is one of the reasons why Kaplan's allocation is off for small models
    /// (Porian et al. 2024, §3).
    pub fn training_flop_per_token_with_head(&self) -> Flop {
        let head = 6.0 * f64::from(self.n_vocab) * f64::from(self.d_model);
        Flop(self.training_flop_per_token().0 + head)
    }
}

/// Largest N for which [`learning_rate`] stands: it falls to zero at 1.2e10.
pub const LARGEST_FOR_LEARNING_RATE: BodyParameters = BodyParameters(1e10);

/// The best peak learning rate of Adam, after 3,000 steps of linear warm-up and before a cosine
/// to zero.
///
/// `LR(N) ≈ 0.003239 − 0.0001395·ln N` (App. D.6; the logarithm is natural).
///
/// # Errors
/// Refused beyond 1e10 parameters, where the paper says the rule breaks down.
pub fn learning_rate(n: BodyParameters) -> Result<f64, Error> {
    if n.0 > LARGEST_FOR_LEARNING_RATE.0 {
        return Err(Error::refused(
            format!("Kaplan's rule gives no learning rate for {n}: it breaks down beyond 1e10"),
            "use Step Law or the rule of DeepSeek",
        ));
    }
    Ok(0.003239 - 0.0001395 * n.0.ln())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_usual_transformer_has_12_parameters_a_layer_and_squared_width() {
        let gpt2 = Transformer::usual(12, 768, 1024, 50_257);
        assert_eq!(gpt2.body_parameters().0, 12.0 * 12.0 * 768.0 * 768.0);
        assert_eq!(gpt2.embedding_parameters().0, (50_257.0 + 1024.0) * 768.0);
    }

    #[test]
    fn training_takes_about_6_flop_a_parameter_and_token_in_a_wide_model() {
        let wide = Transformer::usual(48, 12_288, 1024, 50_257);
        let per_parameter = wide.training_flop_per_token().0 / wide.body_parameters().0;
        assert!((6.0..6.1).contains(&per_parameter), "{per_parameter}");
        let head = wide.training_flop_per_token_with_head().0 - wide.training_flop_per_token().0;
        assert_eq!(head, 6.0 * 50_257.0 * 12_288.0);
    }

    #[test]
    fn no_learning_rate_is_given_beyond_ten_billion_parameters() {
        assert!(learning_rate(BodyParameters(1e10)).is_ok());
        let refusal = learning_rate(BodyParameters(1.1e10)).unwrap_err().to_string();
        assert!(refusal.contains("breaks down") && refusal.contains("hint"), "{refusal}");
    }
}
