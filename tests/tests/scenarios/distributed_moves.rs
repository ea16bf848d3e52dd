//! What moves and what stays: workers join groups whose tasks run, and what does not move goes on flowing.

use crate::MINUTE;
use crate::distributed::{create, spec, stop, wait_healthy, wait_more, wait_spread};
use connect_tests::configs::{file_sink, verifiable_source};
use connect_tests::moves::{homes, longest_pause, wait_even};
use connect_tests::sequence::{self, shape};
use connect_tests::tail::Tail;
use connect_tests::{Kafka, With, Worker, WorkerSpec, let_run, wait_until};
use std::time::{Duration, Instant};

/// A worker with Kafka's own times.
fn patient(group: &str) -> WorkerSpec {
    spec(group).unset("heartbeat.interval.ms").unset("scheduled.rebalance.max.delay.ms")
}

fn start(group: &str) -> Worker {
    let worker = patient(group).start();
    wait_healthy(&worker);
    worker
}

/// A worker joins three that run 30 tasks. The broker stamps the records, so pauses are those that a reader sees.
#[test]
fn a_fourth_worker_joins_and_what_stays_flows_on() {
    const NAME: &str = "joined";
    const TASKS: usize = 30;
    let topics = Kafka::shared().topics();
    topics.create(NAME, TASKS as i32, 1, &[("message.timestamp.type", "LogAppendTime")]);
    let mut workers = vec![start(NAME), start(NAME), start(NAME)];
    create(&workers[0], &verifiable_source(NAME, NAME, 50).with("tasks.max", TASKS));
    wait_even(&workers[0], NAME, &workers, TASKS, MINUTE);
    let_run(Duration::from_secs(3));
    let (before, since) = (homes(&workers[0].status(NAME)), sequence::now());
    workers.push(start(NAME));
    let joined = Instant::now();
    wait_even(&workers[0], NAME, &workers, TASKS, MINUTE);
    let balanced = joined.elapsed();
    let_run(Duration::from_secs(2));
    let after = homes(&workers[0].status(NAME));
    stop(&workers[0], NAME);
    let found = sequence::of_topic(&topics.read(NAME));
    assert_eq!(found.len(), TASKS);
    sequence::assert_exactly_once(NAME, &found);
    let longest = |moved: bool, since: i64| {
        let ids = found.iter().filter(|(id, _)| (before[*id] != after[*id]) == moved);
        ids.map(|(_, sequence)| longest_pause(sequence, since).0).max().unwrap_or(0)
    };
    let moved: Vec<_> = before.keys().filter(|id| after[*id] != before[*id]).collect();
    assert_eq!(moved.len(), 7, "tasks that moved: {moved:?}");
    // How long pauses are a quiet machine tells: `scripts/bench rebalance`. What stays is not so much as started anew.
    eprintln!(
        "balanced {balanced:?} after the worker was a member; the longest pauses: {} ms of what moved, {} ms of what stayed",
        longest(true, since),
        longest(false, since)
    );
    assert!(balanced < Duration::from_secs(10), "{balanced:?}");
    let logs: String = workers.iter_mut().map(|worker| worker.process().log()).collect();
    for id in before.keys() {
        let starts = logs.matches(&format!("[{NAME}|task-{id}] task {id} goes on with number")).count();
        assert_eq!(starts, if moved.contains(&id) { 2 } else { 1 }, "starts of task {id}");
    }
}

