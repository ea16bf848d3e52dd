//! A child process that logs to a file, is measured through /proc, and never outlives its owner.

use crate::{guard, wait_until};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Clock ticks a second in /proc, the same on every Linux that matters.
const TICKS: f64 = 100.0;

/// A running child. Dropped, it is killed; when the test fails, the end of its log is shown.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
    started: Instant,
    ended: Option<ExitStatus>,
}

impl Process {
    /// Starts `command`, its standard output and error appended to `log`, its input left as the command says.
    ///
    /// # Panics
    /// When the program cannot be started or the log not be opened.
    pub fn start(name: &str, command: &mut Command, log: &Path) -> Process {
        let open = || File::options().create(true).append(true).open(log);
        let (out, err) = match (open(), open()) {
            (Ok(out), Ok(err)) => (out, err),
            (Err(e), _) | (_, Err(e)) => panic!("cannot open {}: {e}", log.display()),
        };
        let started = Instant::now();
        let child = command.stdout(Stdio::from(out)).stderr(Stdio::from(err)).spawn();
        let child =
            child.unwrap_or_else(|e| panic!("cannot start {name} ({:?}): {e}", command.get_program()));
        guard::kill_later(child.id());
        Process { name: name.to_owned(), child, log: log.to_owned(), started, ended: None }
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// When it was started.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// The child itself, for its standard input.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// All that it has written, of earlier starts with the same log too.
    pub fn log(&self) -> String {
        fs::read(&self.log).map(|b| String::from_utf8_lossy(&b).into_owned()).unwrap_or_default()
    }

    /// The last `lines` lines of its log, under a heading.
    pub fn log_end(&self, lines: usize) -> String {
        let log = self.log();
        let skip = log.lines().count().saturating_sub(lines);
        let end: Vec<&str> = log.lines().skip(skip).collect();
        format!("--- {}, end of {}:\n{}\n---", self.name, self.log.display(), end.join("\n"))
    }

    /// How it ended, or `None` while it runs.
    ///
    /// # Panics
    /// When the kernel does not tell.
    pub fn exited(&mut self) -> Option<ExitStatus> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait().unwrap_or_else(|e| panic!("waiting for {}: {e}", self.name));
            if self.ended.is_some() {
                guard::ended(self.id());
            }
        }
        self.ended
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it still runs after `timeout`.
    pub fn wait(&mut self, timeout: Duration) -> ExitStatus {
        let what = format!("the end of {} (process {})", self.name, self.id());
        wait_until(&what, timeout, || self.exited().ok_or("it runs"))
    }

    /// Sends a signal; to an ended process, nothing.
    pub fn signal(&mut self, signal: Signal) {
        if self.exited().is_none() {
            let _ = kill_process(Pid::from_child(&self.child), signal);
        }
    }

    /// kill -9, and waits until it is gone.
    pub fn kill9(&mut self) {
        self.signal(Signal::KILL);
        self.wait(Duration::from_secs(30));
    }

    /// SIGTERM, and how it ended within `timeout`.
    ///
    /// # Panics
    /// When it still runs then.
    pub fn terminate(&mut self, timeout: Duration) -> ExitStatus {
        self.signal(Signal::TERM);
        self.wait(timeout)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.log_end(60));
        }
        if self.ended.is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
            guard::ended(self.id());
        }
    }
}

/// CPU seconds, user and system, that process `pid` with all its threads has used so far; 0 when it is gone.
pub fn cpu_seconds(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after_name = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
    let ticks: u64 = after_name.split(' ').skip(11).take(2).filter_map(|t| t.parse::<u64>().ok()).sum();
    ticks as f64 / TICKS
}

/// A figure of /proc/PID/status in kB, such as `VmHWM` (peak resident) or `VmRSS` (resident now); 0 when it is gone.
pub fn memory_kb(pid: u32, figure: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix(figure)?.strip_prefix(':'));
    line.and_then(|l| l.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(0)
}
