//! The recorded scenarios of Kafka Connect's REST API, played against a worker on real Kafka; see tests/rest/README.md.

use crate::distributed::wait_healthy;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use connect_tests::{Kafka, Process, Rest, Worker, WorkerSpec, paths};

/// For all scenarios of a theme; about half a minute is usual.
const BOUND: Duration = Duration::from_secs(300);
const JSON_CONVERTER: &str = "org.apache.kafka.connect.json.JsonConverter";

fn folder() -> PathBuf {
    paths::repo().join("tests/rest")
}

/// Names of all scenarios.
fn cases() -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder().join("cases-open")).expect("the folder of scenarios");
    let files = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    files.filter_map(|file| Some(file.strip_suffix(".json")?.to_owned())).collect()
}

/// The cases that cannot pass, each with its reason.
fn expected_failures() -> BTreeMap<String, String> {
    let list = std::fs::read_to_string(folder().join("expected-failures.txt")).expect("the list");
    let lines = list.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let listed: Vec<(String, String)> = lines
        .map(|line| {
            let (name, why) = line.split_once(": ").unwrap_or_else(|| panic!("no reason in: {line}"));
            (name.to_owned(), why.to_owned())
        })
        .collect();
    let map: BTreeMap<_, _> = listed.iter().cloned().collect();
    assert_eq!(map.len(), listed.len(), "a case is listed twice");
    map
}

/// Alone, or one of a group.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Standalone,
    Distributed,
}

/// What fails besides in a group where each request goes to a worker that does not lead.
const OF_A_FOLLOWER: (&str, &str) =
    (NOT_FORWARDED, "a request that must not be sent on is refused by who does not lead");
const NOT_FORWARDED: &str = "http-query-parameters";

/// What became of a scenario: none: it passed or does not concern this worker; else the first difference.
type Outcomes = BTreeMap<String, Option<String>>;

/// Plays the scenarios whose name begins so, one after the other.
fn play(worker: &Rest, theme: &str, mode: Mode, scratch: &Path) -> Outcomes {
    let mut command = Command::new("python3");
    command
        .arg(folder().join("connect_compat.py"))
        .args(["check", "--url", worker.base(), "--filter", &format!("{theme}*")])
        .args(if mode == Mode::Standalone { &["--without", "distributed"][..] } else { &[] })
        .arg("--cases")
        .arg(folder().join("cases-open"))
        .arg("--dir")
        .arg(scratch)
        .stdin(Stdio::null());
    let mut checker = Process::start(theme, &mut command, &scratch.join(format!("{theme}.log")));
    let status = checker.wait(BOUND);
    let log = checker.log();
    assert!(matches!(status.code(), Some(0 | 1)), "{theme}: {log}");
    let mut outcomes = Outcomes::new();
    for line in log.lines() {
        let Some((verdict, rest)) = line.split_once(' ') else { continue };
        let (name, why) = rest.split_once(' ').unwrap_or((rest, ""));
        match verdict {
            "PASS" | "SKIP" => drop(outcomes.insert(name.to_owned(), None)),
            "FAIL" => drop(outcomes.insert(name.to_owned(), Some(why.to_owned()))),
            _ => {}
        }
    }
    outcomes
}

fn settled(spec: WorkerSpec) -> Worker {
    spec.set("key.converter", JSON_CONVERTER)
        .set("value.converter", JSON_CONVERTER)
        .set("connector.client.config.override.policy", "All")
        .set("offset.flush.interval.ms", 500)
        .start()
}

#[test]
fn recorded_scenarios_pass_but_for_those_listed() {
    let mut worker = settled(WorkerSpec::connect_host(Kafka::shared().bootstrap()));
    let (rest, scratch) = (worker.rest(), worker.dir().path());
    // Most of the time goes into waiting, so the themes are played side by side; each case has names of its own.
    let played = side_by_side(themes(), |theme| play(rest, &theme, Mode::Standalone, scratch));
    check_all(&played, Mode::Standalone);
    assert!(worker.terminate().success());
}

