//! Runs `testdata/*.txt`: a command, dashes, what it leads to. Each file begins with an empty group.
//!
//! `configure ITEMS` says what there is (`c` a connector, `c-0` a task), `join MEMBER [ITEMS]` lets a member in that runs
//! these, `leave MEMBER`, `release ITEMS`, `wait MS` and `max-delay MS` (a new leader) are what they say. `round [deaf
//! MEMBER]` has the leader assign: each line is what a member is told, then the delay; all but the deaf one do so.
//! `eager` assigns by the other protocol. With `UPDATE_CASES=1` in the environment the files are rewritten with what came.

use std::path::Path;

use super::super::cooperative::Round;
use super::super::{Cooperative, Share, Shares, eager};
use super::{share, text};
use crate::herder::Millis;

struct Case {
    leader: Cooperative,
    members: Shares,
    configured: Share,
    released: Share,
    generation: i32,
    now: Millis,
}

impl Case {
    fn run(&mut self, command: &str) -> String {
        let (verb, rest) = command.split_once(' ').unwrap_or((command, ""));
        let (first, more) = rest.split_once(' ').unwrap_or((rest, ""));
        match verb {
            "configure" => self.configured = share(rest),
            "join" => drop(self.members.insert(first.to_owned(), share(more))),
            "leave" => drop(self.members.remove(first)),
            "release" => self.released = share(rest),
            "wait" => self.now += rest.parse::<Millis>().expect("milliseconds"),
            "max-delay" => self.leader = Cooperative::new(rest.parse().expect("milliseconds")),
            "round" => return self.round(rest.strip_prefix("deaf ")),
            "eager" => {
                let shares = eager::assign(self.members.keys().map(String::as_str), &self.configured);
                return shares.iter().map(|(member, share)| format!("{member}: {}\n", text(share))).collect();
            }
            "show" => {
                let lines = self.members.iter();
                return lines.map(|(member, share)| format!("{member}: {}\n", text(share))).collect();
            }
            other => panic!("no command {other}"),
        }
        String::new()
    }

    fn round(&mut self, deaf: Option<&str>) -> String {
        self.generation += 1;
        let outcome = self.leader.assign(
            self.now,
            &Round {
                generation: self.generation,
                completed: self.generation - 1,
                allocations: &self.members,
                configured: &self.configured,
                released: &self.released,
            },
        );
        let mut out = String::new();
        for (member, running) in &mut self.members {
            let revoked = outcome.revoked.get(member).cloned().unwrap_or_default();
            let added = &outcome.added[member];
            let sign = |sign: &str, share: &Share| match share.is_empty() {
                true => String::new(),
                false => format!(" {sign}[{}]", text(share)),
            };
            out.push_str(&format!("{member}:{}{}\n", sign("+", added), sign("-", &revoked)));
            if deaf != Some(member) {
                *running = &(&*running - &revoked) | added;
            }
        }
        out.push_str(&format!("delay {}\n", outcome.delay));
        out
    }
}

fn replay(text: &str) -> String {
    let mut case = Case {
        leader: Cooperative::new(300_000),
        members: Shares::new(),
        configured: Share::new(),
        released: Share::new(),
        generation: 0,
        now: 1_000,
    };
    let mut out = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        out.push_str(line);
        out.push('\n');
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        assert_eq!(lines.next(), Some("----"), "no dashes after {line:?}");
        out.push_str("----\n");
        out.push_str(&case.run(line));
        if lines.by_ref().any(|line| line.is_empty()) {
            out.push('\n');
        }
    }
    out
}

#[test]
fn assignments_are_as_the_files_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/herder/assign/testdata");
    let files = std::fs::read_dir(&folder).expect("testdata").map(|entry| entry.expect("a file").path());
    let mut files: Vec<_> = files.collect();
    files.sort();
    assert!(!files.is_empty());
    for file in files {
        let expected = std::fs::read_to_string(&file).expect("a case");
        let came = replay(&expected);
        if std::env::var_os("UPDATE_CASES").is_some() {
            std::fs::write(&file, came).expect("a writable case");
        } else {
            assert!(came == expected, "{}:\nexpected:\n{expected}\ncame:\n{came}", file.display());
        }
    }
}
