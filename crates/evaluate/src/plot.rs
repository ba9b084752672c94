//! Pictures as values: what is to be shown, drawn as SVG at any size, inside a page that is light
//! or dark or standing alone.
//!
//! ```
//! use evaluate::plot::{Axis, Colour, Layer, Plot, Size};
//!
//! let loss = vec![(1e6, 4.0), (1e8, 2.9), (1e10, 2.2)];
//! let plot = Plot::new("Loss against size", Axis::log("Parameters").short(), Axis::linear("Loss"))
//!     .describe("Three runs; the loss falls from 4.0 to 2.2 nats.")
//!     .with(Layer::line("fit", Colour::Vermillion, loss.clone()))
//!     .with(Layer::points("run", Colour::Blue, loss).named("runs"));
//! let svg = plot.standalone(Size::WIDE);
//! assert_eq!(svg.matches("<circle").count(), 4); // three runs, and one in the legend
//! ```

mod axis;
mod clip;
mod colour;
mod draw;
mod labels;

pub(crate) use axis::grouped;
pub use axis::{Axis, Numbers, Scale, power, short};
pub use colour::Colour;
pub(crate) use colour::THEMES;

/// A picture of lines, areas and points over two axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Plot {
    /// What it shows, in a line.
    pub title: String,
    /// What a reader who does not see it should know.
    pub description: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// From the bottom up.
    pub layers: Vec<Layer>,
    /// Its height as a share of the usual one.
    pub height: f64,
}

/// Marks of one kind and colour.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// What it is, as one word: the class of its group in the SVG.
    pub class: &'static str,
    /// Its line in the legend; none for no line.
    pub name: Option<String>,
    /// Its colour.
    pub colour: Colour,
    /// From 0, unseen, to 1.
    pub opacity: f64,
    /// Its marks.
    pub marks: Marks,
}

/// What is drawn. A value that is not finite, or not above zero on a logarithmic axis, has no
/// place and is left out.
#[derive(Debug, Clone, PartialEq)]
pub enum Marks {
    /// Lines through points.
    Lines {
        /// The lines.
        lines: Vec<Line>,
        /// Their width in pixels.
        width: f64,
        /// Whether they are dashed.
        dashed: bool,
    },
    /// Filled outlines.
    Areas(Vec<Vec<(f64, f64)>>),
    /// One mark a point.
    Points {
        /// Where.
        at: Vec<(f64, f64)>,
        /// What each mark looks like.
        shape: Shape,
        /// Half of its width in pixels.
        radius: f64,
        /// What each one says when pointed at; empty for nothing.
        tips: Vec<String>,
    },
    /// Words beside points, placed where they cover least.
    Texts(Vec<(f64, f64, String)>),
}

/// A line and what is written on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Its points in order.
    pub points: Vec<(f64, f64)>,
    /// What is written on it, and where: 0 at its start, 1 at its end.
    pub label: Option<(String, f64)>,
}

/// What a mark looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A filled circle.
    Dot,
    /// A hollow circle.
    Ring,
    /// A filled diamond.
    Diamond,
    /// A filled triangle.
    Triangle,
}

/// The size of a drawing in pixels at which its letters are as large as the page's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Size {
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
    /// Height of the letters.
    pub font: f64,
}

impl Size {
    /// For a page on a desk.
    pub const WIDE: Self = Self { width: 820.0, height: 500.0, font: 13.0 };
    /// For a page on a phone.
    pub const NARROW: Self = Self { width: 358.0, height: 360.0, font: 11.5 };
}

impl Plot {
    /// An empty picture.
    pub fn new(title: impl Into<String>, x: Axis, y: Axis) -> Self {
        Self {
            title: title.into(),
            description: String::new(),
            x,
            y,
            layers: Vec::new(),
            height: 1.0,
        }
    }

