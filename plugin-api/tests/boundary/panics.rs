//! A panic in any call is answered as an error, with its place, and the instance is poisoned.
//!
//! The testkit takes a panic for a violation, so these calls go to the tables directly.

use std::ffi::c_void;
use std::ptr::{null, null_mut};
use std::time::Duration;

use connect_plugin::__export::abi;
use connect_plugin::Config;
use connect_plugin::testkit::{Failure, Plugin, SourceHandle};

use crate::plugin::{CONNECT_PLUGIN_MANIFEST, connect_plugin_entry};

fn classes() -> &'static [abi::CpClass] {
    Plugin::load(connect_plugin_entry, CONNECT_PLUGIN_MANIFEST);
    // SAFETY: the tables live as long as the process.
    unsafe { std::slice::from_raw_parts((*connect_plugin_entry()).classes, 2) }
}

struct Instance {
    class: &'static abi::CpClass,
    pointer: *mut c_void,
    mode: &'static str,
    failure: Failure,
}

impl Instance {
    fn create(class: &'static abi::CpClass, create: Option<abi::CreateFn>, mode: &'static str) -> Instance {
        let context = abi::CpContext {
            token: 1 << 40, // of no seat: the host answers its calls by errors
            connector: abi::CpStr::new("c"),
            class_name: abi::CpStr::EMPTY,
            task: 0,
            reserved: 0,
        };
        let mut pointer = null_mut();
        // SAFETY: as the contract says.
        let answer = unsafe { create.unwrap()(&context, &mut pointer, null_mut()) };
        assert_eq!(answer, abi::READY);
        Instance { class, pointer, mode, failure: Failure::default() }
    }

    /// Calls until the answer is other than PENDING.
    fn call(&mut self, name: &str) -> i32 {
        loop {
            self.failure = Failure::default();
            let err = (&raw mut self.failure).cast();
            // SAFETY: the pointer is from create of this class, and the lists of these calls are empty.
            let answer = unsafe {
                match self.class.kind {
                    abi::KIND_SINK => self.call_sink(name, err),
                    _ if name.starts_with("connector-") => self.call_connector(&name[10..], err),
                    _ => self.call_source(name, err),
                }
            };
            match answer {
                abi::PENDING => std::thread::sleep(Duration::from_millis(1)),
                answer => return answer,
            }
        }
    }

    fn with_config<T>(&self, call: impl FnOnce(*const abi::CpConfig) -> T) -> T {
        let pair = |key, value| abi::CpParam { key: abi::CpStr::new(key), value: abi::CpStr::new(value) };
        let pairs = [pair("mode", self.mode), pair("needed", "x")];
        call(&abi::CpConfig { entries: pairs.as_ptr(), count: 2 })
    }

    unsafe fn call_connector(&self, name: &str, err: *mut abi::CpError) -> i32 {
        let c = self.pointer;
        // SAFETY: the caller's promise.
        unsafe {
            let ops = &*self.class.connector;
            match name {
                "start" => self.with_config(|config| ops.start.unwrap()(c, config, err)),
                "stop" => ops.stop.unwrap()(c, err),
                _ => ops.destroy.unwrap()(c, err),
            }
        }
    }

    unsafe fn call_source(&self, name: &str, err: *mut abi::CpError) -> i32 {
        let t = self.pointer;
        let mut batch = abi::CpBatch { records: null(), count: 0, reserved: [0; 2] };
        // SAFETY: the caller's promise.
        unsafe {
            let ops = &*self.class.source;
            match name {
                "start" => self.with_config(|config| ops.start.unwrap()(t, config, err)),
                "poll" | "late" => ops.poll.unwrap()(t, &mut batch, err),
                "acks" => ops.acks.unwrap()(t, null(), 0, err),
                "commit" => ops.commit.unwrap()(t, err),
                "stop" => ops.stop.unwrap()(t, err),
                _ => ops.destroy.unwrap()(t, err),
            }
        }
    }

    unsafe fn call_sink(&self, name: &str, err: *mut abi::CpError) -> i32 {
        let t = self.pointer;
        // SAFETY: the caller's promise.
        unsafe {
            let ops = &*self.class.sink;
            match name {
                "start" => self.with_config(|config| ops.start.unwrap()(t, config, err)),
                "open" => ops.open.unwrap()(t, null(), 0, err),
                "close" => ops.close.unwrap()(t, null(), 0, err),
                "put" => ops.put.unwrap()(t, null(), 0, null_mut(), err),
                "flush" => ops.flush.unwrap()(t, null(), 0, err),
                "stop" => ops.stop.unwrap()(t, err),
                _ => ops.destroy.unwrap()(t, err),
            }
        }
    }

    fn expect_panic(&mut self, name: &str, words: &str) {
        let answer = self.call(name);
        assert_eq!((answer, self.failure.kind), (abi::ERROR, abi::ERR_PANIC), "{name}: {:?}", self.failure);
        assert!(self.failure.message.ends_with(words), "{:?}", self.failure.message);
        assert!(self.failure.trace.contains("plugin.rs"), "{}", self.failure.trace);
    }

    /// The contract has no call after a panic, but one must do no harm.
    fn expect_poisoned(&mut self, stop: &str, destroy: &str) {
        assert_eq!((self.call(stop), self.failure.kind), (abi::ERROR, abi::ERR_PANIC), "poisoned");
        assert_eq!(self.call(destroy), abi::READY, "leaked");
    }
}

#[test]
fn in_a_connector() {
    let class = &classes()[0];
    // SAFETY: the tables live as long as the process.
    let create = unsafe { (*class.connector).create };
    let mut connector = Instance::create(class, create, "panic-connector");
    connector.expect_panic("connector-start", "panicked: connector");
    connector.expect_poisoned("connector-stop", "connector-destroy");
}

#[test]
fn in_the_start_of_a_task() {
    let class = &classes()[0];
    // SAFETY: the tables live as long as the process.
    let create = unsafe { (*class.source).create };
    let mut task = Instance::create(class, create, "panic-start");
    task.expect_panic("start", "start");
    task.expect_poisoned("stop", "destroy");
}

#[test]
fn in_calls_of_a_source() {
    let class = &classes()[0];
    for mode in ["panic-poll", "panic-late", "panic-acks", "panic-commit", "panic-stop", "panic-drop"] {
        // This start needs a host that knows the task.
        let plugin = Plugin::load(connect_plugin_entry, CONNECT_PLUGIN_MANIFEST);
        let seated = SourceHandle::create(&plugin.class("test.Source"), 0, &[]);
        seated.start(&Config::from([("mode", mode), ("needed", "x")])).unwrap();
        let pointer = seated.into_pointer();
        let mut task = Instance { class, pointer, mode, failure: Failure::default() };
        task.expect_panic(&mode[6..], if mode == "panic-poll" { "poll 0" } else { &mode[6..] });
        if mode != "panic-drop" {
            task.expect_poisoned("poll", "destroy");
        }
    }
}

#[test]
fn in_calls_of_a_sink() {
    let class = &classes()[1];
    for mode in ["panic-open", "panic-close", "panic-put", "panic-flush"] {
        // SAFETY: the tables live as long as the process.
        let create = unsafe { (*class.sink).create };
        let mut task = Instance::create(class, create, mode);
        assert_eq!(task.call("start"), abi::READY, "{:?}", task.failure);
        task.expect_panic(&mode[6..], &mode[6..]);
        task.expect_poisoned("stop", "destroy");
    }
}
