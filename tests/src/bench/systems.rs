//! The systems under measurement: how each is started, warmed and set to work.

use crate::{Plan, Workload};
use connect_tests::worker::SHIPPED_JVM;
use connect_tests::{Process, Props, RunDir, Worker, WorkerSpec, paths, props, wait_for};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// A system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// This worker.
    ConnectHost,
    /// Apache Kafka Connect as shipped.
    KafkaConnect,
    /// The same tuned, its JVM warmed by one run.
    KafkaConnectTuned,
    /// The bare loop.
    Librdkafka,
    /// The bare loop once more, to see what the measurement itself is worth.
    Again,
}

/// In the order of the first round.
pub const SYSTEMS: [System; 5] =
    [System::Librdkafka, System::ConnectHost, System::KafkaConnectTuned, System::KafkaConnect, System::Again];

/// Overrides of the tuned source connector.
const TUNED_SOURCE: [(&str, &str); 5] = [
    ("producer.override.linger.ms", "5"),
    ("producer.override.batch.size", "262144"),
    ("producer.override.enable.idempotence", "true"),
    ("producer.override.max.in.flight.requests.per.connection", "5"),
    ("batch.size", "10000"),
];

/// Overrides of the tuned sink connector.
const TUNED_SINK: [(&str, &str); 3] = [
    ("consumer.override.max.poll.records", "10000"),
    ("consumer.override.max.partition.fetch.bytes", "8388608"),
    ("consumer.override.fetch.min.bytes", "100000"),
];

impl System {
    /// Its name in tables and files.
    pub fn name(self) -> &'static str {
        match self {
            System::ConnectHost => "connect-host",
            System::KafkaConnect => "kafka-connect",
            System::KafkaConnectTuned => "kafka-connect-tuned",
            System::Librdkafka => "librdkafka",
            System::Again => "librdkafka-again",
        }
    }

    /// Whether it is a worker, with a REST interface.
    pub fn is_worker(self) -> bool {
        !matches!(self, System::Librdkafka | System::Again)
    }

    /// Why it cannot be measured here, or `None`.
    pub fn missing(self) -> Option<String> {
        match self {
            System::ConnectHost if !paths::connect_host().exists() => {
                Some(format!("{} is missing: run scripts/build", paths::connect_host().display()))
            }
            System::KafkaConnect | System::KafkaConnectTuned if !crate::has_java() => {
                Some("java is missing: apt-get install -y default-jre-headless maven".to_owned())
            }
            _ => None,
        }
    }

    /// The worker to be, with the settings of Kafka's connect-standalone.properties.
    pub fn worker(self, bootstrap: &str) -> WorkerSpec {
        let spec = match self {
            System::ConnectHost => WorkerSpec::connect_host(bootstrap),
            System::KafkaConnectTuned => {
                WorkerSpec::kafka_connect(bootstrap, &SHIPPED_JVM).set("plugin.discovery", "service_load")
            }
            _ => WorkerSpec::kafka_connect(bootstrap, &SHIPPED_JVM),
        };
        spec.set("offset.flush.interval.ms", 10000)
    }

    /// The connector's settings for a workload.
    fn connector(self, workload: Workload, topic: &str, file: &Path) -> Props {
        let class = if workload == Workload::Sink { "FileStreamSink" } else { "FileStreamSource" };
        let mut config = props([
            ("connector.class", class),
            ("tasks.max", "1"),
            ("file", &file.display().to_string()),
            (if workload == Workload::Sink { "topics" } else { "topic" }, topic),
        ]);
        if workload == Workload::Json {
            config.extend(props([
                ("value.converter", "org.apache.kafka.connect.json.JsonConverter"),
                ("value.converter.schemas.enable", "true"),
            ]));
        }
        if self == System::KafkaConnectTuned {
            let sink = workload == Workload::Sink;
            config.extend(if sink { props(TUNED_SINK) } else { props(TUNED_SOURCE) });
        }
        config
    }
}

/// A system that is up and waits for work.
pub enum Ready {
    /// A worker without this connector.
    Worker(System, Box<Worker>),
    /// A bare loop before its first line.
    Bare(Process),
}

impl Ready {
    /// Starts a system for one flow and waits until it is up. `dir` takes the log of a bare loop.
    pub fn start(
        system: System,
        plan: &Plan,
        workload: Workload,
        topic: &str,
        file: &Path,
        dir: &RunDir,
    ) -> Ready {
        if system.is_worker() {
            return Ready::Worker(system, Box::new(system.worker(&plan.bootstrap).start()));
        }
        let program = std::env::current_exe().map(|bench| bench.with_file_name("bench-bare"));
        let mut command = Command::new(program.unwrap_or_else(|e| panic!("where is this program? {e}")));
        command.arg(workload.name()).args([&plan.bootstrap, topic]).arg(file).stdin(Stdio::piped());
        Ready::Bare(Process::start("bench-bare", &mut command, &dir.join("bare.log")))
    }

    /// Sets it to work.
    pub fn go(&mut self, name: &str, workload: Workload, topic: &str, file: &Path) {
        match self {
            Ready::Worker(system, worker) => {
                worker.create(name, &system.connector(workload, topic, file)).expect(201);
            }
            Ready::Bare(process) => {
                let told = process.child().stdin.as_mut().map(|pipe| pipe.write_all(b"\n"));
                assert!(matches!(told, Some(Ok(()))), "bench-bare is gone: {told:?}");
            }
        }
    }

    /// Takes the connector away again, after a warming run.
    pub fn clear(&mut self, name: &str) {
        if let Ready::Worker(_, worker) = self {
            worker.rest().delete(&format!("/connectors/{name}")).expect(204);
            wait_for("the warming connector to be gone", Duration::from_secs(30), || {
                worker.rest().get(&format!("/connectors/{name}/status")).status == 404
            });
        }
    }

    /// Its process.
    pub fn process(&mut self) -> &mut Process {
        match self {
            Ready::Worker(_, worker) => worker.process(),
            Ready::Bare(process) => process,
        }
    }

    /// Ends it cleanly.
    pub fn stop(&mut self) {
        match self {
            Ready::Worker(_, worker) => _ = worker.terminate(),
            Ready::Bare(process) => {
                drop(process.child().stdin.take());
                let status = process.wait(Duration::from_secs(60));
                assert!(status.success(), "bench-bare: {status}\n{}", process.log_end(20));
            }
        }
    }
}
