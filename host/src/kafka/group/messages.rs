//! The requests that a member of a group sends, and what is answered.
//!
//! Each in one version, which brokers know from Kafka 2.2 on: the first in which a member is given its id before it may
//! join (KIP-394), and without static membership.

use std::collections::BTreeMap;

use super::bytes::{Garbled, Reader, Writer};

/// The type of all groups of workers.
pub(super) const PROTOCOL_TYPE: &str = "connect";

/// A kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Metadata,
    FindCoordinator,
    JoinGroup,
    Heartbeat,
    LeaveGroup,
    SyncGroup,
    SaslHandshake,
    ApiVersions,
    SaslAuthenticate,
}

impl Kind {
    /// Its number, and the version that is spoken.
    pub(super) fn number(self) -> (i16, i16) {
        match self {
            Kind::Metadata => (3, 4),
            Kind::FindCoordinator => (10, 1),
            Kind::JoinGroup => (11, 4),
            Kind::Heartbeat => (12, 2),
            Kind::LeaveGroup => (13, 2),
            Kind::SyncGroup => (14, 2),
            Kind::SaslHandshake => (17, 1),
            Kind::ApiVersions => (18, 0),
            Kind::SaslAuthenticate => (36, 1),
        }
    }
}

/// What every member of a group has to be told about, by its protocols' names in the order of preference.
pub type Offers = Vec<(String, Vec<u8>)>;

/// A broker's address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Address {
    pub(super) host: String,
    pub(super) port: u16,
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// A request, with what stands before it.
pub(super) fn frame(api: Kind, correlation: i32, client_id: &str, body: &[u8]) -> Vec<u8> {
    let (key, version) = api.number();
    let mut head = Writer::default();
    head.int16(key).int16(version).int32(correlation).text(client_id);
    let mut out = Writer::default();
    out.count(head.0.len() + body.len());
    out.0.extend(head.0);
    out.0.extend(body);
    out.0
}

/// Numbers of kinds, each with its first and last version.
pub(super) type Versions = BTreeMap<i16, (i16, i16)>;

/// The error, and the kinds of requests that the broker knows.
pub(super) fn read_versions(body: &[u8]) -> Result<(i16, Versions), Garbled> {
    let mut reader = Reader(body);
    let error = reader.int16()?;
    let known = reader.list(|reader| Ok((reader.int16()?, (reader.int16()?, reader.int16()?))))?;
    Ok((error, known.into_iter().collect()))
}

/// All brokers, and no topic.
pub(super) fn metadata() -> Vec<u8> {
    let mut out = Writer::default();
    out.count(0).int8(0);
    out.0
}

pub(super) fn read_brokers(body: &[u8]) -> Result<Vec<Address>, Garbled> {
    let mut reader = Reader(body);
    reader.int32()?;
    reader.list(|reader| {
        reader.int32()?;
        let address = read_address(reader)?;
        reader.text()?;
        Ok(address)
    })
}

fn read_address(reader: &mut Reader<'_>) -> Result<Address, Garbled> {
    let host = reader.text()?;
    // -1 where there is none.
    let port = u16::try_from(reader.int32()?).unwrap_or_default();
    Ok(Address { host, port })
}

pub(super) fn find_coordinator(group: &str) -> Vec<u8> {
    let mut out = Writer::default();
    out.text(group).int8(0);
    out.0
}

/// The error, and where the coordinator is if there is none.
pub(super) fn read_coordinator(body: &[u8]) -> Result<(i16, Address), Garbled> {
    let mut reader = Reader(body);
    reader.int32()?;
    let error = reader.int16()?;
    reader.text()?;
    reader.int32()?;
    Ok((error, read_address(&mut reader)?))
}

/// Who wants to join, and with what.
pub(super) struct JoinGroup<'a> {
    pub(super) group: &'a str,
    pub(super) session_timeout_ms: i32,
    pub(super) rebalance_timeout_ms: i32,
    /// Empty: none yet.
    pub(super) member_id: &'a str,
    pub(super) offers: &'a Offers,
}

impl JoinGroup<'_> {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.text(self.group).int32(self.session_timeout_ms).int32(self.rebalance_timeout_ms);
        out.text(self.member_id).text(PROTOCOL_TYPE).count(self.offers.len());
        for (name, metadata) in self.offers {
            out.text(name).bytes(metadata);
        }
        out.0
    }
}

/// What became of a JoinGroup.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Joined {
    pub(super) error: i16,
    pub(super) generation: i32,
    pub(super) protocol: String,
    pub(super) leader: String,
    pub(super) member_id: String,
    /// What each member offered for the protocol; empty unless this one leads.
    pub(super) members: BTreeMap<String, Vec<u8>>,
}

impl Joined {
    pub(super) fn decode(body: &[u8]) -> Result<Joined, Garbled> {
        let mut reader = Reader(body);
        reader.int32()?;
        Ok(Joined {
            error: reader.int16()?,
            generation: reader.int32()?,
            protocol: reader.text()?,
            leader: reader.text()?,
            member_id: reader.text()?,
            members: reader.list(|reader| Ok((reader.text()?, reader.bytes()?)))?.into_iter().collect(),
        })
    }
}