/// A worker joins two that run a sink of four tasks; a worker beside them is its source. All members of a consumer group stop when it is shared
/// out anew, so the pause is that of the whole sink.
#[test]
fn a_sink_whose_tasks_move_pauses_for_a_moment() {
    const NAME: &str = "sunk";
    let sink = format!("{NAME}-copy");
    let kafka = Kafka::shared();
    kafka.topics().create(NAME, 4, 1, &[]);
    let source = WorkerSpec::connect_host(kafka.bootstrap())
        .connector(verifiable_source(NAME, NAME, 50).with("tasks.max", 4))
        .start();
    let mut workers = vec![start(NAME), start(NAME)];
    let file = workers[0].dir().join("copy");
    create(&workers[0], &file_sink(&sink, NAME, &file).with("tasks.max", 4));
    wait_even(&workers[0], &sink, &workers, 4, MINUTE);
    let watched = Tail::of(&file);
    wait_more(NAME);
    let_run(Duration::from_secs(2));
    let (before, since) = (homes(&workers[0].status(&sink)), sequence::now());
    workers.push(start(NAME));
    wait_until("the third worker to run tasks of the sink", MINUTE, || {
        let after = homes(&workers[0].status(&sink));
        if after == before { Err(format!("{after:?}")) } else { Ok(()) }
    });
    wait_more(NAME);
    let_run(Duration::from_secs(1));
    source.stop(NAME);
    let found = watched.end();
    assert_eq!(found.len(), 4);
    for (id, lines) in &found {
        assert_eq!(shape(lines).gaps, [], "source {id}");
        assert_eq!(shape(lines).repeats, [], "source {id}");
    }
    let longest = found.values().map(|lines| longest_pause(lines, since).0).max().unwrap_or(0);
    eprintln!("the longest pause of a sink whose tasks moved: {longest} ms");
    // Kafka's heartbeats are three seconds apart.
    assert!(longest < 3_000, "{longest} ms");
}

/// With Kafka's delay of five minutes: what a worker leaves in order is free at once.
#[test]
fn what_is_left_in_order_moves_at_once() {
    const NAME: &str = "left";
    let topics = Kafka::shared().topics();
    topics.create(NAME, 4, 1, &[("message.timestamp.type", "LogAppendTime")]);
    let (one, mut two) = (start(NAME), start(NAME));
    create(&two, &verifiable_source(NAME, NAME, 100).with("tasks.max", 4));
    wait_spread(&one, NAME, 4, &[(&one, 2), (&two, 2)]);
    let_run(Duration::from_secs(1));
    assert!(two.terminate().success(), "{}", two.process().log_end(20));
    wait_spread(&one, NAME, 4, &[(&one, 4)]);
    // Those who come back are given their part again.
    two.restart();
    wait_healthy(&two);
    wait_spread(&one, NAME, 4, &[(&one, 2), (&two, 2)]);
    let mut one = one;
    assert!(one.terminate().success(), "{}", one.process().log_end(20));
    wait_spread(&two, NAME, 4, &[(&two, 4)]);
    let_run(Duration::from_secs(1));
    stop(&two, NAME);
    let found = sequence::of_topic(&topics.read(NAME));
    sequence::assert_exactly_once(NAME, &found);
    eprintln!("the longest pause: {:?} ms", found.values().map(|one| longest_pause(one, 0).0).max());
}

/// A delay that ends: what a killed worker ran stays down for it, and then is run by the others.
#[test]
fn what_a_killed_worker_ran_waits_for_the_delay() {
    const NAME: &str = "delayed";
    const DELAY: Duration = Duration::from_secs(5);
    let with_delay = || {
        let worker = spec(NAME).set("scheduled.rebalance.max.delay.ms", DELAY.as_millis()).start();
        wait_healthy(&worker);
        worker
    };
    let (one, mut two) = (with_delay(), with_delay());
    Kafka::shared().topics().create(NAME, 4, 1, &[]);
    create(&one, &verifiable_source(NAME, NAME, 100).with("tasks.max", 4));
    wait_spread(&one, NAME, 4, &[(&one, 2), (&two, 2)]);
    let killed = Instant::now();
    two.kill9();
    wait_spread(&one, NAME, 4, &[(&one, 4)]);
    assert!(killed.elapsed() >= DELAY && killed.elapsed() < MINUTE, "after {:?}", killed.elapsed());
    eprintln!("all runs again {:?} after the kill", killed.elapsed());
}
