//! Tokens as comparisons: which of them belong together, and what a client is told where they do
//! not. Groups are always pieces of the text without gaps, so a group is its kind and its place.

use super::lexer::{Kind, Token, tokens};
use crate::Error;
use crate::quoting::repr;

/// A comparison as it stands in the text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Comparison<'a> {
    /// What is compared: `metrics.loss`, say.
    pub(crate) key: &'a str,
    /// In capitals where MLflow takes small letters too.
    pub(crate) comparator: String,
    /// With what; nothing for `IS NULL` and `IS NOT NULL`.
    pub(crate) value: Option<Literal<'a>>,
}

/// The right side of a comparison as it stands in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Literal<'a> {
    /// `5`
    Integer(&'a str),
    /// `0.5`
    Float(&'a str),
    /// `'…'`, `"…"` or a name, with its quotes.
    Text(&'a str),
    /// `('a', 'b')`, with its brackets.
    List(&'a str),
    /// Something that no clause takes.
    Other(&'a str),
}

impl<'a> Literal<'a> {
    /// As it stands in the text.
    pub(crate) fn text(self) -> &'a str {
        match self {
            Self::Integer(text)
            | Self::Float(text)
            | Self::Text(text)
            | Self::List(text)
            | Self::Other(text) => text,
        }
    }
}

/// How the clauses that are wrong are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// `'OR'`
    Quoted,
    /// `OR`
    Plain,
}

/// How many comparisons one filter may have: databases have a limit too.
const MOST: usize = 200;

/// The comparisons of a filter; all of them have to hold.
pub(crate) fn comparisons(filter: &str, shown: Shown) -> Result<Vec<Comparison<'_>>, Error> {
    if filter.is_empty() {
        return Ok(Vec::new());
    }
    let groups = joined(filter, &statement(filter)?);
    let wrong: Vec<String> = groups
        .iter()
        .filter(|group| !group.is_clause(filter))
        .map(|group| match shown {
            Shown::Quoted => format!("'{}'", group.text(filter)),
            Shown::Plain => group.text(filter).to_owned(),
        })
        .collect();
    if !wrong.is_empty() {
        return Err(Error::invalid(format!(
            "Invalid clause(s) in filter string: {}",
            wrong.join(", ")
        )));
    }
    let clauses: Vec<_> = groups
        .into_iter()
        .filter_map(|group| match group.what {
            What::Comparison(parts) => Some(comparison(filter, &parts)),
            _ => None,
        })
        .collect::<Result<_, _>>()?;
    if clauses.len() > MOST {
        return Err(Error::invalid(format!(
            "A filter may have {MOST} clauses, this one has {}.",
            clauses.len()
        )));
    }
    Ok(clauses)
}

/// The key of an order and whether it ascends: `metrics.loss DESC`, say.
pub(crate) fn order(clause: &str) -> Result<(String, bool), Error> {
    let wrong =
        || Error::invalid(format!("Invalid order_by clause '{clause}'. Could not be parsed."));
    let groups = groups(clause);
    let is_whole = |group: &Group| group.start == 0 && group.end == clause.len();
    let is_timestamp = |group: &Group| {
        group.is(Kind::Builtin) && group.text(clause).eq_ignore_ascii_case("timestamp")
    };
    match groups.as_slice() {
        [one] if is_whole(one) && one.is_identifier() => {}
        [one] if is_whole(one) && is_timestamp(one) => {}
        [key, way] if key.start == 0 && is_timestamp(key) && way.is(Kind::Order) => {}
        _ => return Err(wrong()),
    }
    let words = words(clause).ok_or_else(wrong)?;
    match words.as_slice() {
        [key, way] => {
            let is_ascending = way.eq_ignore_ascii_case("asc");
            if !is_ascending && !way.eq_ignore_ascii_case("desc") {
                return Err(Error::invalid(format!(
                    "Invalid ordering key in order_by clause '{clause}'."
                )));
            }
            Ok((key.clone(), is_ascending))
        }
        [_] | [] => Ok((clause.trim().to_owned(), true)),
        _ => Err(wrong()),
    }
}

/// A text between single or double quotes, without them.
pub(crate) fn unquoted(text: &str) -> Option<&str> {
    ['\'', '"'].iter().find_map(|&quote| between(text, quote))
}

/// A key without the quotes or back-ticks that may stand around it.
pub(crate) fn bare(key: &str) -> &str {
    let key = unquoted(key).unwrap_or(key);
    between(key, '`').unwrap_or(key)
}

fn between(text: &str, quote: char) -> Option<&str> {
    text.strip_prefix(quote)?.strip_suffix(quote)
}

/// The words of an order, as a shell splits them: quotes bind and vanish.
fn words(clause: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let (mut word, mut open, mut is_begun) = (String::new(), None, false);
    for c in clause.chars() {
        let c = if c == '`' { '"' } else { c };
        match open {
            Some(quote) if c == quote => open = None,
            Some(_) => word.push(c),
            None if c == '"' || c == '\'' => (open, is_begun) = (Some(c), true),
            None if c.is_whitespace() => {
                if is_begun {
                    words.push(std::mem::take(&mut word));
                    is_begun = false;
                }
            }
            None => {
                word.push(c);
                is_begun = true;
            }
        }
    }
    if is_begun {
        words.push(word);
    }
    open.is_none().then_some(words)
}

/// Tokens that belong together, as a piece of the text.
#[derive(Debug, Clone, PartialEq)]
struct Group {
    what: What,
    start: usize,
    end: usize,
}

#[derive(Debug, Clone, PartialEq)]
enum What {
    Token(Kind),
    /// `( … )`
    Brackets,
    Identifier,
    /// `f( … )`
    Function,
    /// `a + b`
    Operation,
    /// Two sides and what is between them, and remarks that stand behind.
    Comparison(Vec<Group>),
    /// `a, b`
    List,
    /// Anything else that is one for the tokenizer of SQL.
    Other,
}

impl Group {
    fn text<'a>(&self, all: &'a str) -> &'a str {
        &all[self.start..self.end]
    }

    fn is(&self, kind: Kind) -> bool {
        self.what == What::Token(kind)
    }

    fn is_identifier(&self) -> bool {
        self.what == What::Identifier
    }

    fn is_word(&self, all: &str, word: &str) -> bool {
        self.is(Kind::Keyword) && self.text(all).eq_ignore_ascii_case(word)
    }

    fn is_punctuation(&self, all: &str, sign: &str) -> bool {
        self.is(Kind::Punctuation) && self.text(all) == sign
    }

    fn is_clause(&self, all: &str) -> bool {
        matches!(self.what, What::Comparison(_)) || self.is_word(all, "AND")
    }

    /// Whether it may be one side of an operator.
    fn is_operand(&self) -> bool {
        match self.what {
            What::Brackets | What::Identifier | What::Function | What::Operation => true,
            What::Token(kind) => matches!(
                kind,
                Kind::Integer
                    | Kind::Float
                    | Kind::Text
                    | Kind::Symbol
                    | Kind::Name
                    | Kind::Placeholder
            ),
            _ => false,
        }
    }

    fn spanning(what: What, first: &Self, last: &Self) -> Self {
        Self { what, start: first.start, end: last.end }
    }
}

