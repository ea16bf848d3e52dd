//! Step by step.

use super::*;

#[test]
fn a_follower_is_given_an_id_and_a_share() {
    let mut course = Course::joining();
    assert!(course.asks(|ask| matches!(ask, Ask::Join { member_id, .. } if member_id.is_empty())));
    course.joins(Answer::Joined(Joined { member_id: "m".into(), ..joined_with(codes::MEMBER_ID_REQUIRED) }));
    assert!(course.asks(|ask| *ask == Ask::Join { member_id: "m".into(), offers: offers() }));
    course.joins(Answer::Joined(joined("l", "m")));
    let sync = Ask::Sync { generation: 1, member_id: "m".into(), shares: BTreeMap::new() };
    assert!(course.asks(|ask| *ask == sync) && course.told.is_empty());
    course.syncs(codes::NONE);
    let assigned = GroupEvent::Assigned {
        generation: 1,
        member_id: "m".into(),
        protocol: "sessioned".into(),
        assignment: vec![9],
    };
    assert_eq!((course.told, course.held), (vec![assigned], Some(RULES.session)));
}

fn joined_with(error: i16) -> Joined {
    Joined { error, ..Joined::default() }
}

#[test]
fn a_leader_waits_for_the_shares_of_its_own_generation() {
    let mut course = Course::joining();
    course.joins(Answer::Joined(joined("m", "m")));
    assert!(matches!(&course.told[..], [GroupEvent::Elected { members, .. }] if members.len() == 1));
    let shares = BTreeMap::from([("m".to_owned(), vec![5])]);
    course.step(Input::Share { generation: 0, shares: shares.clone() });
    assert!(!course.asks(|ask| matches!(ask, Ask::Sync { .. })));
    course.step(Input::Share { generation: 1, shares: shares.clone() });
    assert!(course.asks(|ask| matches!(ask, Ask::Sync { shares: sent, .. } if *sent == shares)));
}

#[test]
fn heartbeats_are_fast_until_a_quiet_second_never_rare_and_go_on_beside_a_round() {
    let mut course = Course::syncing();
    course.syncs(codes::NONE);
    let mut beats = 0;
    while course.now < 2_000 {
        course.beaten(codes::NONE);
        beats += 1;
        course.now = course.machine.wake().unwrap();
        course.step(Input::Tick);
    }
    assert_eq!((beats, course.now), (11, 2_000));
    course.beaten(codes::NONE);
    course.step(Input::Rejoin("why".into()));
    course.step(Input::Join(offers()));
    course.tick(FAST);
    course.beaten(codes::REBALANCE_IN_PROGRESS);
    assert_eq!(course.held, Some(course.now + RULES.session));
    // What the heartbeat of a round's old generation is told is for the join to say.
    course.tick(FAST);
    course.beaten(codes::ILLEGAL_GENERATION);
    assert!(course.asks(|ask| matches!(ask, Ask::Join { member_id, .. } if member_id == "m")));
}

#[test]
fn who_looks_out_for_a_rebalance_hears_of_it_at_once() {
    let mut course = Course::stable();
    course.now += QUIET;
    course.beaten(codes::NONE);
    assert_eq!(course.machine.wake(), Some(course.now + CALM));
    course.step(Input::Watch);
    assert_eq!(course.machine.wake(), Some(course.now + FAST));
    course.tick(FAST);
    course.beaten(codes::REBALANCE_IN_PROGRESS);
    assert_eq!(course.told, [GroupEvent::Rebalancing, GroupEvent::JoinDue]);
}

/// What follows from an error.
#[derive(Debug, PartialEq)]
enum Next {
    /// The worker is asked anew, as a member or without an id.
    Due {
        id: bool,
    },
    /// As before, but not at once.
    Later {
        id: bool,
    },
    /// The coordinator is looked for.
    Find,
    Failed,
    /// Nothing changes.
    Goes,
}

fn next(course: &mut Course) -> Next {
    let id = !course.machine.member_id.is_empty();
    if matches!(course.told.last(), Some(GroupEvent::Failed(_))) {
        assert!(course.open.is_empty() && course.held.is_none() && course.machine.wake().is_none());
        return Next::Failed;
    }
    if course.told.contains(&GroupEvent::JoinDue) {
        return Next::Due { id };
    }
    if matches!(course.machine.coordinator, Coordinator::Unknown { .. }) {
        assert!(course.open.is_empty());
        course.tick(120);
        assert!(course.asks(|ask| *ask == Ask::Find));
        return Next::Find;
    }
    if matches!(course.machine.phase, Phase::Stable) {
        return Next::Goes;
    }
    course.tick(120);
    assert!(course.told.contains(&GroupEvent::JoinDue));
    Next::Later { id }
}

