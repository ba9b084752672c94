//! TFRecord: length, checksum of the length, bytes, checksum of the bytes; little-endian, the
//! checksums CRC-32C, masked (TensorFlow, `core/lib/io/record_writer.h`).

use std::io::{self, Read};

/// Records beyond this are checked and passed over: a graph may be large, a scalar is not.
const MAX_KEPT_BYTES: u64 = 16 << 20;
/// Bytes of length and checksum before a record.
const HEADER_BYTES: usize = 12;

/// The masked checksum: rotated right by 15 bits, plus a constant, so that a checksum of
/// checksums is none.
pub(super) fn masked_crc(bytes: &[u8]) -> u32 {
    masked(crc32c::crc32c(bytes))
}

fn masked(crc: u32) -> u32 {
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

/// Whether a file that begins so is a TFRecord.
pub(super) fn is_tfrecord(head: &[u8]) -> bool {
    head.get(..HEADER_BYTES).is_some_and(|header| length(header).is_some())
}

/// The length in a record's header, where its checksum is right.
fn length(header: &[u8]) -> Option<u64> {
    let (length, crc) = header.split_at(8);
    (masked_crc(length).to_le_bytes() == crc)
        .then(|| u64::from_le_bytes(length.try_into().unwrap_or_default()))
}

/// What comes next in the stream.
#[derive(Debug, PartialEq)]
pub(super) enum Next {
    /// A record was read into the buffer.
    Record,
    /// A record too large to hold was passed over.
    Passed,
    /// The stream ends after a record.
    End,
    /// The stream ends within a record that begins at this byte.
    Cut(u64),
    /// A checksum is wrong in the record that begins at this byte.
    Corrupt(u64),
}

/// A stream of records.
pub(super) struct Records<R> {
    reader: R,
    at: u64,
}

impl<R: Read> Records<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, at: 0 }
    }

    /// Reads the next record into `record`.
    pub(super) fn next(&mut self, record: &mut Vec<u8>) -> io::Result<Next> {
        let start = self.at;
        let mut header = vec![];
        if self.read(HEADER_BYTES as u64, &mut header)? < HEADER_BYTES as u64 {
            return Ok(if header.is_empty() { Next::End } else { Next::Cut(start) });
        }
        let Some(length) = length(&header) else { return Ok(Next::Corrupt(start)) };
        let mut crc = 0;
        let mut left = length;
        while left > 0 {
            // What is claimed may never come: grow with what is there.
            let n = self.read(left.min(MAX_KEPT_BYTES), record)?;
            if n == 0 {
                return Ok(Next::Cut(start));
            }
            crc = crc32c::crc32c_append(crc, record);
            left -= n;
        }
        let is_kept = length <= MAX_KEPT_BYTES;
        let mut footer = vec![];
        if self.read(4, &mut footer)? < 4 {
            return Ok(Next::Cut(start));
        }
        if masked(crc).to_le_bytes() != footer[..] {
            return Ok(Next::Corrupt(start));
        }
        if length == 0 {
            record.clear();
        }
        Ok(if is_kept { Next::Record } else { Next::Passed })
    }

    /// Reads up to `n` bytes into `bytes`, over what it held.
    fn read(&mut self, n: u64, bytes: &mut Vec<u8>) -> io::Result<u64> {
        bytes.clear();
        let got = self.reader.by_ref().take(n).read_to_end(bytes)? as u64;
        self.at += got;
        Ok(got)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(bytes: &[u8]) -> Vec<u8> {
        let length = (bytes.len() as u64).to_le_bytes();
        let crcs = [masked_crc(&length), masked_crc(bytes)].map(u32::to_le_bytes);
        [&length[..], &crcs[0], bytes, &crcs[1]].concat()
    }

    fn all(stream: &[u8]) -> Vec<Next> {
        let mut records = Records::new(stream);
        let mut record = vec![];
        let mut all = vec![];
        loop {
            let next = records.next(&mut record).unwrap();
            let goes_on = matches!(next, Next::Record | Next::Passed);
            all.push(next);
            if !goes_on {
                return all;
            }
        }
    }

    #[test]
    fn the_checksum_is_that_of_tensorflow() {
        // The first eight bytes of every event file of TensorBoard: a record of 24 bytes.
        assert_eq!(masked_crc(&24_u64.to_le_bytes()), 0x224b_7fa3);
        assert!(is_tfrecord(&framed(b"x")));
        assert!(!is_tfrecord(b"step,loss\n1,2\n"));
    }

    #[test]
    fn records_are_read_to_the_end() {
        let stream = [framed(b"one"), framed(b""), framed(b"three")].concat();
        assert_eq!(all(&stream), [Next::Record, Next::Record, Next::Record, Next::End]);
    }

    #[test]
    fn a_stream_that_is_cut_says_where_the_cut_record_begins() {
        let stream = [framed(b"one"), framed(b"two")].concat();
        for cut in 20..stream.len() {
            assert_eq!(all(&stream[..cut]), [Next::Record, Next::Cut(19)], "{cut}");
        }
    }

    #[test]
    fn a_flipped_bit_is_found_wherever_it_is() {
        let stream = framed(b"one");
        for at in 0..stream.len() {
            let mut flipped = stream.clone();
            flipped[at] ^= 1;
            assert_eq!(all(&flipped), [Next::Corrupt(0)], "{at}");
        }
    }
}