/// The groups of a filter, which has to be one statement.
fn statement(filter: &str) -> Result<Vec<Group>, Error> {
    let all = tokens(filter);
    if all.iter().all(|token| token.kind == Kind::Space) {
        return Err(Error::invalid(format!("Invalid filter '{filter}'. Could not be parsed.")));
    }
    let is_end =
        |token: &Token| token.kind == Kind::Punctuation && &filter[token.start..token.end] == ";";
    let is_said = |token: &Token| !matches!(token.kind, Kind::Space | Kind::Comment);
    let mut behind = all.iter().skip_while(|token| !is_end(token)).skip(1);
    if behind.any(is_said) {
        return Err(Error::invalid(format!(
            "Search filter contained multiple expression {}. Provide AND-ed expression list.",
            repr(filter)
        )));
    }
    Ok(groups(filter))
}

/// Finds groups in the order in which MLflow's tokenizer does.
fn groups(text: &str) -> Vec<Group> {
    let single = tokens(text)
        .into_iter()
        .filter(|token| token.kind != Kind::Space)
        .map(|token| Group { what: What::Token(token.kind), start: token.start, end: token.end });
    let mut all: Vec<Group> = single.collect();
    bind_brackets(text, &mut all);
    bind_functions(&mut all);
    bind_where(text, &mut all);
    bind_points(text, &mut all);
    for group in &mut all {
        if group.is(Kind::Name) || group.is(Kind::Symbol) {
            group.what = What::Identifier;
        }
    }
    bind_pairs(&mut all, |first, second| {
        (first.is_identifier() || is_number(first)) && second.is(Kind::Order)
    });
    let is_operator = |group: &Group| group.is(Kind::Operator) || group.is(Kind::Star);
    bind_sides(&mut all, is_operator, Group::is_operand, |_, _, _| What::Operation);
    bind_comparisons(text, &mut all);
    bind_pairs(&mut all, |first, second| {
        let takes_alias = matches!(
            first.what,
            What::Brackets
                | What::Function
                | What::Identifier
                | What::Operation
                | What::Comparison(_)
        );
        (takes_alias || is_number(first)) && second.is_identifier()
    });
    bind_comments(&mut all);
    bind_lists(text, &mut all);
    all
}

