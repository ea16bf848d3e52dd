//! The threads that plugin code runs on; no other code waits on them.
//!
//! Calls of classes that promised to be prompt share a few threads. A call that does not return within
//! [`PROMPT`] keeps its thread for itself from then on (it is written off and replaced), so a hang costs one thread
//! and one task and delays its neighbours once; a class that does so repeatedly counts as blocking. Calls of blocking
//! classes get a thread each, reused while there are some to spare. A call belongs to one instance and calls on an
//! instance never overlap, so there are never more threads than instances and the shared ones together.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a call of a class that is not blocking may keep a shared thread.
pub const PROMPT: Duration = Duration::from_millis(100);
/// After this many late calls a class counts as blocking.
const LATE_LIMIT: u32 = 3;
/// How long a spare thread waits for work before it ends.
const SPARE: Duration = Duration::from_secs(10);

type Job = Box<dyn FnOnce() + Send>;

/// How a class behaves in time: what it declared and what was seen.
#[derive(Debug, Default)]
pub struct Manners {
    declared_blocking: bool,
    late: AtomicU32,
}

impl Manners {
    /// Of a class that declares itself blocking, or not.
    pub fn new(declared_blocking: bool) -> Manners {
        Manners { declared_blocking, late: AtomicU32::new(0) }
    }

    /// Whether its calls get a thread each.
    pub fn blocking(&self) -> bool {
        self.declared_blocking || self.late.load(Ordering::Relaxed) >= LATE_LIMIT
    }
}

/// A call in progress, for people who ask what a task waits for.
#[derive(Debug, Clone)]
pub struct InProgress {
    /// "poll of task 0 of connector x".
    pub what: Arc<str>,
    /// For how long.
    pub since: Duration,
}

struct Running {
    what: Arc<str>,
    manners: Arc<Manners>,
    since: Instant,
    shared: bool,
}

#[derive(Default)]
struct State {
    queue: VecDeque<(Job, Arc<str>, Arc<Manners>)>,
    alone: VecDeque<(Job, Arc<str>, Arc<Manners>)>,
    running: HashMap<u64, Running>,
    shared: usize,
    spare: usize,
    next: u64,
    watched: bool,
    watch_rests: bool,
    closed: bool,
}

struct Inner {
    state: Mutex<State>,
    work: Condvar,
    alone: Condvar,
    watch: Condvar,
    size: usize,
}

/// A handle to the threads; clones share them. When the last is dropped, idle threads end.
#[derive(Clone)]
pub struct Pool {
    inner: Arc<Inner>,
    _closer: Arc<Closer>,
}

struct Closer(Arc<Inner>);

impl Drop for Closer {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.work.notify_all();
        self.0.alone.notify_all();
        self.0.watch.notify_all();
    }
}

impl Pool {
    /// A pool with `size` shared threads, started when they are needed.
    pub fn new(size: usize) -> Pool {
        let inner = Arc::new(Inner {
            state: Mutex::default(),
            work: Condvar::new(),
            alone: Condvar::new(),
            watch: Condvar::new(),
            size: size.max(1),
        });
        Pool { _closer: Arc::new(Closer(inner.clone())), inner }
    }

    /// Runs `job` on one of the threads. Returns at once.
    pub fn run(&self, what: Arc<str>, manners: Arc<Manners>, job: impl FnOnce() + Send + 'static) {
        let mut state = self.inner.lock();
        let job = (Box::new(job) as Job, what, manners);
        if job.2.blocking() {
            state.alone.push_back(job);
            if state.spare >= state.alone.len() {
                self.inner.alone.notify_one();
            } else {
                self.inner.start(false);
            }
            return;
        }
        state.queue.push_back(job);
        if state.shared < self.inner.size {
            state.shared += 1;
            self.inner.start(true);
        } else {
            self.inner.work.notify_one();
        }
        if !state.watched {
            state.watched = true;
            let inner = self.inner.clone();
            spawn("plugin-watch", move || inner.watch());
        }
    }

    /// The calls that have been in progress for at least `since`.
    pub fn in_progress(&self, since: Duration) -> Vec<InProgress> {
        let state = self.inner.lock();
        let all = state
            .running
            .values()
            .map(|run| InProgress { what: run.what.clone(), since: run.since.elapsed() });
        all.filter(|run| run.since >= since).collect()
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        // No job runs under the lock, so a poisoned state is still whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start(self: &Arc<Inner>, shared: bool) {
        let inner = self.clone();
        if shared {
            spawn("plugin-shared", move || inner.serve_shared());
        } else {
            spawn("plugin-alone", move || inner.serve_alone());
        }
    }

