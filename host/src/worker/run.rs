//! The one loop: events and requests in, the herder's step, actions out.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::mpsc;
use tokio::time;

use super::act::{Asker, Hands};
use super::cluster::Cluster;
use super::context::Context;
use super::scrape::Board;
use crate::herder::{Activity, Event, Herder, Millis, Request, RequestId};
use crate::rest::{Call, Stage};

/// Events that are handled in one go.
const BURST: usize = 64;
/// How much later than the herder /metrics may be: with hundreds of connectors renewing it is not free.
const BOARD_DELAY: Duration = Duration::from_millis(200);

/// The loop's own end of its channels.
pub struct Inlets {
    /// From connectors, tasks and validations.
    pub events: mpsc::Receiver<Event>,
    /// From REST.
    pub calls: mpsc::Receiver<Call>,
}

/// The worker's loop.
pub struct Loop {
    context: Arc<Context>,
    herder: Herder,
    hands: Hands,
    board: Arc<Board>,
    /// When what has happened is to be seen in /metrics.
    board_due: Option<time::Instant>,
    last_request: RequestId,
    /// What requests that time out are told that the worker does.
    told: Option<Activity>,
    /// What follows from actions, before anything that comes from outside.
    echo: VecDeque<Event>,
}

impl Loop {
    /// Around a herder that knows nothing yet. `cluster`: what a worker of a group has besides.
    pub fn new(context: Arc<Context>, herder: Herder, board: Arc<Board>, cluster: Option<Cluster>) -> Loop {
        Loop {
            hands: Hands::new(context.clone(), cluster),
            context,
            herder,
            board,
            board_due: None,
            last_request: 0,
            told: None,
            echo: VecDeque::new(),
        }
    }

    /// Runs until the herder has wound everything down after [`Event::Shutdown`].
    pub async fn run(mut self, mut inlets: Inlets) {
        while !self.hands.finished {
            let tick =
                self.herder.wake_at().map(|at| Duration::from_millis(at.saturating_sub(self.context.now())));
            let board_due = self.board_due;
            tokio::select! {
                () = time::sleep_until(board_due.unwrap_or_else(time::Instant::now)), if board_due.is_some() => {
                    self.renew_board();
                    continue;
                }
                Some(event) = inlets.events.recv() => self.feed(event),
                Some(call) = inlets.calls.recv() => self.ask(call.request, call.reply),
                () = time::sleep(tick.unwrap_or_default()), if tick.is_some() => self.feed(Event::Tick),
            }
            for _ in 0..BURST {
                match (inlets.events.try_recv(), inlets.calls.try_recv()) {
                    (Err(_), Err(_)) => break,
                    (event, call) => {
                        if let Ok(event) = event {
                            self.feed(event);
                        }
                        if let Ok(call) = call {
                            self.ask(call.request, call.reply);
                        }
                    }
                }
            }
            self.board_due.get_or_insert_with(|| time::Instant::now() + BOARD_DELAY);
        }
    }

    fn ask(&mut self, request: Request, asker: Asker) {
        self.last_request += 1;
        self.hands.askers.insert(self.last_request, asker);
        self.feed(Event::Request { id: self.last_request, request });
    }

    /// Steps through an event and all that follows from it.
    fn feed(&mut self, event: Event) {
        self.echo.push_back(event);
        while let Some(event) = self.echo.pop_front() {
            self.hands.note(&event);
            for action in self.herder.step(self.context.now(), event) {
                let follows = self.hands.act(action);
                self.echo.extend(follows);
            }
        }
        self.tell_activity();
    }

    /// Puts up what the worker is busy with, for requests that time out meanwhile.
    fn tell_activity(&mut self) {
        if self.told.as_ref() != self.herder.activity() {
            self.told = self.herder.activity().cloned();
            self.board.busy_with(self.told.as_ref().map(|activity| self.stage(activity)));
        }
    }

    /// The same by the clock of the world.
    fn stage(&self, activity: &Activity) -> Stage {
        let (now, clock) = (self.context.now(), SystemTime::now());
        let at = |time: Millis| {
            clock.checked_sub(Duration::from_millis(now.saturating_sub(time))).unwrap_or(UNIX_EPOCH)
        };
        Stage {
            description: activity.what.clone(),
            began: at(activity.since),
            completed: activity.until.map(at),
        }
    }

    /// Puts up what /metrics shows of connectors and tasks.
    fn renew_board(&mut self) {
        self.board_due = None;
        let own = self.context.group.as_ref().map(|_| self.context.worker_id.as_str());
        self.board.put_up(self.herder.expanded(true, true), own);
    }
}
