//! From a [`Plot`] to SVG. Each layer is drawn by plotters and put into a group of its own, which
//! says what it is. The unit of the drawing is a tenth of a pixel, since plotters draws at whole
//! units.

use plotters::coord::Shift;
use plotters::element::{Circle, Drawable, PathElement, PointCollection, Polygon, Text};
use plotters::prelude::{Color as _, DrawingArea, IntoDrawingArea, IntoFont, RGBColor, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{ShapeStyle, TextStyle};

use super::axis::{Numbers, Ruler, Tick};
use super::clip::Frame;
use super::labels::{Placer, width_of};
use super::{Colour, Layer, Marks, Plot, Shape, Size};
use crate::page::escape;

/// Draws `plot`; with a background and a title where it stands alone.
pub(super) fn svg(plot: &Plot, size: Size, alone: bool) -> String {
    let layout = Layout::new(plot, size, alone);
    let mut svg = head(plot, size);
    if alone {
        svg += &layout.background(&plot.title);
    }
    svg += &layout.grid();
    for layer in &plot.layers {
        svg += &layout.layer(layer);
    }
    svg += &layout.axes(plot);
    svg += &layout.words(plot);
    svg += &layout.legend(plot);
    svg + "</svg>\n"
}

/// Drawing units in a pixel.
const UNITS: f64 = 10.0;
const FAMILY: &str = "system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif";
/// How much larger plotters takes a font than it writes it.
const PLOTTERS_FONT: f64 = 1.24;

fn head(plot: &Plot, size: Size) -> String {
    let (width, height) = canvas(size);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         font-family=\"{FAMILY}\" font-size=\"{font}\" stroke-linejoin=\"round\" \
         stroke-linecap=\"round\">\n<title>{title}</title>\n<desc>{description}</desc>\n",
        font = size.font * UNITS,
        title = escape(&plot.title),
        description = escape(&plot.description),
    )
}

/// Where everything goes.
struct Layout {
    size: Size,
    frame: Frame,
    x: Ruler,
    y: Ruler,
    x_ticks: Vec<Tick>,
    y_ticks: Vec<Tick>,
    /// Left end and middle of each line of the legend, by layer.
    legend: Vec<(usize, f64, f64)>,
    /// Middle of the title of the vertical axis.
    y_title: f64,
    /// Room around everything.
    margin: f64,
}

/// Width of a sign in the legend and its distance from the words.
const SIGN: (f64, f64) = (22.0, 7.0);

impl Layout {
    fn new(plot: &Plot, size: Size, alone: bool) -> Self {
        let places = || plot.layers.iter().flat_map(|layer| layer.marks.places());
        let x = Ruler::new(&plot.x, places().map(|place| place.0));
        let y = Ruler::new(&plot.y, places().map(|place| place.1));
        let margin = if alone { 16.0 } else { 2.0 };
        let font = size.font;
        let mut top = margin + if alone { 2.2 * font } else { 0.0 };
        let legend = legend_places(plot, size, margin, &mut top);
        let y_title = top + font * 0.6;
        if !plot.y.title.is_empty() {
            top += font * 1.7;
        }
        let bottom = size.height - margin - font * if plot.x.title.is_empty() { 1.8 } else { 3.4 };
        let y_ticks = y.ticks(((bottom - top) / (3.4 * font)) as usize);
        let widest = y_ticks.iter().map(|tick| width_of(&tick.text, font)).fold(0.0, f64::max);
        let left = margin + widest + 8.0;
        let frame = Frame { left, top, right: size.width - margin - 8.0, bottom };
        let x_ticks = x.ticks(((frame.right - frame.left) / (5.5 * font)) as usize);
        let x_ticks = apart(x_ticks, |tick| {
            let at = x.share(tick.value).unwrap_or(0.0) * (frame.right - frame.left);
            (at, width_of(&tick.text, font) + font * 0.8)
        });
        Self { size, frame, x, y, x_ticks, y_ticks, legend, y_title, margin }
    }

    /// The place of a value, in pixels; none where it has none.
    fn place(&self, (x, y): (f64, f64)) -> Option<(f64, f64)> {
        let (frame, x, y) = (self.frame, self.x.share(x)?, self.y.share(y)?);
        // Far outside, lines are cut all the same; no unit overflows.
        let (x, y) = (x.clamp(-1e3, 1e3), y.clamp(-1e3, 1e3));
        let at_x = frame.left + x * (frame.right - frame.left);
        Some((at_x, frame.bottom - y * (frame.bottom - frame.top)))
    }

