//! Courses of a membership: tables of what each answer leads to, and any course at all.

use proptest::prelude::*;

use super::*;
use crate::kafka::group::codes;

mod courses;
mod tables;

const RULES: Rules =
    Rules { session: 10_000, rebalance: 60_000, heartbeat: 3_000, backoff: 100, request: 40_000 };

/// A machine, the time, and what it said.
struct Course {
    machine: Machine,
    now: u64,
    /// Asked and not yet answered.
    open: Vec<(u64, Ask)>,
    told: Vec<GroupEvent>,
    held: Option<u64>,
}

fn joined(leader: &str, member: &str) -> Joined {
    let members = match leader == member {
        true => BTreeMap::from([(member.to_owned(), vec![1])]),
        false => BTreeMap::new(),
    };
    Joined {
        error: codes::NONE,
        generation: 1,
        protocol: "sessioned".into(),
        leader: leader.into(),
        member_id: member.into(),
        members,
    }
}

fn refused(code: i16) -> Answer {
    Answer::Joined(Joined { error: code, ..Joined::default() })
}

fn somewhere() -> Address {
    Address { host: "somewhere".into(), port: 1 }
}

fn offers() -> Offers {
    vec![("sessioned".to_owned(), vec![1])]
}

impl Course {
    fn new() -> Course {
        let machine = Machine::new("g", RULES, 7);
        let mut course = Course { machine, now: 0, open: Vec::new(), told: Vec::new(), held: None };
        course.step(Input::Tick);
        course
    }

    fn step(&mut self, input: Input) {
        for output in self.machine.step(self.now, input) {
            match output {
                Output::Ask { request, to, ask, .. } => {
                    assert_eq!(to.is_none(), ask == Ask::Find, "{ask:?}");
                    self.open.push((request, ask));
                }
                Output::HangUp => self.open.retain(|(_, ask)| *ask == Ask::Find),
                Output::Tell(event) => self.told.push(event),
                Output::Hold(until) => {
                    assert!(until.is_none_or(|until| until > self.now));
                    self.held = until;
                }
                Output::Note(text) => assert!(!text.is_empty()),
            }
        }
    }

    fn tick(&mut self, after: u64) {
        self.now += after;
        self.step(Input::Tick);
    }

    /// Answers the open request that `which` picks.
    fn answer(&mut self, which: impl Fn(&Ask) -> bool, outcome: Result<Answer, Failure>) {
        self.answer_to(self.now, which, outcome);
    }

    /// The same of a request that was sent then.
    fn answer_to(&mut self, sent: u64, which: impl Fn(&Ask) -> bool, outcome: Result<Answer, Failure>) {
        let at = self.open.iter().position(|(_, ask)| which(ask));
        let at = at.unwrap_or_else(|| panic!("not asked; open: {:?}", self.open));
        let (request, _) = self.open.remove(at);
        self.step(Input::Answer { request, sent, outcome });
    }

    fn find(&mut self) {
        self.answer(|ask| *ask == Ask::Find, Ok(Answer::Found(codes::NONE, somewhere())));
    }

    fn joins(&mut self, outcome: Answer) {
        self.answer(|ask| matches!(ask, Ask::Join { .. }), Ok(outcome));
    }

    fn syncs(&mut self, code: i16) {
        self.syncs_sent(self.now, code);
    }

    fn syncs_sent(&mut self, sent: u64, code: i16) {
        self.answer_to(sent, |ask| matches!(ask, Ask::Sync { .. }), Ok(Answer::Synced(code, vec![9])));
    }

    fn beaten(&mut self, code: i16) {
        self.answer(|ask| matches!(ask, Ask::Beat { .. }), Ok(Answer::Code(code)));
    }

    fn asks(&self, which: impl Fn(&Ask) -> bool) -> bool {
        self.open.iter().any(|(_, ask)| which(ask))
    }

    /// A course up to where the worker was asked what to join with.
    fn due() -> Course {
        let mut course = Course::new();
        course.find();
        assert_eq!(course.told, [GroupEvent::JoinDue]);
        course.told.clear();
        course
    }

    /// A course up to where the join is under way.
    fn joining() -> Course {
        let mut course = Course::due();
        course.step(Input::Join(offers()));
        course
    }

    /// A course up to where a follower waits for its share.
    fn syncing() -> Course {
        let mut course = Course::joining();
        course.joins(Answer::Joined(joined("l", "m")));
        course
    }

    /// A course up to where a follower has its share, with a heartbeat under way.
    fn stable() -> Course {
        let mut course = Course::syncing();
        course.syncs(codes::NONE);
        course.told.clear();
        course.tick(RULES.heartbeat);
        course
    }
}
