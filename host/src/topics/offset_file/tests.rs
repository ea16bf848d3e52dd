//! Files that Java wrote, files that Java reads, and everything that is neither.

use proptest::prelude::*;

use super::*;

fn entry(key: &str, value: Option<&str>) -> Entry {
    Entry { key: Some(key.as_bytes().to_vec()), value: value.map(|v| v.as_bytes().to_vec()) }
}

fn written(entries: &[Entry]) -> Vec<u8> {
    write(entries.iter().map(|e| (e.key.as_deref(), e.value.as_deref())))
}

#[test]
fn files_of_java_are_read_and_written_byte_for_byte() {
    let null_key = Entry { key: None, value: Some(b"v".to_vec()) };
    let cases: [(&[u8], &[Entry]); 4] = [
        (include_bytes!("../testdata/empty.bin"), &[]),
        (
            include_bytes!("../testdata/one.bin"),
            &[entry(r#"["my-src",{"filename":"/tmp/a.txt"}]"#, Some(r#"{"position":42}"#))],
        ),
        (include_bytes!("../testdata/deleted.bin"), &[entry(r#"["c",{"f":"x"}]"#, None)]),
        (include_bytes!("../testdata/null-key.bin"), &[null_key]),
    ];
    for (file, entries) in cases {
        assert_eq!(read(file).unwrap(), entries);
        assert_eq!(written(entries), file);
    }
}

#[test]
fn many_entries_are_read_in_the_order_of_the_file() {
    let file = include_bytes!("../testdata/many.bin");
    let entries = read(file).unwrap();
    assert_eq!(entries.len(), 100);
    assert!(entries.contains(&entry(r#"["c",{"n":7}]"#, Some(r#"{"position":7}"#))));
    assert!(entries.contains(&entry(r#"["c",{"n":13}]"#, None)));
    assert_eq!(written(&entries), file);
}

#[test]
fn an_array_that_is_there_twice_is_read_twice() {
    assert_eq!(read(include_bytes!("../testdata/shared.bin")).unwrap(), [entry("x", Some("x"))]);
}

#[test]
fn no_file_is_no_offsets() {
    assert_eq!(read(b""), Ok(Vec::new()));
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let error = |bytes: &[u8]| read(bytes).unwrap_err().to_string();
    assert_eq!(
        error(include_bytes!("../testdata/tree-map.bin")),
        "offset file: Expected HashMap but found class java.util.TreeMap at byte 6"
    );
    assert_eq!(
        error(b"{\"a\":1}"),
        "offset file has 7b 22 61 22 at byte 0, where the header of a Java object stream was expected"
    );
    let file = include_bytes!("../testdata/one.bin");
    assert_eq!(
        error(&file[..3]),
        "offset file ends at byte 3, where the header of a Java object stream was expected"
    );
    let mut huge = file.to_vec();
    let size = file.windows(2).position(|pair| pair == [BLOCK, 8]).unwrap() + 6;
    huge[size..size + 4].copy_from_slice(&i32::MAX.to_be_bytes());
    assert_eq!(error(&huge), "offset file has 78 at byte 165, where a key was expected");
    huge[size..size + 4].copy_from_slice(&(-1i32).to_be_bytes());
    assert!(error(&huge).contains("-1 at byte"));
}

#[test]
fn every_truncation_is_called_one() {
    let file = include_bytes!("../testdata/many.bin");
    for length in 1..file.len() {
        assert!(
            matches!(read(&file[..length]), Err(OffsetFileError::Truncated { at, .. }) if at == length),
            "{length}"
        );
    }
}

proptest! {
    #[test]
    fn any_entries_survive_the_round_trip(
        entries in prop::collection::vec((
            prop::option::of(prop::collection::vec(any::<u8>(), 0..20)),
            prop::option::of(prop::collection::vec(any::<u8>(), 0..20)),
        ), 0..40)
    ) {
        let entries: Vec<Entry> = entries.into_iter().map(|(key, value)| Entry { key, value }).collect();
        prop_assert_eq!(read(&written(&entries)).unwrap(), entries);
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes);
    }

    #[test]
    fn no_damage_panics(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut file = include_bytes!("../testdata/many.bin").to_vec();
        let at = at.index(file.len());
        file[at] = byte;
        let _ = read(&file);
    }
}