fn is_number(group: &Group) -> bool {
    group.is(Kind::Integer) || group.is(Kind::Float) || group.is(Kind::Hexadecimal)
}

/// `( … )`, and remarks inside vanish with what is around them.
fn bind_brackets(text: &str, all: &mut Vec<Group>) {
    let mut out: Vec<Group> = Vec::with_capacity(all.len());
    let mut open: Vec<usize> = Vec::new();
    for group in all.drain(..) {
        if group.is_punctuation(text, "(") {
            open.push(out.len());
        } else if group.is_punctuation(text, ")")
            && let Some(at) = open.pop()
        {
            let whole = Group::spanning(What::Brackets, &out[at], &group);
            out.truncate(at);
            out.push(whole);
            continue;
        }
        out.push(group);
    }
    *all = out;
}

fn bind_functions(all: &mut Vec<Group>) {
    bind_two(all, What::Function, |name, brackets| {
        name.is(Kind::Name) && brackets.what == What::Brackets
    });
}

/// `WHERE` takes all that follows.
fn bind_where(text: &str, all: &mut Vec<Group>) {
    let at = all.iter().position(|group| group.is_word(text, "WHERE"));
    if let (Some(at), Some(last)) = (at, all.last().cloned()) {
        let whole = Group::spanning(What::Other, &all[at], &last);
        all.truncate(at);
        all.push(whole);
    }
}

/// `entity.key`: the point takes the name before it, and the one after it if there is one.
fn bind_points(text: &str, all: &mut Vec<Group>) {
    let mut out: Vec<Group> = Vec::with_capacity(all.len());
    let mut rest = all.drain(..).peekable();
    while let Some(group) = rest.next() {
        let is_after_name = out.last().is_some_and(|last: &Group| {
            last.is(Kind::Name) || last.is(Kind::Symbol) || last.is_identifier()
        });
        if !(is_after_name && group.is_punctuation(text, ".")) {
            out.push(group);
            continue;
        }
        let is_key = |next: &Group| {
            next.what == What::Function
                || [Kind::Name, Kind::Symbol, Kind::Star, Kind::Text].iter().any(|&k| next.is(k))
        };
        let end = rest.next_if(is_key).map_or(group.end, |next| next.end);
        if let Some(last) = out.last_mut() {
            (last.what, last.end) = (What::Identifier, end);
        }
    }
    drop(rest);
    *all = out;
}

/// Two neighbours as one identifier, and that one again with the next.
fn bind_pairs(all: &mut Vec<Group>, is_pair: impl Fn(&Group, &Group) -> bool) {
    bind_two(all, What::Identifier, is_pair);
}

fn bind_two(all: &mut Vec<Group>, what: What, is_pair: impl Fn(&Group, &Group) -> bool) {
    let mut out: Vec<Group> = Vec::with_capacity(all.len());
    for group in all.drain(..) {
        match out.last_mut() {
            Some(last) if is_pair(last, &group) => {
                (last.what, last.end) = (what.clone(), group.end);
            }
            _ => out.push(group),
        }
    }
    *all = out;
}

