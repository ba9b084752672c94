//! Searching: one small language for runs, experiments and models, parsed into clauses and
//! compiled to SQL with bound values.
//!
//! - [`Query`], [`Page`]: what is asked and what is answered.
//! - [`lexer`], [`grammar`], [`literals`]: from text to comparisons.
//! - [`keys`]: what may be compared: an entity and a key of it.
//! - [`sql`]: comparisons as SQL with bound values.
//! - [`runs`], [`experiments`]: what each of these knows.

mod experiments;
pub(crate) mod grammar;
pub(crate) mod keys;
mod lexer;
pub(crate) mod literals;
mod page;
mod runs;
pub(crate) mod sql;

pub(crate) use page::{offset_of, token_of};

use crate::{Error, limits};

/// A search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Clauses joined by AND, or nothing.
    pub filter: String,
    /// Keys, each with `ASC` or `DESC`, the first one first.
    pub order_by: Vec<String>,
    /// How many on one page.
    pub max_results: i64,
    /// Where the last page ended.
    pub page_token: Option<String>,
    /// Deleted ones too?
    pub view: View,
}

impl Default for Query {
    fn default() -> Self {
        Self {
            filter: String::new(),
            order_by: Vec::new(),
            max_results: 1000,
            page_token: None,
            view: View::default(),
        }
    }
}

/// Which things a search sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum View {
    /// Those in use.
    #[default]
    ActiveOnly,
    /// Those in the bin.
    DeletedOnly,
    /// All.
    All,
}

/// One page of what was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// What was found.
    pub items: Vec<T>,
    /// Where the next page begins, if there is one.
    pub next_page_token: Option<String>,
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self { items: Vec::new(), next_page_token: None }
    }
}

/// How many keys one search may be ordered by.
const MOST_ORDERS: usize = 30;

/// Refuses an order by too many keys.
pub(crate) fn check_orders(order_by: &[String]) -> Result<(), Error> {
    if order_by.len() <= MOST_ORDERS {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "A search may be ordered by {MOST_ORDERS} keys, this one names {}.",
        order_by.len()
    )))
}

/// Refuses a page that is too small or too large.
pub(crate) fn check_max_results(max_results: i64) -> Result<(), Error> {
    let must = if max_results < 1 {
        "a positive integer".to_owned()
    } else if max_results > limits::PAGE {
        format!("at most {}", limits::PAGE)
    } else {
        return Ok(());
    };
    Err(Error::invalid(format!(
        "Invalid value {max_results} for parameter 'max_results' supplied. It must be {must}"
    )))
}

impl<T> Page<T> {
    /// The page of a search that asked for one item more than it shows.
    pub(crate) fn of(mut items: Vec<T>, offset: i64, max_results: i64) -> Self {
        let is_last = items.len() as i64 <= max_results;
        items.truncate(max_results as usize);
        let next = (!is_last).then(|| token_of(offset.saturating_add(max_results)));
        Self { items, next_page_token: next }
    }
}
