//! A worker process with a folder of its own: connect-host, or Apache Kafka Connect for comparison.

use crate::{Answer, Process, Props, Rest, RunDir, free_port, paths, wait_until};
use serde_json::{Value, json};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

/// Bound of what a worker does; a busy machine makes a Java worker slow to start.
const PATIENCE: Duration = Duration::from_secs(120);
const STRING_CONVERTER: &str = "org.apache.kafka.connect.storage.StringConverter";

/// What Kafka's own start scripts give the JVM of a Connect worker.
pub const SHIPPED_JVM: [&str; 7] = [
    "-Xms256M",
    "-Xmx2G",
    "-server",
    "-XX:+UseG1GC",
    "-XX:MaxGCPauseMillis=20",
    "-XX:InitiatingHeapOccupancyPercent=35",
    "-XX:+ExplicitGCInvokesConcurrent",
];

/// A worker to be: its program, settings and files. Its folder holds `worker.properties`, `offsets`, `log` and the
/// connector files; put others there as well.
#[derive(Debug)]
pub struct WorkerSpec {
    name: &'static str,
    program: PathBuf,
    arguments: Vec<OsString>,
    more: Vec<OsString>,
    env: Vec<(String, String)>,
    props: Props,
    connectors: Vec<Props>,
    dir: RunDir,
    port: u16,
}

impl WorkerSpec {
    /// connect-host in standalone mode, as built in `dist/`.
    pub fn connect_host(bootstrap: &str) -> WorkerSpec {
        let mut spec = WorkerSpec::new("connect-host", paths::connect_host(), bootstrap);
        spec.arguments.push("standalone".into());
        spec.set("plugin.path", paths::plugins().display())
    }

    /// connect-host as a worker of this group, whose topics are made as small as they may be. What a worker that is gone ran is
    /// given to others at once.
    pub fn distributed(bootstrap: &str, group: &str) -> WorkerSpec {
        let mut spec = WorkerSpec::new("connect-host", paths::connect_host(), bootstrap);
        spec.arguments.push("distributed".into());
        for (topic, partitions) in [("config", None), ("offset", Some(2)), ("status", Some(2))] {
            spec = spec
                .set(&format!("{topic}.storage.topic"), format!("{group}-{topic}s"))
                .set(&format!("{topic}.storage.replication.factor"), 1);
            if let Some(partitions) = partitions {
                spec = spec.set(&format!("{topic}.storage.partitions"), partitions);
            }
        }
        spec.unset("offset.storage.file.filename")
            .set("plugin.path", paths::plugins().display())
            .set("group.id", group)
            .set("heartbeat.interval.ms", 1_000)
            .set("scheduled.rebalance.max.delay.ms", 0)
    }

    /// The same settings under Apache Kafka Connect, with these JVM options ([`SHIPPED_JVM`]).
    pub fn in_java(self, jvm: &[&str]) -> WorkerSpec {
        let spec = self.run_by_java(jvm, "ConnectDistributed");
        let plugins = paths::kafka_jars().join("plugins").display().to_string();
        spec.set("plugin.path", plugins).set("plugin.discovery", "service_load")
    }

    fn run_by_java(mut self, jvm: &[&str], class: &str) -> WorkerSpec {
        let jars = paths::kafka_jars();
        (self.name, self.program) = ("kafka-connect", "java".into());
        self.arguments = jvm.iter().map(Into::into).collect();
        let logging = paths::repo().join("tests/kafka/log4j2.properties");
        self.arguments.push(format!("-Dlog4j2.configurationFile={}", logging.display()).into());
        self.arguments.extend(["-cp".into(), format!("{}/libs/*", jars.display()).into()]);
        self.arguments.push(format!("org.apache.kafka.connect.cli.{class}").into());
        self
    }

    /// connect-host in standalone mode with a broker inside the process.
    pub fn with_dev_broker() -> WorkerSpec {
        WorkerSpec::connect_host("127.0.0.1:1").arg("--dev-broker")
    }

    /// Apache Kafka Connect in standalone mode, with these JVM options ([`SHIPPED_JVM`]).
    pub fn kafka_connect(bootstrap: &str, jvm: &[&str]) -> WorkerSpec {
        let spec = WorkerSpec::new("kafka-connect", "java".into(), bootstrap);
        let spec = spec.run_by_java(jvm, "ConnectStandalone");
        spec.set("plugin.path", paths::kafka_jars().join("plugins").display())
    }

    fn new(name: &'static str, program: PathBuf, bootstrap: &str) -> WorkerSpec {
        let (dir, port) = (RunDir::new(name), free_port());
        let offsets = dir.join("offsets").display().to_string();
        let spec = WorkerSpec {
            name,
            program,
            arguments: vec![],
            more: vec![],
            env: vec![],
            props: Props::new(),
            connectors: vec![],
            dir,
            port,
        };
        spec.set("bootstrap.servers", bootstrap)
            .set("listeners", format!("http://127.0.0.1:{port}"))
            .set("key.converter", STRING_CONVERTER)
            .set("value.converter", STRING_CONVERTER)
            .set("offset.storage.file.filename", offsets)
    }

