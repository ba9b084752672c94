//! Where values lie along an axis, and which of them are written there.

/// How values are spaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Evenly.
    Linear,
    /// By their logarithm.
    Log,
}

/// How the numbers along an axis are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Numbers {
    /// In digits, and as powers of ten where those grow long.
    Plain,
    /// With k, M, B and T.
    Short,
    /// As powers of ten.
    Powers,
    /// As per cent: 0.01 is 1 %.
    Percent,
    /// As names: the first at 0, the next at 1.
    Names(Vec<String>),
}

/// One axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// What it measures, with its unit.
    pub title: String,
    /// How its values are spaced.
    pub scale: Scale,
    /// How its numbers are written.
    pub numbers: Numbers,
    /// From where to where; none for as far as the marks go.
    pub range: Option<(f64, f64)>,
}

impl Axis {
    /// An evenly spaced axis.
    pub fn linear(title: impl Into<String>) -> Self {
        Self { title: title.into(), scale: Scale::Linear, numbers: Numbers::Plain, range: None }
    }

    /// A logarithmic axis.
    pub fn log(title: impl Into<String>) -> Self {
        Self { scale: Scale::Log, ..Self::linear(title) }
    }

    /// An axis of names.
    pub fn names(names: Vec<String>) -> Self {
        let range = Some((-0.5, names.len() as f64 - 0.5));
        Self { numbers: Numbers::Names(names), range, ..Self::linear("") }
    }

    /// The same with k, M, B and T.
    #[must_use]
    pub fn short(mut self) -> Self {
        self.numbers = Numbers::Short;
        self
    }

    /// The same with powers of ten.
    #[must_use]
    pub fn powers(mut self) -> Self {
        self.numbers = Numbers::Powers;
        self
    }

    /// The same in per cent.
    #[must_use]
    pub fn percent(mut self) -> Self {
        self.numbers = Numbers::Percent;
        self
    }

    /// The same between two values.
    #[must_use]
    pub fn range(mut self, low: f64, high: f64) -> Self {
        self.range = Some((low, high));
        self
    }
}

/// An axis whose ends are known.
#[derive(Debug, Clone)]
pub(crate) struct Ruler {
    scale: Scale,
    numbers: Numbers,
    /// Ends in the axis' own spacing.
    low: f64,
    high: f64,
}

/// A value that is written along an axis.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tick {
    pub(crate) value: f64,
    pub(crate) text: String,
}

impl Ruler {
    /// The ruler of `axis` over values `seen`.
    pub(crate) fn new(axis: &Axis, seen: impl Iterator<Item = f64>) -> Self {
        let spaced = |value: f64| match axis.scale {
            Scale::Linear => value,
            Scale::Log => value.log10(),
        };
        let given = axis.range.map(|(low, high)| (spaced(low), spaced(high)));
        let given = given.filter(|(low, high)| low.is_finite() && high.is_finite() && low < high);
        let (low, high) = given.unwrap_or_else(|| {
            let (low, high) = seen
                .map(spaced)
                .filter(|value| value.is_finite())
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
            match high - low {
                span if span > 0.0 => (low - 0.05 * span, high + 0.05 * span),
                // One value, or none at all.
                _ if low.is_finite() => (low - 0.5, high + 0.5),
                _ => (0.0, 1.0),
            }
        });
        Self { scale: axis.scale, numbers: axis.numbers.clone(), low, high }
    }

    /// Where `value` lies: 0 at the low end, 1 at the high end; none where it has no place.
    pub(crate) fn share(&self, value: f64) -> Option<f64> {
        let spaced = match self.scale {
            Scale::Linear => value,
            Scale::Log => value.log10(),
        };
        spaced.is_finite().then(|| (spaced - self.low) / (self.high - self.low))
    }

    /// At most about `most` values to write, evenly spread.
    pub(crate) fn ticks(&self, most: usize) -> Vec<Tick> {
        let most = most.max(2);
        if let Numbers::Names(names) = &self.numbers {
            let tick = |(i, name): (usize, &String)| Tick { value: i as f64, text: name.clone() };
            return names.iter().enumerate().map(tick).collect();
        }
        match self.scale {
            Scale::Linear => self.written(even_steps(self.low, self.high, most)),
            Scale::Log => self.written(self.log_steps(most)),
        }
    }

