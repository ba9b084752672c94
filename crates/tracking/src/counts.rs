//! How many there are, without loading them.

use std::collections::BTreeMap;

use store::values;

use crate::{Error, Tracking};

impl Tracking {
    /// How many active runs each experiment has, by the experiment's id; none where it has none.
    ///
    /// # Errors
    /// The database's.
    pub fn run_counts(&self) -> Result<BTreeMap<String, i64>, Error> {
        let sql = "SELECT experiment, COUNT(*) FROM runs WHERE is_deleted = 0 GROUP BY experiment";
        self.rows.read(|tx| {
            let counts =
                tx.query(sql, values![], |row| Ok((row.get::<i64>(0)?.to_string(), row.get(1)?)))?;
            Ok(counts.into_iter().collect())
        })
    }
}
