//! The order in which Java's HashMap lists texts: that of some of Kafka Connect's answers.

/// Sorts as a HashMap that was filled one by one lists its keys. Equal places keep the given order.
pub(super) fn hash_order<T>(items: &mut [T], key: impl Fn(&T) -> &str) {
    let mut size: usize = 16;
    while items.len() * 4 > size * 3 {
        size *= 2;
    }
    items.sort_by_key(|item| {
        let hash = hash(key(item));
        (hash ^ (hash >> 16)) as usize & (size - 1)
    });
}

/// Java's `String.hashCode`.
fn hash(text: &str) -> u32 {
    text.encode_utf16().fold(0, |hash, unit| hash.wrapping_mul(31).wrapping_add(u32::from(unit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_as_java_lists_them() {
        let mut keys = [
            "converter.type",
            "schemas.enable",
            "schemas.cache.size",
            "decimal.format",
            "replace.null.with.default",
        ];
        hash_order(&mut keys, |key| key);
        let listed = [
            "decimal.format",
            "converter.type",
            "schemas.cache.size",
            "replace.null.with.default",
            "schemas.enable",
        ];
        assert_eq!(keys, listed);
        assert_eq!(hash("hello"), 99_162_322);
    }
}
