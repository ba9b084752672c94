//! What may remain: corrected crater counts, unexploded bombs with the prior printed beside them,
//! risk zones, and where the data do not allow a number.

pub mod belief;
pub mod blind;
mod chance;
mod page;
pub mod posterior;
pub mod simulate;
pub mod verified;
pub mod zones;

pub use page::page;
