//! A cell to a number: `1.3B`, `2e9`, `1,234,567` and, where a file uses them, decimal commas.

/// What a cell says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Cell {
    /// Nothing.
    Empty,
    /// A number; it may be NaN or infinite.
    Number(f64),
    /// Something else.
    Text,
}

/// How a file writes the decimal sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Decimal {
    /// `3.14`
    #[default]
    Point,
    /// `3,14`
    Comma,
}

/// Reads a cell. A count may end in K, M, B (or G) or T for a thousand, million, billion or
/// trillion.
pub(super) fn cell(text: &str, decimal: Decimal, is_count: bool) -> Cell {
    let text = text.trim();
    if matches!(text, "" | "-" | "NA" | "N/A" | "n/a" | "null" | "None" | "none") {
        return Cell::Empty;
    }
    if let Ok(value) = text.parse::<f64>() {
        return Cell::Number(value);
    }
    let (text, factor) = match (is_count, text.char_indices().last()) {
        (true, Some((at, c))) => match c.to_ascii_uppercase() {
            'K' => (&text[..at], 1e3),
            'M' => (&text[..at], 1e6),
            'B' | 'G' => (&text[..at], 1e9),
            'T' => (&text[..at], 1e12),
            _ => (text, 1.0),
        },
        _ => (text, 1.0),
    };
    let plain = match decimal {
        Decimal::Comma => text.trim().replace('.', "").replace(',', "."),
        Decimal::Point if groups_of_three(text, ',') => text.trim().replace(',', ""),
        Decimal::Point => text.trim().replace('_', ""),
    };
    match plain.parse::<f64>() {
        // 1.3 and a million: the nearest double of the product, not of the factors.
        Ok(_) if factor > 1.0 => {
            let exponent = f64::log10(factor).round();
            plain.parse().map_or(Cell::Text, |value: f64| {
                Cell::Number(format!("{plain}e{exponent}").parse().unwrap_or(value * factor))
            })
        }
        Ok(value) => Cell::Number(value),
        Err(_) => Cell::Text,
    }
}

/// Whether a cell can only be a number with a decimal comma, such as `3,14`.
pub(super) fn has_decimal_comma(text: &str) -> bool {
    let text = text.trim();
    let Some((whole, rest)) = text.split_once(',') else { return false };
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let (fraction, _) = rest.split_once(['e', 'E']).unwrap_or((rest, ""));
    digits(whole.trim_start_matches(['-', '+']))
        && digits(fraction)
        && (fraction.len() != 3 || whole == "0")
}

/// Whether the digits are grouped as in `1,234,567`.
fn groups_of_three(text: &str, separator: char) -> bool {
    let whole = text.trim().split('.').next().unwrap_or_default();
    let mut groups = whole.split(separator);
    let first = groups.next().unwrap_or_default().trim_start_matches('-');
    let mut n = 0;
    let rest_fits = groups.all(|g| {
        n += 1;
        g.len() == 3 && g.bytes().all(|b| b.is_ascii_digit())
    });
    n > 0 && rest_fits && (1..=3).contains(&first.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_may_carry_a_suffix_and_a_loss_may_not() {
        assert_eq!(cell("1.3B", Decimal::Point, true), Cell::Number(1.3e9));
        assert_eq!(cell(" 125M ", Decimal::Point, true), Cell::Number(125e6));
        assert_eq!(cell("2.5 T", Decimal::Point, true), Cell::Number(2.5e12));
        assert_eq!(cell("1.3B", Decimal::Point, false), Cell::Text);
    }

    #[test]
    fn digits_may_be_grouped() {
        assert_eq!(cell("1,234,567", Decimal::Point, true), Cell::Number(1_234_567.0));
        assert_eq!(cell("1_000", Decimal::Point, true), Cell::Number(1000.0));
        assert_eq!(cell("12,34", Decimal::Point, true), Cell::Text);
    }

    #[test]
    fn a_decimal_comma_is_told_from_a_group_of_three() {
        assert!(has_decimal_comma("3,14"));
        assert!(has_decimal_comma("0,125"));
        assert!(!has_decimal_comma("1,234"));
        assert_eq!(cell("3,25", Decimal::Comma, false), Cell::Number(3.25));
        assert_eq!(cell("1.234,5", Decimal::Comma, false), Cell::Number(1234.5));
    }

    #[test]
    fn nothing_is_not_a_number_and_nan_is_one_that_is_not_finite() {
        assert_eq!(cell("", Decimal::Point, true), Cell::Empty);
        assert_eq!(cell("abc", Decimal::Point, true), Cell::Text);
        assert!(matches!(cell("NaN", Decimal::Point, false), Cell::Number(x) if x.is_nan()));
        assert!(matches!(cell("inf", Decimal::Point, false), Cell::Number(x) if x.is_infinite()));
    }
}
