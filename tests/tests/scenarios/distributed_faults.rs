//! What a group of workers withstands: a broker that goes and comes back, a worker that is killed, a topic that is gone.

use crate::MINUTE;
use crate::distributed::{create, spec, start, stop, wait_healthy, wait_more, wait_spread};
use connect_tests::configs::verifiable_source;
use connect_tests::process::cpu_seconds;
use connect_tests::sequence::{self, Numbered, shape};
use connect_tests::{Kafka, With, Worker, WorkerSpec, let_run, size, wait_for, wait_until};
use std::collections::BTreeSet;
use std::time::Duration;

#[test]
fn a_broker_that_comes_back_fails_no_task() {
    const NAME: &str = "outlasted";
    let kafka = Kafka::start();
    let topics = kafka.topics();
    topics.create(NAME, 4, 1, &[]);
    let spec = || {
        let spec = WorkerSpec::distributed(kafka.bootstrap(), NAME).drains();
        spec.set("task.shutdown.graceful.timeout.ms", 2_000).set("offset.flush.interval.ms", 500)
    };
    let mut workers = [spec().start(), spec().start()];
    workers.iter().for_each(wait_healthy);
    create(&workers[0], &verifiable_source(NAME, NAME, 200).with("tasks.max", 4));
    wait_spread(&workers[0], NAME, 4, &[(&workers[0], 2), (&workers[1], 2)]);
    let ids = [workers[0].id(), workers[1].id()];
    let lines = |workers: &mut [Worker; 2]| workers.each_mut().map(|one| one.process().log().lines().count());
    kafka.kill9(1);
    let before = lines(&mut workers);
    let used = || -> f64 { ids.iter().map(|id| cpu_seconds(*id)).sum() };
    let used_before = used();
    // Longer than the session.
    let_run(Duration::from_secs(12));
    let used = used() - used_before;
    assert!(used < 4.0, "two workers used {used:.1} s of processor time in 12 s without a broker");
    for (lines, before) in lines(&mut workers).iter().zip(before) {
        eprintln!("{} log lines in 12 s without a broker", lines - before);
        assert!(lines - before < 300, "{} log lines in 12 s without a broker", lines - before);
    }
    for worker in &workers {
        let answer = worker.rest().get(&format!("/connectors/{NAME}/status"));
        assert!(answer.status == 200 && !answer.body.contains("FAILED"), "{answer:?}");
    }
    kafka.restart();
    wait_until("all tasks to run again", MINUTE, || {
        let answer = workers[0].rest().get(&format!("/connectors/{NAME}/status"));
        assert!(!answer.body.contains("FAILED"), "{answer:?}");
        let running = answer.body.matches("RUNNING").count();
        if running == 5 { Ok(()) } else { Err(answer.body) }
    });
    let before = topics.count(NAME);
    wait_for("more records", MINUTE, || topics.count(NAME) > before + 500);
    stop(&workers[1], NAME);
    for (id, sequence) in &sequence::of_topic(&topics.read(NAME)) {
        assert_eq!(shape(sequence).gaps, [], "source {id}: missing");
    }
}

/// With a delay of 0: what a killed worker ran runs again two seconds after its session, at the latest. The broker stamps the
/// records, so pauses are those that a reader sees.
#[test]
fn what_a_killed_worker_ran_runs_again_after_its_session() {
    const NAME: &str = "missed";
    /// The shortest that brokers allow, in milliseconds.
    const SESSION: i64 = 6_000;
    let topics = Kafka::shared().topics();
    topics.create(NAME, 4, 1, &[("message.timestamp.type", "LogAppendTime")]);
    let one = || spec(NAME).set("session.timeout.ms", SESSION).start();
    let mut workers = [one(), one()];
    workers.iter().for_each(wait_healthy);
    create(&workers[0], &verifiable_source(NAME, NAME, 50).with("tasks.max", 4));
    // The leader is killed, then one that does not lead.
    for nth in 0..size(1, 6) {
        wait_spread(&workers[0], NAME, 4, &[(&workers[0], 2), (&workers[1], 2)]);
        wait_more(NAME);
        let (killed, other) = (nth % 2, 1 - nth % 2);
        let status = workers[other].status(NAME);
        let tasks = status["tasks"].as_array().expect("tasks").iter();
        let gone = tasks.filter(|task| task["worker_id"] == workers[killed].worker_id().as_str());
        let gone: BTreeSet<String> = gone.map(|task| task["id"].to_string()).collect();
        let at = sequence::now();
        workers[killed].kill9();
        wait_spread(&workers[other], NAME, 4, &[(&workers[other], 4)]);
        wait_more(NAME);
        let found = sequence::of_topic(&topics.read(NAME));
        let longest = |moved: bool| {
            let all = found.iter().filter(|(id, _)| gone.contains(*id) == moved);
            let since = |one: &&[Numbered]| one[1].time >= at;
            let pauses =
                all.flat_map(|(_, one)| one.windows(2).filter(since).map(|pair| pair[1].time - pair[0].time));
            pauses.max().unwrap_or(0)
        };
        let (moved, stayed) = (longest(true), longest(false));
        eprintln!("killed: nothing for {moved} ms; the longest pause of what stayed: {stayed} ms");
        // A machine that is too busy for those that stayed says nothing about those that moved.
        assert!(moved < SESSION + 2_000 || stayed > 500, "{moved} ms");
        workers[killed].restart();
        wait_healthy(&workers[killed]);
    }
}

/// Whichever of its three topics is gone: the worker ends, and says which, rather than to believe old records.
#[test]
fn a_worker_without_one_of_its_topics_ends_and_says_so() {
    let topics = Kafka::shared().topics();
    let groups = ["config", "offset", "status"].map(|topic| (topic, format!("bereft-of-{topic}s")));
    let mut workers = groups.each_ref().map(|(_, group)| start(group));
    for (worker, (_, group)) in workers.iter().zip(&groups) {
        topics.create(group, 1, 1, &[]);
        create(worker, &verifiable_source(group, group, 10));
        worker.wait_state(group, "RUNNING", 1);
    }
    for (topic, group) in &groups {
        topics.delete(&format!("{group}-{topic}s"));
    }
    for (worker, (topic, group)) in workers.iter_mut().zip(&groups) {
        let end = worker.process().wait(MINUTE);
        let log = worker.process().log();
        // "Made anew" where brokers make the topics that they are asked for.
        let words = format!("the worker cannot go on: topic {group}-{topic}s was ");
        let told = log.lines().find(|line| line.contains(&words)).unwrap_or_else(|| panic!("{words}: {log}"));
        assert!(!end.success() && told.contains(&format!("{topic}.storage.topic")), "{log}");
        assert!(told.contains("was deleted") || told.contains("was made anew"), "{told}");
    }
}