    fn places(&self, values: &[(f64, f64)]) -> Vec<(f64, f64)> {
        values.iter().filter_map(|value| self.place(*value)).collect()
    }

    /// The unbroken runs of places of a line: a value without a place breaks it.
    fn runs(&self, values: &[(f64, f64)]) -> Vec<Vec<(f64, f64)>> {
        values
            .split(|value| self.place(*value).is_none())
            .map(|run| self.places(run))
            .filter(|run| run.len() > 1)
            .collect()
    }

    fn background(&self, title: &str) -> String {
        let size = self.size;
        let (width, height) = canvas(size);
        let surface = Colour::Surface.light();
        let text = group(size, "class=\"title\" font-weight=\"600\"", |area| {
            let font = size.font * 1.15;
            write(area, title, (16.0, 14.0 + font / 2.0), font, Colour::Ink, HPos::Left);
        });
        format!("<rect width=\"{width}\" height=\"{height}\" fill=\"{surface}\"/>\n{text}")
    }

    fn grid(&self) -> String {
        let frame = self.frame;
        group(self.size, "class=\"grid\"", |area| {
            let style = stroke(Colour::Grid, 1.0, 1.0);
            for (x, _) in self.ticks(&self.x, &self.x_ticks) {
                put(area, &path(&[(x, frame.top), (x, frame.bottom)], style));
            }
            for (y, _) in self.ticks(&self.y, &self.y_ticks) {
                let y = frame.bottom + frame.top - y;
                put(area, &path(&[(frame.left, y), (frame.right, y)], style));
            }
        })
    }