    /// Sets a worker setting.
    pub fn set(mut self, key: &str, value: impl ToString) -> WorkerSpec {
        self.props.insert(key.to_owned(), value.to_string());
        self
    }

    /// Gives tasks long to stop in, so that a slow broker leaves nothing unacknowledged: for tests in which a clean stop
    /// must repeat nothing.
    pub fn drains(self) -> WorkerSpec {
        self.set("task.shutdown.graceful.timeout.ms", 40_000)
    }

    /// Sets many.
    pub fn set_all(mut self, props: &Props) -> WorkerSpec {
        self.props.extend(props.clone());
        self
    }

    /// Takes a worker setting away.
    pub fn unset(mut self, key: &str) -> WorkerSpec {
        self.props.remove(key);
        self
    }

    /// Adds a connector file, its settings with `name` among them.
    pub fn connector(mut self, props: Props) -> WorkerSpec {
        self.connectors.push(props);
        self
    }

    /// Adds an argument at the end of the command line.
    pub fn arg(mut self, arg: impl Into<OsString>) -> WorkerSpec {
        self.more.push(arg.into());
        self
    }

    /// Adds folders to `plugin.path`.
    pub fn plugins<P: AsRef<Path>>(mut self, folders: impl IntoIterator<Item = P>) -> WorkerSpec {
        let path = self.props.entry("plugin.path".to_owned()).or_default();
        folders.into_iter().for_each(|folder| path.push_str(&format!(",{}", folder.as_ref().display())));
        self
    }

    /// Has the process run by another program, such as valgrind, with these arguments first.
    pub fn run_by(mut self, program: &str, arguments: &[OsString]) -> WorkerSpec {
        let own = std::mem::replace(&mut self.program, program.into());
        self.arguments.splice(0..0, arguments.iter().cloned().chain([own.into_os_string()]));
        self
    }

    /// Sets an environment variable of the worker.
    pub fn env(mut self, key: &str, value: &str) -> WorkerSpec {
        self.env.push((key.to_owned(), value.to_owned()));
        self
    }

    /// The worker's folder.
    pub fn dir(&self) -> &RunDir {
        &self.dir
    }

    /// By what states name it.
    pub fn worker_id(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Where its REST interface listens, for settings that name further listeners.
    pub fn listener(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Writes the files and starts the process, without waiting for anything.
    ///
    /// # Panics
    /// When a file cannot be written or the program not be started.
    pub fn spawn(self) -> Worker {
        let process = self.run();
        let rest = Rest::new(&format!("http://127.0.0.1:{}", self.port));
        Worker { spec: self, process, rest }
    }

    /// Starts the worker and waits until its REST interface answers.
    ///
    /// # Panics
    /// When it does not within a minute.
    pub fn start(self) -> Worker {
        let mut worker = self.spawn();
        worker.wait_ready();
        worker
    }

    fn run(&self) -> Process {
        let write = |name: &str, props: &Props| {
            let path = self.dir.join(name);
            std::fs::write(&path, properties(props)).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            path
        };
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).arg(write("worker.properties", &self.props));
        for (i, connector) in self.connectors.iter().enumerate() {
            command.arg(write(&format!("connector-{i}.properties"), connector));
        }
        command
            .args(&self.more)
            .envs(self.env.iter().cloned())
            .stdin(Stdio::null())
            .current_dir(self.dir.path());
        Process::start(self.name, &mut command, &self.dir.join("log"))
    }
}

/// A started worker; killed when dropped.
#[derive(Debug)]
pub struct Worker {
    process: Process,
    rest: Rest,
    spec: WorkerSpec,
}

impl Worker {
    /// Waits until GET /connectors answers 200 and lists the connectors of the command line, which are made after that.
    ///
    /// # Panics
    /// When it does not within two minutes, or the worker ends.
    pub fn wait_ready(&mut self) {
        let quick = Rest::with_timeout(self.rest.base(), Duration::from_secs(5));
        let given: Vec<&String> =
            self.spec.connectors.iter().filter_map(|config| config.get("name")).collect();
        let lists_all = |answer: &Answer| {
            let listed = answer.json();
            let has = |name: &str| listed.as_array().is_some_and(|all| all.iter().any(|one| one == name));
            given.iter().all(|name| has(name))
        };
        let end = wait_until("the worker's REST interface", PATIENCE, || {
            match (self.process.exited(), quick.try_request("GET", "/connectors", None)) {
                (Some(status), _) => Ok(Some(status)),
                (None, Ok(answer)) if answer.status == 200 && lists_all(&answer) => Ok(None),
                (None, other) => Err(format!("{other:?}")),
            }
        });
        let last = self.process.log_end(2);
        assert!(end.is_none(), "the worker ended ({end:?}) before its REST interface answered\n{last}");
    }

