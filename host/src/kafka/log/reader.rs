//! The end of a log that reads: it follows the topic for ever, answers where its end is, and notices when it is another topic.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka_sys::RDKafkaRespErr as Code;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::prepare::Reading;
use super::{Ask, LogError, LogRecord, Patience, Read, Shared};
use crate::kafka::KafkaError;
use crate::kafka::consumer::{Consumer, Told};
use crate::kafka::facts::{Asker, Description, Edge};
use crate::kafka::list::TopicPartition;

/// How often the topic is looked at when nobody asks.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// Before a look that failed is repeated.
const PAUSE: Duration = Duration::from_millis(250);
/// How long brokers may not know the topic before it is believed.
const MISSING: Duration = Duration::from_secs(3);
/// Bound of each question to the brokers.
const QUESTION: Duration = Duration::from_secs(10);

/// What a look at the topic brings, with the client that asked.
struct Look {
    asker: Asker,
    /// How far was read when it began: no further back may the topic end.
    before: Vec<i64>,
    found: Result<(Description, Vec<i64>), KafkaError>,
}

struct Reader {
    shared: Arc<Shared>,
    consumer: Consumer,
    description: Description,
    /// Where each partition goes on.
    positions: Vec<i64>,
    out: mpsc::Sender<Read>,
    waiting: Vec<Waiting>,
    /// The client that asks, while it does not.
    asker: Option<Asker>,
    looking: Option<JoinHandle<Look>>,
    next_look: Instant,
    missing_since: Option<Instant>,
}

/// Somebody who waits for the end.
struct Waiting {
    token: u64,
    patience: Patience,
    until: Instant,
    state: State,
}

enum State {
    /// It is not known where the end is, and nobody has asked the brokers yet.
    New,
    /// They were asked.
    Asked,
    /// It is there.
    Known(Vec<i64>),
}

/// Why reading ends.
enum Over {
    /// Nobody listens any more.
    Unheard,
    /// The topic or the client cannot be used any more.
    Lost(LogError),
}

/// Reads until the log is dropped or lost.
pub(super) async fn run(
    shared: Arc<Shared>,
    reading: Reading,
    mut asks: mpsc::Receiver<Ask>,
    out: mpsc::Sender<Read>,
) {
    let Reading { consumer, asker, description, starts } = reading;
    let mut reader = Reader {
        shared,
        consumer,
        description,
        positions: starts,
        out,
        waiting: Vec::new(),
        asker: Some(asker),
        looking: None,
        next_look: Instant::now() + LOOK_EVERY,
        missing_since: None,
    };
    if let Over::Lost(error) = reader.live(&mut asks).await {
        let error = reader.shared.lost.get_or_init(|| error).clone();
        tracing::error!("{error}");
        asks.close();
        let mut tokens: Vec<u64> = reader.waiting.drain(..).map(|waiting| waiting.token).collect();
        while let Some(ask) = asks.recv().await {
            tokens.push(ask.token);
        }
        for token in tokens {
            let _ = reader.out.send(Read::End { token, outcome: Err(error.clone()) }).await;
        }
        let _ = reader.out.send(Read::Lost(error)).await;
    }
    // Its end waits for librdkafka's threads.
    let _ = tokio::task::spawn_blocking(move || drop(reader)).await;
}

impl Reader {
    async fn live(&mut self, asks: &mut mpsc::Receiver<Ask>) -> Over {
        if let Err(error) = self.assign() {
            return Over::Lost(error.into());
        }
        loop {
            if let Err(over) = self.serve().await {
                return over;
            }
            if self.asker.is_some() && self.is_look_due() {
                self.look();
            }
            let due = self.due();
            let over = tokio::select! {
                () = self.consumer.native().ready() => Ok(()),
                ask = asks.recv() => match ask {
                    Some(ask) => {
                        self.asked(ask);
                        Ok(())
                    }
                    None => Err(Over::Unheard),
                },
                look = looked(&mut self.looking) => {
                    self.looking = None;
                    self.seen(look).await
                }
                () = self.out.closed() => Err(Over::Unheard),
                () = tokio::time::sleep_until(due.into()) => Ok(()),
            };
            if let Err(over) = over {
                return over;
            }
        }
    }

