//! The standalone offset file: one Java-serialised `HashMap<byte[], byte[]>`, read and written as Java does.

/// One entry: a key and a value of the offsets topic. A value of `None` is an offset that was deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key's bytes; Java can write a null key.
    pub key: Option<Vec<u8>>,
    /// The value's bytes.
    pub value: Option<Vec<u8>>,
}

/// Why the bytes are not an offset file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OffsetFileError {
    /// The bytes end too early. A Java worker takes such a file for an empty one.
    #[error("offset file ends at byte {at}, where {expected} was expected")]
    Truncated {
        /// The length of the file.
        at: usize,
        /// What should be there.
        expected: &'static str,
    },
    /// Something else than what should be there.
    #[error("offset file has {found} at byte {at}, where {expected} was expected")]
    Unexpected {
        /// Where, from the beginning of the file.
        at: usize,
        /// What should be there.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// Another Java object.
    #[error("offset file: Expected HashMap but found class {class} at byte {at}")]
    Class {
        /// Where the class is named.
        at: usize,
        /// The class.
        class: String,
    },
}

const MAGIC: [u8; 4] = [0xac, 0xed, 0, 5];
const NULL: u8 = 0x70;
const REFERENCE: u8 = 0x71;
const CLASS: u8 = 0x72;
const OBJECT: u8 = 0x73;
const ARRAY: u8 = 0x75;
const BLOCK: u8 = 0x77;
const END: u8 = 0x78;
const HASH_MAP: &str = "java.util.HashMap";
const HASH_MAP_UID: [u8; 8] = [0x05, 0x07, 0xda, 0xc1, 0xc3, 0x16, 0x60, 0xd1];
const BYTES: &str = "[B";
const BYTES_UID: [u8; 8] = [0xac, 0xf3, 0x17, 0xf8, 0x06, 0x08, 0x54, 0xe0];
const FIRST_HANDLE: u32 = 0x7e_0000;
/// The handle of the class of arrays, always the third thing in the stream: map class, map, array class.
const BYTES_HANDLE: u32 = FIRST_HANDLE + 2;

/// Reads a file. No bytes at all are no offsets.
///
/// # Errors
/// When the bytes are not a serialised map of byte arrays, with the place and what was expected there.
pub fn read(bytes: &[u8]) -> Result<Vec<Entry>, OffsetFileError> {
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    let mut reader = Reader { bytes, at: 0, handle: FIRST_HANDLE + 2, class: None, arrays: Vec::new() };
    reader.literal(&MAGIC, "the header of a Java object stream")?;
    reader.map_header()?;
    reader.literal(&[BLOCK, 8], "the size of the map")?;
    reader.take(4, "the capacity of the map")?;
    let size = reader.length("the number of entries")?;
    // Each entry takes two bytes at least; room for more than that is not made on the file's word.
    let mut entries = Vec::with_capacity(size.min(bytes.len() / 2));
    for _ in 0..size {
        let key = reader.array("a key")?;
        let value = reader.array("a value")?;
        entries.push(Entry { key, value });
    }
    reader.literal(&[END], "the end of the map")?;
    Ok(entries)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The handle of the next new thing.
    handle: u32,
    /// The handle of the class of byte arrays, once it was seen.
    class: Option<u32>,
    /// Arrays that a later entry may refer to, by handle.
    arrays: Vec<(u32, &'a [u8])>,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize, expected: &'static str) -> Result<&'a [u8], OffsetFileError> {
        let end = self.at.checked_add(length);
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        let taken = taken.ok_or(OffsetFileError::Truncated { at: self.bytes.len(), expected })?;
        self.at += length;
        Ok(taken)
    }

    fn number<const N: usize>(&mut self, expected: &'static str) -> Result<[u8; N], OffsetFileError> {
        let mut number = [0; N];
        number.copy_from_slice(self.take(N, expected)?);
        Ok(number)
    }

    fn length(&mut self, expected: &'static str) -> Result<usize, OffsetFileError> {
        let at = self.at;
        let number = i32::from_be_bytes(self.number(expected)?);
        let found = number.to_string();
        usize::try_from(number).map_err(|_| OffsetFileError::Unexpected { at, expected, found })
    }

    fn unexpected(at: usize, expected: &'static str, found: &[u8]) -> OffsetFileError {
        let hex: Vec<String> = found.iter().map(|byte| format!("{byte:02x}")).collect();
        OffsetFileError::Unexpected { at, expected, found: hex.join(" ") }
    }

    /// Takes exactly these bytes. A shorter rest that fits so far is a truncated file, any other a wrong one.
    fn literal(&mut self, wanted: &[u8], expected: &'static str) -> Result<(), OffsetFileError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let there = rest.get(..wanted.len()).unwrap_or(rest);
        if wanted.starts_with(there) {
            return self.take(wanted.len(), expected).map(|_| ());
        }
        Err(Self::unexpected(self.at, expected, there))
    }

    fn class_name(&mut self) -> Result<(usize, String), OffsetFileError> {
        let at = self.at;
        let length = u16::from_be_bytes(self.number("the name of a class")?);
        let name = self.take(length.into(), "the name of a class")?;
        Ok((at, String::from_utf8_lossy(name).into_owned()))
    }

    /// The map's class with its fields, and the values of these.
    fn map_header(&mut self) -> Result<(), OffsetFileError> {
        self.literal(&[OBJECT, CLASS], "a Java object with its class")?;
        let (at, class) = self.class_name()?;
        if class != HASH_MAP {
            return Err(OffsetFileError::Class { at, class });
        }
        self.literal(&HASH_MAP_UID, "the version of java.util.HashMap")?;
        self.literal(&[3, 0, 2], "the two fields of java.util.HashMap")?;
        self.literal(b"F\x00\x0aloadFactor", "the field loadFactor")?;
        self.literal(b"I\x00\x09threshold", "the field threshold")?;
        self.literal(&[END, NULL], "the end of the class java.util.HashMap")?;
        self.take(8, "load factor and threshold of the map").map(|_| ())
    }

    fn array(&mut self, expected: &'static str) -> Result<Option<Vec<u8>>, OffsetFileError> {
        let at = self.at;
        match self.number::<1>(expected)? {
            [NULL] => return Ok(None),
            [REFERENCE] => {
                let handle = u32::from_be_bytes(self.number("a reference")?);
                let known = self.arrays.iter().find(|(known, _)| *known == handle);
                let (_, bytes) = known.ok_or_else(|| OffsetFileError::Unexpected {
                    at,
                    expected,
                    found: format!("a reference to {handle:#x}, which is no byte array"),
                })?;
                return Ok(Some(bytes.to_vec()));
            }
            [ARRAY] => self.array_class()?,
            other => return Err(Self::unexpected(at, expected, &other)),
        }
        let handle = self.new_handle();
        let length = self.length("the length of a byte array")?;
        let bytes = self.take(length, "the bytes of an array")?;
        self.arrays.push((handle, bytes));
        Ok(Some(bytes.to_vec()))
    }

    fn new_handle(&mut self) -> u32 {
        let handle = self.handle;
        self.handle = handle.wrapping_add(1);
        handle
    }

    /// The class of an array: in full the first time, a reference to it from then on.
    fn array_class(&mut self) -> Result<(), OffsetFileError> {
        if let Some(class) = self.class {
            self.literal(&[REFERENCE], "a reference to the class of byte arrays")?;
            return self.literal(&class.to_be_bytes(), "a reference to the class of byte arrays");
        }
        self.literal(&[CLASS], "the class of byte arrays")?;
        let (at, class) = self.class_name()?;
        if class != BYTES {
            return Err(OffsetFileError::Unexpected {
                at,
                expected: "the class of byte arrays",
                found: class,
            });
        }
        self.literal(&BYTES_UID, "the version of the class of byte arrays")?;
        self.literal(&[2, 0, 0, END, NULL], "the end of the class of byte arrays")?;
        self.class = Some(self.new_handle());
        Ok(())
    }
}

