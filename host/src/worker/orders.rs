//! The way to reach something that runs: orders that it hears in their turn.

use tokio::sync::mpsc;

/// Where orders are given.
pub struct Handle<O>(mpsc::Sender<O>);

impl<O> Handle<O> {
    /// A handle and the inbox that it leads to, for at most `limit` orders that wait.
    pub fn new(limit: usize) -> (Handle<O>, mpsc::Receiver<O>) {
        let (orders, inbox) = mpsc::channel(limit);
        (Handle(orders), inbox)
    }

    /// Gives an order; who has ended takes none.
    pub fn order(&self, order: O) {
        let _ = self.0.try_send(order);
    }
}
