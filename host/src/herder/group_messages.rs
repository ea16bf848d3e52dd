//! What is said between the herder and the member of the worker group that stands for it on the wire.
//!
//! The bytes are others' work; shares here are what the lists in the bytes mean.

use std::collections::BTreeMap;

use super::assign::{Protocol, Share};
use super::messages::Millis;

/// [`GroupAssignment::error`]: the leader could not read the config topic as far as a member has. Nobody starts
/// anything, all join anew.
pub const CONFIG_MISMATCH: i16 = 1;

/// What a member tells of itself when it joins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberState {
    /// Where its REST API is to be reached, with a slash at the end.
    pub url: String,
    /// How far it has read the config topic: the offset of the last record and 1; -1 for none.
    pub config_offset: i64,
    /// What it runs: its last assignment, with all that it runs as [`GroupAssignment::assigned`]. None: nothing, or it
    /// was told in a protocol that doesn't say.
    pub allocation: Option<GroupAssignment>,
}

/// What a member is told to run, and to stop.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupAssignment {
    /// 0, or why nothing was assigned: [`CONFIG_MISMATCH`], as is any other number.
    pub error: i16,
    /// Member id of the leader.
    pub leader: String,
    /// Where the leader's REST API is to be reached, with a slash at the end.
    pub leader_url: String,
    /// How far the config topic was read for this assignment: the offset of the last record and 1.
    pub config_offset: i64,
    /// In the protocol `default`: all that it shall run; else what it shall run besides.
    pub assigned: Share,
    /// What it shall stop. Always empty in the protocol `default`.
    pub revoked: Share,
    /// In how many milliseconds all join anew; 0: not planned. At most what an INT32 holds. Always 0 in the protocol
    /// `default`.
    pub delay_ms: Millis,
}

/// Something happened in the worker group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupEvent {
    /// The member is about to send JoinGroup: [`super::Action::Join`] follows, once. At once as a rule; first when
    /// everything has ended that has to end before others may run it, which runners do within their bounds. Until it
    /// comes the member goes on as it is (it heartbeats where it may). Asked again meanwhile, one answer follows to all
    /// questions.
    JoinDue,
    /// This member leads: [`super::Action::Share`] of the same generation follows at once.
    Elected {
        /// Generation of the group.
        generation: i32,
        /// This member's id.
        member_id: String,
        /// The protocol that all members understand.
        protocol: Protocol,
        /// What each member told of itself in that protocol, by member id; this one too.
        members: BTreeMap<String, MemberState>,
    },
    /// The round of rebalancing is over for this member, leader or not.
    Assigned {
        /// Generation of the group.
        generation: i32,
        /// This member's id.
        member_id: String,
        /// The protocol that all members understand.
        protocol: Protocol,
        /// What it shall run.
        assignment: GroupAssignment,
    },
    /// A round of rebalancing began. [`GroupEvent::JoinDue`] follows when this member takes part.
    Rebalancing,
    /// The coordinator was unknown for longer than allowed, or the group goes on without this member: it stops
    /// everything. The member goes on trying to come back, with [`GroupEvent::JoinDue`] when it can.
    Lost,
}
