//! A report as one HTML file that needs nothing else: no script, no font, no picture beside it.
//! Light or dark as the reader's screen is, for desk, phone and paper.

use std::fmt::Write as _;

use record::{EvalReport, Score};

use crate::Error;
use crate::plot::{Plot, Size, THEMES};

/// A report.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// What it reports.
    pub title: String,
    /// What it was made of, in a sentence.
    pub lead: String,
    /// The few numbers that most readers came for.
    pub summary: Vec<Fact>,
    /// Sentences that must be read with them.
    pub warnings: Vec<String>,
    /// The rest.
    pub sections: Vec<Section>,
    /// What it takes to make it again: seed, version, digests.
    pub colophon: Vec<String>,
}

/// A number in the summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What it is.
    pub label: String,
    /// Its value with its unit.
    pub value: String,
    /// Its interval, source, or what else belongs to it; may be empty.
    pub detail: String,
}

/// A part of a report under its own heading.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// The heading.
    pub title: String,
    /// What stands under it.
    pub blocks: Vec<Block>,
}

/// A piece of a section.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// A paragraph.
    Text(String),
    /// An equation, in a line of its own.
    Equation(String),
    /// A sentence to be seen before the numbers around it are used.
    Warning(String),
    /// Rows and columns.
    Table(Table),
    /// Scores with interval, split and baseline, and their notes.
    Scores(EvalReport),
    /// A picture.
    Figure(Figure),
    /// A photograph as wide as the page.
    Photo(Photo),
    /// Small photographs side by side, each with its words.
    Gallery(Vec<Photo>),
}

/// Rows and columns of text. A column of numbers is set flush right, but not the first, which names
/// the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// What it holds.
    pub caption: String,
    /// The heads of the columns.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
}

/// A picture and what it says.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// The picture.
    pub plot: Plot,
    /// How to read it.
    pub caption: String,
}

/// A photograph and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Photo {
    /// Where it is; a `data:` address keeps the page whole.
    pub url: String,
    /// What a reader who does not see it should know.
    pub alt: String,
    /// What it is.
    pub title: String,
    /// What else to know.
    pub text: String,
}

impl Page {
    /// A page with nothing on it but its head.
    pub fn new(title: impl Into<String>, lead: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            lead: lead.into(),
            summary: Vec::new(),
            warnings: Vec::new(),
            sections: Vec::new(),
            colophon: Vec::new(),
        }
    }

    /// The same with one more section.
    #[must_use]
    pub fn with(mut self, section: Section) -> Self {
        self.sections.push(section);
        self
    }
}

impl Fact {
    /// A number with what belongs to it.
    pub fn new(
        label: impl Into<String>,
        value: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        Self { label: label.into(), value: value.into(), detail: detail.into() }
    }
}

impl Section {
    /// A section.
    pub fn new(title: impl Into<String>, blocks: Vec<Block>) -> Self {
        Self { title: title.into(), blocks }
    }
}

impl Table {
    /// A table with those columns.
    pub fn new(caption: impl Into<String>, columns: &[&str], rows: Vec<Vec<String>>) -> Self {
        let columns = columns.iter().map(|column| (*column).to_owned()).collect();
        Self { caption: caption.into(), columns, rows }
    }
}

impl Figure {
    /// A picture and what it says.
    pub fn new(plot: Plot, caption: impl Into<String>) -> Self {
        Self { plot, caption: caption.into() }
    }
}

