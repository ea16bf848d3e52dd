//! Any course at all: whatever brokers and workers do, the machine goes on, and is a member once they behave.

use super::*;

/// Something that happens; numbers pick among what is possible.
#[derive(Debug, Clone)]
enum Move {
    Wait(u64),
    Wake,
    Answer { which: usize, code: usize },
    Fail { which: usize },
    Join,
    Share,
    Rejoin,
    Leave,
    Watch,
}

const CODES: [i16; 10] = [
    codes::NONE,
    codes::COORDINATOR_LOAD_IN_PROGRESS,
    codes::COORDINATOR_NOT_AVAILABLE,
    codes::NOT_COORDINATOR,
    codes::ILLEGAL_GENERATION,
    codes::UNKNOWN_MEMBER_ID,
    codes::REBALANCE_IN_PROGRESS,
    codes::MEMBER_ID_REQUIRED,
    codes::FENCED_INSTANCE_ID,
    -1,
];

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        2 => (0u64..15_000).prop_map(Move::Wait),
        6 => Just(Move::Wake),
        6 => (any::<usize>(), Just(0)).prop_map(|(which, code)| Move::Answer { which, code }),
        4 => (any::<usize>(), 0..CODES.len()).prop_map(|(which, code)| Move::Answer { which, code }),
        1 => any::<usize>().prop_map(|which| Move::Fail { which }),
        4 => Just(Move::Join),
        3 => Just(Move::Share),
        1 => Just(Move::Rejoin),
        1 => Just(Move::Leave),
        1 => Just(Move::Watch),
    ];
    prop::collection::vec(one, 0..120)
}

fn answer_to(ask: &Ask, code: i16, leads: bool, generation: i32) -> Answer {
    match ask {
        Ask::Find => Answer::Found(code, somewhere()),
        Ask::Join { .. } => {
            let answer = joined(if leads { "m" } else { "l" }, "m");
            Answer::Joined(Joined { error: code, generation, ..answer })
        }
        Ask::Sync { .. } => Answer::Synced(code, vec![9]),
        Ask::Beat { .. } | Ask::Leave { .. } => Answer::Code(code),
    }
}

impl Course {
    fn play(&mut self, one: &Move) {
        match one {
            Move::Wait(time) => self.tick(*time),
            Move::Wake => self.wake(),
            Move::Answer { which, code } if !self.open.is_empty() => {
                let (request, ask) = self.open.remove(which % self.open.len());
                let answer = answer_to(&ask, CODES[*code], which % 2 == 0, self.machine.generation + 1);
                self.step(Input::Answer { request, sent: self.now, outcome: Ok(answer) });
            }
            Move::Fail { which } if !self.open.is_empty() => {
                let (request, _) = self.open.remove(which % self.open.len());
                let outcome = Err(Failure::Passing("gone".into()));
                self.step(Input::Answer { request, sent: self.now, outcome });
            }
            Move::Answer { .. } | Move::Fail { .. } => {}
            Move::Join => self.step(Input::Join(offers())),
            Move::Share => {
                let generation = self.machine.generation;
                self.step(Input::Share { generation, shares: BTreeMap::new() });
            }
            Move::Rejoin => self.step(Input::Rejoin("why".into())),
            Move::Leave => self.step(Input::Leave("why".into())),
            Move::Watch => self.step(Input::Watch),
        }
    }

    fn wake(&mut self) {
        if let Some(at) = self.machine.wake().filter(|at| *at < u64::MAX) {
            self.now = self.now.max(at);
        }
        self.step(Input::Tick);
    }

    /// What holds at any time.
    fn check(&self) {
        let open = |which: fn(&Ask) -> bool| self.open.iter().filter(|(_, ask)| which(ask)).count();
        assert!(open(|ask| matches!(ask, Ask::Join { .. } | Ask::Sync { .. })) <= 1, "{:?}", self.open);
        assert!(open(|ask| *ask == Ask::Find) <= 1, "{:?}", self.open);
        assert!(self.machine.beat.is_none() || open(|ask| matches!(ask, Ask::Beat { .. })) >= 1);
        assert_eq!(self.held, self.machine.held_until);
        assert!(self.held.is_none_or(|until| until > self.now));
        // Somebody moves next: a broker, the worker, or time.
        let asked = matches!(self.machine.phase, Phase::Out | Phase::Due { .. } | Phase::Electing { .. });
        assert!(!self.open.is_empty() || asked || self.machine.wake().is_some(), "{:?}", self.machine);
        // A wake in the past would be a loop without an end.
        assert!(self.machine.wake().is_none_or(|at| at > self.now), "{:?} at {}", self.machine, self.now);
        // Between two losses there is something to lose.
        let of_note = |event: &&GroupEvent| matches!(event, GroupEvent::Lost | GroupEvent::Assigned { .. });
        let told: Vec<_> = self.told.iter().filter(of_note).collect();
        assert!(told.first().is_none_or(|first| **first != GroupEvent::Lost));
        assert!(told.windows(2).all(|two| *two[0] != GroupEvent::Lost || *two[1] != GroupEvent::Lost));
    }
}

proptest! {
    #[test]
    fn whatever_happens_it_goes_on_and_comes_back(moves in moves()) {
        let mut course = Course::new();
        for one in &moves {
            course.play(one);
            course.check();
        }
        course.step(Input::Rejoin("to come back".into()));
        let mut steps = 0;
        while course.machine.phase != Phase::Stable || !course.machine.holding {
            course.check();
            steps += 1;
            prop_assert!(steps < 60, "{:?}", course.machine);
            if matches!(course.machine.phase, Phase::Due { .. }) {
                course.play(&Move::Join);
            } else if matches!(course.machine.phase, Phase::Electing { .. }) {
                course.play(&Move::Share);
            } else if course.open.is_empty() {
                course.play(&Move::Wake);
            } else {
                course.play(&Move::Answer { which: 0, code: 0 });
            }
        }
        course.check();
    }
}
