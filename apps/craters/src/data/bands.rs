//! What the bands of a file show: what the user says, else what the file says, else what is usual
//! for their number, and then it is said that this was assumed.

use std::path::Path;

use super::georeference::beside;
use super::source::{Source, Tiff};
use super::{Band, SceneOptions};
use crate::{Error, error::Result};

impl Band {
    /// The band of a name as users, GDAL and satellites write it: `red`, `NIR1`, `B04`, `SR_B5`.
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.trim().to_lowercase().replace(['_', '-', ' '], "");
        Some(match name.as_str() {
            "pan" | "panchromatic" | "gray" | "grey" | "bandp" => Self::Pan,
            "coastal" | "coastalblue" | "coastalaerosol" | "b1" | "b01" | "srb1" | "bandc" => {
                Self::Coastal
            }
            "blue" | "b" | "b2" | "b02" | "srb2" | "bandb" => Self::Blue,
            "green" | "g" | "b3" | "b03" | "srb3" | "bandg" => Self::Green,
            "yellow" | "bandy" => Self::Yellow,
            "red" | "r" | "b4" | "b04" | "srb4" | "bandr" => Self::Red,
            "rededge" | "re" | "b5" | "b05" | "bandre" => Self::RedEdge,
            "nir" | "nir1" | "n" | "nearinfrared" | "b8" | "b08" | "srb5" | "bandn" => Self::Nir,
            "nir2" | "n2" | "nearinfrared2" | "bandn2" => Self::Nir2,
            "other" => Self::Other,
            _ => return None,
        })
    }
}

/// The bands that a flag names: `red,green,blue,nir`.
pub fn parse_bands(text: &str) -> Result<Vec<Band>> {
    let band = |name: &str| {
        Band::parse(name).ok_or_else(|| {
            let hint = "name each band of the file in its order, with commas between: pan, coastal, \
                        blue, green, yellow, red, red-edge, nir, nir2, other";
            Error::refused(format!("`{name}` is not a band"), hint)
        })
    };
    text.split(',').map(band).collect()
}

/// The bands in the order of the file.
pub(super) fn named(
    path: &Path,
    source: &Source,
    options: &SceneOptions,
    warnings: &mut Vec<String>,
) -> Result<Vec<Band>> {
    let n = source.n_bands();
    if let Some(bands) = &options.bands {
        if bands.len() != n {
            let what = format!("it has {n} bands, and {} were named", bands.len());
            return Err(Error::input(path, None, what, "name each band once, in the file's order"));
        }
        return Ok(bands.clone());
    }
    if let Some(bands) = described(source)?.or_else(|| of_imd(path)) {
        if bands.len() == n && bands.iter().any(|band| *band != Band::Other) {
            return Ok(bands);
        }
        warnings.push(format!("its {n} bands are described in another number: not believed"));
    }
    let is_colour = match source {
        Source::Tiff(tiff) => matches!(tiff.levels[0].photometric, 2 | 6),
        Source::Picture(_) => true,
    };
    let (bands, is_certain) = usual(n, is_colour);
    if !is_certain {
        let names: Vec<String> = bands.iter().map(Band::to_string).collect();
        warnings.push(format!(
            "the order of its {n} bands is assumed: {}; pass `--bands` if it is another",
            names.join(", ")
        ));
    }
    Ok(bands)
}

/// The usual order of so many bands, and whether there is no other.
fn usual(n: usize, is_colour: bool) -> (Vec<Band>, bool) {
    use Band::{Blue, Coastal, Green, Nir, Nir2, Other, Pan, Red, RedEdge, Yellow};
    match (n, is_colour) {
        (1, _) => (vec![Pan], true),
        (3, _) => (vec![Red, Green, Blue], is_colour),
        (4, true) => (vec![Red, Green, Blue, Nir], false),
        (4, false) => (vec![Blue, Green, Red, Nir], false),
        (5, _) => (vec![Blue, Green, Red, RedEdge, Nir], false),
        (8, _) => (vec![Coastal, Blue, Green, Yellow, Red, RedEdge, Nir, Nir2], false),
        _ => (vec![Other; n], false),
    }
}

impl std::fmt::Display for Band {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Pan => "pan",
            Self::Coastal => "coastal",
            Self::Blue => "blue",
            Self::Green => "green",
            Self::Yellow => "yellow",
            Self::Red => "red",
            Self::RedEdge => "red-edge",
            Self::Nir => "nir",
            Self::Nir2 => "nir2",
            Self::Other => "other",
        })
    }
}

/// The descriptions in GDAL's tag of metadata.
fn described(source: &Source) -> Result<Option<Vec<Band>>> {
    let Source::Tiff(Tiff { file, first, .. }) = source else { return Ok(None) };
    let Some(xml) = file.text(first, 42112)? else { return Ok(None) };
    let Ok(document) = roxmltree::Document::parse(&xml) else { return Ok(None) };
    let mut bands = vec![Band::Other; source.n_bands()];
    let mut is_known = false;
    for item in document.descendants().filter(|node| node.has_tag_name("Item")) {
        let is_name = item.attribute("role") == Some("description")
            || item.attribute("name").is_some_and(|name| name.eq_ignore_ascii_case("bandname"));
        let idx = item.attribute("sample").and_then(|text| text.parse::<usize>().ok());
        let band = item.text().and_then(Band::parse);
        if let (true, Some(slot), Some(band)) = (is_name, idx.and_then(|i| bands.get_mut(i)), band)
        {
            *slot = band;
            is_known = true;
        }
    }
    Ok(is_known.then_some(bands))
}

/// The groups of a WorldView `.IMD`: `BEGIN_GROUP = BAND_C`, in the order of the file.
fn of_imd(path: &Path) -> Option<Vec<Band>> {
    let text = beside(path, "imd")?;
    let group = |line: &str| {
        let (key, value) = line.split_once('=')?;
        let value = value.trim().trim_end_matches(';');
        (key.trim() == "BEGIN_GROUP" && value.starts_with("BAND_")).then(|| Band::parse(value))
    };
    let bands: Vec<Band> =
        text.lines().filter_map(group).map(|band| band.unwrap_or(Band::Other)).collect();
    (!bands.is_empty()).then_some(bands)
}
