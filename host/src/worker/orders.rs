//! The way to reach something that runs: orders that it hears in their turn, and a stop that cannot be lost.
//!
//! Orders wait in a queue that needs no limit: a new one replaces those that it makes void, so that there are never more
//! than kinds of orders. A stop is a state, not an order: once it is set, it is all that is heard.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// What can be ordered beside the stop.
pub trait Order {
    /// Whether an older order that still waits is void once this one is given. Of any two orders of one kind, the newer
    /// one must replace the older one.
    fn replaces(&self, older: &Self) -> bool;
}

struct Desk<O> {
    waiting: Mutex<Waiting<O>>,
    news: Notify,
}

struct Waiting<O> {
    stop: bool,
    orders: VecDeque<O>,
}

impl<O> Desk<O> {
    fn lock(&self) -> MutexGuard<'_, Waiting<O>> {
        // Each change is whole by itself.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stop(&self) {
        self.lock().stop = true;
        self.news.notify_one();
    }
}

/// Where orders are given. Dropped, it is a stop.
pub struct Handle<O>(Arc<Desk<O>>);

/// Where orders are heard.
pub struct Inbox<O>(Arc<Desk<O>>);

impl<O: Order> Handle<O> {
    /// A handle and the inbox that it leads to.
    pub fn new() -> (Handle<O>, Inbox<O>) {
        let waiting = Mutex::new(Waiting { stop: false, orders: VecDeque::new() });
        let desk = Arc::new(Desk { waiting, news: Notify::new() });
        (Handle(desk.clone()), Inbox(desk))
    }

    /// Gives an order; who has ended, or is to end, takes none.
    pub fn order(&self, order: O) {
        let mut waiting = self.0.lock();
        waiting.orders.retain(|older| !order.replaces(older));
        waiting.orders.push_back(order);
        drop(waiting);
        self.0.news.notify_one();
    }

    /// Has it end.
    pub fn stop(&self) {
        self.0.stop();
    }
}

impl<O> Drop for Handle<O> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

impl<O> Inbox<O> {
    /// The next order; none: it is to stop, now and whenever it is asked again. Nothing is lost when the wait is dropped.
    pub async fn recv(&mut self) -> Option<O> {
        loop {
            {
                let mut waiting = self.0.lock();
                if waiting.stop {
                    return None;
                }
                if let Some(order) = waiting.orders.pop_front() {
                    return Some(order);
                }
            }
            self.0.news.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worker::task::Order as TaskOrder;

    #[tokio::test]
    async fn a_stop_is_heard_however_many_orders_came_before() {
        let (handle, mut inbox) = Handle::new();
        for _ in 0..10_000 {
            handle.order(TaskOrder::Pause);
            handle.order(TaskOrder::ForgetTopics);
            handle.order(TaskOrder::Resume);
        }
        assert_eq!(handle.0.lock().orders.len(), 2, "what is void does not wait");
        handle.stop();
        assert_eq!((inbox.recv().await, inbox.recv().await), (None, None));
    }

    #[tokio::test]
    async fn the_last_word_counts_and_a_dropped_handle_is_a_stop() {
        let (handle, mut inbox) = Handle::new();
        handle.order(TaskOrder::Pause);
        handle.order(TaskOrder::Resume);
        handle.order(TaskOrder::ForgetTopics);
        assert_eq!(inbox.recv().await, Some(TaskOrder::Resume));
        assert_eq!(inbox.recv().await, Some(TaskOrder::ForgetTopics));
        let waits = tokio::spawn(async move { inbox.recv().await });
        tokio::task::yield_now().await;
        drop(handle);
        assert_eq!(waits.await.ok(), Some(None));
    }
}