    /// Reads on from where the positions are. They are offsets, and never `the beginning`: librdkafka would ask the leader
    /// where that is, and report a leader that does not know a new topic yet like one that has lost its records.
    fn assign(&self) -> Result<(), KafkaError> {
        let topic: Arc<str> = self.shared.topic.as_str().into();
        let at = |partition| TopicPartition { topic: topic.clone(), partition };
        let all: Vec<_> =
            (0..).zip(&self.positions).map(|(partition, position)| (at(partition), *position)).collect();
        self.consumer.assign(&all)
    }

    fn asked(&mut self, ask: Ask) {
        let (Patience::Total(bound) | Patience::Quiet(bound)) = ask.patience;
        let until = Instant::now() + bound;
        let Ask { token, patience } = ask;
        self.waiting.push(Waiting { token, patience, until, state: State::New });
    }

    /// Hands on what was read, and answers whoever has waited for it.
    async fn serve(&mut self) -> Result<(), Over> {
        while let Some(told) = self.consumer.next(Duration::ZERO) {
            match told {
                Told::Message(message) => {
                    let record = LogRecord {
                        partition: message.partition(),
                        offset: message.offset(),
                        key: message.key().map(<[u8]>::to_vec),
                        value: message.value().map(<[u8]>::to_vec),
                    };
                    self.advance(record.partition, record.offset, record.offset + 1)?;
                    self.tell(Read::Record(record)).await?;
                }
                Told::End(at, offset) if offset >= 0 => self.advance(at.partition, offset, offset)?,
                Told::Trouble(error) => self.trouble(error)?,
                _ => {}
            }
        }
        self.answer().await
    }

    /// What stands at `offset` of a partition was read, which goes on at `next`.
    fn advance(&mut self, partition: i32, offset: i64, next: i64) -> Result<(), Over> {
        let position = usize::try_from(partition).ok().and_then(|index| self.positions.get_mut(index));
        let Some(position) = position else { return Ok(()) };
        if offset < *position {
            let what = format!(
                "was made anew or cut short: partition {partition} was read up to offset {position} and goes on at {offset}"
            );
            return Err(Over::Lost(self.shared.lost(what)));
        }
        *position = next;
        let now = Instant::now();
        for waiting in &mut self.waiting {
            if let Patience::Quiet(bound) = waiting.patience {
                waiting.until = now + bound;
            }
        }
        Ok(())
    }

    fn trouble(&mut self, error: KafkaError) -> Result<(), Over> {
        const OUT_OF_RANGE: [Code; 3] = [
            Code::RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET,
            Code::RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE,
            Code::RD_KAFKA_RESP_ERR__LOG_TRUNCATION,
        ];
        if error.is_refusal() {
            let what = format!("read topic {}", self.shared.topic);
            return Err(Over::Lost(KafkaError { what, ..error }.into()));
        }
        if error.is(&OUT_OF_RANGE) {
            let what =
                format!("was made anew or cut short: what follows the records read is not there ({error})");
            return Err(Over::Lost(self.shared.lost(what)));
        }
        // As with Kafka Connect the next poll tries again; what it may mean is looked at.
        let line = format!("topic {} goes on being read: {error}", self.shared.topic);
        if self.consumer.native().is_news(&line) {
            tracing::warn!("{line}");
        }
        self.next_look = self.next_look.min(Instant::now() + PAUSE);
        Ok(())
    }

    /// Answers who has waited long enough, in either sense.
    async fn answer(&mut self) -> Result<(), Over> {
        let now = Instant::now();
        let mut at = 0;
        while let Some(waiting) = self.waiting.get(at) {
            let there = match &waiting.state {
                State::Known(ends) => ends.iter().zip(&self.positions).all(|(end, position)| position >= end),
                _ => false,
            };
            let outcome = match there {
                true => Ok(()),
                false if waiting.until <= now => {
                    let (Patience::Total(bound) | Patience::Quiet(bound)) = waiting.patience;
                    Err(self.shared.late("read to its end", bound))
                }
                false => {
                    at += 1;
                    continue;
                }
            };
            let token = self.waiting.remove(at).token;
            self.tell(Read::End { token, outcome }).await?;
        }
        Ok(())
    }

    async fn tell(&self, read: Read) -> Result<(), Over> {
        self.out.send(read).await.map_err(|_| Over::Unheard)
    }

