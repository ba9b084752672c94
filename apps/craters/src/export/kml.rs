//! KML 2.2 (OGC 07-147r2) for Google Earth and phones: a folder for each class, colours by
//! probability, nothing fetched from elsewhere.

use std::io::{self, Write};

use super::columns::{COLUMNS, Class, Value, image_name, values};
use super::{Outgoing, place, words};
use crate::survey::Crater;

/// Colours from the least likely to the most, as KML spells them: opacity, blue, green, red.
const COLOURS: [&str; 5] = ["ff8cf0f0", "ff3cd2ff", "ff2896ff", "ff1e50f0", "ff1414c8"];

/// The document.
pub(crate) fn write(out: &Outgoing<'_>, to: &mut impl Write) -> io::Result<()> {
    write!(
        to,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <kml xmlns=\"http://www.opengis.net/kml/2.2\">\n<Document>\n<name>{}</name>\n\
         <description>{}</description>\n",
        escape(&format!("Craters in {}", image_name(out.survey))),
        escape(&words::description(out.survey)),
    )?;
    for (i, colour) in COLOURS.iter().enumerate() {
        writeln!(
            to,
            "<Style id=\"p{i}\"><IconStyle><color>{colour}</color><scale>0.5</scale></IconStyle>\
             <LabelStyle><scale>0</scale></LabelStyle>\
             <LineStyle><color>{colour}</color><width>2</width></LineStyle>\
             <PolyStyle><fill>0</fill></PolyStyle></Style>"
        )?;
    }
    let names = &out.survey.questions;
    for class in Class::ALL {
        let visible = u8::from(class != Class::Rejected);
        let name = class.word();
        writeln!(to, "<Folder><name>{name}</name><visibility>{visible}</visibility>")?;
        for crater in out.craters.iter().filter(|c| Class::of(c, out.survey) == class) {
            to.write_all(placemark(crater, out, names, visible).as_bytes())?;
        }
        to.write_all(b"</Folder>\n")?;
    }
    to.write_all(b"</Document>\n</kml>\n")
}

fn placemark(crater: &Crater, out: &Outgoing<'_>, names: &[String], visible: u8) -> String {
    let step = (crater.probability.clamp(0.0, 1.0) * 5.0).floor().min(4.0);
    let pairs = COLUMNS.iter().zip(values(crater, out));
    let data: String = pairs
        .filter_map(|(column, value)| {
            let value = match value {
                Value::Nothing => return None,
                Value::Integer(number) => number.to_string(),
                Value::Real(number) => number.to_string(),
                Value::Text(text) => escape(&text),
                Value::Boolean(is) => is.to_string(),
            };
            Some(format!("<Data name=\"{}\"><value>{value}</value></Data>", column.name))
        })
        .collect();
    let diameter = crater.diameter_m.map(|d| format!("diameter {d:.1} m, ")).unwrap_or_default();
    let synthetic = if out.survey.is_synthetic { "SYNTHETIC. " } else { "" };
    let description = format!(
        "{synthetic}Probability {:.2}, {diameter}evidence: {}. {}",
        crater.probability,
        out.survey.evidence_class,
        words::path_in_words(&crater.path, names)
    );
    format!(
        "<Placemark><name>Crater {}</name><visibility>{visible}</visibility>\
         <description>{}</description><styleUrl>#p{step}</styleUrl>\
         <ExtendedData>{data}</ExtendedData>{}</Placemark>\n",
        crater.id,
        escape(description.trim_end()),
        geometry(crater),
    )
}

/// A point to be found from afar, and the rim.
fn geometry(crater: &Crater) -> String {
    let point = crater.lon_lat.map(|place| {
        format!("<Point><coordinates>{}</coordinates></Point>", coordinates(&[place]))
    });
    let rim = place::rim_wgs84(crater).map(|rim| {
        format!(
            "<Polygon><outerBoundaryIs><LinearRing><coordinates>{}</coordinates></LinearRing>\
             </outerBoundaryIs></Polygon>",
            coordinates(&rim)
        )
    });
    let parts: String = point.into_iter().chain(rim).collect();
    format!("<MultiGeometry>{parts}</MultiGeometry>")
}

fn coordinates(places: &[[f64; 2]]) -> String {
    let places: Vec<String> =
        places.iter().map(|[lon, lat]| format!("{lon:.7},{lat:.7}")).collect();
    places.join(" ")
}

/// `text` with nothing in it that XML would read as its own, and nothing that it may not hold.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe += "&amp;",
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '"' => safe += "&quot;",
            c if c.is_control() && c != '\n' && c != '\t' => safe.push('\u{fffd}'),
            '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}
