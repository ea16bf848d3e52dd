//! What the worker is busy with, for answers that could not wait for it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Something that the worker does, or did last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// What, such as `writing a config for connector x to the config topic`.
    pub description: String,
    /// Since when.
    pub began: SystemTime,
    /// Until when; none: still at it.
    pub completed: Option<SystemTime>,
}

impl Stage {
    /// The sentence that Kafka Connect's time-outs end with.
    pub(super) fn sentence(&self) -> String {
        let (what, began) = (&self.description, instant(self.began));
        match self.completed {
            None => format!("The worker is currently {what}, which began at {began}."),
            Some(completed) => format!(
                "The last operation the worker completed was {what}, which began at {began} and completed at {}.",
                instant(completed)
            ),
        }
    }
}

/// A time as Java's `Instant` prints it, to the millisecond: `2024-02-29T12:34:56.789Z`.
fn instant(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let (days, second) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute, second, millis) =
        (second / 3600, second / 60 % 60, second % 60, since.subsec_millis());
    let fraction = if millis == 0 { String::new() } else { format!(".{millis:03}") };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

/// Year, month and day of a day counted from 1970-01-01, by eras of 400 years that begin in March.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_instants_as_java_does() {
        let cases = [
            (0, "1970-01-01T00:00:00Z"),
            (1, "1970-01-01T00:00:00.001Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00Z"),
            (1_709_210_096_789, "2024-02-29T12:34:56.789Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00Z"),
        ];
        for (millis, expected) in cases {
            assert_eq!(instant(UNIX_EPOCH + Duration::from_millis(millis)), expected);
        }
    }

    #[test]
    fn says_what_is_done_or_was_done() {
        let mut stage = Stage { description: "resting".to_owned(), began: UNIX_EPOCH, completed: None };
        assert_eq!(stage.sentence(), "The worker is currently resting, which began at 1970-01-01T00:00:00Z.");
        stage.completed = Some(UNIX_EPOCH + Duration::from_secs(1));
        assert_eq!(
            stage.sentence(),
            "The last operation the worker completed was resting, which began at 1970-01-01T00:00:00Z and completed \
             at 1970-01-01T00:00:01Z."
        );
    }
}
