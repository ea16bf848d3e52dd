//! The bytes with which workers form a group: what a member tells of itself, and what it is told to run.
//!
//! Big endian, without tagged fields. Version 0 is of the protocol `default` (eager), 1 of `compatible`, 2 of
//! `sessioned`; 1 and 2 have one layout (KIP-415, KIP-507). A newer version than these is read by the layout that is
//! known, as Kafka Connect does.

use std::fmt;

/// The number that stands for the connector itself among its tasks.
pub const CONNECTOR: i32 = -1;

/// What a member tells of itself when it joins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Version of the layout.
    pub version: i16,
    /// Where its REST API is to be reached, with a slash at the end, as Java's URIs print.
    pub url: String,
    /// How far it has read the config topic: the offset of the last record and 1; -1 for none.
    pub config_offset: i64,
    /// What it runs now; none: nothing, or version 0.
    pub allocation: Option<Assignment>,
}

/// What a member is told to run, and what to stop.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Assignment {
    /// Version of the layout.
    pub version: i16,
    /// 0, or [`crate::herder::CONFIG_MISMATCH`].
    pub error: i16,
    /// Member id of the leader.
    pub leader: String,
    /// Where the leader's REST API is to be reached.
    pub leader_url: String,
    /// How far the config topic was read for this assignment.
    pub config_offset: i64,
    /// Version 0: all that it shall run; later ones: what it shall run besides.
    pub assigned: Vec<Part>,
    /// What it shall stop; always empty in version 0.
    pub revoked: Vec<Part>,
    /// In how many milliseconds all join anew; 0: not planned. Always 0 in version 0.
    pub delay: i32,
}

/// A connector with those of its tasks that are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Name of the connector.
    pub connector: String,
    /// Numbers of tasks; [`CONNECTOR`] for the connector itself.
    pub tasks: Vec<i32>,
}

/// Bytes that are no member or assignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    field: &'static str,
    at: usize,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is cut off or impossible at byte {}", self.field, self.at)
    }
}

impl std::error::Error for Malformed {}

impl Member {
    /// Its bytes. A text of more than 32,767 bytes, which no such text has, is cut.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend(self.version.to_be_bytes());
        put_text(&mut out, &self.url);
        out.extend(self.config_offset.to_be_bytes());
        if self.version > 0 {
            match &self.allocation {
                None => out.extend((-1_i32).to_be_bytes()),
                Some(allocation) => {
                    let bytes = allocation.encode();
                    put_length(&mut out, bytes.len());
                    out.extend(bytes);
                }
            }
        }
        out
    }

    /// Reads what [`Member::encode`], or a Java worker, wrote.
    ///
    /// # Errors
    /// The bytes are cut off, or a length in them is impossible.
    pub fn decode(bytes: &[u8]) -> Result<Member, Malformed> {
        let mut reader = Reader { bytes, at: 0 };
        let version = reader.version()?;
        let (url, config_offset) = (reader.text("url")?, reader.int64("config-offset")?);
        let allocation = match reader.nullable_bytes("allocation")? {
            Some(bytes) if !bytes.is_empty() => Some(Assignment::decode(bytes)?),
            _ => None,
        };
        Ok(Member { version, url, config_offset, allocation })
    }
}

impl Assignment {
    /// Its bytes; lists are written empty, not null, as by Java.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend(self.version.to_be_bytes());
        out.extend(self.error.to_be_bytes());
        put_text(&mut out, &self.leader);
        put_text(&mut out, &self.leader_url);
        out.extend(self.config_offset.to_be_bytes());
        put_parts(&mut out, &self.assigned);
        if self.version > 0 {
            put_parts(&mut out, &self.revoked);
            out.extend(self.delay.to_be_bytes());
        }
        out
    }

    /// Reads what [`Assignment::encode`], or a Java worker, wrote. What is missing at the end is empty.
    ///
    /// # Errors
    /// The bytes are cut off, or a length in them is impossible.
    pub fn decode(bytes: &[u8]) -> Result<Assignment, Malformed> {
        let mut reader = Reader { bytes, at: 0 };
        Ok(Assignment {
            version: reader.version()?,
            error: reader.int16("error")?,
            leader: reader.text("leader")?,
            leader_url: reader.text("leader-url")?,
            config_offset: reader.int64("config-offset")?,
            assigned: reader.parts("assignment")?,
            revoked: if reader.is_at_end() { Vec::new() } else { reader.parts("revoked")? },
            delay: if reader.is_at_end() { 0 } else { reader.int32("delay")? },
        })
    }
}

fn put_length(out: &mut Vec<u8>, length: usize) {
    out.extend(i32::try_from(length).unwrap_or(i32::MAX).to_be_bytes());
}

