//! Waiting for a file to appear or to grow: inotify, with a slow look as fallback.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::{FutureExt, StreamExt};
use inotify::{EventStream, Inotify, WatchDescriptor, WatchMask};

/// How often a look is taken where no event comes: network file systems, missing directories, too many watches.
const SLOW_LOOK: Duration = Duration::from_secs(1);
const BUFFER: usize = 4096;

/// Watches one path: its directory until the file is there, the file from then on.
pub struct Watch {
    path: PathBuf,
    /// Whose events count, in a directory.
    name: Option<OsString>,
    events: Option<EventStream<Vec<u8>>>,
    watched: Option<WatchDescriptor>,
}

impl Watch {
    /// Watches for the file at `path` to appear. What happens from now on ends the next [`changed`](Self::changed).
    pub fn new(path: &Path) -> Self {
        let events = Inotify::init().and_then(|inotify| inotify.into_event_stream(vec![0; BUFFER])).ok();
        let mut watch = Watch { path: path.to_owned(), name: None, events, watched: None };
        watch.missing();
        watch
    }

    /// The file is not there: watches its directory.
    fn missing(&mut self) {
        let directory = match self.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        self.name = self.path.file_name().map(Into::into);
        self.watch(&directory, WatchMask::CREATE | WatchMask::MOVED_TO | WatchMask::ONLYDIR);
    }

    /// The file is there: watches it. To be called before it is read to its end.
    pub fn opened(&mut self) {
        self.name = None;
        let path = self.path.clone();
        self.watch(&path, WatchMask::MODIFY);
    }

    fn watch(&mut self, path: &Path, mask: WatchMask) {
        let Some(events) = &self.events else { return };
        let mut watches = events.watches();
        if let Some(old) = self.watched.take() {
            let _ = watches.remove(old); // it may be gone with its file
        }
        self.watched = watches.add(path, mask).ok();
    }

    /// Waits for an event, or for the time of a slow look.
    pub async fn changed(&mut self) {
        if self.watched.is_none() && self.name.is_some() {
            self.missing(); // the directory may have appeared
        }
        let look = tokio::time::sleep(SLOW_LOOK);
        let Watch { name, events: Some(events), .. } = self else { return look.await };
        let event = async {
            loop {
                match events.next().await {
                    Some(Ok(event)) if name.is_none() || event.name == *name => break,
                    Some(Ok(_)) => {} // another file
                    Some(Err(_)) | None => std::future::pending().await,
                }
            }
            // One look serves for all that has happened so far.
            while let Some(Some(Ok(_))) = events.next().now_or_never() {}
        };
        tokio::select! {
            () = event => {}
            () = look => {}
        }
    }
}
