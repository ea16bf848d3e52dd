//! The worker's wish that a call in progress returns soon.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

/// Tells when the worker wants a task's call in progress to return soon, as it is about to stop the task. It can be
/// asked, awaited, or slept on. Once set it stays set.
#[derive(Clone, Debug, Default)]
pub struct CancelToken(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    set: AtomicBool,
    wakers: Mutex<Vec<Waker>>,
    sleepers: Condvar,
}

impl Inner {
    fn wakers(&self) -> MutexGuard<'_, Vec<Waker>> {
        self.wakers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CancelToken {
    /// Whether the worker wants it.
    pub fn is_cancelled(&self) -> bool {
        self.0.set.load(Ordering::Acquire)
    }

    /// Waits until the worker wants it.
    pub fn cancelled(&self) -> impl Future<Output = ()> + Send + use<> {
        let inner = self.0.clone();
        std::future::poll_fn(move |cx| {
            let mut wakers = inner.wakers();
            if inner.set.load(Ordering::Acquire) {
                return Poll::Ready(());
            }
            if !wakers.iter().any(|waker| waker.will_wake(cx.waker())) {
                wakers.push(cx.waker().clone());
            }
            Poll::Pending
        })
    }

    /// Runs `future` until it is done, or until the worker wants an end: then it is dropped and the answer is `None`.
    pub async fn or<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let mut future = std::pin::pin!(future);
        let mut cancelled = std::pin::pin!(self.cancelled());
        std::future::poll_fn(|cx| {
            let future: Pin<&mut _> = future.as_mut();
            if let Poll::Ready(value) = Future::poll(future, cx) {
                return Poll::Ready(Some(value));
            }
            cancelled.as_mut().poll(cx).map(|()| None)
        })
        .await
    }

    /// Sleeps this thread, but no longer than until the worker wants an end; true if it does. For blocking tasks.
    pub fn sleep(&self, duration: Duration) -> bool {
        let wakers = self.0.wakers();
        let waited = self.0.sleepers.wait_timeout_while(wakers, duration, |_| !self.is_cancelled());
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        self.is_cancelled()
    }

    pub(crate) fn cancel(&self) {
        let mut wakers = self.0.wakers();
        self.0.set.store(true, Ordering::Release);
        let woken = std::mem::take(&mut *wakers);
        drop(wakers);
        self.0.sleepers.notify_all();
        woken.into_iter().for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn a_sleeper_wakes_early() {
        let token = CancelToken::default();
        assert!(!token.sleep(Duration::from_millis(1)));
        let other = token.clone();
        let canceller = std::thread::spawn(move || other.cancel());
        let start = Instant::now();
        assert!(token.sleep(Duration::from_secs(60)));
        assert!(start.elapsed() < Duration::from_secs(30));
        assert!(canceller.join().is_ok());
    }
}