    /// The values between the decades of a logarithmic axis of a few decades: 2, 3, … 9.
    pub(crate) fn minor(&self) -> Vec<f64> {
        if self.scale == Scale::Linear || self.high - self.low > 6.0 {
            return Vec::new();
        }
        let decades = self.low.floor() as i32..=self.high.floor() as i32;
        let within = |v: &f64| self.low <= v.log10() && v.log10() <= self.high;
        let of = |decade: i32| (2..10).map(move |m| f64::from(m) * 10f64.powi(decade));
        decades.flat_map(of).filter(within).collect()
    }

    fn log_steps(&self, most: usize) -> Vec<f64> {
        let (first, last) = (self.low.ceil() as i32, self.high.floor() as i32);
        let n_decades = (last - first + 1).max(0) as usize;
        if n_decades >= 3 {
            let step = n_decades.div_ceil(most);
            return (first..=last).step_by(step).map(|d| 10f64.powi(d)).collect();
        }
        let mantissas = [1.0, 2.0, 5.0];
        let within = |v: &f64| self.low <= v.log10() && v.log10() <= self.high;
        let some: Vec<f64> = (first - 1..=last)
            .flat_map(|d| mantissas.map(|m| m * 10f64.powi(d)))
            .filter(within)
            .collect();
        if some.len() >= 3 {
            return some;
        }
        even_steps(10f64.powf(self.low), 10f64.powf(self.high), most)
    }

    fn written(&self, values: Vec<f64>) -> Vec<Tick> {
        let step = values.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
        let text = |value: f64| match self.numbers {
            Numbers::Powers => power(value),
            Numbers::Short => short(value),
            Numbers::Percent => format!("{} %", plain(100.0 * value, 100.0 * step)),
            Numbers::Plain | Numbers::Names(_) => plain(value, step),
        };
        values.into_iter().map(|value| Tick { value, text: text(value) }).collect()
    }
}

/// Multiples of 1, 2 or 5 times a power of ten, at most about `most` of them.
fn even_steps(low: f64, high: f64, most: usize) -> Vec<f64> {
    let rough = (high - low) / most as f64;
    let size = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|m| m * size).into_iter().find(|step| *step >= rough);
    let step = step.unwrap_or(10.0 * size);
    let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
    (first..=last).map(|i| i as f64 * step).collect()
}

/// In digits, with as many decimals as `step` needs.
fn plain(value: f64, step: f64) -> String {
    if value.abs() >= 1e6 || (value != 0.0 && value.abs() < 1e-4) {
        return power(value);
    }
    let step = if step.is_finite() { step.min(value.abs().max(step)) } else { value.abs() };
    let n_decimals = (-(step.log10() + 1e-9).floor()).clamp(0.0, 6.0) as usize;
    // A minus sign as wide as a digit, and none before a zero.
    let digits = format!("{:.n_decimals$}", if value == 0.0 { 0.0 } else { value });
    grouped(&digits).replace('-', "−")
}

/// `12,345.6` for `12345.6`.
pub(crate) fn grouped(digits: &str) -> String {
    let (whole, rest) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let (sign, whole) = whole.strip_prefix('-').map_or(("", whole), |whole| ("-", whole));
    if whole.len() < 5 {
        return digits.to_owned();
    }
    let head = whole.len() - (whole.len() - 1) / 3 * 3;
    let mut text = format!("{sign}{}", &whole[..head]);
    for three in whole.as_bytes()[head..].chunks(3) {
        text.push(',');
        text.extend(three.iter().map(|b| char::from(*b)));
    }
    text + rest
}

/// `10²¹`, `2×10²¹`.
pub fn power(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    // Rounded first, so that 9.99 becomes ten of the next power.
    let scientific = format!("{:.2e}", value.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
    let sign = if value < 0.0 { "−" } else { "" };
    let front = if mantissa == "1" { String::new() } else { format!("{mantissa}×") };
    format!("{sign}{front}10{}", raised(exponent))
}

fn raised(exponent: &str) -> String {
    let raise = |c: char| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        _ => c.to_digit(10).and_then(|d| char::from_u32(0x2070 + d)).unwrap_or(c),
    };
    exponent.chars().map(raise).collect()
}

