//! A real broker for a test, through `scripts/kafka`: its own, or one shared by the tests of this process.

use crate::{RunDir, Topics, guard, paths, wait_for};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

/// JVM options of a broker that lives for a test: no time is lost on optimising what hardly runs.
const SMALL: &str = "-Xms128m -Xmx1g -XX:TieredStopAtLevel=1";

/// A cluster of its own, killed and removed when dropped.
#[derive(Debug)]
pub struct Kafka {
    dir: RunDir,
    bootstrap: String,
    heap: &'static str,
}

impl Kafka {
    /// Starts one broker with a small heap.
    ///
    /// # Panics
    /// When it does not come up; `scripts/kafka` says why on standard error.
    pub fn start() -> Kafka {
        Kafka::start_with(1, SMALL)
    }

    /// Starts `brokers` brokers, each with these JVM options.
    ///
    /// # Panics
    /// When they do not come up.
    pub fn start_with(brokers: u32, heap: &'static str) -> Kafka {
        Kafka::start_as(heap, &["--brokers", &brokers.to_string()])
    }

    /// Starts one broker that has TLS and SASL listeners too; see `scripts/kafka`.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn secured() -> Kafka {
        Kafka::start_as(SMALL, &["--security"])
    }

    fn start_as(heap: &'static str, arguments: &[&str]) -> Kafka {
        let dir = RunDir::new("kafka");
        guard::stop_brokers_later(dir.path());
        let bootstrap = up(dir.path(), heap, arguments);
        Kafka { dir, bootstrap, heap }
    }

    /// The broker that all tests of this process share: use topic and connector names of your own, and never kill it.
    pub fn shared() -> &'static Kafka {
        static SHARED: OnceLock<Kafka> = OnceLock::new();
        SHARED.get_or_init(Kafka::start)
    }

    /// The bootstrap address.
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// The folder with the data of broker `id`, from 1: one folder for each partition, such as `topic-0`.
    pub fn data(&self, id: usize) -> PathBuf {
        self.dir.join(format!("broker-{id}/data"))
    }

    /// A file of a secured cluster's folder `security`.
    pub fn security(&self, file: &str) -> PathBuf {
        self.dir.join(format!("security/{file}"))
    }

    /// The address of a secured cluster's listener, by its name.
    ///
    /// # Panics
    /// When there is none.
    pub fn listener(&self, name: &str) -> String {
        let addresses = std::fs::read_to_string(self.security("addresses")).unwrap_or_default();
        let of_name = |line: &str| Some(line.strip_prefix(name)?.strip_prefix('=')?.to_owned());
        addresses.lines().find_map(of_name).unwrap_or_else(|| panic!("no listener {name} in {addresses:?}"))
    }

    /// Looking at and making topics.
    pub fn topics(&self) -> Topics {
        Topics::at(&self.bootstrap)
    }

    /// The number of brokers.
    pub fn brokers(&self) -> usize {
        self.bootstrap.split(',').count()
    }

    /// The process id of broker `id`, from 1; `None` when it was killed.
    pub fn pid(&self, id: usize) -> Option<u32> {
        let file = self.dir.join(format!("broker-{id}/pid"));
        let pid = std::fs::read_to_string(file).ok()?.trim().parse().ok()?;
        Path::new(&format!("/proc/{pid}")).exists().then_some(pid)
    }

    /// kill -9 of broker `id`, from 1; returns once it is gone. Its data stay.
    pub fn kill9(&self, id: usize) {
        let Some(pid) = self.pid(id).and_then(|p| Pid::from_raw(p as i32)) else { return };
        let _ = kill_process(pid, Signal::KILL);
        wait_for("the killed broker to be gone", Duration::from_secs(30), || test_kill_process(pid).is_err());
        let _ = std::fs::remove_file(self.dir.join(format!("broker-{id}/pid")));
    }

    /// Starts again what was killed, with its data and port; returns once every broker answers.
    ///
    /// # Panics
    /// When one does not.
    pub fn restart(&self) {
        up(self.dir.path(), self.heap, &[]);
    }
}

fn up(dir: &Path, heap: &str, more: &[&str]) -> String {
    let mut command = Command::new(paths::repo().join("scripts/kafka"));
    command.arg("up").arg("--dir").arg(dir).args(more).env("KAFKA_HEAP", heap).stdin(Stdio::null());
    let output = command.stderr(Stdio::piped()).output();
    let output = output.unwrap_or_else(|e| panic!("cannot run scripts/kafka: {e}"));
    assert!(output.status.success(), "scripts/kafka up: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().last().unwrap_or_default().to_owned()
}

impl Drop for Kafka {
    fn drop(&mut self) {
        for id in 1..=self.brokers() {
            self.kill9(id);
        }
        guard::brokers_stopped(self.dir.path());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_survive_a_killed_broker() {
        let kafka = Kafka::start();
        let topics = kafka.topics();
        topics.create("t", 2, 1, &[]);
        let values: Vec<String> = (0..1000).map(|n| n.to_string()).collect();
        topics.write("t", values.iter().map(|v| (Some(v.as_bytes()), v.as_bytes())));
        kafka.kill9(1);
        assert_eq!(kafka.pid(1), None);
        kafka.restart();
        assert_eq!(topics.count("t"), 1000);
        let mut read: Vec<String> = topics.read("t").iter().map(|r| r.text()).collect();
        read.sort_by_key(|v| v.parse::<u32>().unwrap_or(u32::MAX));
        assert_eq!(read, values);
        assert_eq!(topics.committed("nobody", "t"), [None, None]);
        topics.delete("t");
        wait_for("the topic to be gone", Duration::from_secs(10), || topics.partitions("t") == 0);
        assert_eq!(topics.read("t"), []);
    }
}
