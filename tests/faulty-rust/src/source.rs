//! The source task, async and blocking: a record every 10 ms until it panics.

use std::time::Duration;

use connect_plugin::{
    Ack, BlockingSourceTask, Config, Offset, Result, SourceBatch, SourceContext, SourcePartition,
    SourceRecord, SourceTask, Text,
};

use crate::Trap;

/// Panics in the call that its config names; in poll after some good ones.
pub struct PanicsSourceTask {
    trap: Trap,
    topic: Text,
    partition: SourcePartition,
    next: i64,
}

const GOOD: i64 = 5;

impl PanicsSourceTask {
    fn new(context: &SourceContext, config: &Config) -> Result<Self> {
        let trap = Trap::of(config);
        trap.check("start");
        let partition = context.register_partition([("source", "panics")])?;
        Ok(PanicsSourceTask { trap, topic: Text::copy_from(config.string("topic")?), partition, next: 0 })
    }

    fn fill(&mut self, batch: &mut SourceBatch) {
        let offset = Offset::at("n", self.next);
        batch.push(SourceRecord::new(self.partition, offset, self.topic.clone(), self.next.to_string()));
        self.next += 1;
        if self.next > GOOD {
            self.trap.check("poll");
        }
    }
}

impl Drop for PanicsSourceTask {
    fn drop(&mut self) {
        self.trap.check("drop");
    }
}

impl SourceTask for PanicsSourceTask {
    const WANTS_ACKS: bool = true;
    const WANTS_COMMIT: bool = true;

    async fn start(context: SourceContext, config: Config) -> Result<Self> {
        tokio::time::sleep(Duration::from_millis(1)).await;
        PanicsSourceTask::new(&context, &config)
    }

    async fn poll(&mut self, batch: &mut SourceBatch) -> Result<()> {
        tokio::time::sleep(Duration::from_millis(10)).await;
        self.fill(batch);
        Ok(())
    }

    async fn acks(&mut self, _: &[Ack]) -> Result<()> {
        self.trap.check("acks");
        Ok(())
    }

    async fn commit(&mut self) -> Result<()> {
        self.trap.check("commit");
        Ok(())
    }

    async fn stop(&mut self) -> Result<()> {
        self.trap.check("stop");
        Ok(())
    }
}

impl BlockingSourceTask for PanicsSourceTask {
    const WANTS_ACKS: bool = true;
    const WANTS_COMMIT: bool = true;

    fn start(context: SourceContext, config: Config) -> Result<Self> {
        PanicsSourceTask::new(&context, &config)
    }

    fn poll(&mut self, batch: &mut SourceBatch) -> Result<()> {
        std::thread::sleep(Duration::from_millis(10));
        self.fill(batch);
        Ok(())
    }

    fn acks(&mut self, _: &[Ack]) -> Result<()> {
        self.trap.check("acks");
        Ok(())
    }

    fn commit(&mut self) -> Result<()> {
        self.trap.check("commit");
        Ok(())
    }

    fn stop(&mut self) -> Result<()> {
        self.trap.check("stop");
        Ok(())
    }
}
