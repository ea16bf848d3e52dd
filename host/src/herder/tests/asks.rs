//! What the simulation asks for, by small numbers.

use crate::herder::*;
use crate::settings::Props;

/// The request of number `what` about the connector of number `name`.
pub fn request(what: u8, name: u8, extra: u8) -> Request {
    let restarts = ["0", "2", "-1"][usize::from(name)];
    let name = ["a", "b", "c"][usize::from(name)].to_owned();
    let mut config = Props::from([
        ("errors.restart.max.attempts".to_owned(), restarts.to_owned()),
        ("errors.restart.reset.ms".to_owned(), "20000".to_owned()),
        ("connector.class".to_owned(), "NumbersSource".to_owned()),
        ("tasks.max".to_owned(), extra.max(1).to_string()),
    ]);
    match what {
        0..=2 => {
            let initial_state = [None, Some(TargetState::Paused), Some(TargetState::Stopped), None];
            Request::Create { name, config: config.into(), initial_state: initial_state[usize::from(extra)] }
        }
        3 => {
            config.insert("speed".to_owned(), extra.to_string());
            Request::PutConfig { name, config: config.into() }
        }
        4 => Request::Delete(name),
        5 => Request::Pause(name),
        6 | 7 => Request::Resume(name),
        8 => Request::Stop(name),
        9 => Request::Restart { name, include_tasks: extra & 1 > 0, only_failed: extra & 2 > 0 },
        10 => Request::RestartTask { name, task: i32::from(extra) - 1 },
        11 => Request::Expand { status: true, info: true },
        12 => Request::Status(name),
        13 => Request::Tasks(name),
        14 => Request::TaskStatus { name, task: i32::from(extra) },
        15 => Request::PluginConfig { plugin: "NumbersSource".to_owned(), version: None },
        17 => Request::PatchConfig { name, patch: [("speed".to_owned(), Some(extra.to_string()))].into() },
        18 => Request::ResetTopics(name),
        19 => Request::Offsets(name),
        20..=22 => Request::ResetOffsets(name),
        16 => Request::Validate { plugin: "NumbersSource".to_owned(), config: config.into() },
        _ => Request::Health,
    }
}