/// Each request goes to a worker that is not the leader.
#[test]
fn recorded_scenarios_pass_in_a_group_of_workers() {
    // In a group one after the other, or what some make would move what others look at, in Kafka Connect as well. So several
    // groups have a share of them each.
    let shares = shares_of(GROUPS);
    check_all(&side_by_side(shares, |(group, themes)| play_in_a_group(&group, &themes)), Mode::Distributed);
}

/// How many groups play side by side.
const GROUPS: usize = 4;

/// The themes for each of so many groups, with about as many scenarios each.
fn shares_of(groups: usize) -> Vec<(String, Vec<String>)> {
    let cases = cases();
    let count = |theme: &str| cases.iter().filter(|name| theme_of(name) == theme).count();
    let mut themes: Vec<(usize, String)> = themes().into_iter().map(|theme| (count(&theme), theme)).collect();
    themes.sort_by(|a, b| b.cmp(a));
    let mut shares = vec![(0, Vec::new()); groups];
    for (count, theme) in themes {
        let least = shares.iter_mut().min_by_key(|(count, _)| *count).expect("a group");
        least.0 += count;
        least.1.push(theme);
    }
    (0..).zip(shares).map(|(number, (_, themes))| (format!("recorded-{number}"), themes)).collect()
}

fn play_in_a_group(group: &str, themes: &[String]) -> Outcomes {
    let one = || settled(WorkerSpec::distributed(Kafka::shared().bootstrap(), group));
    let mut leader = one();
    wait_healthy(&leader);
    let mut follower = one();
    wait_healthy(&follower);
    let (rest, scratch) = (follower.rest(), follower.dir().path());
    let played = themes.iter().flat_map(|theme| play(rest, theme, Mode::Distributed, scratch)).collect();
    // Alone, or what is made may be the other one's to restart.
    assert!(follower.terminate().success());
    wait_healthy(&leader);
    if themes.iter().any(|theme| theme == theme_of(NOT_FORWARDED)) {
        let outcomes = play(leader.rest(), NOT_FORWARDED, Mode::Distributed, leader.dir().path());
        assert_eq!(outcomes, Outcomes::from([(NOT_FORWARDED.to_owned(), None)]));
    }
    assert!(leader.terminate().success());
    played
}

/// What the names of scenarios begin with.
fn themes() -> BTreeSet<String> {
    cases().iter().map(|name| theme_of(name).to_owned()).collect()
}

fn theme_of(case: &str) -> &str {
    case.split('-').next().unwrap_or_default()
}

/// Does that for all of them at the same time.
fn side_by_side<T: Send>(all: impl IntoIterator<Item = T>, play: impl Fn(T) -> Outcomes + Sync) -> Outcomes {
    let play = &play;
    thread::scope(|scope| {
        let running: Vec<_> = all.into_iter().map(|one| scope.spawn(move || play(one))).collect();
        running.into_iter().flat_map(|played| played.join().expect("it was played")).collect()
    })
}

fn check_all(played: &Outcomes, mode: Mode) {
    let mut expected = expected_failures();
    if mode == Mode::Distributed {
        let (name, why) = OF_A_FOLLOWER;
        expected.insert(name.to_owned(), why.to_owned());
    }
    let cases = cases();
    for name in expected.keys() {
        assert!(cases.contains(name), "expected-failures.txt names {name}, which is no case");
    }
    let names: BTreeSet<String> = played.keys().cloned().collect();
    assert_eq!(names, cases, "the scenarios that were played (left) are not all there are");
    let mut faults = Vec::new();
    for (name, outcome) in played {
        match (outcome, expected.get(name)) {
            (Some(difference), None) => faults.push(format!("{name} failed: {difference}")),
            (None, Some(why)) => faults.push(format!("{name} passed, but is listed: {why}")),
            _ => {}
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}
