//! Rounds of rebalancing: the worked examples of KIP-415, and groups under random changes.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::cooperative::Round;
use super::{Cooperative, Item, Share, Shares, eager};
use crate::herder::{Millis, TaskId};

mod cases;

/// Reads `c`, a connector, and `c-0`, a task of it.
fn item(text: &str) -> Item {
    match text.split_once('-') {
        None => Item::Connector(text.to_owned()),
        Some((connector, task)) => {
            Item::Task(TaskId { connector: connector.to_owned(), task: task.parse().expect("a number") })
        }
    }
}

pub fn share(text: &str) -> Share {
    text.split_whitespace().map(item).collect()
}

pub fn text(share: &Share) -> String {
    share.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// A group with its leader. Members do what they are told at once.
struct Group {
    leader: Cooperative,
    running: Shares,
    configured: Share,
    released: Share,
    generation: i32,
    now: Millis,
}

impl Group {
    fn new(max_delay: Millis, configured: &str) -> Group {
        Group {
            leader: Cooperative::new(max_delay),
            running: Shares::new(),
            configured: share(configured),
            released: Share::new(),
            generation: 0,
            now: 1_000,
        }
    }

    fn join(&mut self, member: &str) {
        self.running.insert(member.to_owned(), Share::new());
    }

    /// One round; returns whether another one is due at once, and when.
    fn round(&mut self) -> (bool, Millis) {
        self.generation += 1;
        let round = Round {
            generation: self.generation,
            completed: self.generation - 1,
            allocations: &self.running,
            configured: &self.configured,
            released: &self.released,
        };
        let outcome = self.leader.assign(self.now, &round);
        assert!(outcome.revoked.values().all(|share| !share.is_empty()));
        for (member, running) in &mut self.running {
            let revoked = outcome.revoked.get(member).cloned().unwrap_or_default();
            let added = &outcome.added[member];
            assert!(revoked.is_disjoint(added), "{member} is told to stop and to start {added:?}");
            *running = &(&*running - &revoked) | added;
        }
        (!outcome.revoked.is_empty(), outcome.delay)
    }

    /// Rounds until nobody has anything more to do; waits where a delay was told. Returns how many there were.
    fn settle(&mut self) -> usize {
        for rounds in 1..100 {
            let (again, delay) = self.round();
            self.now += delay;
            if !again && delay == 0 {
                return rounds;
            }
        }
        panic!("no end of rounds: {:?}", self.running);
    }

    fn has(&self, member: &str) -> String {
        text(&self.running[member])
    }

    /// Everything is run by exactly one, and evenly.
    fn assert_whole(&self) {
        let mut seen = Share::new();
        for item in self.running.values().flatten() {
            assert!(seen.insert(item.clone()), "{item} runs twice");
        }
        assert_eq!(seen, self.configured);
        for is_task in [false, true] {
            let count =
                |share: &Share| share.iter().filter(|i| matches!(i, Item::Task(_)) == is_task).count();
            let loads: BTreeSet<usize> = self.running.values().map(count).collect();
            let spread = loads.last().unwrap_or(&0) - loads.first().unwrap_or(&0);
            assert!(spread <= 1, "uneven: {:?}", self.running);
        }
    }
}

#[test]
fn what_is_new_goes_to_who_has_least() {
    let mut group = Group::new(300_000, "a a-0 a-1 b b-0 b-1");
    group.join("m1");
    assert_eq!(group.round(), (false, 0));
    assert_eq!(group.has("m1"), "a b a-0 a-1 b-0 b-1");
    group.configured = share("a a-0 a-1 b b-0 b-1 c c-0");
    assert_eq!(group.round(), (false, 0));
    group.assert_whole();
}

#[test]
fn a_third_worker_gets_what_the_others_have_too_much_of() {
    let mut group = Group::new(300_000, "c1 c2 t-0 t-1 t-2 t-3");
    group.configured.remove(&item("t"));
    group.join("a");
    group.join("b");
    group.settle();
    assert_eq!((group.has("a"), group.has("b")), ("c1 t-0 t-2".into(), "c2 t-1 t-3".into()));
    group.join("c");
    assert_eq!(group.round(), (true, 0), "one task is revoked");
    assert_eq!(group.has("c"), "");
    assert_eq!(group.round(), (false, 0));
    assert_eq!(group.running.values().map(Share::len).collect::<Vec<_>>(), [3, 2, 1]);
    assert_eq!(group.round(), (false, 0), "nothing more");
}

#[test]
fn what_is_lost_waits_for_its_worker_and_goes_to_who_came_meanwhile() {
    let mut group = Group::new(300_000, "a a-0 a-1 a-2");
    group.join("m1");
    group.join("m2");
    group.settle();
    let lost = group.running.remove("m2").expect("a member");
    assert_eq!(group.round(), (false, 300_000));
    group.now += 100_000;
    group.join("m3");
    assert_eq!(group.round(), (false, 200_000), "it waits as long as was said");
    assert_eq!(group.has("m3"), "");
    group.now += 200_000;
    assert_eq!(group.round(), (false, 0));
    assert_eq!(group.has("m3"), text(&lost));
}

#[test]
fn without_a_delay_what_is_lost_moves_at_once() {
    let mut group = Group::new(0, "a a-0 a-1 a-2");
    group.join("m1");
    group.join("m2");
    group.settle();
    group.running.remove("m1");
    assert_eq!(group.round(), (false, 0));
    group.assert_whole();
}

#[test]
fn what_was_released_before_its_worker_left_does_not_wait() {
    let mut group = Group::new(300_000, "a a-0 a-1 a-2");
    group.join("m1");
    group.join("m2");
    group.settle();
    group.released = group.running.remove("m2").expect("a member");
    assert_eq!(group.round(), (false, 0));
    group.assert_whole();
}

#[test]
fn what_is_held_twice_is_taken_from_both_and_given_to_one() {
    let mut group = Group::new(300_000, "a a-0");
    group.join("m1");
    group.join("m2");
    group.running.insert("m1".into(), share("a a-0"));
    group.running.insert("m2".into(), share("a-0"));
    assert_eq!(group.round(), (true, 0));
    assert_eq!((group.has("m1"), group.has("m2")), ("a".into(), String::new()));
    group.settle();
    group.assert_whole();
}

#[test]
fn a_new_leader_stops_what_was_deleted_before_it_led() {
    let mut group = Group::new(300_000, "a a-0");
    group.join("m1");
    group.running.insert("m1".into(), share("a a-0 gone gone-0"));
    assert_eq!(group.round(), (true, 0));
    assert_eq!(group.has("m1"), "a a-0");
}

#[test]
fn eager_gives_by_turns() {
    let shares = eager::assign(["m2", "m1"], &share("a a-0 b b-0 b-1 c"));
    let shares: Vec<(&str, String)> = shares.iter().map(|(m, s)| (m.as_str(), text(s))).collect();
    assert_eq!(shares, [("m1", "a c b-0".into()), ("m2", "b a-0 b-1".to_owned())]);
}

/// What can befall a group.
#[derive(Debug, Clone)]
enum Change {
    Join,
    Leave(usize),
    Configure(u8, u8),
    Delete(u8),
    NewLeader,
    Wait(Millis),
    Round,
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        Just(Change::Join),
        any::<usize>().prop_map(Change::Leave),
        (0..6_u8, 0..5_u8).prop_map(|(connector, tasks)| Change::Configure(connector, tasks)),
        (0..6_u8).prop_map(Change::Delete),
        Just(Change::NewLeader),
        (0..400_000_u64).prop_map(Change::Wait),
        Just(Change::Round),
    ]
}

