//! A worker that cannot read the config topic as far as its group: it leaves, and tries again.
//!
//! It keeps its work for a while, since the group gives lost work away only after a delay.

use super::super::assign::{Protocol, Share};
use super::super::messages::{Action, Millis, ReadId, RequestId};
use super::super::{Herder, Response, Shutdown};
use super::Group;

/// How often it reads again before it gives its work up.
const RETRIES: u64 = 5;

/// The shortest pause before it reads again.
const SHORTEST: Millis = 250;

/// What there is to catch up with.
#[derive(Default)]
pub(super) struct Behind {
    /// The reading under way, and how far it has to come.
    reading: Option<(ReadId, i64)>,
    /// It has left the group.
    out: bool,
    /// When to read again.
    at: Option<Millis>,
    /// How often in a row reading has failed.
    failures: u64,
}

impl Behind {
    /// Whether it has left the group for this.
    pub(super) fn is_out(&self) -> bool {
        self.out
    }

    pub(super) fn is_reading(&self) -> bool {
        self.reading.is_some()
    }

    pub(super) fn wake_at(&self) -> Option<Millis> {
        self.at
    }
}

impl Group {
    fn told_offset(&self) -> i64 {
        self.told.as_ref().map_or(-1, |told| told.config_offset)
    }

    /// Whether all wait for it to read: joining before would lead to the same mismatch.
    pub(super) fn reads_for_the_group(&self) -> bool {
        self.behind.is_reading() && self.told.as_ref().is_some_and(|told| told.error != 0)
    }

    /// How long to wait after another failure; none: it is time to give up what runs.
    fn backoff(&mut self) -> Option<Millis> {
        if self.protocol == Protocol::Eager {
            return Some(self.settings.unsync_backoff.max(SHORTEST));
        }
        let left = RETRIES.checked_sub(self.behind.failures).filter(|left| *left > 0);
        self.behind.failures += 1;
        left.map(|left| (self.settings.max_delay / 10 / left).max(SHORTEST))
    }
}

impl Herder {
    /// Has the config topic read to its end, unless that is being done.
    pub(super) fn read_config(&mut self) {
        let Some(group) = &mut self.group else { return };
        if group.behind.reading.is_none() {
            group.last_read += 1;
            group.behind.reading = Some((group.last_read, group.told_offset()));
            self.out.push(Action::ReadConfig { read: group.last_read });
        }
    }

    /// Has the config topic read to its end for who waits for that.
    pub(in super::super) fn catch_up(&mut self, request: RequestId) {
        let Some(group) = &mut self.group else { return self.answer(request, Ok(Response::Done)) };
        group.last_read += 1;
        group.catching_up.insert(group.last_read, request);
        self.out.push(Action::ReadConfig { read: group.last_read });
    }

    /// Who waits is told, come what may: the write that they wait for has been answered.
    fn caught_up(&mut self, read: ReadId) -> bool {
        let waiting = self.group.as_mut().and_then(|group| group.catching_up.remove(&read));
        if let Some(request) = waiting {
            self.answer(request, Ok(Response::Done));
        }
        waiting.is_some()
    }

    pub(in super::super) fn config_was_read(&mut self, read: ReadId, outcome: Result<i64, String>) {
        if self.caught_up(read) {
            return;
        }
        let (offset, stopping) = (self.cluster.offset(), self.shutdown != Shutdown::No);
        let Some(group) = &mut self.group else { return };
        let Some((_, far)) = group.behind.reading.take_if(|(reading, _)| *reading == read) else { return };
        if stopping {
            return;
        }
        // An end that could not be found out does not matter to one who has come far enough.
        if offset >= far && (outcome.is_ok() || group.told.is_some()) {
            if offset < group.told_offset() {
                // An assignment has come since, from further on.
                return self.read_config();
            }
            group.behind.failures = 0;
            if std::mem::take(&mut group.behind.out) {
                group.rejoining = true;
                self.out.push(Action::Rejoin { reason: "the config topic could be read again".to_owned() });
            }
            return;
        }
        if !group.behind.out && group.told.is_some() {
            group.behind.out = true;
            group.asked = false;
            group.reported = None;
            group.rejoining = false;
            group.scheduled = None;
            group.leading = None;
            group.leaving.clear();
            self.out.push(Action::Leave { reason: "taking too long to read the log".to_owned() });
        }
        self.wait_to_read_again();
    }

    fn wait_to_read_again(&mut self) {
        let now = self.now;
        let Some(group) = &mut self.group else { return };
        if !group.behind.out {
            return;
        }
        if let Some(wait) = group.backoff() {
            group.behind.at = Some(now + wait);
            return;
        }
        group.behind.failures = 0;
        group.told = None;
        group.leading = None;
        group.clear_out = true;
        self.hold(Share::new());
        self.wait_to_read_again();
    }

    /// Reads again where a pause is over.
    pub(in super::super) fn read_again_where_due(&mut self) {
        let now = self.now;
        let Some(group) = &mut self.group else { return };
        if group.behind.at.take_if(|at| *at <= now).is_some() {
            self.read_config();
        }
    }
}
