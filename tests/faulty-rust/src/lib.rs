//! Connectors that panic in the call that `panic.in` names, `drop` included; and a sink that tells how it was put to.

mod connector;
mod sink;
mod source;

use connector::{PanicsBlockingSink, PanicsBlockingSource, PanicsInDefinitions, PanicsSink, PanicsSource};
use sink::Sizes;

connect_plugin::export! {
    source PanicsSource as "org.connecthost.faulty.PanicsSource";
    source PanicsBlockingSource as "org.connecthost.faulty.PanicsBlockingSource";
    source PanicsInDefinitions as "org.connecthost.faulty.PanicsInDefinitionsSource";
    sink PanicsSink as "org.connecthost.faulty.PanicsSink";
    sink PanicsBlockingSink as "org.connecthost.faulty.PanicsBlockingSink";
    sink Sizes as "org.connecthost.faulty.SizesSink";
}

/// Which call shall panic.
#[derive(Clone, Debug, Default)]
struct Trap(String);

/// Panics again when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("dropped the payload of a panic");
    }
}

impl Trap {
    fn of(config: &connect_plugin::Config) -> Trap {
        Trap(config.get("panic.in").unwrap_or_default().to_owned())
    }

    /// Panics if this is the call.
    fn check(&self, call: &str) {
        if self.0 == call {
            panic!("{call} panics on purpose");
        }
        if self.0.strip_prefix("payload.") == Some(call) {
            std::panic::panic_any(Bomb);
        }
        if self.0.strip_prefix("thread.") == Some(call) {
            let call = call.to_owned();
            let _ = std::thread::spawn(move || panic!("a thread of {call} panics on purpose")).join();
        }
    }
}
