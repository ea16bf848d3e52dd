//! A worker is stopped in its tracks for longer than its session, and goes on when others run what it ran: nothing is
//! missing, nothing but what was in flight comes again, and no two owners commit.

use crate::MINUTE;
use crate::distributed::{create, spec, stop, wait_healthy, wait_more, wait_spread};
use connect_tests::configs::{file_sink, verifiable_source};
use connect_tests::sequence::{self, Numbered, Sequences};
use connect_tests::{Answer, Kafka, Record, Topics, With, Worker, size, wait_until};
use rustix::process::Signal;
use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;

const NAME: &str = "slept";
const SINK: &str = "slept-copy";
/// Bytes of a line.
const WIDTH: usize = 40;
const SOURCES: usize = 2;
/// Two more: whoever has half of all tasks has one of these.
const SINKS: usize = 4;
/// How old in milliseconds what was in flight may be: a flush interval, and what a busy machine takes for the flush.
const IN_FLIGHT: i64 = 4_000;
/// Between a look at the clock and the signal.
const MARGIN: i64 = 200;

/// A number of a source.
type Id = (String, i64);

/// What may come again: what was made in one of these times.
struct InFlight(Vec<Range<i64>>);

impl InFlight {
    fn check(&self, what: &str, id: &Id, made: i64) {
        let odd = self.0.iter().all(|times| !times.contains(&made));
        assert!(!odd, "{what}: {id:?} came again, which was made at {made}; in flight was {:?}", self.0);
    }
}

/// The sink's file in this worker's own folder: a relative path.
fn copied(worker: &Worker) -> Sequences {
    let text = fs::read_to_string(worker.dir().join("copy")).unwrap_or_default();
    let (found, torn) = sequence::of_lines(&text, WIDTH);
    assert!(torn.is_empty(), "torn lines, and nobody was killed: {torn:?}");
    found
}

fn ids(sequences: &Sequences) -> impl Iterator<Item = (Id, &Numbered)> {
    sequences.iter().flat_map(|(id, all)| all.iter().map(move |one| ((id.clone(), one.number), one)))
}

/// Waits until all runs and each of the two workers has half of the tasks, so at least one of the sink; how many of the
/// source each has.
fn wait_even(workers: &[Worker; 2]) -> [usize; 2] {
    wait_until("all to run on both workers", MINUTE, || {
        let answers = [NAME, SINK].map(|name| workers[0].rest().get(&format!("/connectors/{name}/status")));
        if answers.iter().any(|answer| answer.status != 200) {
            return Err(format!("{answers:?}"));
        }
        let of = |worker: &Worker, answer: &Answer| {
            let (status, id) = (answer.json(), worker.worker_id());
            let tasks = status["tasks"].as_array().cloned().unwrap_or_default();
            tasks.iter().filter(|task| task["state"] == "RUNNING" && task["worker_id"] == id.as_str()).count()
        };
        let [sources, sinks] = answers.each_ref().map(|answer| workers.each_ref().map(|one| of(one, answer)));
        let even = (0..2).all(|nth| sources[nth] + sinks[nth] == (SOURCES + SINKS) / 2);
        if even { Ok(sources) } else { Err(format!("{sources:?} sources, {sinks:?} sinks")) }
    })
}

/// Waits until some more has flowed and the sink has committed all of it but what came in the last second or so.
fn wait_committed(topics: &Topics) {
    wait_more(NAME);
    wait_until("the sink to keep up", MINUTE, || {
        let committed =
            topics.committed(&format!("connect-{SINK}"), NAME).into_iter().map(Option::unwrap_or_default);
        let ends = (0..4).map(|partition| topics.end_offset(NAME, partition).unwrap_or(i64::MAX));
        let behind: Vec<i64> = ends.zip(committed).map(|(end, committed)| end - committed).collect();
        if behind.iter().all(|behind| *behind < 300) { Ok(()) } else { Err(format!("{behind:?} behind")) }
    });
}

/// How often each number stands in the files of all workers.
fn put(workers: &[Worker]) -> BTreeMap<Id, usize> {
    let mut put = BTreeMap::new();
    workers.iter().for_each(|one| ids(&copied(one)).for_each(|(id, _)| *put.entry(id).or_default() += 1));
    put
}

/// When each number was made first, after a look at what came again.
fn written(found: &Sequences, in_flight: &InFlight) -> BTreeMap<Id, i64> {
    let mut made: BTreeMap<Id, Vec<i64>> = BTreeMap::new();
    ids(found).for_each(|(id, one)| made.entry(id).or_default().push(one.time));
    for (source, all) in found {
        let last = all.iter().map(|one| one.number).max().unwrap_or(-1);
        let numbers = made.keys().filter(|(id, _)| id == source).count();
        assert_eq!(numbers as i64, last + 1, "source {source}: missing");
    }
    let first = |times: &[i64]| times.iter().copied().min().unwrap_or_default();
    for (id, times) in made.iter().filter(|(_, times)| times.len() > 1) {
        in_flight.check("in the topic", id, first(times));
    }
    let again: usize = made.values().map(|times| times.len() - 1).sum();
    eprintln!("{again} of {} records came again in the topic", made.len() + again);
    made.iter().map(|(id, times)| (id.clone(), first(times))).collect()
}

