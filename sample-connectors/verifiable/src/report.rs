//! Report files: one JSON object a line, replaced as a whole.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use connect_plugin::{Config, Context};
use serde::{Serialize, de::DeserializeOwned};

/// Config: where the report goes.
pub const REPORT_FILE: &str = "report.file";

/// The report of this task, if one is wanted: the file of that name for task 0, with the task's number appended for
/// the others.
pub fn path(context: &Context, config: &Config) -> Option<PathBuf> {
    let file = config.get(REPORT_FILE).filter(|file| !file.is_empty())?;
    Some(match context.task() {
        Some(task) if task > 0 => PathBuf::from(format!("{file}.{task}")),
        _ => PathBuf::from(file),
    })
}

/// Writes the lines: whoever reads sees the old report or the new one.
pub fn write<'a, T: Serialize + 'a>(path: &Path, lines: impl IntoIterator<Item = &'a T>) -> io::Result<()> {
    let mut text = String::new();
    for line in lines {
        text.push_str(&serde_json::to_string(line)?);
        text.push('\n');
    }
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    fs::write(&new, text)?;
    fs::rename(&new, path)
}

/// The lines of an earlier report; none if there is no such file.
pub fn read<T: DeserializeOwned>(path: &Path) -> io::Result<Vec<T>> {
    match fs::read_to_string(path) {
        Ok(text) => text.lines().map(|line| serde_json::from_str(line).map_err(Into::into)).collect(),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(e) => Err(e),
    }
}
