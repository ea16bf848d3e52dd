//! Calendar dates and times of day in UTC, as far as Connect's logical types need them.

use std::fmt::Write;

/// Milliseconds in a day.
pub const MILLIS_PER_DAY: i64 = 24 * 60 * 60 * 1000;

/// Milliseconds that a Time may have. The end of the day belongs to it, as in Kafka.
pub const TIME_RANGE: std::ops::RangeInclusive<i32> = 0..=86_400_000;

/// Days since 1970-01-01 of a date of the proleptic Gregorian calendar; month and day may lie outside their
/// ranges and carry over, as in a lenient Java calendar. `month` counts from 1.
pub fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year + (month - 1).div_euclid(12);
    let month = (month - 1).rem_euclid(12) + 1;
    // Years that begin in March put the leap day at their end.
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468 + day - 1
}

/// Year, month (from 1) and day (from 1) of a number of days since 1970-01-01.
pub fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

/// The first day that Java's calendar counts by Gregory; before it, it counts by Julius Caesar.
const GREGORIAN_FROM: i64 = -141_427;

/// Days since 1970-01-01 of a date in Java's calendar.
fn days_from_java(year: i64, month: i64, day: i64) -> i64 {
    let gregorian = days_from_civil(year, month, day);
    if gregorian >= GREGORIAN_FROM {
        return gregorian;
    }
    let year = year + (month - 1).div_euclid(12);
    let month = (month - 1).rem_euclid(12) + 1;
    let shifted = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5;
    365 * shifted + shifted.div_euclid(4) + day_of_year - 719_470 + day - 1
}

/// Year, month (from 1) and day (from 1) of a number of days since 1970-01-01 in Java's calendar.
fn java_from_days(days: i64) -> (i64, i64, i64) {
    if days >= GREGORIAN_FROM {
        return civil_from_days(days);
    }
    let days = days + 719_470;
    let cycle = days.div_euclid(1461);
    let day_of_cycle = days.rem_euclid(1461);
    let year_of_cycle = (day_of_cycle - day_of_cycle / 1460) / 365;
    let day_of_year = day_of_cycle - 365 * year_of_cycle;
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = 4 * cycle + year_of_cycle + i64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

fn split(millis: i64) -> (i64, i64) {
    (millis.div_euclid(MILLIS_PER_DAY), millis.rem_euclid(MILLIS_PER_DAY))
}

fn push_date(out: &mut String, days: i64) {
    let (year, month, day) = java_from_days(days);
    let _ = write!(out, "{year:04}-{month:02}-{day:02}");
}

fn push_time(out: &mut String, millis: i64) {
    let (seconds, millis) = (millis / 1000, millis % 1000);
    let _ = write!(out, "{:02}:{:02}:{:02}.{millis:03}Z", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

/// Milliseconds since the epoch as a header shows them: the time of day alone before 1970-01-02, the date
/// alone at midnight, else both.
pub fn header_text(millis: i64) -> String {
    let (days, rest) = split(millis);
    let mut out = String::with_capacity(24);
    if millis < MILLIS_PER_DAY {
        push_time(&mut out, rest);
    } else {
        push_date(&mut out, days);
        if rest != 0 {
            out.push('T');
            push_time(&mut out, rest);
        }
    }
    out
}

/// Milliseconds since the epoch as `java.util.Date.toString()` shows them in UTC: `Thu Jan 01 00:00:00 UTC
/// 1970`.
pub fn java_date_text(millis: i64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (days, rest) = split(millis);
    let (year, month, day) = java_from_days(days);
    // Java counts the years before the first from 1 again.
    let year = if year > 0 { year } else { 1 - year };
    let seconds = rest / 1000;
    format!(
        "{} {} {day:02} {:02}:{:02}:{:02} UTC {year}",
        DAYS.get(days.rem_euclid(7) as usize).unwrap_or(&"Thu"),
        MONTHS.get((month - 1) as usize).unwrap_or(&"Jan"),
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
    )
}

/// Reads numbers and marks off the front of a text, as a lenient Java `SimpleDateFormat` does.
struct Reader<'a>(&'a str);

impl Reader<'_> {
    fn number(&mut self) -> Option<i64> {
        let end = self.0.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(self.0.len());
        let number = self.0.get(..end)?.parse().ok()?;
        self.0 = self.0.get(end..)?;
        Some(number)
    }

    fn mark(&mut self, mark: char) -> Option<()> {
        self.0 = self.0.strip_prefix(mark)?;
        Some(())
    }

    fn date(&mut self) -> Option<i64> {
        let year = self.number()?;
        self.mark('-')?;
        let month = self.number()?;
        self.mark('-')?;
        let day = self.number()?;
        // Beyond this, milliseconds no longer fit 64 bits.
        let sane = |n: i64| n < 200_000_000;
        (sane(year) && sane(month) && sane(day)).then(|| days_from_java(year, month, day))
    }

    fn time(&mut self) -> Option<i64> {
        let hours = self.number()?;
        self.mark(':')?;
        let minutes = self.number()?;
        self.mark(':')?;
        let seconds = self.number()?;
        self.mark('.')?;
        let millis = self.number()?;
        self.mark('Z')?;
        let parts = [(hours, 3_600_000), (minutes, 60_000), (seconds, 1000), (millis, 1)];
        parts.iter().try_fold(0i64, |sum, (n, unit)| sum.checked_add(n.checked_mul(*unit)?))
    }
}

/// What a text of 10, 13 or 24 characters means as a date, a time of day or both; parts out of range carry
/// over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Days since the epoch.
    Date(i64),
    /// Milliseconds since midnight.
    Time(i64),
    /// Milliseconds since the epoch.
    Timestamp(i64),
}

