//! Colours that everybody can tell apart, in light and in dark.

/// A colour by its role. The six hues are those of Okabe and Ito 2008 ("Color Universal Design"),
/// lighter where the page is dark; the ramp is cut from viridis (van der Walt and Smith 2015), so
/// that more always stands out more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// Text and what matters most.
    Ink,
    /// Text that matters less.
    Muted,
    /// Lines to read values by.
    Grid,
    /// What everything lies on.
    Surface,
    /// Blue.
    Blue,
    /// Vermillion.
    Vermillion,
    /// Bluish green.
    Green,
    /// Reddish purple.
    Purple,
    /// Orange.
    Orange,
    /// Sky blue.
    Sky,
    /// One of seven steps, 0 the least and 6 the most.
    Ramp(u8),
}

/// The role's name in the page's style, its value in light and its value in dark.
pub(crate) const THEMES: [(&str, &str, &str); 17] = [
    ("ink", "#1F2328", "#E6EAEF"),
    ("muted", "#59636E", "#9AA5B1"),
    ("grid", "#E1E5EA", "#2C333C"),
    ("surface", "#FFFFFF", "#14181D"),
    ("blue", "#0072B2", "#4BA6E0"),
    ("vermillion", "#D55E00", "#F58442"),
    ("green", "#009E73", "#2FC49B"),
    ("purple", "#C0649A", "#E29CC4"),
    ("orange", "#E69F00", "#F2B632"),
    ("sky", "#56B4E9", "#8CCDF4"),
    ("ramp0", "#7AD151", "#6A6FC6"),
    ("ramp1", "#35B779", "#4E8BC4"),
    ("ramp2", "#1F9E89", "#35A3B5"),
    ("ramp3", "#26828E", "#2BB89E"),
    ("ramp4", "#31688E", "#54CE86"),
    ("ramp5", "#3E4A89", "#A3DD55"),
    ("ramp6", "#440154", "#FDE725"),
];

impl Colour {
    /// Hues for series that have no order, in the order in which to take them.
    pub const SERIES: [Self; 6] =
        [Self::Blue, Self::Vermillion, Self::Green, Self::Purple, Self::Orange, Self::Sky];

    /// The hue of the series of that index.
    pub fn series(i: usize) -> Self {
        Self::SERIES[i % Self::SERIES.len()]
    }

    /// The step of the ramp at that share of the way from the least to the most.
    pub fn ramp(share: f64) -> Self {
        Self::Ramp((share.clamp(0.0, 1.0) * 6.0).round() as u8)
    }

    /// Its value in light.
    pub(crate) fn light(self) -> &'static str {
        let at = match self {
            Self::Ink => 0,
            Self::Muted => 1,
            Self::Grid => 2,
            Self::Surface => 3,
            Self::Blue => 4,
            Self::Vermillion => 5,
            Self::Green => 6,
            Self::Purple => 7,
            Self::Orange => 8,
            Self::Sky => 9,
            Self::Ramp(step) => 10 + usize::from(step.min(6)),
        };
        THEMES[at].1
    }
}

/// `svg` with every colour by its role's name, for the page to say what it is. Only whole
/// attributes are replaced; text cannot hold one, since its quotes are escaped.
pub(crate) fn by_name(svg: &str) -> String {
    THEMES.iter().fold(svg.to_owned(), |svg, (name, light, _)| {
        svg.replace(&format!("\"{light}\""), &format!("\"var(--{name})\""))
    })
}
