//! Signals: the first asks for an orderly end, the second ends the process at once.

use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;

/// Exit code after a second signal.
const AT_ONCE: u8 = 1;

/// Tells when the first signal has come.
pub struct Signals(Arc<Notify>);

impl Signals {
    /// Resolves with the first SIGTERM or SIGINT.
    pub async fn first(&self) {
        self.0.notified().await;
    }
}

/// Begins to listen for SIGTERM and SIGINT. `at_once` ends the process with an exit code, however much still runs.
///
/// # Errors
/// The handlers cannot be installed.
pub fn listen(at_once: fn(u8) -> !) -> std::io::Result<Signals> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let first = Arc::new(Notify::new());
    let told = first.clone();
    tokio::spawn(async move {
        for count in 0.. {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if count > 0 {
                tracing::warn!("a second signal: the worker ends at once, without draining");
                at_once(AT_ONCE);
            }
            told.notify_one();
        }
    });
    Ok(Signals(first))
}