#[test]
fn each_answer_to_a_join_leads_on() {
    for (code, expected) in [
        (codes::COORDINATOR_LOAD_IN_PROGRESS, Next::Later { id: false }),
        (codes::COORDINATOR_NOT_AVAILABLE, Next::Find),
        (codes::NOT_COORDINATOR, Next::Find),
        (codes::INCONSISTENT_GROUP_PROTOCOL, Next::Failed),
        (codes::INVALID_GROUP_ID, Next::Failed),
        (codes::UNKNOWN_MEMBER_ID, Next::Due { id: false }),
        (codes::INVALID_SESSION_TIMEOUT, Next::Failed),
        (codes::REBALANCE_IN_PROGRESS, Next::Due { id: false }),
        (codes::GROUP_AUTHORIZATION_FAILED, Next::Failed),
        (codes::GROUP_MAX_SIZE_REACHED, Next::Failed),
        (codes::FENCED_INSTANCE_ID, Next::Due { id: false }),
        (-1, Next::Due { id: false }),
    ] {
        let mut course = Course::joining();
        course.joins(refused(code));
        assert_eq!(next(&mut course), expected, "{}", codes::name(code));
    }
    let mut course = Course::joining();
    course.joins(refused(codes::GROUP_AUTHORIZATION_FAILED));
    let Some(GroupEvent::Failed(error)) = course.told.pop() else { panic!("no error") };
    assert_eq!(error.to_string(), "group.id: access to the group g is denied; allow the worker READ on it");
}

#[test]
fn each_answer_to_a_sync_leads_on() {
    for (code, expected) in [
        (codes::REBALANCE_IN_PROGRESS, Next::Due { id: true }),
        (codes::ILLEGAL_GENERATION, Next::Due { id: true }),
        (codes::UNKNOWN_MEMBER_ID, Next::Due { id: false }),
        (codes::FENCED_INSTANCE_ID, Next::Due { id: false }),
        (codes::COORDINATOR_LOAD_IN_PROGRESS, Next::Later { id: true }),
        (codes::NOT_COORDINATOR, Next::Find),
        (codes::COORDINATOR_NOT_AVAILABLE, Next::Find),
        (codes::INCONSISTENT_GROUP_PROTOCOL, Next::Failed),
        (codes::GROUP_AUTHORIZATION_FAILED, Next::Failed),
    ] {
        let mut course = Course::syncing();
        course.syncs(code);
        assert_eq!(next(&mut course), expected, "{}", codes::name(code));
    }
}

#[test]
fn each_answer_to_a_heartbeat_leads_on() {
    for (code, expected, held) in [
        (codes::NONE, Next::Goes, true),
        (codes::COORDINATOR_LOAD_IN_PROGRESS, Next::Goes, true),
        (codes::REBALANCE_IN_PROGRESS, Next::Due { id: true }, true),
        (codes::ILLEGAL_GENERATION, Next::Due { id: true }, true),
        (codes::UNKNOWN_MEMBER_ID, Next::Due { id: false }, false),
        (codes::FENCED_INSTANCE_ID, Next::Due { id: false }, false),
        (codes::NOT_COORDINATOR, Next::Find, true),
        (codes::COORDINATOR_NOT_AVAILABLE, Next::Find, true),
        (codes::GROUP_AUTHORIZATION_FAILED, Next::Failed, false),
    ] {
        let mut course = Course::stable();
        course.beaten(code);
        assert_eq!(course.held.is_some(), held, "{}", codes::name(code));
        let told = course.told.contains(&GroupEvent::Rebalancing);
        let outcome = next(&mut course);
        assert_eq!(told, matches!(outcome, Next::Due { .. }), "{}", codes::name(code));
        assert_eq!(outcome, expected, "{}", codes::name(code));
        assert!(!course.told.contains(&GroupEvent::Lost));
    }
}

#[test]
fn a_coordinator_that_moves_costs_nothing_unless_it_takes_too_long() {
    let mut course = Course::stable();
    course.beaten(codes::NOT_COORDINATOR);
    course.tick(120);
    course.find();
    course.beaten(codes::NONE);
    assert!(course.told.is_empty() && course.machine.phase == Phase::Stable);
    course.tick(RULES.heartbeat);
    let gone = || Err(Failure::Passing("gone".into()));
    course.answer(|ask| matches!(ask, Ask::Beat { .. }), gone());
    let since = course.now;
    while course.told.is_empty() {
        course.now = course.machine.wake().unwrap();
        course.step(Input::Tick);
        if course.asks(|ask| *ask == Ask::Find) {
            course.answer(|ask| *ask == Ask::Find, gone());
        }
    }
    assert_eq!((course.told.pop(), course.now), (Some(GroupEvent::Lost), since + RULES.heartbeat));
    assert_eq!(course.held, None);
    course.tick(2_000);
    course.find();
    assert_eq!(course.told, [GroupEvent::JoinDue]);
}

