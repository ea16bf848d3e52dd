//! Misspelt keys: the known key that was probably meant.

/// What a key that is not known was probably meant to be: a known key, or one below a prefix (given with its
/// dot) whose name is misspelt.
pub(super) fn meant<'a, 'b>(
    key: &str,
    known: impl IntoIterator<Item = &'a str>,
    prefixes: impl IntoIterator<Item = &'b str>,
) -> Option<String> {
    let whole = nearest(key, known).map(str::to_owned);
    let below = |prefix: &str| {
        let names = prefix.matches('.').count();
        let (end, _) = key.match_indices('.').nth(names.checked_sub(1)?)?;
        let near = nearest(&key[..=end], [prefix]);
        near.filter(|near| !key.starts_with(near)).map(|near| format!("{near}{}", &key[end + 1..]))
    };
    whole.or_else(|| prefixes.into_iter().find_map(below))
}

/// The known key that a misspelt one is most like: at most two letters off, or a tenth of its length; one
/// letter if it is so short that half of it would be another word.
pub(super) fn nearest<'a>(key: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = if key.len() < 5 { 1 } else { (key.len() / 10).max(2) };
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
        assert_eq!(nearest("mode", ["name"]), None);
    }

    #[test]
    fn a_misspelt_prefix_is_found_by_its_names() {
        let prefixes = ["producer.", "key.converter.", "producer.override."];
        let table = [
            ("producr.acks", Some("producer.acks")),
            ("key.convertor.schemas.enable", Some("key.converter.schemas.enable")),
            ("producer.overide.linger.ms", Some("producer.override.linger.ms")),
            ("tasks_max", Some("tasks.max")),
            ("my.own.key", None),
            ("producr", None),
            ("producer.", None),
            (".", None),
        ];
        for (key, expected) in table {
            assert_eq!(meant(key, ["tasks.max"], prefixes).as_deref(), expected, "{key}");
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