    /// By what states name it.
    pub fn worker_id(&self) -> String {
        self.spec.worker_id()
    }

    /// Its REST interface.
    pub fn rest(&self) -> &Rest {
        &self.rest
    }

    /// Its process: log, exit status, signals, and for measuring its id.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Its folder.
    pub fn dir(&self) -> &RunDir {
        &self.spec.dir
    }

    /// kill -9, and waits until it is gone.
    pub fn kill9(&mut self) {
        self.process.kill9();
    }

    /// SIGTERM, and how it ended.
    ///
    /// # Panics
    /// When it still runs after a minute.
    pub fn terminate(&mut self) -> ExitStatus {
        self.process.terminate(Duration::from_secs(60))
    }

    /// Starts it again after it ended: same settings, folder and port. Its log goes on in the same file.
    ///
    /// # Panics
    /// When it still runs or does not come up.
    pub fn restart(&mut self) {
        assert!(self.process.exited().is_some(), "the worker to restart still runs");
        self.process = self.spec.run();
        self.wait_ready();
    }

    /// Creates a connector by POST /connectors; `config` may hold the name or not.
    pub fn create(&self, name: &str, config: &Props) -> Answer {
        self.rest.post("/connectors", &json!({"name": name, "config": config}))
    }

    /// The body of GET /connectors/NAME/status.
    pub fn status(&self, name: &str) -> Value {
        self.rest.get(&format!("/connectors/{name}/status")).json()
    }

    /// Waits until the connector and `tasks` tasks are in this state, such as `RUNNING`; hands out the status.
    ///
    /// # Panics
    /// When they are not within two minutes, showing the last status.
    pub fn wait_state(&self, name: &str, state: &str, tasks: usize) -> Value {
        wait_until(&format!("{name} to be {state}"), PATIENCE, || {
            let answer = self.rest.get(&format!("/connectors/{name}/status"));
            if answer.status != 200 {
                return Err(answer.body);
            }
            let status = answer.json();
            let of_tasks = status["tasks"].as_array().cloned().unwrap_or_default();
            let all = of_tasks.iter().chain([&status["connector"]]).all(|s| s["state"] == state);
            if all && of_tasks.len() == tasks { Ok(status) } else { Err(answer.body) }
        })
    }

    /// Waits until task `task` of the connector has FAILED; hands out its trace.
    ///
    /// # Panics
    /// When it has not within two minutes, showing the last status.
    pub fn wait_task_failed(&self, name: &str, task: usize) -> String {
        wait_until(&format!("task {task} of {name} to fail"), PATIENCE, || {
            let status = self.status(name);
            let seen = &status["tasks"][task];
            let failed = seen["state"] == "FAILED";
            if failed { Ok(seen["trace"].as_str().unwrap_or_default().to_owned()) } else { Err(status) }
        })
    }

    /// Stops a connector by REST and waits until its tasks are gone.
    ///
    /// # Panics
    /// When they are not within two minutes.
    pub fn stop(&self, name: &str) {
        self.rest.call("PUT", &format!("/connectors/{name}/stop")).expect(204);
        self.wait_state(name, "STOPPED", 0);
    }

    /// The value of a series of /metrics, by its name and some of its labels, such as
    /// `("connect_x", &["connector=\"a\""])`; `None` when there is none.
    pub fn metric(&self, name: &str, labels: &[&str]) -> Option<f64> {
        let text = self.rest.get("/metrics").body;
        let series = text.lines().find(|l| {
            let rest = l.strip_prefix(name).unwrap_or_default();
            rest.starts_with([' ', '{']) && labels.iter().all(|label| rest.contains(label))
        });
        series?.rsplit(' ').next()?.parse().ok()
    }
}

/// Settings as a Java properties file.
pub fn properties(props: &Props) -> String {
    let escape = |text: &str, extra: &[char]| {
        let mut out = String::new();
        for (i, c) in text.chars().enumerate() {
            match c {
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                c if c == '\\' || extra.contains(&c) || (i == 0 && c == ' ') => out.extend(['\\', c]),
                c => out.push(c),
            }
        }
        out
    };
    props
        .iter()
        .map(|(k, v)| format!("{}={}\n", escape(k, &['=', ':', ' ', '#', '!']), escape(v, &[])))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::properties;

    #[test]
    fn properties_escape_what_java_would_read_otherwise() {
        let given = crate::props([("a=b", " x\\y"), ("c", "1:2 = 3")]);
        assert_eq!(properties(&given), "a\\=b=\\ x\\\\y\nc=1:2 = 3\n");
    }
}