    /// The same, with words for those who do not see it.
    #[must_use]
    pub fn describe(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// The same at that share of the usual height.
    #[must_use]
    pub fn tall(mut self, share: f64) -> Self {
        self.height = share;
        self
    }

    /// The same, with a layer on top.
    #[must_use]
    pub fn with(mut self, layer: Layer) -> Self {
        self.layers.push(layer);
        self
    }

    /// As SVG for a page that says what its colours are (see [`crate::html`]).
    pub fn inline(&self, size: Size) -> String {
        colour::by_name(&draw::svg(self, self.sized(size), false))
    }

    /// As an SVG file with its own background and title.
    pub fn standalone(&self, size: Size) -> String {
        draw::svg(self, self.sized(size), true)
    }

    fn sized(&self, size: Size) -> Size {
        Size { height: (size.height * self.height).round(), ..size }
    }
}

impl Layer {
    /// Lines without words on them.
    pub fn lines(class: &'static str, colour: Colour, lines: Vec<Line>) -> Self {
        Self::of(class, colour, Marks::Lines { lines, width: 1.5, dashed: false })
    }

    /// One line.
    pub fn line(class: &'static str, colour: Colour, points: Vec<(f64, f64)>) -> Self {
        Self::lines(class, colour, vec![Line::through(points)])
    }

    /// A translucent band between two lines over the same `x`.
    pub fn band(
        class: &'static str,
        colour: Colour,
        low: Vec<(f64, f64)>,
        high: Vec<(f64, f64)>,
    ) -> Self {
        let outline = low.into_iter().chain(high.into_iter().rev()).collect();
        Self::of(class, colour, Marks::Areas(vec![outline])).faint(0.22)
    }

    /// Dots.
    pub fn points(class: &'static str, colour: Colour, at: Vec<(f64, f64)>) -> Self {
        let marks = Marks::Points { at, shape: Shape::Dot, radius: 4.0, tips: Vec::new() };
        Self::of(class, colour, marks)
    }

    /// Words beside points.
    pub fn texts(class: &'static str, colour: Colour, texts: Vec<(f64, f64, String)>) -> Self {
        Self::of(class, colour, Marks::Texts(texts))
    }

    /// Any marks.
    pub fn of(class: &'static str, colour: Colour, marks: Marks) -> Self {
        Self { class, name: None, colour, opacity: 1.0, marks }
    }

    /// The same with a line in the legend.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The same, fainter.
    #[must_use]
    pub fn faint(mut self, opacity: f64) -> Self {
        self.opacity = opacity;
        self
    }

    /// The same with lines of that width.
    #[must_use]
    pub fn width(mut self, pixels: f64) -> Self {
        if let Marks::Lines { width, .. } = &mut self.marks {
            *width = pixels;
        }
        self
    }

    /// The same with dashed lines.
    #[must_use]
    pub fn dashed(mut self) -> Self {
        if let Marks::Lines { dashed, .. } = &mut self.marks {
            *dashed = true;
        }
        self
    }

    /// The same with marks of that shape and half width.
    #[must_use]
    pub fn shaped(mut self, new_shape: Shape, pixels: f64) -> Self {
        if let Marks::Points { shape, radius, .. } = &mut self.marks {
            (*shape, *radius) = (new_shape, pixels);
        }
        self
    }

    /// The same with words for each point, shown when pointed at.
    #[must_use]
    pub fn tipped(mut self, words: Vec<String>) -> Self {
        if let Marks::Points { tips, .. } = &mut self.marks {
            *tips = words;
        }
        self
    }
}

impl Line {
    /// A line without words.
    pub fn through(points: Vec<(f64, f64)>) -> Self {
        Self { points, label: None }
    }

    /// The same with words, at that share of its length.
    #[must_use]
    pub fn labelled(mut self, text: impl Into<String>, at: f64) -> Self {
        self.label = Some((text.into(), at));
        self
    }
}

impl Marks {
    /// Every place that they mark.
    pub(crate) fn places(&self) -> Vec<(f64, f64)> {
        match self {
            Self::Lines { lines, .. } => {
                lines.iter().flat_map(|line| line.points.clone()).collect()
            }
            Self::Areas(outlines) => outlines.concat(),
            Self::Points { at, .. } => at.clone(),
            Self::Texts(texts) => texts.iter().map(|text| (text.0, text.1)).collect(),
        }
    }
}

#[cfg(test)]
mod tests;