/// The page as one HTML file.
pub fn html(page: &Page) -> String {
    let mut out = String::with_capacity(1 << 16);
    let title = escape(&page.title);
    // Writing into a string cannot fail.
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n\
         <style>\n{}{}</style>\n</head>\n<body>\n<header>\n<h1>{title}</h1>\n",
        palettes(),
        include_str!("page.css"),
    );
    if !page.lead.is_empty() {
        let _ = writeln!(out, "<p class=\"lead\">{}</p>", escape(&page.lead));
    }
    out += "</header>\n<main>\n";
    out += &summary(page);
    out += &contents(page);
    for (i, section) in page.sections.iter().enumerate() {
        let heading = escape(&section.title);
        let _ = writeln!(out, "<section id=\"part-{}\">\n<h2>{heading}</h2>", i + 1);
        out.extend(section.blocks.iter().map(block));
        out += "</section>\n";
    }
    out += "</main>\n";
    if !page.colophon.is_empty() {
        let lines: Vec<String> = page.colophon.iter().map(|line| escape(line)).collect();
        let _ = writeln!(out, "<footer>\n<p>{}</p>\n</footer>", lines.join("<br>\n"));
    }
    out + "</body>\n</html>\n"
}

/// The report as JSON.
///
/// # Errors
/// Refused where a number in it is not finite: JSON has no word for that.
pub fn json(report: &EvalReport) -> Result<String, Error> {
    let finite = |score: &Score| {
        let ends = score.interval.iter().flat_map(|i| [i.low, i.high]);
        let baseline = score.baseline.iter().map(|baseline| baseline.value);
        ends.chain(baseline).chain([score.value]).all(f64::is_finite)
    };
    if let Some(score) = report.scores.iter().find(|score| !finite(score)) {
        return Err(Error::refused(
            format!("\"{}\" holds a {} that is not a finite number", report.title, score.metric),
            "leave out what could not be measured, and say so in the notes",
        ));
    }
    serde_json::to_string_pretty(report)
        .map_err(|error| Error::refused(error.to_string(), "report this: it is our mistake"))
}

/// `text` with nothing in it that HTML or SVG would read as its own.
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe += "&amp;",
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '"' => safe += "&quot;",
            '\'' => safe += "&#39;",
            // Neither format may hold control characters.
            c if c.is_control() && c != '\n' && c != '\t' => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

/// What every colour of the page and of its pictures is, in light, in dark and on paper.
fn palettes() -> String {
    let list = |of: fn(&(&str, &str, &str)) -> (String, String)| {
        let each = THEMES.iter().map(of).map(|(name, value)| format!("--{name}:{value};"));
        each.collect::<String>()
    };
    let light = list(|(name, light, _)| ((*name).to_owned(), (*light).to_owned()));
    let dark = list(|(name, _, dark)| ((*name).to_owned(), (*dark).to_owned()));
    format!(
        ":root{{color-scheme:light dark;{light}--raised:#F6F8FA;--warn:#FFF4E5;}}\n\
         @media screen and (prefers-color-scheme:dark){{:root{{{dark}--raised:#1B2128;\
         --warn:#2E2417;}}}}\n"
    )
}

fn summary(page: &Page) -> String {
    let facts = page.summary.iter().map(|fact| {
        let detail = match &*fact.detail {
            "" => String::new(),
            detail => format!("<dd class=\"detail\">{}</dd>", escape(detail)),
        };
        let (label, value) = (escape(&fact.label), escape(&fact.value));
        format!("<div><dt>{label}</dt><dd>{value}</dd>{detail}</div>\n")
    });
    let facts: String = facts.collect();
    let warnings: String = page.warnings.iter().map(|text| warning(text)).collect();
    match (facts.is_empty(), warnings.is_empty()) {
        (true, true) => String::new(),
        (true, false) => warnings,
        (false, _) => format!("<dl class=\"summary\">\n{facts}</dl>\n{warnings}"),
    }
}

fn contents(page: &Page) -> String {
    if page.sections.len() < 3 {
        return String::new();
    }
    let link = |(i, section): (usize, &Section)| {
        format!("<li><a href=\"#part-{}\">{}</a></li>\n", i + 1, escape(&section.title))
    };
    let links: String = page.sections.iter().enumerate().map(link).collect();
    format!("<nav aria-label=\"Contents\">\n<ol>\n{links}</ol>\n</nav>\n")
}

