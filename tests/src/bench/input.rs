//! The input file: the same lines at every run and on every machine.

use connect_tests::Rng;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Characters of a line, without its newline.
pub const LINE: usize = 100;

/// 64 printable characters, one of which JSON must escape.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 \"";

/// The file of `records` lines in `dir`, made when it is not there yet.
pub fn file(dir: &Path, records: u64) -> io::Result<PathBuf> {
    let path = dir.join(format!("input-{records}.txt"));
    if fs::metadata(&path).is_ok_and(|m| m.len() == records * (LINE as u64 + 1)) {
        return Ok(path);
    }
    let unfinished = dir.join(format!("input-{records}.new"));
    let mut out = BufWriter::with_capacity(1 << 20, File::create(&unfinished)?);
    let (mut rng, mut line) = (Rng::seeded(records), [b'\n'; LINE + 1]);
    for _ in 0..records {
        for ten in line[..LINE].chunks_mut(10) {
            let bits = rng.bits();
            ten.iter_mut().enumerate().for_each(|(i, c)| *c = ALPHABET[(bits >> (6 * i) & 63) as usize]);
        }
        out.write_all(&line)?;
    }
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    fs::rename(unfinished, &path)?;
    Ok(path)
}

/// Where two files differ: `None` when they are the same, else a sentence with the number of lines in each.
pub fn difference(expected: &Path, found: &Path) -> io::Result<Option<String>> {
    let (mut a, mut b) = (lines_of(expected)?, lines_of(found)?);
    let (mut line_a, mut line_b, mut same) = (Vec::new(), Vec::new(), 0);
    loop {
        line_a.clear();
        line_b.clear();
        let (more_a, more_b) = (a.read_until(b'\n', &mut line_a)? > 0, b.read_until(b'\n', &mut line_b)? > 0);
        if line_a != line_b {
            let (rest_a, rest_b) = (rest(&mut a)? + u64::from(more_a), rest(&mut b)? + u64::from(more_b));
            let (lines_a, lines_b) = (same + rest_a, same + rest_b);
            return Ok(Some(format!("line {} differs; {lines_a} lines due, {lines_b} found", same + 1)));
        } else if !more_a {
            return Ok(None);
        }
        same += 1;
    }
}

fn lines_of(path: &Path) -> io::Result<BufReader<File>> {
    Ok(BufReader::with_capacity(1 << 20, File::open(path)?))
}

fn rest(reader: &mut BufReader<File>) -> io::Result<u64> {
    let (mut lines, mut line) = (0, Vec::new());
    while reader.read_until(b'\n', &mut line)? > 0 {
        lines += 1;
        line.clear();
    }
    Ok(lines)
}
