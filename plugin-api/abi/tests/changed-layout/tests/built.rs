//! Since this test is there, the library that scenarios load is built with the tests, and of the same crates.

#[test]
fn the_library_stands_beside_its_test() {
    let test = std::env::current_exe().expect("this program has a path");
    assert!(test.with_file_name("libconnect_changed_layout.so").is_file());
}
