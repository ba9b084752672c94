//! A filter's text as tokens. MLflow reads filters with a general tokenizer of SQL; what a client
//! is told about a wrong filter shows how that one cuts the text, so this one cuts it alike.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Blanks and line ends.
    Space,
    /// A bare or `back-ticked` name.
    Name,
    /// A name that SQL keeps for a type; it never stands for a key.
    Builtin,
    /// `"…"`: a name or a text, as its place says.
    Symbol,
    /// `'…'`.
    Text,
    /// A whole number.
    Integer,
    /// A number with a point or an exponent.
    Float,
    /// A number in hexadecimal, which nothing takes.
    Hexadecimal,
    /// A placeholder of a prepared statement, which nothing takes.
    Placeholder,
    /// A word of SQL.
    Keyword,
    /// `ASC` or `DESC`.
    Order,
    /// `=`, `<`, `LIKE` and others, known or not.
    Comparator,
    /// `+`, `-` and others.
    Operator,
    /// `*`.
    Star,
    /// Brackets, comma, point, semicolon, colon.
    Punctuation,
    /// A remark.
    Comment,
    /// Anything else.
    Other,
}

/// A piece of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// The tokens of a text, one after the other, without gaps.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut start = 0;
    // Looked for once, not at every remark that nothing ends.
    let last_close = text.rfind("*/").unwrap_or(0);
    while start < text.len() {
        let (kind, len) = next(text, start, start + 2 <= last_close);
        let end = start + len;
        tokens.push(Token { kind, start, end });
        start = end;
    }
    tokens
}

/// Words of SQL that are no names where they stand alone.
const KEYWORDS: &[&str] = &[
    "ABS",
    "ADD",
    "ALL",
    "ALTER",
    "AND",
    "ANY",
    "AS",
    "AT",
    "AVG",
    "BEGIN",
    "BETWEEN",
    "BOTH",
    "BY",
    "CALL",
    "CASCADE",
    "CASE",
    "CAST",
    "CHECK",
    "CLASS",
    "CLOSE",
    "COLLATE",
    "COLUMN",
    "COMMENT",
    "COMMIT",
    "CONNECTION",
    "CONSTRAINT",
    "CONTAINS",
    "CONTINUE",
    "COUNT",
    "CREATE",
    "CROSS",
    "CURRENT",
    "CURRENT_DATE",
    "CURRENT_TIME",
    "CURRENT_TIMESTAMP",
    "CURRENT_USER",
    "CURSOR",
    "DATA",
    "DATABASE",
    "DAY",
    "DECLARE",
    "DEFAULT",
    "DELETE",
    "DESCRIBE",
    "DISTINCT",
    "DOMAIN",
    "DROP",
    "EACH",
    "ELSE",
    "ENABLE",
    "END",
    "ENGINE",
    "ESCAPE",
    "EVERY",
    "EXCEPT",
    "EXCEPTION",
    "EXEC",
    "EXECUTE",
    "EXISTS",
    "EXPLAIN",
    "EXTERNAL",
    "FALSE",
    "FETCH",
    "FILE",
    "FINAL",
    "FIRST",
    "FOR",
    "FOREIGN",
    "FREE",
    "FROM",
    "FULL",
    "FUNCTION",
    "GET",
    "GLOBAL",
    "GRANT",
    "GROUP",
    "HAVING",
    "HOST",
    "HOUR",
    "IDENTITY",
    "IF",
    "IN",
    "INDEX",
    "INNER",
    "INPUT",
    "INSERT",
    "INTERSECT",
    "INTO",
    "IS",
    "JOIN",
    "KEY",
    "LANGUAGE",
    "LAST",
    "LEFT",
    "LENGTH",
    "LEVEL",
    "LIMIT",
    "LOAD",
    "LOCAL",
    "LOCATION",
    "LOCK",
    "LOOP",
    "LOWER",
    "MAP",
    "MATCH",
    "MAX",
    "MERGE",
    "METHOD",
    "MIN",
    "MINUTE",
    "MOD",
    "MODE",
    "MONTH",
    "MORE",
    "NAMES",
    "NATURAL",
    "NEW",
    "NEXT",
    "NO",
    "NONE",
    "NOT",
    "NULL",
    "OBJECT",
    "OF",
    "OFF",
    "OFFSET",
    "OLD",
    "ON",
    "ONLY",
    "OPEN",
    "OPERATION",
    "OPERATOR",
    "OPTION",
    "OR",
    "ORDER",
    "OUT",
    "OUTER",
    "OUTPUT",
    "OWNER",
    "PARAMETER",
    "PARAMETERS",
    "PARTIAL",
    "POSITION",
    "PRECISION",
    "PREFIX",
    "PRIMARY",
    "PUBLIC",
    "READ",
    "REFERENCES",
    "RENAME",
    "REPLACE",
    "RESET",
    "RESOURCE",
    "RESTART",
    "RESULT",
    "RETURN",
    "REVOKE",
    "RIGHT",
    "ROLE",
    "ROLLBACK",
    "ROWS",
    "RULE",
    "SCALE",
    "SCHEMA",
    "SCOPE",
    "SEARCH",
    "SECOND",
    "SELECT",
    "SELF",
    "SEQUENCE",
    "SESSION",
    "SET",
    "SHARE",
    "SHOW",
    "SIZE",
    "SOME",
    "SOURCE",
    "SPACE",
    "SQL",
    "START",
    "STATEMENT",
    "STATIC",
    "STATISTICS",
    "STORAGE",
    "SUM",
    "SYSTEM",
    "TABLE",
    "TEMP",
    "TEMPLATE",
    "THEN",
    "TO",
    "TRANSFORM",
    "TRIGGER",
    "TRIM",
    "TRUE",
    "TRUNCATE",
    "TYPE",
    "UNDER",
    "UNION",
    "UNIQUE",
    "UNKNOWN",
    "UPDATE",
    "UPPER",
    "USAGE",
    "USE",
    "USER",
    "USING",
    "VALID",
    "VALUES",
    "VARIABLE",
    "VERSION",
    "VIEW",
    "WEEK",
    "WHEN",
    "WHERE",
    "WHILE",
    "WITH",
    "WITHOUT",
    "WORK",
    "WRITE",
    "YEAR",
    "ZONE",
];