#[test]
fn a_session_without_answers_ends_here_as_at_the_coordinator() {
    let mut course = Course::stable();
    course.beaten(codes::NONE);
    let held = course.held.unwrap();
    course.tick(RULES.heartbeat);
    assert!(course.asks(|ask| matches!(ask, Ask::Beat { .. })));
    course.now = held - 1;
    course.step(Input::Tick);
    assert_eq!((course.told.len(), course.held), (0, Some(held)));
    course.tick(1);
    assert_eq!((course.told.pop(), course.held), (Some(GroupEvent::Lost), None));
    assert!(course.open.is_empty());
}

/// A process that was stopped and goes on: its timer and the answer that it is a member no more may come in any order.
#[test]
fn who_slept_past_the_session_gives_all_up_before_joining_anew() {
    for code in [codes::UNKNOWN_MEMBER_ID, codes::ILLEGAL_GENERATION] {
        let mut course = Course::stable();
        course.now = course.held.unwrap() + 1;
        course.beaten(code);
        assert_eq!(course.told, [GroupEvent::Lost, GroupEvent::JoinDue], "{}", codes::name(code));
        assert_eq!(course.held, None);
    }
}

/// The same before it has read what it was assigned.
#[test]
fn what_was_assigned_before_a_sleep_past_the_session_is_lost() {
    let mut course = Course::syncing();
    let sent = course.now;
    course.now += RULES.session + 1;
    course.syncs_sent(sent, codes::NONE);
    assert!(matches!(course.told.pop(), Some(GroupEvent::Assigned { .. })));
    assert_eq!(course.held, None);
    course.tick(RULES.heartbeat);
    course.beaten(codes::UNKNOWN_MEMBER_ID);
    assert_eq!(course.told, [GroupEvent::Lost, GroupEvent::JoinDue]);
}

#[test]
fn a_worker_that_does_not_answer_leaves_and_may_answer_later() {
    let mut course = Course::stable();
    course.step(Input::Rejoin("why".into()));
    let until = course.now + RULES.rebalance;
    while course.now < until {
        course.beaten(codes::REBALANCE_IN_PROGRESS);
        course.now = course.machine.wake().unwrap();
        course.step(Input::Tick);
    }
    assert_eq!(course.told, [GroupEvent::JoinDue, GroupEvent::Lost]);
    assert_eq!(course.open.pop().map(|(_, ask)| ask), Some(Ask::Leave { member_id: "m".into() }));
    course.step(Input::Join(offers()));
    assert!(course.asks(|ask| matches!(ask, Ask::Join { member_id, .. } if member_id.is_empty())));
}

#[test]
fn a_rejoin_in_the_middle_of_a_round_is_done_after_it() {
    let mut course = Course::joining();
    course.step(Input::Rejoin("a config is new".into()));
    course.joins(Answer::Joined(joined("l", "m")));
    course.syncs(codes::NONE);
    assert!(matches!(&course.told[..], [GroupEvent::Assigned { .. }, GroupEvent::JoinDue]));
}

#[test]
fn a_round_that_changed_nothing_is_not_repeated_at_once() {
    let mut course = Course::stable();
    course.step(Input::Rejoin("the leader could not read its configs".into()));
    course.step(Input::Join(offers()));
    course.joins(Answer::Joined(joined("l", "m")));
    course.syncs(codes::NONE);
    course.told.clear();
    course.step(Input::Rejoin("it still cannot".into()));
    assert_eq!(course.told, []);
    course.tick(120);
    assert_eq!(course.told, [GroupEvent::JoinDue]);
}

#[test]
fn who_left_stays_out_until_told() {
    let mut course = Course::stable();
    course.step(Input::Leave("why".into()));
    let (_, ask) = course.open.pop().unwrap();
    assert_eq!((ask, course.held), (Ask::Leave { member_id: "m".into() }, None));
    assert!(course.machine.wake().is_none() && course.open.is_empty() && course.told.is_empty());
    course.step(Input::Rejoin("why".into()));
    assert_eq!(course.told, [GroupEvent::JoinDue]);
}

#[test]
fn who_was_never_let_in_fails_and_who_was_tries_again() {
    let refusal = || Err(Failure::Refused("check sasl.jaas.config".into()));
    let mut course = Course::new();
    course.answer(|ask| *ask == Ask::Find, refusal());
    assert_eq!(next(&mut course), Next::Failed);
    let mut course = Course::stable();
    course.answer(|ask| matches!(ask, Ask::Beat { .. }), refusal());
    assert_eq!(next(&mut course), Next::Find);
}

#[test]
fn pauses_grow_to_a_second_and_differ_by_their_seed() {
    let pauses = |seed| {
        let mut machine = Machine::new("g", RULES, seed);
        (0..12).map(|_| machine.pause()).collect::<Vec<_>>()
    };
    let (one, other) = (pauses(1), pauses(2_000_000));
    assert_ne!(one, other);
    for (nth, pause) in one.iter().chain(&other).enumerate() {
        let expected = (100 << (nth % 12)).min(LONGEST_PAUSE);
        assert!((expected * 8 / 10..=expected * 12 / 10).contains(pause), "{nth}: {pause}");
    }
}
