//! From chunks of bytes to lines that share the chunk: nothing is copied but the beginning of an unfinished line.

use std::io::{self, Read};
use std::ops::Range;

use bytes::{Bytes, BytesMut};
use connect_plugin::Text;
use memchr::{memchr, memchr2, memrchr2};

/// How much is read at once; fits the second cache of a core.
const CHUNK: usize = 256 * 1024;
/// How many chunks are kept to be used again.
const SPARE_CHUNKS: usize = 8;
/// A line this long is no line: the worker takes no value as long.
const MAX_LINE: usize = 1 << 30;

/// Cuts lines, which end in `\n`, `\r\n` or `\r`, out of what it is fed. A `\r` that is the last byte so far waits to
/// see whether `\n` follows. Bytes that are no UTF-8 become U+FFFD; positions count bytes all the same.
pub struct Lines {
    /// Whole lines, some of them handed out already.
    ready: Ready,
    /// Read, but no whole line yet: `pending[..filled]`, searched up to `searched`.
    pending: BytesMut,
    filled: usize,
    searched: usize,
    /// Where the next line begins.
    position: u64,
    spare: Vec<Bytes>,
}

#[derive(Default)]
struct Ready {
    bytes: Bytes,
    /// The same bytes as text, if they are.
    text: Option<Text>,
    has_cr: bool,
    next: usize,
}

impl Lines {
    /// Begins at `position` of the file.
    pub fn new(position: u64) -> Self {
        Lines {
            ready: Ready::default(),
            pending: BytesMut::new(),
            filled: 0,
            searched: 0,
            position,
            spare: Vec::new(),
        }
    }

    /// Where the next line begins, in bytes from the beginning of the file.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// How far the file was read.
    pub fn read_position(&self) -> u64 {
        self.position + (self.ready.bytes.len() - self.ready.next + self.filled) as u64
    }

    /// Reads once; answers how many bytes. To be called when [`next_range`](Self::next_range) has no more lines.
    ///
    /// # Errors
    /// Those of `input`, and a line without end.
    pub fn fill(&mut self, input: &mut impl Read) -> io::Result<usize> {
        self.ready = Ready::default(); // so that its chunk can be used again
        if self.filled == self.pending.len() {
            self.grow()?;
        }
        let read = input.read(&mut self.pending[self.filled..])?;
        self.filled += read;
        if read > 0 {
            self.find_lines();
        }
        Ok(read)
    }

