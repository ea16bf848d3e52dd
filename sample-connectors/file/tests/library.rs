//! The library as a file: what it exports, and its manifest where the worker looks for it.

use std::path::PathBuf;
use std::process::Command;

/// The library that was built beside this test.
fn library() -> PathBuf {
    let exe = std::env::current_exe().unwrap();
    let library = exe.parent().unwrap().join("libconnect_file.so");
    assert!(library.is_file(), "{} was not built", library.display());
    library
}

fn output(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).arg(library()).output();
    let output = output.unwrap_or_else(|e| panic!("{program} (of binutils) is needed: {e}"));
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The entry, which is a function, and the layout for the worker's second check, which is data.
#[test]
fn only_the_entry_and_the_layout_are_exported() {
    let symbols = output("nm", &["-D", "--defined-only"]);
    let kinds_and_names: Vec<Vec<&str>> =
        symbols.lines().map(|line| line.split_whitespace().skip(1).collect()).collect();
    let layout = vec!["D", "_1as_0lib_1header_0root_bmodule_bloader"];
    assert_eq!(kinds_and_names, [layout, vec!["T", "connect_plugin_entry"]]);
}

#[test]
fn the_manifest_stands_in_its_section_even_after_strip() {
    let dir = tempfile::tempdir().unwrap();
    let (stripped, section) = (dir.path().join("stripped.so"), dir.path().join("section"));
    std::fs::copy(library(), &stripped).unwrap();
    let run = |program: &str, args: &[&std::ffi::OsStr]| {
        let output = Command::new(program).args(args).output().unwrap();
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    };
    run("strip", &[stripped.as_os_str()]);
    let only = ["-O", "binary", "--only-section=.connect_plugin"].map(AsRef::as_ref);
    run("objcopy", &[only[0], only[1], only[2], stripped.as_os_str(), section.as_os_str()]);
    assert_eq!(std::fs::read_to_string(&section).unwrap(), connect_file::CONNECT_PLUGIN_MANIFEST);
}