proptest! {
    #[test]
    fn when_changes_end_all_is_run_once_and_evenly(
        max_delay in prop_oneof![Just(0_u64), Just(300_000)],
        changes in prop::collection::vec(change(), 0..40),
    ) {
        let mut group = Group::new(max_delay, "");
        group.join("m");
        for (n, change) in changes.into_iter().enumerate() {
            match change {
                Change::Join => group.join(&format!("m{n}")),
                Change::Leave(which) if group.running.len() > 1 => {
                    let which = which % group.running.len();
                    let member = group.running.keys().nth(which).expect("a member").clone();
                    group.running.remove(&member);
                }
                Change::Leave(_) => {}
                Change::Configure(connector, tasks) => {
                    let name = format!("c{connector}");
                    group.configured.retain(|item| !item.to_string().starts_with(&name));
                    group.configured.insert(item(&name));
                    group.configured.extend((0..tasks).map(|task| item(&format!("{name}-{task}"))));
                }
                Change::Delete(connector) => {
                    let name = format!("c{connector}");
                    group.configured.retain(|item| !item.to_string().starts_with(&name));
                }
                Change::NewLeader => group.leader = Cooperative::new(max_delay),
                Change::Wait(time) => group.now += time,
                Change::Round => {
                    group.round();
                }
            }
        }
        let rounds = group.settle();
        prop_assert!(rounds < 30, "{rounds} rounds");
        group.assert_whole();
    }
}