    /// The places of `ticks` within the frame: across for the one ruler, and for the other from
    /// its top down as if it began there.
    fn ticks<'a>(
        &'a self,
        ruler: &'a Ruler,
        ticks: &'a [Tick],
    ) -> impl Iterator<Item = (f64, &'a Tick)> {
        let across = std::ptr::eq(ruler, &raw const self.x);
        let frame = self.frame;
        let (from, to) = if across { (frame.left, frame.right) } else { (frame.top, frame.bottom) };
        ticks.iter().filter_map(move |tick| {
            let share = ruler.share(tick.value).filter(|s| (-1e-9..=1.0 + 1e-9).contains(s))?;
            Some((from + share * (to - from), tick))
        })
    }

    fn layer(&self, layer: &Layer) -> String {
        let drawn = |area: &Area<'_>| match &layer.marks {
            Marks::Lines { lines, width, .. } => {
                let style = stroke(layer.colour, *width, layer.opacity);
                for run in lines.iter().flat_map(|line| self.runs(&line.points)) {
                    for piece in self.frame.clip_line(&run) {
                        put(area, &path(&piece, style));
                    }
                }
            }
            Marks::Areas(outlines) => {
                for outline in outlines {
                    let inside = self.frame.clip_area(&self.places(outline));
                    if inside.len() > 2 {
                        put(area, &polygon(&inside, fill(layer.colour, layer.opacity)));
                    }
                }
            }
            Marks::Points { at, shape, radius, .. } => {
                for place in self.seen(at).into_iter().map(|(_, place)| place) {
                    mark(area, place, *shape, radius * self.mark_scale(), layer);
                }
            }
            Marks::Texts(_) => {}
        };
        let svg = group(self.size, &attributes(layer), drawn);
        match &layer.marks {
            Marks::Texts(_) => String::new(),
            Marks::Points { at, tips, .. } if !tips.is_empty() && self.size.width > 500.0 => {
                let seen: Vec<usize> = self.seen(at).into_iter().map(|(i, _)| i).collect();
                tipped(&svg, seen.iter().map(|i| tips.get(*i).map_or("", |tip| tip)))
            }
            _ => svg,
        }
    }

    /// Marks are smaller where there is less room, but not as much smaller as the picture is.
    fn mark_scale(&self) -> f64 {
        (self.size.width / Size::WIDE.width).sqrt().clamp(0.72, 1.0)
    }

    /// Which points lie inside the frame, and where.
    fn seen(&self, at: &[(f64, f64)]) -> Vec<(usize, (f64, f64))> {
        let placed = at.iter().enumerate().filter_map(|(i, v)| Some((i, self.place(*v)?)));
        placed.filter(|(_, place)| self.frame.contains(*place)).collect()
    }

    fn axes(&self, plot: &Plot) -> String {
        let Frame { left, top, right, bottom } = self.frame;
        let font = self.size.font;
        group(self.size, "class=\"axes\"", |area| {
            let line = stroke(Colour::Muted, 1.0, 1.0);
            put(area, &path(&[(left, bottom), (right, bottom)], line));
            if !matches!(plot.y.numbers, Numbers::Names(_)) {
                put(area, &path(&[(left, top), (left, bottom)], line));
            }
            for comb in [self.comb(&self.x.minor(), true), self.comb(&self.y.minor(), false)] {
                if !comb.is_empty() {
                    put(area, &path(&comb, line));
                }
            }
            for (x, tick) in self.ticks(&self.x, &self.x_ticks) {
                put(area, &path(&[(x, bottom), (x, bottom + 5.0)], line));
                let at = (x, bottom + 5.0 + font * 0.75);
                write(area, &tick.text, at, font, Colour::Muted, HPos::Center);
            }
            for (y, tick) in self.ticks(&self.y, &self.y_ticks) {
                let at = (left - 7.0, bottom + top - y);
                let names = matches!(plot.y.numbers, Numbers::Names(_));
                let colour = if names { Colour::Ink } else { Colour::Muted };
                write(area, &tick.text, at, font, colour, HPos::Right);
            }
            let across = (f64::midpoint(left, right), bottom + 5.0 + font * 2.3);
            write(area, &plot.x.title, across, font, Colour::Ink, HPos::Center);
            write(area, &plot.y.title, (self.margin, self.y_title), font, Colour::Ink, HPos::Left);
        })
    }

    /// Short strokes along an axis at `values`, as one line.
    fn comb(&self, values: &[f64], across: bool) -> Vec<(f64, f64)> {
        let Frame { left, top, right, bottom } = self.frame;
        let teeth = values.iter().flat_map(|value| {
            if across {
                let x = left + self.x.share(*value).unwrap_or(0.0) * (right - left);
                [(x, bottom), (x, bottom + 3.0), (x, bottom)]
            } else {
                let y = bottom - self.y.share(*value).unwrap_or(0.0) * (bottom - top);
                [(left, y), (left - 3.0, y), (left, y)]
            }
        });
        teeth.collect()
    }

    /// The words on lines and beside points, over everything else.
    fn words(&self, plot: &Plot) -> String {
        let font = self.size.font * 0.92;
        let mut placer = Placer::new(self.frame, font, self.obstacles(plot));
        for (place, radius) in self.landmarks(plot) {
            placer.keep_free(place, radius);
        }
        // Words beside a point have fewer places to go than words on a line: they go first.
        let mut placed = Vec::new();
        for layer in &plot.layers {
            let Marks::Texts(texts) = &layer.marks else { continue };
            placed.extend(texts.iter().filter_map(|(x, y, text)| {
                let place = self.place((*x, *y)).filter(|p| self.frame.contains(*p))?;
                Some((text, placer.beside(text, place)?, layer.colour))
            }));
        }
        for layer in &plot.layers {
            let Marks::Lines { lines, .. } = &layer.marks else { continue };
            placed.extend(lines.iter().filter_map(|line| {
                let (text, share) = line.label.as_ref()?;
                let runs = self.runs(&line.points);
                let pieces = runs.iter().flat_map(|run| self.frame.clip_line(run));
                let longest = pieces.max_by_key(Vec::len)?;
                Some((text, placer.on_line(text, &longest, *share)?, layer.colour))
            }));
        }
        let surface = Colour::Surface.light();
        let halo = format!(
            "class=\"words\" stroke=\"{surface}\" stroke-width=\"{:.0}\" paint-order=\"stroke\"",
            3.5 * UNITS
        );
        group(self.size, &halo, |area| {
            for (text, at, colour) in &placed {
                write(area, text, *at, font, *colour, HPos::Center);
            }
        })
    }

    /// What words should not cover: points, and lines on which nothing is written.
    fn obstacles(&self, plot: &Plot) -> Vec<(f64, f64)> {
        let of = |layer: &Layer| match &layer.marks {
            Marks::Points { at, .. } => self.places(at),
            Marks::Lines { lines, dashed: false, .. } => {
                let bare = lines.iter().filter(|line| line.label.is_none());
                bare.flat_map(|line| self.places(&line.points)).collect()
            }
            _ => Vec::new(),
        };
        plot.layers.iter().flat_map(of).collect()
    }

    /// Marks that no words may cover: those with a shape of their own.
    fn landmarks(&self, plot: &Plot) -> Vec<((f64, f64), f64)> {
        let of = |layer: &Layer| match &layer.marks {
            Marks::Points { at, shape, radius, .. } if *shape != Shape::Dot => {
                let radius = radius * self.mark_scale();
                self.seen(at).into_iter().map(|(_, place)| (place, radius)).collect()
            }
            _ => Vec::new(),
        };
        plot.layers.iter().flat_map(of).collect()
    }

    fn legend(&self, plot: &Plot) -> String {
        let font = self.size.font;
        let mut svg = String::new();
        for &(i, x, y) in &self.legend {
            let layer = &plot.layers[i];
            let name = layer.name.as_deref().unwrap_or_default();
            let (width, gap) = SIGN;
            let middle = (x + width / 2.0, y);
            svg += &group(self.size, &attributes(layer), |area| match &layer.marks {
                Marks::Lines { width: thick, .. } => {
                    let ends = [(x + 1.0, y), (x + width - 1.0, y)];
                    put(area, &path(&ends, stroke(layer.colour, *thick, layer.opacity)));
                }
                Marks::Areas(_) => {
                    let (l, r, t, b) = (x + 1.0, x + width - 1.0, y - 5.0, y + 5.0);
                    let style = fill(layer.colour, layer.opacity);
                    put(area, &polygon(&[(l, t), (r, t), (r, b), (l, b)], style));
                }
                Marks::Points { shape, radius, .. } => {
                    mark(area, middle, *shape, radius.clamp(4.0, 6.0), layer);
                }
                Marks::Texts(_) => {}
            });
            svg += &group(self.size, "class=\"legend\"", |area| {
                let at = (x + width + gap, y);
                write(area, name, at, font, Colour::Ink, HPos::Left);
            });
        }
        svg
    }
}

