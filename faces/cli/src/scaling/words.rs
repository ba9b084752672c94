//! Numbers, intervals, columns and verdicts as a person reads them.

use std::fmt::Write as _;

use scaling::judge::{Severity, Verdict};
use scaling::predict::Estimate;

/// Three digits with a unit of thousands: 3.02 B, 550 M.
pub(super) fn human(x: f64) -> String {
    let units = [(1e12, " T"), (1e9, " B"), (1e6, " M"), (1e3, " k")];
    if !x.is_finite() {
        return "none".to_owned();
    }
    if x.abs() >= 1e15 || (x != 0.0 && x.abs() < 1e-2) {
        return format!("{x:.2e}");
    }
    // 999.6 is 1.00 k, not 1000.
    let unit = units.iter().find(|(size, _)| x.abs() >= 0.9995 * size);
    let (size, suffix) = unit.copied().unwrap_or((1.0, ""));
    format!("{}{suffix}", digits(x / size))
}

/// Three digits.
fn digits(x: f64) -> String {
    match x.abs() {
        a if a >= 99.95 => format!("{x:.0}"),
        a if a >= 9.995 => format!("{x:.1}"),
        _ => format!("{x:.2}"),
    }
}

/// `low to high` as `show` writes them; nothing where there is no interval.
pub(super) fn interval(estimate: &Estimate, show: impl Fn(f64) -> String) -> String {
    let ends = estimate.interval.as_ref();
    ends.map_or(String::new(), |i| format!("{} to {}", show(i.low), show(i.high)))
}

/// `value (low to high)`.
pub(super) fn with_interval(estimate: &Estimate, show: impl Fn(f64) -> String) -> String {
    match interval(estimate, &show) {
        ends if ends.is_empty() => show(estimate.value),
        ends => format!("{} ({ends})", show(estimate.value)),
    }
}

/// Rows in columns: the first to the left, the rest to the right, two spaces between.
pub(crate) fn columns(rows: &[Vec<String>]) -> String {
    let n = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |i: usize| {
        rows.iter().filter_map(|r| r.get(i)).map(|c| c.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..n).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (i, cell) in row.iter().enumerate() {
            let pad = widths[i] - cell.chars().count();
            if i == 0 {
                let _ = write!(line, "{cell}{:pad$}  ", "");
            } else {
                let _ = write!(line, "{:pad$}{cell}  ", "");
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// What to know, one sentence a line, each with its hint.
pub(super) fn verdicts(verdicts: &[Verdict]) -> String {
    if verdicts.is_empty() {
        return String::new();
    }
    let mut text = "\nKnow\n".to_owned();
    for verdict in verdicts {
        let word = match verdict.severity {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Refusal => "refused",
        };
        let _ = writeln!(text, "  {word}: {}", wrapped(&verdict.sentence, 2 + word.len() + 2));
        if !verdict.hint.is_empty() {
            let _ = writeln!(text, "    hint: {}", wrapped(&verdict.hint, 10));
        }
    }
    text
}

/// `text` broken before column 100, later lines indented by `indent`.
pub(crate) fn wrapped(text: &str, indent: usize) -> String {
    const WIDTH: usize = 100;
    let (mut out, mut column) = (String::new(), indent);
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if column > indent && column + 1 + length > WIDTH {
            let _ = write!(out, "\n{:indent$}", "");
            column = indent;
        } else if column > indent {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits_and_a_unit() {
        let shown = [3.0234e9, 5.5e11, 999.6, 12.3, 0.5, 1e21, 3e-4].map(human);
        assert_eq!(shown, ["3.02 B", "550 B", "1.00 k", "12.3", "0.50", "1.00e21", "3.00e-4"]);
    }

    #[test]
    fn columns_line_up_to_the_right_but_for_the_first() {
        let rows = [["a", "1"], ["bcd", "23"]].map(|r| r.map(str::to_owned).to_vec());
        assert_eq!(columns(&rows), "a     1\nbcd  23\n");
    }

    #[test]
    fn long_sentences_are_broken_and_indented() {
        let text = wrapped(&"word ".repeat(30), 4);
        assert!(text.lines().all(|line| line.len() <= 100));
        assert!(text.lines().nth(1).unwrap().starts_with("    word"));
    }
}
