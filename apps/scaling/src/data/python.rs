//! Settings written as Python prints them: `{'lr': 0.003, 'name': 'cosine'}`,
//! `Config(warmup=750)`. Weights & Biases stores nested settings so.

/// How deep settings may be nested.
const MAX_DEPTH: usize = 32;

/// Tells every plain value in a printed dict or call, under its path joined by dots, and whether
/// the text was one. Lists have no names and are passed over.
pub(super) fn settings(text: &str, path: &str, tell: &mut dyn FnMut(&str, &str)) -> bool {
    let mut reader = Reader { text, at: 0, tell };
    reader.blank();
    let is_dict = text.trim_start().starts_with('{');
    let is_call = text.trim_end().ends_with(')')
        && text.split('(').next().is_some_and(|name| {
            !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.')
        });
    (is_dict || is_call) && reader.value(path, 0).is_some()
}

struct Reader<'a, 'f> {
    text: &'a str,
    at: usize,
    tell: &'f mut dyn FnMut(&str, &str),
}

impl<'a> Reader<'a, '_> {
    /// Reads one value; none where the text is not as Python prints it.
    fn value(&mut self, path: &str, depth: usize) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        self.blank();
        match self.peek()? {
            '{' => self.members(path, '}', ':', depth),
            '[' => self.items(']', depth),
            '(' => self.items(')', depth),
            '\'' | '"' => {
                let value = self.quoted()?;
                (self.tell)(path, &value);
                Some(())
            }
            _ => {
                let word = self.word();
                if self.peek() == Some('(') && !word.is_empty() {
                    return self.members(path, ')', '=', depth);
                }
                if word.is_empty() {
                    return None;
                }
                (self.tell)(path, word);
                Some(())
            }
        }
    }

    /// `'key': value, …` or `key=value, …` up to `end`. A member without a key is passed over.
    fn members(&mut self, path: &str, end: char, sign: char, depth: usize) -> Option<()> {
        self.next()?;
        loop {
            self.blank();
            if self.eat(end) {
                return Some(());
            }
            let before = self.at;
            let key = match self.peek()? {
                '\'' | '"' => self.quoted()?,
                _ => self.word().to_owned(),
            };
            self.blank();
            if !key.is_empty() && self.eat(sign) {
                let inner = if path.is_empty() { key } else { format!("{path}.{key}") };
                self.value(&inner, depth + 1)?;
            } else {
                self.at = before;
                self.silently(depth)?;
            }
            self.blank();
            if !self.eat(',') && self.peek() != Some(end) {
                return None;
            }
        }
    }

    fn items(&mut self, end: char, depth: usize) -> Option<()> {
        self.next()?;
        loop {
            self.blank();
            if self.eat(end) {
                return Some(());
            }
            self.silently(depth)?;
            self.blank();
            if !self.eat(',') && self.peek() != Some(end) {
                return None;
            }
        }
    }

    fn silently(&mut self, depth: usize) -> Option<()> {
        let mut silent = Reader { text: self.text, at: self.at, tell: &mut |_, _| {} };
        silent.value("", depth + 1)?;
        self.at = silent.at;
        Some(())
    }

    fn quoted(&mut self) -> Option<String> {
        let quote = self.next()?;
        let mut value = String::new();
        loop {
            match self.next()? {
                '\\' => value.push(self.next()?),
                c if c == quote => return Some(value),
                c => value.push(c),
            }
        }
    }

    /// Up to whatever may end a value.
    fn word(&mut self) -> &'a str {
        let rest = &self.text[self.at..];
        let end = rest.find([',', ':', '=', '(', ')', '[', ']', '{', '}']).unwrap_or(rest.len());
        self.at += end;
        rest[..end].trim()
    }

    fn blank(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn eat(&mut self, wanted: char) -> bool {
        let is_there = self.peek() == Some(wanted);
        if is_there {
            self.at += wanted.len_utf8();
        }
        is_there
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (bool, Vec<String>) {
        let mut told = vec![];
        let ok = settings(text, "o", &mut |name, value| told.push(format!("{name}={value}")));
        (ok, told)
    }

    #[test]
    fn a_printed_dict_is_told_by_its_paths() {
        let (ok, told) = read("{'lr': 0.003, 'name': 'cosine', 'end': None, 'in': {'a': -1}}");
        assert!(ok);
        assert_eq!(told, ["o.lr=0.003", "o.name=cosine", "o.end=None", "o.in.a=-1"]);
    }

    #[test]
    fn a_printed_object_is_told_by_its_fields_and_lists_are_passed_over() {
        let (ok, told) =
            read("Parallel(size=-1, remat=['Block', 'a\\'b'], of=x.Y(n=2), axis='dp')");
        assert!(ok);
        assert_eq!(told, ["o.size=-1", "o.of.n=2", "o.axis=dp"]);
    }

    #[test]
    fn other_text_is_no_settings() {
        for text in ["", "adamw", "{'a': ", "f(", "{'a' 1}", "(see above)", "{{{{"] {
            assert!(!read(text).0, "{text}");
        }
        assert!(!read(&"{'a': ".repeat(100)).0);
    }
}