/// Cut where it is longer than its length can tell.
fn put_text(out: &mut Vec<u8>, text: &str) {
    let longest = i16::MAX as usize;
    let end = (0..=longest.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    out.extend(u16::try_from(end).unwrap_or_default().to_be_bytes());
    out.extend(&text.as_bytes()[..end]);
}

fn put_parts(out: &mut Vec<u8>, parts: &[Part]) {
    put_length(out, parts.len());
    for part in parts {
        put_text(out, &part.connector);
        put_length(out, part.tasks.len());
        out.extend(part.tasks.iter().flat_map(|task| task.to_be_bytes()));
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    fn take(&mut self, field: &'static str, length: usize) -> Result<&'a [u8], Malformed> {
        let taken = self.at.checked_add(length).and_then(|end| self.bytes.get(self.at..end));
        let taken = taken.ok_or(Malformed { field, at: self.at })?;
        self.at += length;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], Malformed> {
        let at = self.at;
        self.take(field, N)?.try_into().map_err(|_| Malformed { field, at })
    }

    fn int16(&mut self, field: &'static str) -> Result<i16, Malformed> {
        self.array(field).map(i16::from_be_bytes)
    }

    fn int32(&mut self, field: &'static str) -> Result<i32, Malformed> {
        self.array(field).map(i32::from_be_bytes)
    }

    fn int64(&mut self, field: &'static str) -> Result<i64, Malformed> {
        self.array(field).map(i64::from_be_bytes)
    }

    fn version(&mut self) -> Result<i16, Malformed> {
        let version = self.int16("version")?;
        if version < 0 { Err(Malformed { field: "version", at: 0 }) } else { Ok(version) }
    }

    fn text(&mut self, field: &'static str) -> Result<String, Malformed> {
        let at = self.at;
        let length = usize::try_from(self.int16(field)?).map_err(|_| Malformed { field, at })?;
        let bytes = self.take(field, length)?;
        String::from_utf8(bytes.to_vec()).map_err(|_| Malformed { field, at })
    }

    /// None also where the bytes end before the field.
    fn nullable_bytes(&mut self, field: &'static str) -> Result<Option<&'a [u8]>, Malformed> {
        if self.is_at_end() {
            return Ok(None);
        }
        match self.length(field)? {
            None => Ok(None),
            Some(length) => self.take(field, length).map(Some),
        }
    }

    /// A count or length; none for -1.
    fn length(&mut self, field: &'static str) -> Result<Option<usize>, Malformed> {
        let at = self.at;
        match self.int32(field)? {
            -1 => Ok(None),
            length => usize::try_from(length).map(Some).map_err(|_| Malformed { field, at }),
        }
    }

    /// A list; an absent one is empty. No room is taken for more elements than the bytes can hold.
    fn parts(&mut self, field: &'static str) -> Result<Vec<Part>, Malformed> {
        let mut parts = Vec::new();
        for _ in 0..self.length(field)?.unwrap_or_default() {
            let connector = self.text(field)?;
            let mut tasks = Vec::new();
            for _ in 0..self.length(field)?.unwrap_or_default() {
                tasks.push(self.int32(field)?);
            }
            parts.push(Part { connector, tasks });
        }
        Ok(parts)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::herder::CONFIG_MISMATCH;

    fn hex(text: &str) -> Vec<u8> {
        let digits: String = text.split_whitespace().collect();
        (0..digits.len() / 2).map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap()).collect()
    }

    #[test]
    fn a_fresh_member_is_as_kafka_connect_writes_it() {
        let member = Member { version: 1, url: "http://a:8083/".into(), config_offset: 5, allocation: None };
        let bytes = hex("0001 000e 687474703a2f2f613a383038332f 0000000000000005 ffffffff");
        assert_eq!(member.encode(), bytes);
        assert_eq!(Member::decode(&bytes), Ok(member.clone()));
        let eager = Member { version: 0, ..member.clone() };
        assert_eq!(eager.encode(), hex("0000 000e 687474703a2f2f613a383038332f 0000000000000005"));
        assert_eq!(Member::decode(&eager.encode()), Ok(eager));
        let newer = Member { version: 3, ..member };
        assert_eq!(Member::decode(&newer.encode()), Ok(newer));
    }

    #[test]
    fn an_assignment_of_each_version_has_its_layout() {
        let part = |tasks: &[i32]| Part { connector: "c".into(), tasks: tasks.to_vec() };
        let assignment = Assignment {
            version: 2,
            leader: "m".into(),
            leader_url: "u".into(),
            config_offset: 7,
            assigned: vec![part(&[CONNECTOR, 0])],
            revoked: vec![part(&[1])],
            delay: 60,
            ..Assignment::default()
        };
        let start = "0000 0001 6d 0001 75 0000000000000007 00000001 0001 63 00000002 ffffffff 00000000";
        let bytes = hex(&format!("0002 {start} 00000001 0001 63 00000001 00000001 0000003c"));
        assert_eq!(assignment.encode(), bytes);
        assert_eq!(Assignment::decode(&bytes), Ok(assignment.clone()));
        let eager = Assignment { version: 0, revoked: vec![], delay: 0, ..assignment };
        assert_eq!(eager.encode(), hex(&format!("0000 {start}")));
        assert_eq!(Assignment::decode(&eager.encode()), Ok(eager));
        // Null lists are empty.
        let nulls = hex("0001 0001 0001 6d 0001 75 0000000000000007 ffffffff ffffffff 00000000");
        let read = Assignment::decode(&nulls).unwrap();
        assert_eq!((read.error, read.assigned.len(), read.revoked.len()), (CONFIG_MISMATCH, 0, 0));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = (Member::decode(&bytes), Assignment::decode(&bytes));
        }

        #[test]
        fn what_is_cut_off_is_an_error_or_has_defaults(cut in 0_usize..60) {
            let part = Part { connector: "connector".into(), tasks: vec![CONNECTOR, 0, 1] };
            let assignment =
                Assignment { version: 1, assigned: vec![part.clone()], revoked: vec![part], ..Assignment::default() };
            let bytes = assignment.encode();
            let read = Assignment::decode(&bytes[..cut.min(bytes.len())]);
            prop_assert!(read.is_err() || read.is_ok_and(|read| read.assigned == assignment.assigned));
        }
    }
}
