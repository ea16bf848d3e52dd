//! Nothing outlives the test process: a shell child reads what to end and to remove from a pipe, and acts when the pipe
//! closes, which it does however this process dies. (A parent-death signal would not do: it follows the thread that
//! forked, and test threads end before the brokers that they share.)

use crate::paths::repo;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

static GUARD: OnceLock<Mutex<Child>> = OnceLock::new();

fn start() -> Mutex<Child> {
    let child = Command::new("bash")
        .args(["-c", include_str!("guard.sh"), "guard"])
        .arg(repo().join("scripts/kafka"))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn();
    Mutex::new(child.unwrap_or_else(|e| panic!("cannot start bash, which cleans up after the tests: {e}")))
}

fn tell(verb: &str, what: &str) {
    let mut guard: MutexGuard<'_, Child> =
        GUARD.get_or_init(start).lock().unwrap_or_else(PoisonError::into_inner);
    let told = guard.stdin.as_mut().map(|pipe| writeln!(pipe, "{verb} {what}").and_then(|()| pipe.flush()));
    assert!(matches!(told, Some(Ok(()))), "the process that cleans up after the tests is gone: {told:?}");
}

/// Has process `pid` killed when this process dies.
pub fn kill_later(pid: u32) {
    tell("kill", &pid.to_string());
}

/// Takes back [`kill_later`]: the process has ended.
pub fn ended(pid: u32) {
    tell("ended", &pid.to_string());
}

/// Has the brokers of this `scripts/kafka` folder stopped when this process dies.
pub fn stop_brokers_later(dir: &Path) {
    tell("brokers", &dir.display().to_string());
}

/// Takes back [`stop_brokers_later`]: they are stopped.
pub fn brokers_stopped(dir: &Path) {
    tell("stopped", &dir.display().to_string());
}

/// Has the folder removed when this process dies, after everything in it was stopped.
pub fn remove_later(dir: &Path) {
    tell("remove", &dir.display().to_string());
}

/// Takes back [`remove_later`]: the folder is gone.
pub fn removed(dir: &Path) {
    tell("removed", &dir.display().to_string());
}
