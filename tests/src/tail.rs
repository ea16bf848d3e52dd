//! A file of numbered lines while it grows: when each line was seen.

use crate::let_run;
use crate::sequence::{self, Sequences};
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often it is looked at.
const GLANCE: Duration = Duration::from_millis(5);

/// A thread that watches a file.
#[derive(Debug)]
pub struct Tail {
    over: Arc<AtomicBool>,
    watching: JoinHandle<Sequences>,
}

impl Tail {
    /// Begins to watch; the file may come later.
    pub fn of(path: &Path) -> Tail {
        let over = Arc::new(AtomicBool::new(false));
        let (path, ended) = (path.to_owned(), over.clone());
        Tail { over, watching: std::thread::spawn(move || watch(&path, &ended)) }
    }

    /// Ends watching: the lines by the id of their source, each with the time at which it was seen.
    ///
    /// # Panics
    /// When the file could not be read.
    pub fn end(self) -> Sequences {
        self.over.store(true, Ordering::Relaxed);
        self.watching.join().expect("the thread that watches")
    }
}

fn watch(path: &Path, over: &AtomicBool) -> Sequences {
    let (mut lines, mut file, mut text) = (Sequences::new(), None, String::new());
    loop {
        let last = over.load(Ordering::Relaxed);
        if file.is_none() {
            file = File::open(path).ok();
        }
        if let Some(file) = &mut file {
            file.read_to_string(&mut text).expect("the file that is watched");
        }
        // Half a line waits for its end.
        let whole: String = text.drain(..text.rfind('\n').map_or(0, |end| end + 1)).collect();
        let now = sequence::now();
        for (id, mut new) in sequence::of_lines(&whole, 0).0 {
            new.iter_mut().for_each(|line| line.time = now);
            lines.entry(id).or_default().extend(new);
        }
        if last {
            return lines;
        }
        let_run(GLANCE);
    }
}
