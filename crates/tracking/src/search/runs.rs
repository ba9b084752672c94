//! Searching runs.

use store::Value;

use super::{Page, Query, View, check_max_results, offset_of};
use crate::names::experiment_number;
use crate::runs::load;
use crate::{Error, Run, Tracking};

impl Tracking {
    /// The runs of these experiments that a query asks for.
    ///
    /// # Errors
    /// The filter, the order, the page token or the size of the page is wrong.
    pub fn search_runs(
        &self,
        experiment_ids: &[String],
        query: &Query,
    ) -> Result<Page<Run>, Error> {
        check_max_results(query.max_results)?;
        let offset = offset_of(query.page_token.as_deref())?;
        let experiments: Vec<i64> =
            experiment_ids.iter().map(|id| experiment_number(id)).collect::<Result<_, _>>()?;
        if experiments.is_empty() {
            return Ok(Page::default());
        }
        let view = match query.view {
            View::ActiveOnly => "r.is_deleted = 0",
            View::DeletedOnly => "r.is_deleted <> 0",
            View::All => "TRUE",
        };
        let places = vec!["?"; experiments.len()].join(", ");
        let sql = format!(
            "SELECT {} FROM runs r WHERE r.experiment IN ({places}) AND {view} \
             ORDER BY r.started_ms DESC, r.uuid LIMIT ? OFFSET ?",
            load::COLUMNS
        );
        let mut row: Vec<Value> = experiments.into_iter().map(Value::from).collect();
        row.extend([Value::from(query.max_results + 1), Value::from(offset)]);
        self.rows.read(|tx| {
            let heads = tx.query(&sql, &row, load::read_head)?;
            let page = Page::of(heads, offset, query.max_results);
            let items = load::filled(tx, page.items)?;
            Ok(Page { items, next_page_token: page.next_page_token })
        })
    }
}