    fn grow(&mut self) -> io::Result<()> {
        if self.pending.is_empty() {
            self.pending = self.chunk();
            return Ok(());
        }
        if self.filled >= MAX_LINE {
            let message = format!("the line at byte {} has no end within {MAX_LINE} bytes", self.position);
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        self.pending.resize(2 * self.pending.len(), 0);
        Ok(())
    }

    /// A chunk to read into: one that nobody looks at any more, or a new one.
    fn chunk(&mut self) -> BytesMut {
        if let Some(free) = self.spare.iter().position(Bytes::is_unique) {
            match self.spare.swap_remove(free).try_into_mut() {
                Ok(chunk) => return chunk,
                Err(shared) => drop(shared),
            }
        }
        BytesMut::zeroed(CHUNK)
    }

    /// Moves all whole lines of `pending` to `ready`; the rest begins the next chunk.
    fn find_lines(&mut self) {
        let bytes = &self.pending[..self.filled];
        let undecided = bytes.last() == Some(&b'\r');
        let until = self.filled - usize::from(undecided);
        let last_end = memrchr2(b'\n', b'\r', &bytes[self.searched.min(until)..until]);
        let Some(last_end) = last_end.map(|end| self.searched + end) else {
            self.searched = until;
            return;
        };
        let chunk = std::mem::take(&mut self.pending).freeze();
        let rest = last_end + 1..self.filled;
        if !rest.is_empty() {
            self.pending = self.chunk();
            while self.pending.len() < rest.len() {
                let len = self.pending.len();
                self.pending.resize(2 * len, 0);
            }
            self.pending[..rest.len()].copy_from_slice(&chunk[rest.clone()]);
        }
        self.filled = rest.len();
        self.searched = rest.len() - usize::from(undecided);
        let bytes = chunk.slice(..=last_end);
        let text = Text::from_utf8(bytes.clone()).ok();
        self.ready = Ready { has_cr: memchr(b'\r', &bytes).is_some(), bytes, text, next: 0 };
        if chunk.len() == CHUNK && self.spare.len() < SPARE_CHUNKS {
            self.spare.push(chunk);
        }
    }

    /// The text that [`next_range`](Self::next_range) cuts; `None` if the bytes are not UTF-8 or there are no lines.
    pub fn text(&self) -> Option<Text> {
        self.ready.text.clone()
    }

    /// Where in [`text`](Self::text) the next whole line is, without its end; [`position`](Self::position) is behind
    /// it then. The text stays until the next [`fill`](Self::fill).
    #[inline]
    pub fn next_range(&mut self) -> Option<Range<usize>> {
        let ready = &mut self.ready;
        let (begin, rest) = (ready.next, &ready.bytes[ready.next..]);
        let end = if ready.has_cr { memchr2(b'\n', b'\r', rest) } else { memchr(b'\n', rest) };
        let end = begin + end?;
        let crlf = ready.bytes[end] == b'\r' && ready.bytes.get(end + 1) == Some(&b'\n');
        ready.next = end + if crlf { 2 } else { 1 };
        self.position += (ready.next - begin) as u64;
        Some(begin..end)
    }

    /// The next whole line, without its end, with U+FFFD in place of what is not UTF-8.
    pub fn next_line(&mut self) -> Option<Text> {
        let range = self.next_range()?;
        // A line never ends within a character, as its end is an ASCII byte.
        let line = self.ready.text.as_ref().and_then(|text| text.slice(range.clone()));
        Some(line.unwrap_or_else(|| lossy(self.ready.bytes.slice(range))))
    }
}

fn lossy(bytes: Bytes) -> Text {
    match Text::from_utf8(bytes.clone()) {
        Ok(text) => text,
        Err(_) => Text::from(String::from_utf8_lossy(&bytes).into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All lines with the position behind each, fed in pieces of `piece` bytes.
    fn cut(input: &[u8], piece: usize) -> Vec<(String, u64)> {
        let mut lines = Lines::new(0);
        let mut cut = Vec::new();
        for mut piece in input.chunks(piece) {
            while !piece.is_empty() {
                assert!(lines.fill(&mut piece).unwrap() > 0);
                while let Some(line) = lines.next_line() {
                    cut.push((line.to_string(), lines.position()));
                }
            }
        }
        assert_eq!(lines.read_position(), input.len() as u64);
        cut
    }

    #[test]
    fn every_kind_of_end_counts_however_the_bytes_arrive() {
        let input = "a\nbü\r\n\rc\r\r\n\n日本\nlast\r".as_bytes();
        let expected = [("a", 2), ("bü", 7), ("", 8), ("c", 10), ("", 12), ("", 13), ("日本", 20)];
        for piece in 1..=input.len() {
            let cut = cut(input, piece);
            let cut: Vec<_> = cut.iter().map(|(line, end)| (line.as_str(), *end)).collect();
            assert_eq!(cut, expected, "in pieces of {piece}");
        }
    }

    #[test]
    fn an_unfinished_line_waits_for_its_end() {
        assert_eq!(cut(b"", 1), []);
        assert_eq!(cut(b"no end", 2), []);
        assert_eq!(cut(b"no end\n", 2), [("no end".to_owned(), 7)]);
        // As in Kafka's: whether \n follows is not known yet.
        assert_eq!(cut(b"no end\r", 2), []);
    }

    #[test]
    fn bytes_that_are_no_utf8_are_replaced_and_neighbours_stay() {
        let cut = cut(b"good\nb\xffd\n\xc3\xa4\n", 100);
        let expected = [("good".to_owned(), 5), ("b\u{fffd}d".to_owned(), 9), ("ä".to_owned(), 12)];
        assert_eq!(cut, expected);
    }

    #[test]
    fn lines_longer_than_a_chunk_and_many_chunks() {
        let mut input = vec![b'x'; 3 * CHUNK + 5];
        input.push(b'\n');
        for n in 0..100_000 {
            input.extend_from_slice(format!("line {n}\r\n").as_bytes());
        }
        let cut = cut(&input, usize::MAX);
        assert_eq!(cut.len(), 100_001);
        assert_eq!(cut[0].0.len(), 3 * CHUNK + 5);
        assert_eq!(cut[100_000], ("line 99999".to_owned(), input.len() as u64));
    }

    #[test]
    fn chunks_are_used_again_once_their_lines_are_gone() {
        let mut lines = Lines::new(0);
        let input = "0123456789\n".repeat(100_000);
        let mut input = input.as_bytes();
        let mut places = std::collections::BTreeSet::new();
        while lines.fill(&mut input).unwrap() > 0 {
            while let Some(line) = lines.next_line() {
                places.insert(line.as_ptr() as usize / CHUNK);
            }
        }
        assert!(places.len() <= 6, "{} chunks", places.len());
    }
}