/// Writes a file that Java reads: the bytes that Java itself would write for a map with these entries in this
/// order.
///
/// Entries beyond what Java can count (2^31) are not expected: a file of that size would not be written
/// either.
pub fn write<'a>(entries: impl ExactSizeIterator<Item = (Option<&'a [u8]>, Option<&'a [u8]>)>) -> Vec<u8> {
    let size = entries.len();
    let (capacity, threshold) = table_size(size);
    let mut out = Vec::with_capacity(128 + size * 64);
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&[OBJECT, CLASS]);
    push_name(&mut out, HASH_MAP);
    out.extend_from_slice(&HASH_MAP_UID);
    out.extend_from_slice(&[3, 0, 2]);
    out.extend_from_slice(b"F\x00\x0aloadFactorI\x00\x09threshold");
    out.extend_from_slice(&[END, NULL]);
    out.extend_from_slice(&0.75f32.to_be_bytes());
    out.extend_from_slice(&threshold.to_be_bytes());
    out.extend_from_slice(&[BLOCK, 8]);
    out.extend_from_slice(&capacity.to_be_bytes());
    out.extend_from_slice(&java_int(size).to_be_bytes());
    let mut class_written = false;
    for bytes in entries.flat_map(|(key, value)| [key, value]) {
        let Some(bytes) = bytes else {
            out.push(NULL);
            continue;
        };
        out.push(ARRAY);
        if class_written {
            out.push(REFERENCE);
            out.extend_from_slice(&BYTES_HANDLE.to_be_bytes());
        } else {
            out.push(CLASS);
            push_name(&mut out, BYTES);
            out.extend_from_slice(&BYTES_UID);
            out.extend_from_slice(&[2, 0, 0, END, NULL]);
            class_written = true;
        }
        out.extend_from_slice(&java_int(bytes.len()).to_be_bytes());
        out.extend_from_slice(bytes);
    }
    out.push(END);
    out
}

fn push_name(out: &mut Vec<u8>, name: &str) {
    // Both names are a few bytes long.
    out.extend_from_slice(&(name.len() as u16).to_be_bytes());
    out.extend_from_slice(name.as_bytes());
}

fn java_int(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// Capacity and threshold of a Java HashMap that grew to this size entry by entry.
fn table_size(size: usize) -> (i32, i32) {
    let mut capacity = 16usize;
    while size > capacity / 4 * 3 {
        capacity *= 2;
    }
    let threshold = if size == 0 { 0 } else { capacity / 4 * 3 };
    (java_int(capacity), java_int(threshold))
}

#[cfg(test)]
mod tests;