/// The lines of the legend, flowing from left to right above the frame; moves `top` below them.
fn legend_places(plot: &Plot, size: Size, margin: f64, top: &mut f64) -> Vec<(usize, f64, f64)> {
    let (row, between) = (size.font * 1.65, 18.0);
    let mut places = Vec::new();
    let mut x = margin;
    for (i, layer) in plot.layers.iter().enumerate() {
        let Some(name) = &layer.name else { continue };
        let width = SIGN.0 + SIGN.1 + width_of(name, size.font);
        if x > margin && x + width > size.width - margin {
            x = margin;
            *top += row;
        }
        places.push((i, x, *top + row / 2.0));
        x += width + between;
    }
    if !places.is_empty() {
        *top += row + 4.0;
    }
    places
}

/// The ticks that have room, from the first on. `extent` is the middle and the width of one.
fn apart(ticks: Vec<Tick>, extent: impl Fn(&Tick) -> (f64, f64)) -> Vec<Tick> {
    let mut taken = f64::NEG_INFINITY;
    let mut has_room = |tick: &Tick| {
        let (middle, width) = extent(tick);
        let free = middle - width / 2.0 >= taken;
        if free {
            taken = middle + width / 2.0;
        }
        free
    };
    ticks.into_iter().filter(|tick| has_room(tick)).collect()
}

/// What the group of a layer says of all its marks.
fn attributes(layer: &Layer) -> String {
    let class = layer.class;
    match &layer.marks {
        Marks::Lines { dashed: true, width, .. } => {
            let (on, off) = ((2.5 + 2.0 * width) * UNITS, (3.0 + width) * UNITS);
            format!("class=\"{class}\" stroke-dasharray=\"{on:.0} {off:.0}\"")
        }
        Marks::Points { shape: Shape::Diamond | Shape::Triangle, .. } => {
            let surface = Colour::Surface.light();
            format!("class=\"{class}\" stroke=\"{surface}\" stroke-width=\"{UNITS}\"")
        }
        _ => format!("class=\"{class}\""),
    }
}