/// Every position that was ever stored for a source task: never one before that of an earlier record.
fn stored_in_order(topics: &Topics) {
    let mut last: BTreeMap<Vec<u8>, i64> = BTreeMap::new();
    for record in topics.read(&format!("{NAME}-offsets")) {
        let offset: serde_json::Value = serde_json::from_str(&record.text()).expect("an offset");
        let seqno = offset["seqno"].as_i64().unwrap_or_else(|| panic!("no seqno: {offset}"));
        let before = last.insert(record.key.expect("a key"), seqno);
        assert!(before.is_none_or(|before| before <= seqno), "{seqno} was stored after {before:?}");
    }
    assert_eq!(last.len(), SOURCES, "sources that stored offsets");
}

/// Partition and offset of a record of `__consumer_offsets` that tells a commit of the sink.
fn commit(record: &Record) -> Option<(i32, i64)> {
    let (key, value) = (record.key.as_deref()?, record.value.as_deref()?);
    let group = format!("connect-{SINK}");
    let begin = [&[0, 1, 0, group.len() as u8], group.as_bytes()].concat();
    let rest = key.strip_prefix(&begin[..])?;
    let partition = rest.last_chunk::<4>()?;
    let offset = value.get(2..10)?.first_chunk::<8>()?;
    Some((i32::from_be_bytes(*partition), i64::from_be_bytes(*offset)))
}

/// Every commit of the sink that the broker ever took: the next owner goes on from the last one, so it would go back where
/// the one before commits once more.
fn committed_in_order(topics: &Topics) {
    let mut last: BTreeMap<i32, i64> = BTreeMap::new();
    let mut count = 0;
    for (partition, offset) in topics.read("__consumer_offsets").iter().filter_map(commit) {
        let before = last.insert(partition, offset);
        assert!(before.is_none_or(|before| before <= offset), "{partition}: {offset} after {before:?}");
        count += 1;
    }
    assert!(last.len() >= SOURCES, "partitions with commits: {last:?}");
    eprintln!("{count} commits of the sink, and none went back");
}

#[test]
fn a_worker_that_slept_past_its_session_does_no_harm() {
    let topics = Kafka::shared().topics();
    // The shortest session that brokers allow.
    let one = || spec(NAME).set("session.timeout.ms", 6_000).start();
    let mut workers = [one(), one()];
    workers.iter().for_each(wait_healthy);
    topics.create(NAME, 4, 1, &[]);
    let source = verifiable_source(NAME, NAME, 200).with("tasks.max", SOURCES);
    create(&workers[0], &source.with("payload.bytes", WIDTH));
    let sink = file_sink(SINK, NAME, "copy".as_ref()).with("tasks.max", SINKS);
    create(&workers[0], &sink.with("consumer.override.session.timeout.ms", 6_000));
    let mut in_flight = InFlight(Vec::new());
    for round in 0..size(2, 10) {
        let homes = wait_even(&workers);
        wait_committed(&topics);
        // The leader or another one, in turn, unless one of them has no source.
        let first = round % 2;
        let asleep = if homes[first] > 0 { first } else { 1 - first };
        let slept_at = sequence::now();
        workers[asleep].process().signal(Signal::STOP);
        let awake = &workers[1 - asleep];
        wait_spread(awake, NAME, SOURCES, &[(awake, SOURCES)]);
        wait_spread(awake, SINK, SINKS, &[(awake, SINKS)]);
        wait_committed(&topics);
        in_flight.0.push(slept_at - IN_FLIGHT..slept_at + MARGIN);
        workers[asleep].process().signal(Signal::CONT);
    }
    wait_even(&workers);
    wait_committed(&topics);
    stop(&workers[0], NAME);
    let made = written(&sequence::of_topic(&topics.read(NAME)), &in_flight);
    let put = wait_until("all that was written in the files", MINUTE, || {
        let put = put(&workers);
        let missing = made.keys().filter(|id| !put.contains_key(id)).count();
        if missing == 0 { Ok(put) } else { Err(format!("{missing} records are missing")) }
    });
    for id in put.iter().filter(|(_, count)| **count > 1).map(|(id, _)| id) {
        in_flight.check("in the files", id, made[id]);
    }
    eprintln!("{} of {} lines came again", put.values().sum::<usize>() - put.len(), put.len());
    stop(&workers[1], SINK);
    stored_in_order(&topics);
    committed_in_order(&topics);
}