/// Names that SQL keeps for types.
const BUILTINS: &[&str] = &[
    "ARRAY",
    "BIGINT",
    "BINARY",
    "BIT",
    "BLOB",
    "BOOLEAN",
    "CHAR",
    "CHARACTER",
    "DATE",
    "DECIMAL",
    "FLOAT",
    "INT",
    "INTEGER",
    "INTERVAL",
    "LONG",
    "NUMBER",
    "NUMERIC",
    "REAL",
    "SERIAL",
    "TEXT",
    "TIMESTAMP",
    "VARCHAR",
];

/// The kind and the length of the token that begins at `at`.
fn next(text: &str, at: usize, is_closed: bool) -> (Kind, usize) {
    let rest = &text[at..];
    let before = text[..at].chars().next_back();
    let first = rest.chars().next().unwrap_or(' ');
    blank_or_comment(rest, first, is_closed)
        .or_else(|| quoted_name(rest, first))
        .or_else(|| placeholder(rest, before))
        .or_else(|| word_before_or_after_point(rest, before, first))
        .or_else(|| number(rest, first))
        .or_else(|| quoted(rest, '\'').map(|len| (Kind::Text, len)))
        .or_else(|| quoted(rest, '"').map(|len| (Kind::Symbol, len)))
        .or_else(|| bracketed_name(rest, before))
        .or_else(|| word(rest, first))
        .unwrap_or_else(|| sign(rest, first))
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// What begins a name; digits and the underscore do not.
fn is_letter(c: char) -> bool {
    matches!(c, 'A'..='Z' | 'a'..='z' | 'À'..='Ü' | 'à'..='ü')
}

/// How many bytes at the beginning are of that sort.
fn run_of(text: &str, is_of: impl Fn(char) -> bool) -> usize {
    text.find(|c| !is_of(c)).unwrap_or(text.len())
}

fn blank_or_comment(rest: &str, first: char, is_closed: bool) -> Option<(Kind, usize)> {
    if let Some(remark) = rest.strip_prefix("/*")
        && is_closed
    {
        return remark.find("*/").map(|at| (Kind::Comment, at + 4));
    }
    if rest.starts_with("--") || rest.starts_with("# ") {
        let len = rest.find(['\n', '\r']).map_or(rest.len(), |at| at + 1);
        return Some((Kind::Comment, len));
    }
    first.is_whitespace().then_some((Kind::Space, first.len_utf8()))
}

fn quoted_name(rest: &str, first: char) -> Option<(Kind, usize)> {
    if first != '`' {
        return None;
    }
    // Doubled back-ticks lie inside; the last single one ends the name.
    quoted(rest, '`').map(|len| (Kind::Name, len))
}

fn placeholder(rest: &str, before: Option<char>) -> Option<(Kind, usize)> {
    if rest.starts_with('?') {
        return Some((Kind::Placeholder, 1));
    }
    if rest.starts_with("%s") {
        return Some((Kind::Placeholder, 2));
    }
    let n_word = run_of(rest.strip_prefix(['$', ':'])?, is_word);
    (n_word > 0 && !before.is_some_and(is_word)).then_some((Kind::Placeholder, 1 + n_word))
}

/// A word right before or after a point is a name, whatever it means in SQL.
fn word_before_or_after_point(
    rest: &str,
    before: Option<char>,
    first: char,
) -> Option<(Kind, usize)> {
    if !is_letter(first) {
        return None;
    }
    let len = run_of(rest, is_word);
    let always = ["CASE", "IN", "VALUES", "USING", "FROM", "AS"];
    if always.iter().any(|word| rest[..len].eq_ignore_ascii_case(word)) {
        return Some((Kind::Keyword, len));
    }
    let after = &rest[len..];
    let point = after.trim_start().strip_prefix('.');
    let is_before_point = point.is_some_and(|tail| !tail.starts_with(|c: char| c.is_ascii_digit()));
    let is_name = before == Some('.') || is_before_point || after.starts_with('(');
    is_name.then_some((Kind::Name, len))
}

fn number(rest: &str, first: char) -> Option<(Kind, usize)> {
    if !matches!(first, '-' | '.' | '0'..='9') {
        return None;
    }
    let sign = usize::from(first == '-');
    let plain = &rest[sign..];
    let is_digit = |c: char| c.is_ascii_digit();
    if let Some(digits) = plain.strip_prefix("0x").or_else(|| plain.strip_prefix("0X")) {
        let n_digits = run_of(digits, |c| c.is_ascii_hexdigit());
        if n_digits > 0 {
            return Some((Kind::Hexadecimal, sign + 2 + n_digits));
        }
    }
    let whole = run_of(plain, is_digit);
    let fraction = plain[whole..].strip_prefix('.').map(|tail| run_of(tail, is_digit));
    if whole > 0 {
        let mantissa = whole + fraction.filter(|&n| n > 0).map_or(0, |n| n + 1);
        for mantissa in [mantissa, whole] {
            if let Some(len) = exponent(&plain[mantissa..]) {
                return Some((Kind::Float, sign + mantissa + len));
            }
        }
    }
    // A letter behind a number takes digits back until none stands right before it.
    let is_free = |len: &usize| !plain[*len..].starts_with(|c: char| c == '_' || is_letter(c));
    if let Some(n) = fraction.filter(|&n| whole > 0 || n > 0) {
        let shortest = if whole > 0 { whole + 1 } else { 2 };
        let fits = (shortest..=whole + 1 + n).rev().find(is_free);
        if let Some(len) = fits {
            return Some((Kind::Float, sign + len));
        }
    }
    let fits = (1..=whole).rev().find(is_free)?;
    Some((Kind::Integer, sign + fits))
}

/// The length of `e-5`, say.
fn exponent(text: &str) -> Option<usize> {
    let tail = text.strip_prefix(['e', 'E'])?;
    let sign = usize::from(tail.starts_with('-'));
    let n_digits = run_of(&tail[sign..], |c| c.is_ascii_digit());
    (n_digits > 0).then_some(1 + sign + n_digits)
}

/// The length of a text between quotes. A doubled quote, and for texts one after a backslash, lies
/// inside, unless no other one ends the text.
fn quoted(rest: &str, quote: char) -> Option<usize> {
    let inside = rest.strip_prefix(quote)?;
    let mut last_resort = None;
    let mut chars = inside.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let is_pair = chars.peek().is_some_and(|&(_, following)| following == quote);
        if c == quote && !is_pair {
            return Some(at + 2);
        }
        if c == quote {
            last_resort = Some(at + 2);
            chars.next();
        } else if c == '\\' && is_pair && quote != '`' {
            last_resort = Some(at + 3);
            chars.next();
        }
    }
    last_resort
}

