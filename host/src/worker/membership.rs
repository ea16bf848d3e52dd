//! The worker's place in its group: what the herder says goes out as bytes, and what comes in is told as the herder's events.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, oneshot};

use crate::herder::{self, CONFIG_MISMATCH, Event, GroupAssignment, MemberState, Protocol};
use crate::kafka::group::{GroupConf, GroupError, GroupEvent, Lease, Member};
use crate::topics::shares;

/// Events on their way from the member to the worker's loop.
const EVENTS: usize = 8;

/// A member that speaks the herder's words.
#[derive(Debug)]
pub struct Membership {
    member: Member,
    protocols: Vec<Protocol>,
    /// In which this member was last to share out.
    elected: Arc<Mutex<Protocol>>,
}

impl Membership {
    /// Becomes a member. `protocols`: those that it offers, by preference. `events` is told what happens as [`Event::Group`];
    /// the receiver that is given back, that the worker can be no member and has to end.
    ///
    /// # Errors
    /// A setting that cannot be honoured, by its name.
    pub fn spawn(
        conf: GroupConf,
        protocols: Vec<Protocol>,
        events: mpsc::Sender<Event>,
    ) -> Result<(Membership, oneshot::Receiver<GroupError>), GroupError> {
        let (told, mut inlet) = mpsc::channel(EVENTS);
        let member = Member::spawn(conf, told)?;
        let (failed, failure) = oneshot::channel();
        let elected = Arc::new(Mutex::new(Protocol::Eager));
        let chosen = elected.clone();
        // It ends with the member, or with the worker's loop.
        tokio::spawn(async move {
            while let Some(event) = inlet.recv().await {
                let event = match understood(event) {
                    Ok(Some(event)) => event,
                    Ok(None) => continue,
                    Err(error) => {
                        // Without a receiver the worker is at its end anyway.
                        let _ = failed.send(error);
                        return;
                    }
                };
                if let herder::GroupEvent::Elected { protocol, .. } = &event {
                    *chosen.lock().unwrap_or_else(PoisonError::into_inner) = *protocol;
                }
                if events.send(Event::Group(event)).await.is_err() {
                    return;
                }
            }
        });
        Ok((Membership { member, protocols, elected }, failure))
    }

    /// Until when the membership holds.
    pub fn lease(&self) -> &Lease {
        self.member.lease()
    }

    /// The answer to [`herder::GroupEvent::JoinDue`].
    pub fn join(&self, state: &MemberState) {
        let offer = |protocol: &Protocol| (protocol.name().to_owned(), shares::offer(state, *protocol));
        self.member.join(self.protocols.iter().map(offer).collect());
    }

    /// The answer to [`herder::GroupEvent::Elected`].
    pub fn share(&self, generation: i32, all: &BTreeMap<String, GroupAssignment>) {
        let protocol = *self.elected.lock().unwrap_or_else(PoisonError::into_inner);
        let share =
            |(member, one): (&String, &GroupAssignment)| (member.clone(), shares::share(one, protocol));
        self.member.share(generation, all.iter().map(share).collect());
    }

    /// Joins anew.
    pub fn rejoin(&self, reason: &str) {
        self.member.rejoin(reason);
    }

    /// Leaves the group and stays out until [`Membership::rejoin`].
    pub fn leave(&self, reason: &str) {
        self.member.leave(reason);
    }

    /// Looks out for a rebalance that is about to begin.
    pub fn watch(&self) {
        self.member.watch();
    }

    /// Leaves the group and ends, within seconds.
    pub async fn close(self) {
        self.member.close().await;
    }
}

/// The event in the herder's words. None: it says nothing that a worker understands.
fn understood(event: GroupEvent) -> Result<Option<herder::GroupEvent>, GroupError> {
    let of_name = |name: &str| {
        let protocol = Protocol::of_name(name);
        if protocol.is_none() {
            tracing::warn!("the group chose the protocol {name}, which is not known here");
        }
        protocol
    };
    Ok(match event {
        GroupEvent::JoinDue => Some(herder::GroupEvent::JoinDue),
        GroupEvent::Rebalancing => Some(herder::GroupEvent::Rebalancing),
        GroupEvent::Lost => {
            tracing::warn!("the worker is no member of its group any more, and stops what it runs");
            Some(herder::GroupEvent::Lost)
        }
        GroupEvent::Failed(error) => return Err(error),
        GroupEvent::Elected { generation, member_id, protocol, members } => {
            of_name(&protocol).map(|protocol| {
                let members =
                    members.into_iter().filter_map(|(id, said)| Some((id.clone(), read(&id, &said)?)));
                let members = members.collect();
                herder::GroupEvent::Elected { generation, member_id, protocol, members }
            })
        }
        GroupEvent::Assigned { generation, member_id, protocol, assignment } => {
            of_name(&protocol).map(|protocol| {
                let assignment = shares::read_share(&assignment).unwrap_or_else(|error| {
                    tracing::warn!("the leader's assignment cannot be read: {error}");
                    GroupAssignment { error: CONFIG_MISMATCH, ..GroupAssignment::default() }
                });
                tell(generation, &assignment);
                herder::GroupEvent::Assigned { generation, member_id, protocol, assignment }
            })
        }
    })
}

fn tell(generation: i32, assignment: &GroupAssignment) {
    let (more, less, leader) = (assignment.assigned.len(), assignment.revoked.len(), &assignment.leader_url);
    let waits = match assignment.delay_ms {
        0 => String::new(),
        delay => format!("; what others have lost waits for {delay} ms"),
    };
    tracing::info!(
        "generation {generation} of the group, led by {leader}: {more} connectors and tasks are given to this worker, \
         {less} are taken away{waits}"
    );
}

/// Who cannot be understood is given nothing.
fn read(member: &str, said: &[u8]) -> Option<MemberState> {
    match shares::read_offer(said) {
        Ok(state) => Some(state),
        Err(error) => {
            tracing::warn!(
                "what the worker {member} says of itself cannot be read, so it is given nothing: {error}"
            );
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_starts_nothing() {
        let state = MemberState { url: "http://a:8083/".into(), config_offset: 3, allocation: None };
        let said = BTreeMap::from([
            ("good".to_owned(), shares::offer(&state, Protocol::Sessioned)),
            ("bad".to_owned(), vec![0, 1, 2]),
        ]);
        let elected = |protocol: &str| GroupEvent::Elected {
            generation: 1,
            member_id: "good".into(),
            protocol: protocol.into(),
            members: said.clone(),
        };
        let Ok(Some(herder::GroupEvent::Elected { members, .. })) = understood(elected("sessioned")) else {
            panic!("not elected")
        };
        assert_eq!(members, BTreeMap::from([("good".to_owned(), state)]));
        assert_eq!(understood(elected("range")), Ok(None));
        let assigned = GroupEvent::Assigned {
            generation: 1,
            member_id: "m".into(),
            protocol: "default".into(),
            assignment: Vec::new(),
        };
        let Ok(Some(herder::GroupEvent::Assigned { assignment, .. })) = understood(assigned) else {
            panic!("not assigned")
        };
        assert_eq!((assignment.error, assignment.assigned.len()), (CONFIG_MISMATCH, 0));
        let error = GroupError("group.id: no".into());
        assert_eq!(understood(GroupEvent::Failed(error.clone())), Err(error));
    }
}
