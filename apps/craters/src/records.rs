//! Bombing records: THOR's CSV and plain CSV, cleaned once, every row that was left out named.
