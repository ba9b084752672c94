//! Searching logged models.
/// x
pub struct ModelDataset;
/// x
pub struct ModelOrder;
/// x
pub struct ModelQuery;
