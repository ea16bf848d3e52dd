//! What the simulated worker says of itself, compared with what the world knows.

use std::collections::BTreeSet;

use super::{Part, World};
use crate::herder::tests::text;
use crate::herder::*;

impl World {
    fn ask_now(&mut self, request: Request) -> Response {
        let actions = self.herder.step(self.now, Event::Request { id: 0, request });
        match actions.into_iter().next() {
            Some(Action::Answer { outcome: Ok(response), .. }) => response,
            other => panic!("no answer: {:?}", other.as_ref().map(text::action)),
        }
    }

    /// What runs, runs; traces come with failures and with nothing else.
    pub fn check_statuses(&mut self) {
        let Response::Expanded(all) = self.ask_now(Request::Expand { status: true, info: true }) else {
            panic!("not what was asked")
        };
        for (name, expansion) in all {
            let (status, info) = (expansion.status.expect("status"), expansion.info.expect("info"));
            assert_eq!(status.tasks.len(), info.tasks.len());
            let part = Part::Connector(name.clone());
            let states =
                std::iter::once((part, &status.connector)).chain(status.tasks.iter().map(|task| {
                    (Part::Task(TaskId { connector: name.clone(), task: task.task }), &task.status)
                }));
            for (part, status) in states {
                assert_eq!(status.trace.is_some(), status.state == State::Failed);
                let next = status.restarts.next_in.map(|wait| self.now + wait);
                assert!(next.is_none_or(|at| at >= self.now && self.planned.contains_key(&part)));
                if status.state == State::Running {
                    assert!(self.live.contains_key(&part), "{name} runs without a life");
                }
            }
        }
    }

    pub fn check_calm(&mut self) {
        let Response::Expanded(all) = self.ask_now(Request::Expand { status: true, info: true }) else {
            panic!("not what was asked")
        };
        let mut shall = BTreeSet::new();
        for (name, expansion) in &all {
            let status = expansion.status.as_ref().expect("status");
            match status.connector.state {
                State::Running => drop(shall.insert(Part::Connector(name.clone()))),
                State::Failed => {
                    let waits = status.connector.restarts.next_in.is_some();
                    assert!(name != "c" || waits, "{name} is not restarted");
                }
                State::Paused | State::Stopped => {}
                other => panic!("{name} is still {other:?}"),
            }
            for task in &status.tasks {
                let id = TaskId { connector: name.clone(), task: task.task };
                match task.status.state {
                    State::Running => assert!(!self.paused.contains(&id)),
                    State::Paused => assert!(self.paused.contains(&id)),
                    State::Failed => {
                        let waits = task.status.restarts.next_in.is_some();
                        assert!(name != "c" || waits, "{id} is not restarted");
                        continue;
                    }
                    other => panic!("{id} is still {other:?}"),
                }
                shall.insert(Part::Task(id));
            }
        }
        let runs: BTreeSet<Part> = self.live.keys().cloned().collect();
        assert!(runs == shall, "what runs is not what shall run");
    }
}