    fn serve_shared(&self) {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.queue.pop_front() {
                let id = state.begin(&job, true);
                if std::mem::take(&mut state.watch_rests) {
                    self.watch.notify_one();
                }
                drop(state);
                job.0();
                state = self.lock();
                let written_off = state.running.remove(&id).is_some_and(|run| !run.shared);
                if written_off {
                    // Its place was taken by another thread while it was away.
                    return;
                }
            } else if state.closed {
                state.shared -= 1;
                return;
            } else {
                state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    fn serve_alone(&self) {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.alone.pop_front() {
                let id = state.begin(&job, false);
                drop(state);
                job.0();
                state = self.lock();
                state.running.remove(&id);
                continue;
            }
            if state.closed {
                return;
            }
            state.spare += 1;
            let (back, waited) =
                self.alone.wait_timeout(state, SPARE).unwrap_or_else(PoisonError::into_inner);
            state = back;
            state.spare -= 1;
            if waited.timed_out() && state.alone.is_empty() {
                return;
            }
        }
    }

    /// Replaces the threads of calls that are late. Sleeps while there is nothing to watch.
    fn watch(self: Arc<Inner>) {
        let mut state = self.lock();
        while !state.closed {
            let oldest = state.running.values().filter(|run| run.shared).map(|run| run.since).min();
            let Some(oldest) = oldest else {
                state.watch_rests = true;
                state = self.watch.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let wait = (PROMPT.saturating_sub(oldest.elapsed())).max(Duration::from_millis(20));
            state = self.watch_for(state, wait);
            let State { running, queue, shared, .. } = &mut *state;
            for run in running.values_mut().filter(|run| run.shared && run.since.elapsed() >= PROMPT) {
                run.shared = false;
                *shared -= 1;
                if run.manners.late.fetch_add(1, Ordering::Relaxed) == 0 {
                    tracing::warn!(
                        "the {} has not returned for {} ms though its class is not declared blocking; \
                         it keeps its thread",
                        run.what,
                        PROMPT.as_millis()
                    );
                }
            }
            for _ in 0..queue.len().min(self.size - *shared) {
                *shared += 1;
                self.start(true);
            }
        }
    }

    /// Waits the whole time: new calls need no look before they are late.
    fn watch_for<'a>(&self, mut state: MutexGuard<'a, State>, time: Duration) -> MutexGuard<'a, State> {
        let end = Instant::now() + time;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || state.closed {
                return state;
            }
            state = self.watch.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl State {
    fn begin(&mut self, job: &(Job, Arc<str>, Arc<Manners>), shared: bool) -> u64 {
        self.next += 1;
        let run = Running { what: job.1.clone(), manners: job.2.clone(), since: Instant::now(), shared };
        self.running.insert(self.next, run);
        self.next
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) {
    if let Err(error) = std::thread::Builder::new().name(name.to_owned()).spawn(work) {
        tracing::error!("a thread for plugin calls cannot be started: {error}");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const BOUND: Duration = Duration::from_secs(10);

    #[test]
    fn hanging_calls_cost_their_own_threads_only() {
        let pool = Pool::new(2);
        let manners = Arc::new(Manners::new(false));
        let (release, hold) = mpsc::channel::<()>();
        let hold = Arc::new(Mutex::new(hold));
        for _ in 0..4 {
            let hold = hold.clone();
            pool.run("poll of a hanging task".into(), manners.clone(), move || {
                let _ = hold.lock().map(|hold| hold.recv());
            });
        }
        let (done, answer) = mpsc::channel();
        pool.run("poll of a neighbour".into(), Arc::new(Manners::new(false)), move || done.send(()).unwrap());
        answer.recv_timeout(BOUND).expect("the neighbour is served");
        assert!(manners.late.load(Ordering::Relaxed) >= 2);
        assert!(!pool.in_progress(PROMPT).is_empty());
        drop(release);
    }

    #[test]
    fn blocking_calls_run_side_by_side() {
        let pool = Pool::new(1);
        let manners = Arc::new(Manners::new(true));
        let barrier = Arc::new(std::sync::Barrier::new(8));
        let (done, answer) = mpsc::channel();
        for _ in 0..8 {
            let (barrier, done) = (barrier.clone(), done.clone());
            pool.run("put".into(), manners.clone(), move || {
                barrier.wait();
                done.send(()).unwrap();
            });
        }
        for _ in 0..8 {
            answer.recv_timeout(BOUND).expect("all meet at the barrier");
        }
    }
}
