//! Misspelt keys: the known key that was probably meant.

/// The known key that a misspelt one is most like: at most two letters off, or a tenth of its length.
pub(super) fn nearest<'a>(key: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (key.len() / 10).max(2);
    known
        .into_iter()
        .filter(|known| known.len().abs_diff(key.len()) <= limit)
        .map(|known| (distance(key, known), known))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, known)| known)
}

/// How many letters must be changed, added or removed to make one of the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (at, c) in a.chars().enumerate() {
        let mut diagonal = at;
        row[0] = at + 1;
        for (column, d) in b.iter().enumerate() {
            let above = row[column + 1];
            row[column + 1] = (diagonal + usize::from(c != *d)).min(above + 1).min(row[column] + 1);
            diagonal = above;
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_known_key_is_named() {
        let known = ["tasks.max", "topics", "topics.regex", "offset.flush.interval.ms"];
        let table = [
            ("task.max", Some("tasks.max")),
            ("tasks_max", Some("tasks.max")),
            ("topic", Some("topics")),
            ("topics.regexp", Some("topics.regex")),
            ("offset.flush.intervall.ms", Some("offset.flush.interval.ms")),
            ("offset.flush.ms", None),
            ("file", None),
            ("", None),
        ];
        for (key, expected) in table {
            assert_eq!(nearest(key, known), expected, "{key}");
        }
    }

    #[test]
    fn distances_count_letters() {
        for (a, b, expected) in
            [("", "", 0), ("a", "", 1), ("abc", "abc", 0), ("abc", "axc", 1), ("kitten", "sitting", 3)]
        {
            assert_eq!(distance(a, b), expected);
            assert_eq!(distance(b, a), expected);
        }
    }
}