/// `300k`, `1.5B`; a power of ten beyond a thousand T and below a thousandth.
pub fn short(value: f64) -> String {
    let units = [(1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"), (1.0, "")];
    // A hair below a unit is that unit: 999.9996e6 is 1B.
    let unit = units.into_iter().find(|(unit, _)| value.abs() >= unit * 0.999_5);
    match unit {
        Some((unit, letter)) if value.abs() < 1e15 => {
            let scaled = value / unit;
            // Three digits.
            let n_decimals = [9.995, 99.95].iter().filter(|bound| scaled.abs() < **bound).count();
            let digits = format!("{scaled:.n_decimals$}");
            let digits = if n_decimals == 0 {
                &digits
            } else {
                digits.trim_end_matches('0').trim_end_matches('.')
            };
            format!("{digits}{letter}")
        }
        _ if value == 0.0 => "0".to_owned(),
        _ if value.abs() >= 1e-3 && value.abs() < 1.0 => plain(value, value.abs() / 100.0),
        _ => power(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: &Axis, low: f64, high: f64, most: usize) -> Vec<String> {
        let ruler = Ruler::new(&axis.clone().range(low, high), std::iter::empty());
        ruler.ticks(most).into_iter().map(|tick| tick.text).collect()
    }

    #[test]
    fn a_long_logarithmic_axis_has_decades_and_skips_some_where_it_must() {
        let axis = Axis::log("C").powers();
        assert_eq!(texts(&axis, 1e18, 1e21, 8), ["10¹⁸", "10¹⁹", "10²⁰", "10²¹"]);
        assert_eq!(texts(&axis, 1e18, 1e24, 4), ["10¹⁸", "10²⁰", "10²²", "10²⁴"]);
    }

    #[test]
    fn a_short_logarithmic_axis_has_one_two_five() {
        assert_eq!(
            texts(&Axis::log("N").short(), 4e7, 1.2e9, 8),
            ["50M", "100M", "200M", "500M", "1B"]
        );
    }

    #[test]
    fn a_logarithmic_axis_within_one_decade_has_even_steps() {
        assert_eq!(texts(&Axis::log("L"), 2.1, 3.9, 5), ["2.5", "3.0", "3.5"]);
    }

    #[test]
    fn an_even_axis_has_round_steps_and_as_many_decimals_as_they_need() {
        assert_eq!(
            texts(&Axis::linear("r"), -0.012, 0.031, 5),
            ["−0.01", "0.00", "0.01", "0.02", "0.03"]
        );
        assert_eq!(
            texts(&Axis::linear("s"), 0.0, 40_000.0, 4),
            ["0", "10,000", "20,000", "30,000", "40,000"]
        );
        assert_eq!(texts(&Axis::linear("r").percent(), 0.0, 0.03, 4), ["0 %", "1 %", "2 %", "3 %"]);
    }

    #[test]
    fn names_stand_at_whole_numbers() {
        let axis = Axis::names(vec!["a".into(), "b".into()]);
        let ticks = Ruler::new(&axis, std::iter::empty()).ticks(9);
        assert_eq!(
            ticks.iter().map(|t| (t.value, &*t.text)).collect::<Vec<_>>(),
            [(0.0, "a"), (1.0, "b")]
        );
    }

    #[test]
    fn numbers_are_written_as_people_read_them() {
        assert_eq!(
            [1e21, 2e-7, -3.25e8, 9.999e5].map(power),
            ["10²¹", "2×10⁻⁷", "−3.25×10⁸", "10⁶"]
        );
        assert_eq!(
            [1.0, 1500.0, 2.5e9, 9.999_9e11, 4e14, 1e18, 0.05, 123.4].map(short),
            ["1", "1.5k", "2.5B", "1T", "400T", "10¹⁸", "0.0500", "123"]
        );
        assert_eq!(plain(-0.0, 0.5), "0.0");
    }

    #[test]
    fn values_without_a_place_have_none() {
        let ruler = Ruler::new(&Axis::log("N"), [1.0, 100.0].into_iter());
        assert_eq!(ruler.share(0.0), None);
        assert_eq!(ruler.share(-1.0), None);
        assert!((ruler.share(10.0).unwrap() - 0.5).abs() < 1e-12);
    }

    #[test]
    fn an_axis_without_values_or_with_one_still_has_ends() {
        for seen in [vec![], vec![f64::NAN], vec![3.0, 3.0]] {
            let ruler = Ruler::new(&Axis::linear("x"), seen.into_iter());
            assert!(ruler.low < ruler.high && !ruler.ticks(5).is_empty());
        }
    }
}