fn bracketed_name(rest: &str, before: Option<char>) -> Option<(Kind, usize)> {
    let inside = rest.strip_prefix('[')?;
    if before.is_some_and(|c| is_word(c) || c == ']' || c == ')') {
        return None;
    }
    let end = inside.find(['[', ']'])?;
    (end > 0 && inside[end..].starts_with(']')).then_some((Kind::Name, end + 2))
}

fn word(rest: &str, first: char) -> Option<(Kind, usize)> {
    if !is_word(first) {
        return None;
    }
    let len = run_of(rest, is_word);
    let upper = rest[..len].to_ascii_uppercase();
    match upper.as_str() {
        "NOT" => {
            let second = rest[len..].trim_start();
            let end = rest.len() - second.len() + run_of(second, is_word);
            let word = second[..run_of(second, is_word)].to_ascii_uppercase();
            match word.as_str() {
                "NULL" => return Some((Kind::Keyword, end)),
                "LIKE" | "ILIKE" | "RLIKE" | "REGEXP" => return Some((Kind::Comparator, end)),
                _ => {}
            }
        }
        "LIKE" | "ILIKE" | "RLIKE" | "REGEXP" => return Some((Kind::Comparator, len)),
        "ASC" | "DESC" => return Some((Kind::Order, len)),
        _ => {}
    }
    let whole = run_of(rest, |c| is_word(c) || c == '$' || c == '#');
    let upper = rest[..whole].to_ascii_uppercase();
    if KEYWORDS.binary_search(&upper.as_str()).is_ok() {
        return Some((Kind::Keyword, whole));
    }
    if BUILTINS.binary_search(&upper.as_str()).is_ok() {
        return Some((Kind::Builtin, whole));
    }
    Some((Kind::Name, whole))
}

