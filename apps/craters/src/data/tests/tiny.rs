//! TIFF files of a few bytes, made by hand: any tag may be wrong.

use std::path::{Path, PathBuf};

use crate::data::{Scene, SceneOptions};

/// Values of a tag.
#[derive(Clone)]
pub(super) enum Values {
    Short(Vec<u16>),
    Long(Vec<u32>),
    Double(Vec<f64>),
    Text(&'static str),
}

/// One image of one strip, little-endian.
#[derive(Clone)]
pub(super) struct Tiny {
    tags: Vec<(u16, Values)>,
    pixels: Vec<u8>,
}

impl Tiny {
    /// A grey image of bytes.
    pub(super) fn grey(width: u32, height: u32, pixels: &[u8]) -> Self {
        use Values::{Long, Short};
        let tags = vec![
            (256, Long(vec![width])),
            (257, Long(vec![height])),
            (258, Short(vec![8])),
            (259, Short(vec![1])),
            (262, Short(vec![1])),
            (277, Short(vec![1])),
            (279, Long(vec![pixels.len() as u32])),
        ];
        Self { tags, pixels: pixels.to_vec() }
    }

    /// The same with a tag set or replaced.
    pub(super) fn with(mut self, tag: u16, values: Values) -> Self {
        self.tags.retain(|(old, _)| *old != tag);
        self.tags.push((tag, values));
        self
    }

    /// The same, lying north up in a projection with its first corner at a place.
    pub(super) fn at(self, east: f64, north: f64, step: f64, epsg: u16) -> Self {
        let key = if epsg < 5000 && epsg != 3857 && epsg > 4000 { 2048 } else { 3072 };
        self.with(33550, Values::Double(vec![step, step, 0.0]))
            .with(33922, Values::Double(vec![0.0, 0.0, 0.0, east, north, 0.0]))
            .with(34735, Values::Short(vec![1, 1, 0, 1, key, 0, 1, epsg]))
    }

    /// The bytes of the file.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut tags = self.tags.clone();
        let after = 8 + 2 + 12 * (tags.len() + 1) + 4;
        tags.push((273, Values::Long(vec![after as u32])));
        tags.sort_by_key(|(tag, _)| *tag);
        let mut tail = self.pixels.clone();
        tail.resize(tail.len().next_multiple_of(2), 0);
        let mut out = b"II\x2a\0\x08\0\0\0".to_vec();
        out.extend((tags.len() as u16).to_le_bytes());
        for (tag, values) in &tags {
            let (kind, n, mut bytes): (u16, usize, Vec<u8>) = match values {
                Values::Short(v) => (3, v.len(), v.iter().flat_map(|v| v.to_le_bytes()).collect()),
                Values::Long(v) => (4, v.len(), v.iter().flat_map(|v| v.to_le_bytes()).collect()),
                Values::Double(v) => {
                    (12, v.len(), v.iter().flat_map(|v| v.to_le_bytes()).collect())
                }
                Values::Text(text) => (2, text.len() + 1, [text.as_bytes(), &[0]].concat()),
            };
            out.extend(tag.to_le_bytes());
            out.extend(kind.to_le_bytes());
            out.extend((n as u32).to_le_bytes());
            if 4 < bytes.len() {
                let at = (after + tail.len()) as u32;
                tail.extend(&bytes);
                bytes = at.to_le_bytes().to_vec();
            }
            bytes.resize(4, 0);
            out.extend(bytes);
        }
        out.extend([0; 4]);
        out.extend(tail);
        out
    }

    /// Writes it into a folder.
    pub(super) fn save(&self, folder: &Path) -> PathBuf {
        let path = folder.join("scene.tif");
        std::fs::write(&path, self.bytes()).unwrap();
        path
    }

    /// Opens it as a scene.
    pub(super) fn open(&self) -> crate::error::Result<Scene> {
        let folder = tempfile::tempdir().unwrap();
        Scene::open(&self.save(folder.path()), &SceneOptions::default())
    }
}