    fn is_new(&self) -> bool {
        self.waiting.iter().any(|waiting| matches!(waiting.state, State::New))
    }

    /// A failed look puts the next one off; a question does not wait for the usual one.
    fn is_look_due(&self) -> bool {
        let now = Instant::now();
        self.next_look <= now || (self.is_new() && self.next_look > now + PAUSE)
    }

    fn due(&self) -> Instant {
        let look = self.asker.is_some().then_some(self.next_look);
        let waiting = self.waiting.iter().map(|waiting| waiting.until).min();
        let later = || Instant::now() + LOOK_EVERY;
        look.into_iter().chain(waiting).min().unwrap_or_else(later)
    }

    /// Begins to ask the brokers what the topic is and where it ends.
    fn look(&mut self) {
        let Some(asker) = self.asker.take() else { return };
        for waiting in self.waiting.iter_mut().filter(|waiting| matches!(waiting.state, State::New)) {
            waiting.state = State::Asked;
        }
        let (topic, partitions) = (self.shared.topic.clone(), self.description.partitions);
        let before = self.positions.clone();
        self.looking = Some(tokio::task::spawn_blocking(move || {
            let found = asker.describe(&topic, QUESTION);
            let found = found.and_then(|found| {
                let known = partitions.min(found.partitions);
                Ok((found, asker.edges(&topic, known, Edge::End, QUESTION)?))
            });
            Look { asker, before, found }
        }));
    }

    /// Judges what a look brought.
    async fn seen(&mut self, look: Option<Look>) -> Result<(), Over> {
        let Some(Look { asker, before, found }) = look else {
            return Err(Over::Lost(LogError::Closed(self.shared.topic.clone())));
        };
        self.asker = Some(asker);
        let now = Instant::now();
        match found {
            Ok((description, ends)) => {
                self.missing_since = None;
                self.next_look = now + LOOK_EVERY;
                self.compare(description, &ends, &before)?;
                for waiting in self.waiting.iter_mut().filter(|one| matches!(one.state, State::Asked)) {
                    waiting.state = State::Known(ends.clone());
                }
                Ok(())
            }
            Err(error) => {
                self.next_look = now + PAUSE;
                if error.is(&[Code::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART]) {
                    let since = *self.missing_since.get_or_insert(now);
                    if now.duration_since(since) >= MISSING {
                        return Err(Over::Lost(self.shared.lost("was deleted")));
                    }
                }
                self.put_off(error).await
            }
        }
    }

    /// Whether it is still the topic that was read, with all that was read.
    fn compare(&self, found: Description, ends: &[i64], before: &[i64]) -> Result<(), Over> {
        let lost = |what: String| Err(Over::Lost(self.shared.lost(what)));
        if found.id != self.description.id {
            return lost("was deleted and made anew".into());
        }
        if found.partitions < self.description.partitions {
            return lost(format!("has {} partitions of {}", found.partitions, self.description.partitions));
        }
        for (partition, (end, position)) in ends.iter().zip(before).enumerate() {
            if end < position {
                return lost(format!(
                    "was made anew or cut short: partition {partition} was read up to offset {position} and ends at {end}"
                ));
            }
        }
        Ok(())
    }

    /// Asks again after what may pass (a partition has no leader for a moment, or another one), and answers with what does not.
    async fn put_off(&mut self, error: KafkaError) -> Result<(), Over> {
        if !error.is_refusal() && !error.name.contains("AUTHORIZATION") {
            for waiting in self.waiting.iter_mut().filter(|one| matches!(one.state, State::Asked)) {
                waiting.state = State::New;
            }
            return Ok(());
        }
        let (asked, others) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|waiting| matches!(waiting.state, State::Asked));
        self.waiting = others;
        let asked: Vec<Waiting> = asked;
        for waiting in asked {
            let outcome = Err(LogError::Kafka(error.clone()));
            self.tell(Read::End { token: waiting.token, outcome }).await?;
        }
        Ok(())
    }
}

/// What the look under way brings, none if it was broken off; never, when there is none.
async fn looked(looking: &mut Option<JoinHandle<Look>>) -> Option<Look> {
    match looking {
        Some(open) => open.await.ok(),
        None => std::future::pending().await,
    }
}