/// Reads `yyyy-MM-dd`, `HH:mm:ss.SSSZ` or both joined by `T`, which form by the length of the text.
pub fn parse_moment(text: &str) -> Option<Moment> {
    let mut reader = Reader(text);
    match text.chars().count() {
        10 => reader.date().map(Moment::Date),
        13 => reader.time().map(Moment::Time),
        24 => {
            let days = reader.date()?;
            reader.mark('T')?;
            Some(Moment::Timestamp(days.checked_mul(MILLIS_PER_DAY)?.checked_add(reader.time()?)?))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_agree() {
        for days in (-800_000..800_000).step_by(37) {
            let (year, month, day) = civil_from_days(days);
            assert_eq!(days_from_civil(year, month, day), days);
        }
        assert_eq!(civil_from_days(0), (1970, 1, 1));
        assert_eq!(days_from_civil(2000, 2, 29), 11_016);
    }

    #[test]
    fn javas_calendar_was_changed_in_1582() {
        assert_eq!(java_from_days(GREGORIAN_FROM), (1582, 10, 15));
        assert_eq!(java_from_days(GREGORIAN_FROM - 1), (1582, 10, 4));
        assert_eq!(days_from_java(1, 1, 1), -719_164);
        for days in (-2_000_000..-100_000).step_by(37) {
            let (year, month, day) = java_from_days(days);
            assert_eq!(days_from_java(year, month, day), days);
        }
    }

    #[test]
    fn texts_are_as_java_writes_them() {
        assert_eq!(header_text(37_845_123), "10:30:45.123Z");
        assert_eq!(header_text(1_577_923_200_000), "2020-01-02");
        assert_eq!(header_text(1_577_961_045_123), "2020-01-02T10:30:45.123Z");
        assert_eq!(java_date_text(0), "Thu Jan 01 00:00:00 UTC 1970");
        assert_eq!(java_date_text(1_577_961_045_123), "Thu Jan 02 10:30:45 UTC 2020");
        assert_eq!(java_date_text(-719_528 * MILLIS_PER_DAY), "Sat Jan 03 00:00:00 UTC 1");
    }

    #[test]
    fn texts_are_read_leniently() {
        let cases = [
            ("2020-01-02", Some(Moment::Date(18_263))),
            ("2020-13-45", Some(Moment::Date(18_672))),
            ("2020-1-1xx", Some(Moment::Date(18_262))),
            ("10:30:45.123Z", Some(Moment::Time(37_845_123))),
            ("10:30:45.123z", None),
            ("1970-01-01T25:61:61.999Z", Some(Moment::Timestamp(93_721_999))),
            ("2020-01-02 10:30:45.123Z", None),
            ("9999999999", None),
            ("2020-01-0", None),
            ("99999999999-1-1T1:1:1.1Z", None),
            ("1970-1-1T9999999999:1:1Z", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_moment(text), expected, "{text}");
        }
    }
}
