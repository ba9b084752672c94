use super::*;

fn plot() -> Plot {
    Plot::new("Loss <of> runs", Axis::log("N").powers(), Axis::linear("L"))
        .describe("a & b")
        .with(Layer::band(
            "band",
            Colour::Blue,
            vec![(1.0, 1.0), (100.0, 0.5)],
            vec![(1.0, 2.0), (100.0, 1.0)],
        ))
        .with(
            Layer::line("fit", Colour::Vermillion, vec![(1.0, 1.5), (10.0, 1.0), (100.0, 0.8)])
                .named("fit"),
        )
        .with(
            Layer::points("run", Colour::Green, vec![(1.0, 1.6), (10.0, 1.0), (0.0, 1.0)])
                .tipped(vec!["<first>".into(), "second".into()]),
        )
}

fn group<'a>(svg: &'a str, class: &str) -> &'a str {
    let from = svg.find(&format!("<g class=\"{class}\"")).expect("a group of that class");
    let length = svg[from..].find("</g>").expect("its end");
    &svg[from..from + length]
}

#[test]
fn every_layer_is_a_group_with_its_marks() {
    let svg = plot().standalone(Size::WIDE);
    assert_eq!(group(&svg, "band").matches("<polygon").count(), 1);
    assert_eq!(group(&svg, "fit").matches("<polyline").count(), 1);
    assert_eq!(group(&svg, "run").matches("<circle").count(), 2);
}

#[test]
fn a_value_without_a_place_is_left_out_and_breaks_its_line() {
    let line = vec![(1.0, 1.0), (2.0, 1.0), (3.0, f64::NAN), (4.0, 1.0), (5.0, 1.0)];
    let plot = Plot::new("", Axis::linear("x"), Axis::linear("y")).with(Layer::line(
        "fit",
        Colour::Blue,
        line,
    ));
    assert_eq!(group(&plot.standalone(Size::WIDE), "fit").matches("<polyline").count(), 2);
}

#[test]
fn what_people_wrote_is_escaped() {
    let svg = plot().standalone(Size::WIDE);
    assert!(svg.contains("<title>Loss &lt;of&gt; runs</title>"));
    assert!(svg.contains("<desc>a &amp; b</desc>"));
    assert!(svg.contains("<title>&lt;first&gt;</title></circle>"));
}

#[test]
fn a_picture_in_a_page_takes_its_colours_from_the_page() {
    let svg = plot().inline(Size::NARROW);
    assert!(svg.contains("var(--vermillion)") && svg.contains("var(--ink)"));
    assert!(!svg.contains("=\"#"), "a fixed colour in {svg}");
}

#[test]
fn a_picture_that_stands_alone_has_its_background() {
    let svg = plot().standalone(Size::WIDE);
    assert!(svg.contains("<rect width=\"8200\" height=\"5000\" fill=\"#FFFFFF\"/>"));
    assert!(!svg.contains("var("));
}

#[test]
fn an_empty_picture_still_has_its_axes() {
    let svg = Plot::new("", Axis::log("x"), Axis::linear("y")).standalone(Size::WIDE);
    assert!(svg.contains("<g class=\"axes\">"));
}

#[test]
fn no_colour_has_two_roles() {
    let mut values: Vec<&str> = THEMES.iter().map(|theme| theme.1).collect();
    values.sort_unstable();
    values.dedup();
    assert_eq!(values.len(), THEMES.len());
}
