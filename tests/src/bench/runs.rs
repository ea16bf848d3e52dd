//! One measurement: a flow, a start, or idle workers. Destinations are counted, not believed.

use crate::input;
use crate::systems::{Ready, System};
use crate::{Plan, Row, Workload};
use connect_tests::process::{cpu_seconds, memory_kb};
use connect_tests::{Process, RunDir, Worker, let_run, wait_for};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long an idle worker stands before its memory is read.
const IDLE: Duration = Duration::from_secs(30);

/// What a flow goes between, and how its end is seen.
struct Flow<'a> {
    plan: &'a Plan,
    workload: Workload,
    topic: String,
    file: PathBuf,
}

impl<'a> Flow<'a> {
    /// Fresh source topic or sink file, known by `id`.
    fn new(plan: &'a Plan, workload: Workload, id: &str, dir: &RunDir) -> Flow<'a> {
        if workload == Workload::Sink {
            return Flow { plan, workload, topic: plan.filled.clone(), file: dir.join(format!("{id}.out")) };
        }
        plan.topics.create(id, 1, 1, &[]);
        Flow { plan, workload, topic: id.to_owned(), file: plan.input.clone() }
    }

    fn arrived(&self) -> bool {
        match self.workload {
            Workload::Sink => std::fs::metadata(&self.file).is_ok_and(|m| m.len() >= self.plan.bytes),
            _ => self.plan.topics.end_offset(&self.topic, 0).is_ok_and(|end| end >= self.plan.records as i64),
        }
    }

    fn wait(&self, process: &mut Process) {
        let bound = Duration::from_secs(60 + self.plan.records / 10_000);
        wait_for("all records at their destination", bound, || {
            assert!(process.exited().is_none(), "ended in mid-flow\n{}", process.log_end(40));
            self.arrived()
        });
    }

    /// The truth at the end: the number of records, and for a sink their bytes.
    fn verify(&self) {
        if self.workload == Workload::Sink {
            match input::difference(&self.plan.input, &self.file) {
                Ok(None) => {}
                other => panic!("the sink's file is not the input: {other:?}"),
            }
        } else {
            let count = self.plan.topics.count(&self.topic);
            assert_eq!(count, self.plan.records, "records in the topic, against lines in the file");
        }
    }

    fn remove(&self) {
        match self.workload {
            Workload::Sink => _ = std::fs::remove_file(&self.file),
            _ => self.plan.topics.delete(&self.topic),
        }
    }
}

/// Measures one flow from the order to start until the last record is at its destination.
pub fn flow(plan: &Plan, workload: Workload, system: System, round: u32) -> Row {
    let dir = RunDir::new("bench");
    let name = format!("bench-{}-{}-{round}", workload.name(), system.name());
    let timed = Flow::new(plan, workload, &name, &dir);
    let mut ready = Ready::start(system, plan, workload, &timed.topic, &timed.file, &dir);
    if system == System::KafkaConnectTuned {
        let warming = Flow::new(plan, workload, &format!("{name}-warm"), &dir);
        ready.go(&format!("{name}-warm"), workload, &warming.topic, &warming.file);
        warming.wait(ready.process());
        ready.clear(&format!("{name}-warm"));
        warming.remove();
    }
    let pid = ready.process().id();
    let broker = || plan.broker.map(cpu_seconds);
    let (cpu, broker_cpu, start) = (cpu_seconds(pid), broker(), Instant::now());
    ready.go(&name, workload, &timed.topic, &timed.file);
    timed.wait(ready.process());
    let seconds = start.elapsed().as_secs_f64();
    let cpu_s = cpu_seconds(pid) - cpu;
    let broker_cpu_s = broker().zip(broker_cpu).map(|(after, before)| after - before);
    let rss_peak_kb = memory_kb(pid, "VmHWM");
    ready.stop();
    timed.verify();
    timed.remove();
    Row {
        workload,
        system,
        round,
        records: plan.records,
        bytes: plan.bytes,
        seconds,
        cpu_s,
        broker_cpu_s,
        rss_peak_kb,
    }
}

fn without_records(workload: Workload, system: System, round: u32, worker: &Worker) -> Row {
    Row {
        workload,
        system,
        round,
        records: 0,
        bytes: 0,
        seconds: 0.0,
        cpu_s: cpu_seconds(worker.id()),
        broker_cpu_s: None,
        rss_peak_kb: memory_kb(worker.id(), "VmHWM"),
    }
}

/// Measures the time from the start of the process until GET /connectors answers 200.
pub fn startup(plan: &Plan, system: System, round: u32) -> Row {
    let mut worker = system.worker(&plan.bootstrap).spawn();
    worker.wait_ready();
    let seconds = worker.process().started().elapsed().as_secs_f64();
    let row = Row { seconds, ..without_records(Workload::Startup, system, round, &worker) };
    worker.terminate();
    row
}

/// Measures resident memory (`VmRSS`, not the peak) of workers without a connector 30 s after their start; they stand
/// side by side, which changes no memory and saves time.
pub fn idle(plan: &Plan, systems: &[System], round: u32) -> Vec<Row> {
    let workers: Vec<Worker> = systems.iter().map(|s| s.worker(&plan.bootstrap).start()).collect();
    let row = |(&system, mut worker): (&System, Worker)| {
        let started = worker.process().started();
        let_run(IDLE.saturating_sub(started.elapsed()));
        let seconds = started.elapsed().as_secs_f64();
        let rss_peak_kb = memory_kb(worker.id(), "VmRSS");
        let row = Row { seconds, rss_peak_kb, ..without_records(Workload::Idle, system, round, &worker) };
        worker.terminate();
        row
    };
    systems.iter().zip(workers).map(row).collect()
}

/// Fills the topic that sinks read, by a bare loop: it also warms the broker.
pub fn fill(plan: &Plan) {
    let dir = RunDir::new("bench");
    let flow =
        Flow { plan, workload: Workload::Source, topic: plan.filled.clone(), file: plan.input.clone() };
    plan.topics.create(&flow.topic, 1, 1, &[]);
    assert_eq!(plan.topics.count(&flow.topic), 0, "topic {} of an earlier run is in the way", flow.topic);
    run_bare(&flow, &dir);
    let out: &Path = &dir.join("warm.out");
    run_bare(
        &Flow { plan, workload: Workload::Sink, topic: plan.filled.clone(), file: out.to_owned() },
        &dir,
    );
}

fn run_bare(flow: &Flow<'_>, dir: &RunDir) {
    let mut bare = Ready::start(System::Librdkafka, flow.plan, flow.workload, &flow.topic, &flow.file, dir);
    bare.go("", flow.workload, &flow.topic, &flow.file);
    flow.wait(bare.process());
    bare.stop();
    flow.verify();
}