fn sign(rest: &str, first: char) -> (Kind, usize) {
    if rest.starts_with(":=") {
        return (Kind::Other, 2);
    }
    if rest.starts_with("::") {
        return (Kind::Punctuation, 2);
    }
    if first == '*' {
        return (Kind::Star, 1);
    }
    if ";:()[],.".contains(first) {
        return (Kind::Punctuation, 1);
    }
    if let Some(arrow) = ["->>", "->", "#>>", "#>", "@>", "<@", "-", "#-"]
        .into_iter()
        .find(|arrow| rest.starts_with(arrow))
    {
        return (Kind::Operator, arrow.len());
    }
    let n_comparing = run_of(rest, |c| "<>=~!".contains(c));
    if n_comparing > 0 {
        return (Kind::Comparator, n_comparing);
    }
    match run_of(rest, |c| "+/@#%^&|-".contains(c)) {
        0 => (Kind::Other, first.len_utf8()),
        len => (Kind::Operator, len),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<(Kind, &str)> {
        let all = tokens(text).into_iter();
        all.filter(|token| token.kind != Kind::Space)
            .map(|token| (token.kind, &text[token.start..token.end]))
            .collect()
    }

    #[test]
    fn words_are_found_by_halving() {
        assert!(KEYWORDS.is_sorted() && BUILTINS.is_sorted());
    }

    #[test]
    fn a_filter_is_cut_into_its_tokens() {
        use Kind::*;
        assert_eq!(
            cut("metrics.`a b` >= -1.5e-3 AND x LIKE 'it''s'"),
            [
                (Name, "metrics"),
                (Punctuation, "."),
                (Name, "`a b`"),
                (Comparator, ">="),
                (Float, "-1.5e-3"),
                (Keyword, "AND"),
                (Name, "x"),
                (Comparator, "LIKE"),
                (Text, "'it''s'"),
            ]
        );
        assert_eq!(cut("source.x IS NOT NULL")[0], (Name, "source"));
        assert_eq!(cut("source IS NOT NULL")[2], (Keyword, "NOT NULL"));
    }

    #[test]
    fn numbers_end_where_letters_begin() {
        use Kind::*;
        assert_eq!(cut("1_000"), [(Name, "1_000")]);
        assert_eq!(cut("12a"), [(Integer, "1"), (Name, "2a")]);
        assert_eq!(cut("5."), [(Float, "5.")]);
        assert_eq!(cut(".5"), [(Float, ".5")]);
        assert_eq!(cut("0x10"), [(Hexadecimal, "0x10")]);
    }

    #[test]
    fn a_quote_that_nothing_ends_stands_alone() {
        use Kind::*;
        assert_eq!(cut("'0.1"), [(Other, "'"), (Float, "0.1")]);
        assert_eq!(cut(r"'a\'"), [(Text, r"'a\'")]);
        assert_eq!(cut("``"), [(Name, "``")]);
    }
}
