//! The source's task: lines of one file, in batches, with the position behind each.

use std::future::poll_fn;
use std::path::PathBuf;
use std::task::Poll;

use connect_plugin::{
    Config, Fields, Offset, PluginError, Result, ResultExt, SourceBatch, SourceContext, SourcePartition,
    SourceRecord, SourceTask, Text, Value, info, warn,
};

use crate::input::Input;
use crate::lines::Lines;
use crate::source::{BATCH_SIZE, FILE, FILENAME, POSITION, TOPIC};
use crate::watch::Watch;

/// A batch ends with the line that makes it this large, whatever `batch.size` says.
const BATCH_BYTES: u64 = 1 << 20;
const BATCH_RECORDS: usize = 16 * 1024;
/// After so many bytes of one unfinished line the worker's thread is given back for a moment.
const PROMPT_BYTES: usize = 8 << 20;

/// Follows one file, or standard input.
pub struct FileSource {
    context: SourceContext,
    path: Option<PathBuf>,
    topic: Text,
    batch_size: usize,
    partition: SourcePartition,
    lines: Lines,
    state: State,
    said_missing: bool,
    said_shrunk: bool,
}

enum State {
    Missing(Watch),
    Open(Input),
    /// Only while one of the others is being made.
    Opening,
}

impl SourceTask for FileSource {
    async fn start(context: SourceContext, config: Config) -> Result<Self> {
        let topic = Text::copy_from(config.string(TOPIC)?);
        let batch_size = config.parse::<i32>(BATCH_SIZE)?;
        let file = config.get(FILE).filter(|file| !file.is_empty());
        let path = file.map(PathBuf::from);
        let name = file.map_or(Value::Null, |file| Value::String(Text::copy_from(file)));
        let partition = context.register_partition([(FILENAME, name)])?;
        let (position, state) = match &path {
            None => (0, State::Open(Input::stdin()?)),
            Some(path) => {
                let position = stored_position(context.read_offset(partition).await?.as_ref())?;
                (position, State::Missing(Watch::new(path)))
            }
        };
        let batch_size = usize::try_from(batch_size).unwrap_or(1).clamp(1, BATCH_RECORDS);
        let lines = Lines::new(position);
        let (said_missing, said_shrunk) = (false, false);
        Ok(FileSource {
            context,
            path,
            topic,
            batch_size,
            partition,
            lines,
            state,
            said_missing,
            said_shrunk,
        })
    }

    async fn poll(&mut self, batch: &mut SourceBatch) -> Result<()> {
        loop {
            if let State::Missing(watch) = &mut self.state {
                if self.said_missing {
                    watch.changed().await;
                }
                self.open()?;
                continue;
            }
            self.read(batch).await?;
            if !batch.is_empty() {
                return Ok(());
            }
            self.tell_if_shrunk();
            if let State::Open(input) = &mut self.state {
                input.more().await?;
            }
        }
    }
}

impl FileSource {
    /// Opens the file if it is there; says so once if it is not.
    fn open(&mut self) -> Result<()> {
        let (Some(path), State::Missing(watch)) =
            (&self.path, std::mem::replace(&mut self.state, State::Opening))
        else {
            return Err(PluginError::failed("the task has no file to open"));
        };
        self.state = match Input::open(path, self.lines.position(), watch)? {
            Ok(input) => {
                info!(self.context, "reading {} from byte {}", path.display(), self.lines.position());
                State::Open(input)
            }
            Err(watch) => {
                if !self.said_missing {
                    warn!(self.context, "{} is not there yet; waiting for it to be created", path.display());
                }
                self.said_missing = true;
                State::Missing(watch)
            }
        };
        Ok(())
    }

    /// Fills the batch with what is there; leaves it empty at the end.
    async fn read(&mut self, batch: &mut SourceBatch) -> Result<()> {
        let begin = self.lines.position();
        let mut unfinished = 0;
        loop {
            if self.take_lines(batch, begin) {
                return Ok(());
            }
            let State::Open(input) = &mut self.state else { return Ok(()) };
            match input.fill(&mut self.lines) {
                Ok(0) => return Ok(()),
                Ok(read) => unfinished += read,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e).context(|| "cannot read on".to_owned()),
            }
            if batch.is_empty() && unfinished > PROMPT_BYTES {
                unfinished = 0;
                give_way().await;
            }
        }
    }

    /// Moves whole lines into the batch; whether that is full.
    fn take_lines(&mut self, batch: &mut SourceBatch, begin: u64) -> bool {
        // What a stream has given it never gives again.
        let resumable = matches!(self.state, State::Open(Input::File { .. }));
        let offset = |lines: &Lines| match resumable {
            true => Offset::At(POSITION, lines.position() as i64),
            false => Offset::None,
        };
        let (batch_size, lines) = (self.batch_size, &mut self.lines);
        let full = |len: usize, lines: &Lines| len >= batch_size || lines.position() - begin >= BATCH_BYTES;
        let Some(text) = lines.text() else {
            while let Some(line) = lines.next_line() {
                let record = SourceRecord::new(self.partition, offset(lines), self.topic.clone(), line);
                batch.push(record);
                if full(batch.len(), lines) {
                    return true;
                }
            }
            return false;
        };
        let mut parts = batch.parts(&self.topic, &text, self.partition);
        while let Some(range) = lines.next_range() {
            parts.push(range, &offset(lines)); // never within a character: a line's end is an ASCII byte
            if full(parts.len(), lines) {
                return true;
            }
        }
        false
    }

    fn tell_if_shrunk(&mut self) {
        let (State::Open(Input::File { file, .. }), Some(path)) = (&self.state, &self.path) else { return };
        let shrunk = file.metadata().is_ok_and(|about| about.len() < self.lines.read_position());
        if shrunk && !self.said_shrunk {
            warn!(
                self.context,
                "{} is shorter than the position {} that was reached; waiting for it to grow beyond. To read it from \
                 its beginning, stop the connector and reset its offsets",
                path.display(),
                self.lines.position()
            );
        }
        self.said_shrunk = shrunk;
    }
}

/// Where to go on, by the stored offset.
fn stored_position(offset: Option<&Fields>) -> Result<u64> {
    let Some(position) = offset.and_then(|offset| offset.get(POSITION)) else { return Ok(0) };
    let position = match position {
        Value::Null => Some(0),
        position => position.as_i64().and_then(|position| u64::try_from(position).ok()),
    };
    position.ok_or_else(|| PluginError::failed("Offset position is the incorrect type"))
}

/// Answers PENDING once.
async fn give_way() {
    let mut given = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut given, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