fn block(block: &Block) -> String {
    match block {
        Block::Text(text) => format!("<p>{}</p>\n", prose(text)),
        Block::Equation(text) => format!("<p class=\"equation\">{}</p>\n", equation(text)),
        Block::Warning(text) => warning(text),
        Block::Table(table) => table_html(table),
        Block::Scores(report) => scores(report),
        Block::Figure(figure) => figure_html(figure),
        Block::Photo(photo) => photo_html(photo),
        Block::Gallery(photos) => {
            let photos: String = photos.iter().map(photo_html).collect();
            format!("<div class=\"gallery\">\n{photos}</div>\n")
        }
    }
}

/// Text in which what stands between backticks is something to be typed.
fn prose(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return escape(text);
    }
    let part = |(i, part): (usize, &&str)| match i.is_multiple_of(2) {
        true => escape(part),
        false => format!("<code>{}</code>", escape(part)),
    };
    parts.iter().enumerate().map(part).collect()
}

/// `N^α` with α raised and `N_c` with c lowered; brackets keep what belongs together.
fn equation(text: &str) -> String {
    let Some(at) = text.find(['^', '_']) else { return escape(text) };
    let (before, mark) = text.split_at(at);
    let (tag, rest) = match mark.strip_prefix('^') {
        Some(rest) => ("sup", rest),
        None => ("sub", &mark['_'.len_utf8()..]),
    };
    let end = end_of_argument(rest, tag == "sup");
    let (argument, after) = rest.split_at(end);
    let unbracketed = |open, close| argument.strip_prefix(open)?.strip_suffix(close);
    let inside = unbracketed('(', ')').or(unbracketed('{', '}')).unwrap_or(argument);
    format!("{}<{tag}>{}</{tag}>{}", escape(before), equation(inside), equation(after))
}

/// Where what is raised or lowered ends: at the bracket that closes it, else with the word.
fn end_of_argument(text: &str, raised: bool) -> usize {
    if !text.starts_with(['(', '{']) {
        let signed = text.starts_with(['-', '−']);
        let mut word = text.char_indices().skip(usize::from(signed));
        let ends = |c: char| !(c.is_alphanumeric() || "*.".contains(c) || raised && c == '_');
        return word.find(|(_, c)| ends(*c)).map_or(text.len(), |(i, _)| i);
    }
    let mut depth = 0;
    let mut closes = |c: char| {
        depth += i32::from("({".contains(c)) - i32::from(")}".contains(c));
        depth == 0
    };
    text.char_indices().find(|(_, c)| closes(*c)).map_or(text.len(), |(i, c)| i + c.len_utf8())
}

fn warning(text: &str) -> String {
    format!("<p class=\"warning\" role=\"note\">{}</p>\n", prose(text))
}

fn figure_html(figure: &Figure) -> String {
    let title = escape(&figure.plot.title);
    format!(
        "<figure>\n<div class=\"wide\">{}</div>\n<div class=\"narrow\">{}</div>\n\
         <figcaption><b>{title}.</b> {}</figcaption>\n</figure>\n",
        figure.plot.inline(Size::WIDE),
        figure.plot.inline(Size::NARROW),
        escape(&figure.caption),
    )
}

fn photo_html(photo: &Photo) -> String {
    format!(
        "<figure class=\"photo\">\n<img src=\"{}\" alt=\"{}\">\n\
         <figcaption><b>{}.</b> {}</figcaption>\n</figure>\n",
        escape(&photo.url),
        escape(&photo.alt),
        escape(&photo.title),
        escape(&photo.text),
    )
}

