//! What the herder says and hears in the group of workers, as the bytes of [`super::membership`].

use super::membership::{self, CONNECTOR, Malformed, Part};
use crate::herder::{GroupAssignment, Item, MemberState, Protocol, Share, TaskId};

/// What a member offers for a protocol.
pub fn offer(state: &MemberState, protocol: Protocol) -> Vec<u8> {
    let allocation = state.allocation.as_ref().filter(|_| protocol != Protocol::Eager);
    let member = membership::Member {
        version: protocol.version(),
        url: state.url.clone(),
        config_offset: state.config_offset,
        allocation: allocation.map(|assignment| to_wire(assignment, protocol)),
    };
    member.encode()
}

/// Reads what [`offer`], or a Java worker, wrote.
///
/// # Errors
/// The bytes are cut off, or a length in them is impossible.
pub fn read_offer(bytes: &[u8]) -> Result<MemberState, Malformed> {
    let member = membership::Member::decode(bytes)?;
    Ok(MemberState {
        url: member.url,
        config_offset: member.config_offset,
        allocation: member.allocation.map(from_wire),
    })
}

/// What a member is told in a protocol. What the protocol cannot say is left out.
pub fn share(assignment: &GroupAssignment, protocol: Protocol) -> Vec<u8> {
    to_wire(assignment, protocol).encode()
}

/// Reads what [`share`], or a Java worker, wrote.
///
/// # Errors
/// The bytes are cut off, or a length in them is impossible.
pub fn read_share(bytes: &[u8]) -> Result<GroupAssignment, Malformed> {
    membership::Assignment::decode(bytes).map(from_wire)
}

fn to_wire(assignment: &GroupAssignment, protocol: Protocol) -> membership::Assignment {
    membership::Assignment {
        version: protocol.version(),
        error: assignment.error,
        leader: assignment.leader.clone(),
        leader_url: assignment.leader_url.clone(),
        config_offset: assignment.config_offset,
        assigned: parts(&assignment.assigned),
        revoked: parts(&assignment.revoked),
        delay: i32::try_from(assignment.delay_ms).unwrap_or(i32::MAX),
    }
}

fn from_wire(assignment: membership::Assignment) -> GroupAssignment {
    GroupAssignment {
        error: assignment.error,
        leader: assignment.leader,
        leader_url: assignment.leader_url,
        config_offset: assignment.config_offset,
        assigned: items(&assignment.assigned),
        revoked: items(&assignment.revoked),
        delay_ms: u64::try_from(assignment.delay).unwrap_or(0),
    }
}

/// One part for each connector, in the order in which they come: connectors before tasks, as by Java.
fn parts(share: &Share) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for item in share {
        let (connector, task) = match item {
            Item::Connector(name) => (name, CONNECTOR),
            Item::Task(id) => (&id.connector, i32::try_from(id.task).unwrap_or(i32::MAX)),
        };
        match parts.iter_mut().find(|part| part.connector == *connector) {
            Some(part) => part.tasks.push(task),
            None => parts.push(Part { connector: connector.clone(), tasks: vec![task] }),
        }
    }
    parts
}

/// Numbers below [`CONNECTOR`] mean nothing.
fn items(parts: &[Part]) -> Share {
    let item = |connector: &String, task: i32| match u32::try_from(task) {
        Ok(task) => Some(Item::Task(TaskId { connector: connector.clone(), task })),
        Err(_) => (task == CONNECTOR).then(|| Item::Connector(connector.clone())),
    };
    parts
        .iter()
        .flat_map(|part| part.tasks.iter().filter_map(move |task| item(&part.connector, *task)))
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn task(connector: &str, task: u32) -> Item {
        Item::Task(TaskId { connector: connector.into(), task })
    }

    fn connector(name: &str) -> Item {
        Item::Connector(name.into())
    }

    fn assignment() -> GroupAssignment {
        GroupAssignment {
            error: 0,
            leader: "worker-1".into(),
            leader_url: "http://a:8083/".into(),
            config_offset: 7,
            assigned: Share::from([connector("file"), task("file", 0), task("jdbc", 2)]),
            revoked: Share::from([connector("jdbc"), task("file", 1)]),
            delay_ms: 60_000,
        }
    }

    /// What Kafka Connect 4.1.1 writes after the version: `IncrementalCooperativeConnectProtocol` and `ConnectProtocol`.
    const EAGER: &str = "00000008776f726b65722d31000e687474703a2f2f613a383038332f000000000000000700000002000466696c65\
                         00000002ffffffff0000000000046a6462630000000100000002";
    const REST: &str = "0000000200046a64626300000001ffffffff000466696c6500000001000000010000ea60";
    const MEMBER: &str = "000e687474703a2f2f623a383038332f0000000000000007";

    #[test]
    fn the_bytes_are_those_of_kafka_connect() {
        let state =
            MemberState { url: "http://b:8083/".into(), config_offset: 7, allocation: Some(assignment()) };
        let empty = MemberState { allocation: None, ..state.clone() };
        for (protocol, version) in [(Protocol::Compatible, "0001"), (Protocol::Sessioned, "0002")] {
            let told = format!("{version}{EAGER}{REST}");
            assert_eq!(hex(&share(&assignment(), protocol)), told);
            assert_eq!(read_share(&share(&assignment(), protocol)), Ok(assignment()));
            assert_eq!(hex(&offer(&state, protocol)), format!("{version}{MEMBER}0000006e{told}"));
            assert_eq!(read_offer(&offer(&state, protocol)), Ok(state.clone()));
            assert_eq!(hex(&offer(&empty, protocol)), format!("{version}{MEMBER}ffffffff"));
            assert_eq!(read_offer(&offer(&empty, protocol)), Ok(empty.clone()));
        }
        assert_eq!(hex(&share(&assignment(), Protocol::Eager)), format!("0000{EAGER}"));
        let read = read_share(&share(&assignment(), Protocol::Eager)).unwrap();
        assert_eq!(read, GroupAssignment { revoked: Share::new(), delay_ms: 0, ..assignment() });
        assert_eq!(hex(&offer(&state, Protocol::Eager)), format!("0000{MEMBER}"));
        assert_eq!(read_offer(&offer(&state, Protocol::Eager)), Ok(empty));
    }

    fn some_share() -> impl Strategy<Value = Share> {
        let item = ("[a-c]{1,2}", prop::option::of(0u32..4));
        let item = item.prop_map(|(name, number)| match number {
            Some(number) => task(&name, number),
            None => connector(&name),
        });
        prop::collection::btree_set(item, 0..12)
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(assigned in some_share(), revoked in some_share(), delay_ms in 0u64..400_000) {
            let assignment = GroupAssignment { assigned, revoked, delay_ms, ..assignment() };
            prop_assert_eq!(read_share(&share(&assignment, Protocol::Sessioned)), Ok(assignment));
        }
    }
}
