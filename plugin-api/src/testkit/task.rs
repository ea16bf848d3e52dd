//! Calls as the worker makes them: repeated after PENDING and a wake, within a time limit.

use std::ffi::c_void;
use std::sync::Arc;
use std::time::{Duration, Instant};

use connect_plugin_abi as abi;

use super::host::{Failure, Seat};
use super::plugin::Class;

/// A call that takes longer than this has hung.
pub(super) const LIMIT: Duration = Duration::from_secs(30);
/// A call of a class that is not blocking returns within this; the contract says 100 ms, machines have their moments.
const PROMPT: Duration = Duration::from_millis(500);

/// How one call ended.
#[derive(Debug, PartialEq)]
pub(super) enum Ended {
    Ready,
    Pending,
    Failed(Failure),
}

/// An instance of a class, and the host's seat for it.
#[derive(Debug)]
pub(super) struct Task {
    pub class: Class,
    pub seat: Arc<Seat>,
    pub pointer: *mut c_void,
}

impl Task {
    pub(super) fn create(class: &Class, number: i32, seat: Arc<Seat>, create: Option<abi::CreateFn>) -> Task {
        let Some(create) = create else { panic!("{}: create is null", class.name) };
        let context = abi::CpContext {
            token: seat.token,
            connector: abi::CpStr::new("acceptance"),
            class_name: abi::CpStr::new(&class.name),
            task: number,
            reserved: 0,
        };
        let mut task = Task { class: class.clone(), seat, pointer: std::ptr::null_mut() };
        let pointer = &raw mut task.pointer;
        // SAFETY: context and pointer are as the contract says.
        let ended = task.once("create", |err| unsafe { create(&raw const context, pointer, err) });
        assert_eq!(ended, Ended::Ready, "{}: create", class.name);
        task
    }

    /// One call, with all that its answer must be.
    pub(super) fn once(&self, name: &str, call: impl FnOnce(*mut abi::CpError) -> i32) -> Ended {
        let start = Instant::now();
        let ended = self.once_may_block(name, call);
        let took = start.elapsed();
        let prompt = self.class.is_blocking() || took <= PROMPT;
        assert!(
            prompt,
            "{}: {name} took {took:?}, but the class does not say that it blocks",
            self.class.name
        );
        ended
    }

    /// As [`once`](Self::once), however long it takes.
    pub(super) fn once_may_block(&self, name: &str, call: impl FnOnce(*mut abi::CpError) -> i32) -> Ended {
        let mut failure = Failure::default();
        let answer = call((&raw mut failure).cast());
        let who = format!("{}: {name}", self.class.name);
        match answer {
            abi::READY => Ended::Ready,
            abi::PENDING => Ended::Pending,
            abi::ERROR => {
                assert_ne!(failure.kind, 0, "{who} answered CP_ERROR without set_error");
                assert!(!failure.message.is_empty(), "{who} answered CP_ERROR without a message");
                assert_ne!(failure.kind, abi::ERR_PANIC, "{who}: {}\n{}", failure.message, failure.trace);
                Ended::Failed(failure)
            }
            other => panic!("{who} answered {other}"),
        }
    }

    /// A call until it answers other than PENDING, each time after a wake; `None` if it still waits after `limit`.
    pub(super) fn within(
        &self,
        limit: Duration,
        name: &str,
        call: impl Fn(*mut abi::CpError) -> i32,
    ) -> Option<Result<(), Failure>> {
        let deadline = Instant::now() + limit;
        loop {
            match self.once(name, &call) {
                Ended::Ready => return Some(Ok(())),
                Ended::Failed(failure) => return Some(Err(failure)),
                Ended::Pending if self.seat.wait_for_wake(deadline) => {}
                Ended::Pending => return None,
            }
        }
    }

    /// As [`within`](Self::within), where hanging is a violation.
    pub(super) fn run(&self, name: &str, call: impl Fn(*mut abi::CpError) -> i32) -> Result<(), Failure> {
        let ended = self.within(LIMIT, name, call);
        ended.unwrap_or_else(|| panic!("{}: {name} was not woken within {LIMIT:?}", self.class.name))
    }

    /// A call of a slot that must be there.
    pub(super) fn slot<T: Copy>(&self, name: &str, slot: Option<T>) -> T {
        slot.unwrap_or_else(|| panic!("{}: {name} is null", self.class.name))
    }

    /// destroy, and a wake thereafter.
    pub(super) fn destroy(self, destroy: Option<abi::InstanceFn>) {
        let destroy = self.slot("destroy", destroy);
        // SAFETY: the pointer is from create and not used again.
        let ended = self.once("destroy", |err| unsafe { destroy(self.pointer, err) });
        assert_eq!(ended, Ended::Ready, "{}: destroy", self.class.name);
        self.seat.leave();
        // SAFETY: wake is legal with any token at any time.
        unsafe { (super::host::TABLE.wake)(self.seat.token) };
    }
}
