//! Where lines come from: a file that is read in place, or a stream that a thread of its own waits for.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use connect_plugin::{Result, ResultExt};
use tokio::sync::{Mutex, mpsc};

use crate::lines::Lines;
use crate::watch::Watch;

/// How much a stream's thread reads at once, and how many such pieces may wait.
const PIECE: usize = 64 * 1024;
const PIECES: usize = 4;
/// How long a stream's thread sleeps at its end before it looks again.
const END_SLEEP: Duration = Duration::from_secs(1);

type Pieces = Arc<Mutex<mpsc::Receiver<io::Result<Vec<u8>>>>>;

/// Something to read lines from.
pub enum Input {
    /// A regular file.
    File {
        /// The file, at its read position.
        file: File,
        /// Tells when it grows.
        watch: Watch,
    },
    /// Standard input, a named pipe, a device: reading may block, so a thread does it.
    Stream {
        /// What the thread has read.
        pieces: Pieces,
        /// The rest of the piece in use.
        rest: io::Cursor<Vec<u8>>,
    },
}

impl Input {
    /// Standard input; one thread of the library reads it, whatever tasks come and go.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn stdin() -> Result<Input> {
        static STDIN: OnceLock<Pieces> = OnceLock::new();
        if let Some(pieces) = STDIN.get() {
            return Ok(Input::Stream { pieces: pieces.clone(), rest: io::Cursor::default() });
        }
        let pieces = read_on_a_thread("stdin", io::stdin())?;
        Ok(Input::Stream { pieces: STDIN.get_or_init(|| pieces).clone(), rest: io::Cursor::default() })
    }

    /// The file at `path`, from `position` on; `None` and the watch if there is none.
    ///
    /// # Errors
    /// If it is there but cannot be read.
    pub fn open(path: &Path, position: u64, mut watch: Watch) -> Result<std::result::Result<Input, Watch>> {
        let name = || format!("cannot read {}", path.display());
        match std::fs::metadata(path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Err(watch)),
            Err(e) => return Err(e).context(name),
            Ok(about) if about.is_file() || about.is_dir() => {}
            Ok(_) => {
                let path = path.to_owned();
                let pieces = read_on_a_thread("pipe", Opening { path, file: None })?;
                return Ok(Ok(Input::Stream { pieces, rest: io::Cursor::default() }));
            }
        }
        let mut file = match File::open(path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Err(watch)),
            file => file.context(name)?,
        };
        watch.opened();
        file.seek(SeekFrom::Start(position)).context(name)?;
        Ok(Ok(Input::File { file, watch }))
    }

    /// Feeds `lines` with what is there now; 0 if there is nothing.
    ///
    /// # Errors
    /// If reading fails.
    pub fn fill(&mut self, lines: &mut Lines) -> io::Result<usize> {
        match self {
            Input::File { file, .. } => lines.fill(file),
            Input::Stream { rest, .. } => lines.fill(rest),
        }
    }

    /// Waits until there may be more.
    ///
    /// # Errors
    /// If a stream fails.
    pub async fn more(&mut self) -> io::Result<()> {
        match self {
            Input::File { watch, .. } => watch.changed().await,
            Input::Stream { pieces, rest } => match pieces.lock().await.recv().await {
                Some(piece) => *rest = io::Cursor::new(piece?),
                None => std::future::pending().await,
            },
        }
        Ok(())
    }
}

/// A pipe that is opened by its first read, as opening it may block as well.
struct Opening {
    path: std::path::PathBuf,
    file: Option<File>,
}

impl Read for Opening {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match &mut self.file {
            Some(file) => file.read(into),
            none => none.insert(File::open(&self.path)?).read(into),
        }
    }
}

fn read_on_a_thread(name: &str, mut from: impl Read + Send + 'static) -> Result<Pieces> {
    let (sender, receiver) = mpsc::channel(PIECES);
    let read = move || {
        while !sender.is_closed() {
            let mut piece = vec![0; PIECE];
            match from.read(&mut piece) {
                Ok(0) => std::thread::sleep(END_SLEEP),
                Ok(count) => {
                    piece.truncate(count);
                    if sender.blocking_send(Ok(piece)).is_err() {
                        return;
                    }
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => {
                    let _ = sender.blocking_send(Err(e)); // nobody listens any more
                    return;
                }
            }
        }
    };
    let thread = std::thread::Builder::new().name(format!("file-{name}")).spawn(read);
    thread.context(|| format!("cannot start a thread to read {name}"))?;
    Ok(Arc::new(Mutex::new(receiver)))
}
