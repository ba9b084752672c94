//! The texts of a list: `('a', 'b')`, read as Python reads it.

use crate::Error;
use crate::quoting::repr;

/// How many values one list may have: databases have a limit too.
const MOST: usize = 10_000;

/// The texts of a list that stands in a filter with its brackets.
pub(crate) fn texts(list: &str) -> Result<Vec<String>, Error> {
    let mut reader = Reader { rest: list };
    let read = reader.item(0).filter(|_| reader.rest.trim().is_empty());
    let items = match read.ok_or_else(ill_formed)? {
        Item::Tuple(items) => items,
        one => vec![one],
    };
    if items.is_empty() {
        return Err(Error::invalid(
            "While parsing a list in the query, expected a non-empty list of string values, but \
             got empty list",
        ));
    }
    if items.len() > MOST {
        return Err(Error::invalid(format!(
            "A list in a filter may have {MOST} values, this one has {}.",
            items.len()
        )));
    }
    let shown = shown(&items);
    let text = |item| match item {
        Item::Text(text) => Ok(text),
        _ => Err(Error::invalid(format!(
            "While parsing a list in the query, expected string value, punctuation, or \
             whitespace, but got different type in list: {shown}"
        ))),
    };
    items.into_iter().map(text).collect()
}

fn ill_formed() -> Error {
    Error::invalid(
        "While parsing a list in the query, expected a non-empty list of string values, but got \
         ill-formed list.",
    )
}

enum Item {
    Text(String),
    Number(String),
    Tuple(Vec<Item>),
}

fn shown(items: &[Item]) -> String {
    let one = |item: &Item| match item {
        Item::Text(text) => repr(text),
        Item::Number(number) => number.clone(),
        Item::Tuple(items) => shown(items),
    };
    let all: Vec<String> = items.iter().map(one).collect();
    match all.as_slice() {
        [single] => format!("({single},)"),
        _ => format!("({})", all.join(", ")),
    }
}

struct Reader<'a> {
    rest: &'a str,
}

/// How deep brackets may lie in each other.
const DEEPEST: usize = 50;

impl Reader<'_> {
    fn item(&mut self, depth: usize) -> Option<Item> {
        self.rest = self.rest.trim_start();
        match self.rest.chars().next()? {
            '(' if depth < DEEPEST => self.tuple(depth),
            '\'' | '"' => self.text().map(Item::Text),
            _ => self.number(),
        }
    }

    fn takes(&mut self, sign: char) -> bool {
        let rest = self.rest.trim_start();
        let after = rest.strip_prefix(sign);
        self.rest = after.unwrap_or(rest);
        after.is_some()
    }

    fn tuple(&mut self, depth: usize) -> Option<Item> {
        self.takes('(');
        let (mut items, mut n_commas) = (Vec::new(), 0);
        while !self.takes(')') {
            if items.len() > n_commas {
                return None;
            }
            items.push(self.item(depth + 1)?);
            n_commas += usize::from(self.takes(','));
        }
        match (items.len(), n_commas) {
            (1, 0) => items.pop(),
            _ => Some(Item::Tuple(items)),
        }
    }

    /// Texts side by side are one.
    fn text(&mut self) -> Option<String> {
        let mut whole = String::new();
        while let Some(quote @ ('\'' | '"')) = self.rest.chars().next() {
            let mut chars = self.rest.char_indices().skip(1);
            let end = loop {
                match chars.next()? {
                    (at, c) if c == quote => break at + 1,
                    (_, '\n') => return None,
                    (_, '\\') => match chars.next()?.1 {
                        'n' => whole.push('\n'),
                        't' => whole.push('\t'),
                        'r' => whole.push('\r'),
                        '\n' => {}
                        c @ ('\\' | '\'' | '"') => whole.push(c),
                        c => whole.extend(['\\', c]),
                    },
                    (_, c) => whole.push(c),
                }
            };
            self.rest = self.rest[end..].trim_start();
        }
        Some(whole)
    }

    fn number(&mut self) -> Option<Item> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || "+-._".contains(c);
        let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let (number, rest) = self.rest.split_at(end);
        number.parse::<f64>().ok()?;
        self.rest = rest;
        Some(Item::Number(number.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_as_python_reads_them() {
        for (list, expected) in [
            ("('a')", vec!["a"]),
            ("('a', \"b\")", vec!["a", "b"]),
            ("('a',)", vec!["a"]),
            ("('a' 'b')", vec!["ab"]),
            ("((('a')))", vec!["a"]),
            (r"('it\'s')", vec!["it's"]),
        ] {
            assert_eq!(texts(list).unwrap(), expected, "{list}");
        }
    }

    #[test]
    fn other_things_are_refused_with_what_they_are() {
        let refused = |list| texts(list).unwrap_err().message;
        assert!(refused("()").ends_with("but got empty list"));
        assert!(refused("(5)").ends_with("different type in list: (5,)"));
        assert!(refused("('a', 5)").ends_with("different type in list: ('a', 5)"));
        for list in ["(a)", "('a'", "('a' , , 'b')", "(,)", "('a\n')", "", "('a') x"] {
            assert!(refused(list).ends_with("ill-formed list."), "{list}");
        }
        assert!(refused(&"(".repeat(100_000)).ends_with("ill-formed list."));
    }
}