pub(super) fn sync_group(
    group: &str,
    generation: i32,
    member_id: &str,
    shares: &BTreeMap<String, Vec<u8>>,
) -> Vec<u8> {
    let mut out = Writer::default();
    out.text(group).int32(generation).text(member_id).count(shares.len());
    for (member, share) in shares {
        out.text(member).bytes(share);
    }
    out.0
}

/// The error, and the assignment.
pub(super) fn read_synced(body: &[u8]) -> Result<(i16, Vec<u8>), Garbled> {
    let mut reader = Reader(body);
    reader.int32()?;
    Ok((reader.int16()?, reader.bytes()?))
}

pub(super) fn heartbeat(group: &str, generation: i32, member_id: &str) -> Vec<u8> {
    let mut out = Writer::default();
    out.text(group).int32(generation).text(member_id);
    out.0
}

pub(super) fn leave_group(group: &str, member_id: &str) -> Vec<u8> {
    let mut out = Writer::default();
    out.text(group).text(member_id);
    out.0
}

/// The error that answers a Heartbeat or a LeaveGroup.
pub(super) fn read_error(body: &[u8]) -> Result<i16, Garbled> {
    let mut reader = Reader(body);
    reader.int32()?;
    reader.int16()
}

pub(super) fn sasl_handshake(mechanism: &str) -> Vec<u8> {
    let mut out = Writer::default();
    out.text(mechanism);
    out.0
}

/// The error, and the mechanisms that the broker has.
pub(super) fn read_mechanisms(body: &[u8]) -> Result<(i16, Vec<String>), Garbled> {
    let mut reader = Reader(body);
    Ok((reader.int16()?, reader.list(Reader::text)?))
}

pub(super) fn sasl_authenticate(said: &[u8]) -> Vec<u8> {
    let mut out = Writer::default();
    out.bytes(said);
    out.0
}

/// What became of a step of a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Authenticated {
    pub(super) error: i16,
    pub(super) text: String,
    pub(super) said: Vec<u8>,
    /// How long the login holds, in milliseconds; 0: as long as the connection.
    pub(super) lifetime_ms: i64,
}

impl Authenticated {
    pub(super) fn decode(body: &[u8]) -> Result<Authenticated, Garbled> {
        let mut reader = Reader(body);
        Ok(Authenticated {
            error: reader.int16()?,
            text: reader.text()?,
            said: reader.bytes()?,
            lifetime_ms: reader.int64()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn requests_are_as_brokers_read_them() {
        let offers = vec![("sessioned".to_owned(), vec![0, 2]), ("default".to_owned(), vec![])];
        let join = JoinGroup {
            group: "g",
            session_timeout_ms: 10_000,
            rebalance_timeout_ms: 60_000,
            member_id: "",
            offers: &offers,
        };
        let expected = "000167 00002710 0000ea60 0000 0007636f6e6e656374 00000002 000973657373696f6e6564 00000002 0002 \
                        000764656661756c74 00000000";
        assert_eq!(hex(&join.encode()), expected.replace(' ', ""));
        let shares = BTreeMap::from([("m".to_owned(), vec![9])]);
        let sync = sync_group("g", 7, "m", &shares);
        assert_eq!(hex(&sync), "000167 00000007 00016d 00000001 00016d 00000001 09".replace(' ', ""));
        assert_eq!(hex(&heartbeat("g", 7, "m")), "000167 00000007 00016d".replace(' ', ""));
        assert_eq!(hex(&leave_group("g", "m")), "000167 00016d".replace(' ', ""));
        assert_eq!(hex(&find_coordinator("g")), "000167 00".replace(' ', ""));
        let framed = frame(Kind::Heartbeat, 5, "c", &[1, 2]);
        assert_eq!(hex(&framed), "0000000d 000c 0002 00000005 000163 0102".replace(' ', ""));
    }

    #[test]
    fn answers_are_read() {
        let mut out = Writer::default();
        out.int32(0).int16(0).int32(3).text("default").text("a").text("a").count(1).text("a").bytes(&[1]);
        let joined = Joined::decode(&out.0).unwrap();
        assert_eq!((joined.generation, joined.leader.as_str()), (3, "a"));
        assert_eq!(joined.members, BTreeMap::from([("a".to_owned(), vec![1])]));
        let mut out = Writer::default();
        out.int32(0).int16(15).int16(-1).int32(-1).text("").int32(-1);
        assert_eq!(read_coordinator(&out.0), Ok((15, Address { host: String::new(), port: 0 })));
        let mut out = Writer::default();
        out.int32(0).count(1).int32(1).text("h").int32(9092).int16(-1);
        assert_eq!(read_brokers(&out.0), Ok(vec![Address { host: "h".into(), port: 9092 }]));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = (Joined::decode(&bytes), read_synced(&bytes), read_brokers(&bytes), read_coordinator(&bytes));
            let _ = (read_versions(&bytes), read_mechanisms(&bytes), Authenticated::decode(&bytes), read_error(&bytes));
        }
    }
}