fn mark(area: &Area<'_>, (x, y): (f64, f64), shape: Shape, radius: f64, layer: &Layer) {
    let filled = fill(layer.colour, layer.opacity);
    let r = radius * 1.25;
    match shape {
        Shape::Dot => {
            // plotters writes no stroke around what it fills; `group` gives it the surface's.
            let style = ShapeStyle { stroke_width: (0.8 * UNITS) as u32, ..filled };
            put(area, &Circle::new(units((x, y)), (radius * UNITS) as i32, style));
        }
        Shape::Ring => {
            let style = stroke(layer.colour, 1.8, layer.opacity);
            put(area, &Circle::new(units((x, y)), (radius * UNITS) as i32, style));
        }
        Shape::Diamond => {
            put(area, &polygon(&[(x - r, y), (x, y - r), (x + r, y), (x, y + r)], filled));
        }
        Shape::Triangle => {
            put(area, &polygon(&[(x - r, y + r * 0.7), (x, y - r), (x + r, y + r * 0.7)], filled));
        }
    }
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Draws into a group of its own.
fn group(size: Size, attributes: &str, draw: impl FnOnce(&Area<'_>)) -> String {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, canvas(size)).into_drawing_area();
        draw(&area);
    }
    let inside = svg.split_once(">\n").map_or("", |(_, rest)| rest);
    let inside = inside.rsplit_once("</svg>").map_or(inside, |(marks, _)| marks);
    if inside.is_empty() {
        return String::new();
    }
    let surface = Colour::Surface.light();
    let inside = inside
        .replace(" opacity=\"1\"", "")
        .replace(&format!(" font-family=\"{FAMILY}\""), "")
        .replace("stroke=\"none\" stroke-width", &format!("stroke=\"{surface}\" stroke-width"));
    format!("<g {attributes}>\n{inside}</g>\n")
}

/// `svg`, a group of one element a mark, with each saying its words.
fn tipped<'a>(svg: &str, mut words: impl Iterator<Item = &'a str>) -> String {
    let with_words = |line: &str| match line.strip_suffix("/>") {
        Some(open) => {
            let name = open.trim_start_matches('<').split(' ').next().unwrap_or_default();
            let words = escape(words.next().unwrap_or_default());
            format!("{open}><title>{words}</title></{name}>\n")
        }
        None => format!("{line}\n"),
    };
    svg.lines().map(with_words).collect()
}

fn write(area: &Area<'_>, text: &str, at: (f64, f64), font: f64, colour: Colour, anchor: HPos) {
    if text.is_empty() {
        return;
    }
    // Rounded so that the size is written in few digits.
    let height = (font * UNITS).round() * PLOTTERS_FONT;
    let ink = rgb(colour);
    let style = TextStyle::from((FAMILY, height).into_font())
        .color(&ink)
        .pos(Pos::new(anchor, VPos::Center));
    put(area, &Text::new(text, units(at), style));
}

/// Into a string everything can be drawn.
fn put<'a, 'b, E>(area: &Area<'a>, element: &'b E)
where
    &'b E: PointCollection<'b, (i32, i32)>,
    E: Drawable<SVGBackend<'a>>,
{
    area.draw(element).expect("a string takes any drawing");
}

fn path(points: &[(f64, f64)], style: ShapeStyle) -> PathElement<(i32, i32)> {
    PathElement::new(points.iter().map(|at| units(*at)).collect::<Vec<_>>(), style)
}

fn polygon(points: &[(f64, f64)], style: ShapeStyle) -> Polygon<(i32, i32)> {
    Polygon::new(points.iter().map(|at| units(*at)).collect::<Vec<_>>(), style)
}

fn stroke(colour: Colour, width: f64, opacity: f64) -> ShapeStyle {
    let stroke_width = (width * UNITS).round() as u32;
    ShapeStyle { color: rgb(colour).mix(opacity), filled: false, stroke_width }
}

fn fill(colour: Colour, opacity: f64) -> ShapeStyle {
    ShapeStyle { color: rgb(colour).mix(opacity), filled: true, stroke_width: 0 }
}

fn rgb(colour: Colour) -> RGBColor {
    let hex = u32::from_str_radix(&colour.light()[1..], 16).unwrap_or(0).to_be_bytes();
    RGBColor(hex[1], hex[2], hex[3])
}

fn units((x, y): (f64, f64)) -> (i32, i32) {
    ((x * UNITS).round() as i32, (y * UNITS).round() as i32)
}

fn canvas(size: Size) -> (u32, u32) {
    ((size.width * UNITS) as u32, (size.height * UNITS) as u32)
}
