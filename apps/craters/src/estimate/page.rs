//! What may remain, as a page.

use ::evaluate::{Block, Page, Section};

use crate::export::LIMITS;

/// An estimate in words as one HTML file.
pub fn page(title: &str, is_synthetic: bool, words: &str) -> String {
    let lead = if is_synthetic { "The scene is synthetic." } else { "" };
    let lines = words.lines().filter(|line| !line.trim().is_empty());
    let blocks = lines.map(|line| Block::Equation(line.to_owned())).collect();
    let limits = vec![Block::Warning(LIMITS.to_string())];
    ::evaluate::html(
        &Page::new(format!("What may remain: {title}"), lead)
            .with(Section::new("Estimate", blocks))
            .with(Section::new("What this cannot say", limits)),
    )
}