/// Two sides with something between them, from left to right.
fn bind_sides(
    all: &mut Vec<Group>,
    is_middle: impl Fn(&Group) -> bool,
    is_side: impl Fn(&Group) -> bool,
    whole: impl Fn(Group, Group, Group) -> What,
) {
    let mut out: Vec<Group> = Vec::with_capacity(all.len());
    let mut rest = all.drain(..).peekable();
    while let Some(group) = rest.next() {
        let is_bound = is_middle(&group)
            && out.last().is_some_and(&is_side)
            && rest.peek().is_some_and(&is_side);
        match (is_bound, out.pop(), is_bound.then(|| rest.next()).flatten()) {
            (true, Some(left), Some(right)) => {
                let (start, end) = (left.start, right.end);
                out.push(Group { what: whole(left, group, right), start, end });
            }
            (_, before, _) => {
                out.extend(before);
                out.push(group);
            }
        }
    }
    drop(rest);
    *all = out;
}

fn bind_comparisons(text: &str, all: &mut Vec<Group>) {
    bind_sides(
        all,
        |group| group.is(Kind::Comparator),
        |group| {
            let is_comparison = matches!(group.what, What::Comparison(_));
            group.is_operand() || is_comparison || group.is_word(text, "NULL")
        },
        |left, comparator, right| What::Comparison(vec![left, comparator, right]),
    );
}

/// A remark belongs to the group before it, unless nothing follows.
fn bind_comments(all: &mut Vec<Group>) {
    let n_followed = all.iter().rposition(|group| !group.is(Kind::Comment)).unwrap_or(0);
    let mut out: Vec<Group> = Vec::with_capacity(all.len());
    for (at, group) in all.drain(..).enumerate() {
        let is_bound = group.is(Kind::Comment) && at < n_followed;
        match out.last_mut() {
            Some(last) if is_bound && !matches!(last.what, What::Token(_)) => {
                last.end = group.end;
                if let What::Comparison(parts) = &mut last.what {
                    parts.push(group);
                }
            }
            _ => out.push(group),
        }
    }
    *all = out;
}

fn bind_lists(text: &str, all: &mut Vec<Group>) {
    let is_item = |group: &Group| match group.what {
        What::Function | What::Identifier | What::Comparison(_) | What::List | What::Operation => {
            true
        }
        What::Token(kind) => matches!(
            kind,
            Kind::Integer
                | Kind::Float
                | Kind::Text
                | Kind::Symbol
                | Kind::Name
                | Kind::Placeholder
                | Kind::Keyword
                | Kind::Star
        ),
        _ => false,
    };
    bind_sides(all, |group| group.is_punctuation(text, ","), is_item, |_, _, _| What::List);
}

/// Joins `key IN (…)`, `key IS NULL` and their opposites to comparisons. A name that begins none
/// takes the three groups behind it along, as MLflow does.
fn joined(text: &str, groups: &[Group]) -> Vec<Group> {
    let mut out = Vec::with_capacity(groups.len());
    let mut rest = groups;
    while let [first, second, third, ..] = rest {
        let n = if first.is_identifier() {
            n_of_comparison(text, second, third, rest.get(3))
        } else {
            out.push(first.clone());
            rest = &rest[1..];
            continue;
        };
        match n {
            Some(n) => {
                let parts = rest[..n].to_vec();
                let (start, end) = (first.start, parts[n - 1].end);
                out.push(Group { what: What::Comparison(parts), start, end });
                rest = &rest[n..];
            }
            None => {
                let n = rest.len().min(4);
                out.extend_from_slice(&rest[..n]);
                rest = &rest[n..];
            }
        }
    }
    out.extend_from_slice(rest);
    out
}

/// How many groups from a name on are one comparison, if they are.
fn n_of_comparison(
    text: &str,
    second: &Group,
    third: &Group,
    fourth: Option<&Group>,
) -> Option<usize> {
    let is_brackets = |group: &Group| group.what == What::Brackets;
    let is_null = third.is_word(text, "NULL") || third.is_word(text, "NOT NULL");
    if second.is_word(text, "IN") && is_brackets(third) || second.is_word(text, "IS") && is_null {
        return Some(3);
    }
    let is_not_in =
        second.is_word(text, "NOT") && third.is_word(text, "IN") && fourth.is_some_and(is_brackets);
    is_not_in.then_some(4)
}