fn scores(report: &EvalReport) -> String {
    let row = |score: &Score| {
        let interval = score.interval.as_ref();
        vec![
            score.metric.clone(),
            number(score.value),
            interval.map_or_else(
                || "—".to_owned(),
                |i| {
                    format!(
                        "{} to {} ({:.0} %)",
                        digits(i.low, 3),
                        digits(i.high, 3),
                        100.0 * i.level
                    )
                },
            ),
            score.split.clone(),
            score.baseline.as_ref().map_or_else(
                || "—".to_owned(),
                |baseline| format!("{}: {}", baseline.name, number(baseline.value)),
            ),
        ]
    };
    let columns = ["Metric", "Value", "Interval", "Split", "Baseline"];
    let table = Table::new(&*report.title, &columns, report.scores.iter().map(row).collect());
    let mut methods: Vec<&str> =
        report.scores.iter().filter_map(|s| Some(&*s.interval.as_ref()?.method)).collect();
    methods.dedup();
    let methods = (!methods.is_empty()).then(|| format!("Intervals: {}.", methods.join("; ")));
    let seed = report.seed.map(|seed| format!("Seed {seed}."));
    let said: Vec<String> =
        report.notes.iter().cloned().chain(methods).chain(seed).map(|s| escape(&s)).collect();
    let said = match said.is_empty() {
        true => String::new(),
        false => format!("<p class=\"aside\">{}</p>\n", said.join(" ")),
    };
    table_html(&table) + &said
}

/// Text of so many letters needs room of its own in a table.
const LONG: usize = 48;

fn table_html(table: &Table) -> String {
    let numeric: Vec<bool> =
        (0..table.columns.len()).map(|i| i > 0 && is_numeric(table, i)).collect();
    let cells = |tag: &str, row: &[String]| {
        let cell = |(i, text): (usize, &String)| {
            let class = match text.chars().count() {
                _ if numeric.get(i) == Some(&true) => " class=\"n\"",
                LONG.. => " class=\"w\"",
                _ => "",
            };
            let scope = if tag == "th" { " scope=\"col\"" } else { "" };
            format!("<{tag}{scope}{class}>{}</{tag}>", escape(text))
        };
        format!("<tr>{}</tr>\n", row.iter().enumerate().map(cell).collect::<String>())
    };
    let body: String = table.rows.iter().map(|row| cells("td", row)).collect();
    // A box that scrolls must be reachable by keyboard; what it holds stays in view above it.
    format!(
        "<div class=\"table\">\n<p class=\"caption\">{caption}</p>\n\
         <div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\">\n\
         <table aria-label=\"{caption}\">\n<thead>\n{}</thead>\n<tbody>\n{body}</tbody>\n\
         </table>\n</div>\n</div>\n",
        cells("th", &table.columns),
        caption = escape(&table.caption),
    )
}

/// Whether every cell of a column that says something begins as a number does.
fn is_numeric(table: &Table, column: usize) -> bool {
    let cells = table.rows.iter().filter_map(|row| row.get(column));
    let mut said = cells.filter(|cell| !cell.is_empty() && *cell != "—").peekable();
    let starts_as_number = |cell: &String| {
        cell.trim_start_matches(['-', '−', '+', '±', '≈', '$', '<', '>', '≥', '≤', ' '])
            .starts_with(|c: char| c.is_ascii_digit())
    };
    said.peek().is_some() && said.all(starts_as_number)
}

/// A measured number: four digits, and a power of ten where it is very large or small.
pub fn number(x: f64) -> String {
    digits(x, 4)
}

/// A measured number with so many digits before rounding matters, at least its whole part.
fn digits(x: f64, n: i32) -> String {
    let size = x.abs();
    if !x.is_finite() {
        return "not a number".to_owned();
    }
    if size != 0.0 && !(1e-3..1e6).contains(&size) {
        return crate::plot::power(x);
    }
    let n_decimals = match size {
        _ if size == 0.0 => 0,
        s if s >= 1000.0 => 0,
        s => (n - 1 - s.log10().floor() as i32).clamp(0, 7) as usize,
    };
    crate::plot::grouped(&format!("{x:.n_decimals$}")).replace('-', "−")
}

#[cfg(test)]
mod tests;
