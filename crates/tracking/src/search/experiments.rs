//! Searching experiments.

use store::values;

use super::{Page, Query, View, check_max_results, offset_of};
use crate::{Error, Experiment, Tracking, experiments};

impl Tracking {
    /// The experiments that a query asks for.
    ///
    /// # Errors
    /// The filter, the order, the page token or the size of the page is wrong.
    pub fn search_experiments(&self, query: &Query) -> Result<Page<Experiment>, Error> {
        check_max_results(query.max_results)?;
        let offset = offset_of(query.page_token.as_deref())?;
        let view = match query.view {
            View::ActiveOnly => "is_deleted = 0",
            View::DeletedOnly => "is_deleted <> 0",
            View::All => "TRUE",
        };
        let sql = format!(
            "SELECT {} FROM experiments WHERE {view} ORDER BY created_ms DESC, id LIMIT ? OFFSET ?",
            experiments::COLUMNS
        );
        self.rows.read(|tx| {
            let row = values![query.max_results + 1, offset];
            let heads = tx.query(&sql, row, experiments::read_head)?;
            let page = Page::of(heads, offset, query.max_results);
            let items = experiments::with_tags(tx, page.items)?;
            Ok(Page { items, next_page_token: page.next_page_token })
        })
    }
}