/// A comparison from its parts, refused where they are of the wrong kind.
fn comparison<'a>(text: &'a str, parts: &[Group]) -> Result<Comparison<'a>, Error> {
    let expected = |what: String| Error::invalid(format!("Invalid comparison clause. {what}"));
    let (comparator, value) = match parts {
        [_, is, null] if is.is_word(text, "IS") => {
            let is_null = null.is_word(text, "NULL");
            (if is_null { "IS NULL" } else { "IS NOT NULL" }.to_owned(), None)
        }
        [_, within, list] if within.is_word(text, "IN") => {
            (within.text(text).to_owned(), Some(list))
        }
        [_, not, within, list] if not.is_word(text, "NOT") && within.is_word(text, "IN") => {
            ("NOT IN".to_owned(), Some(list))
        }
        [_, comparator, value] => (comparator.text(text).to_owned(), Some(value)),
        _ => return Err(expected(format!("Expected 3 tokens found {}", parts.len()))),
    };
    let key = &parts[0];
    if !key.is_identifier() {
        return Err(expected(format!("Expected 'Identifier' found '{}'", key.text(text))));
    }
    let value = value.map(|group| {
        let shown = group.text(text);
        match group.what {
            What::Token(Kind::Integer) => Literal::Integer(shown),
            What::Token(Kind::Float) => Literal::Float(shown),
            What::Token(Kind::Text) | What::Identifier => Literal::Text(shown),
            What::Brackets => Literal::List(shown),
            _ => Literal::Other(shown),
        }
    });
    Ok(Comparison { key: key.text(text), comparator, value })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(filter: &str) -> String {
        comparisons(filter, Shown::Quoted).unwrap_err().message
    }

    #[test]
    fn comparisons_are_joined_by_and_or_by_nothing() {
        for filter in ["a.b = 'c' AND d > 5", "a.b = 'c' d > 5", "AND a.b='c' AND AND d>5 AND"] {
            let found = comparisons(filter, Shown::Quoted).unwrap();
            assert_eq!(found.len(), 2, "{filter}");
            assert_eq!((found[0].key, found[0].value), ("a.b", Some(Literal::Text("'c'"))));
            assert_eq!((found[1].key, found[1].value), ("d", Some(Literal::Integer("5"))));
        }
    }

    #[test]
    fn lists_and_absence_are_comparisons() {
        let filter = "a IN ('x', 'y') AND b NOT IN ('z') AND tags.c IS NULL AND d IS NOT NULL";
        let found = comparisons(filter, Shown::Quoted).unwrap();
        let comparators: Vec<_> = found.iter().map(|one| one.comparator.as_str()).collect();
        assert_eq!(comparators, ["IN", "NOT IN", "IS NULL", "IS NOT NULL"]);
        assert_eq!(found[0].value, Some(Literal::List("('x', 'y')")));
    }

    #[test]
    fn what_is_no_clause_is_named() {
        let named = "Invalid clause(s) in filter string: ";
        assert_eq!(refused("a = 1 OR b = 2"), format!("{named}'OR'"));
        assert_eq!(refused("(a = 1)"), format!("{named}'(a = 1)'"));
        assert_eq!(refused("a b > 1"), format!("{named}'a'"));
        assert_eq!(refused("a > 0x10"), format!("{named}'a', '>', '0x10'"));
        assert_eq!(refused("a = 5, b = 6"), format!("{named}'a = 5, b = 6'"));
        assert_eq!(refused("1 = 1"), "Invalid comparison clause. Expected 'Identifier' found '1'");
    }

    #[test]
    fn an_order_is_a_key_and_a_way() {
        assert_eq!(order("metrics.a").unwrap(), ("metrics.a".to_owned(), true));
        assert_eq!(order("metrics.`a b` DESC").unwrap(), ("metrics.a b".to_owned(), false));
        assert_eq!(
            order("a UP").unwrap_err().message,
            "Invalid ordering key in order_by clause 'a UP'."
        );
        for wrong in ["", " ", "ASC", "a, b", "a ASC DESC", "'a'", "a > 1", "(a)", "1", "a --"] {
            assert_eq!(
                order(wrong).unwrap_err().message,
                format!("Invalid order_by clause '{wrong}'. Could not be parsed.")
            );
        }
    }
}
