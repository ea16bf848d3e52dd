//! The layout that libraries in Rust tell reaches every type that crosses, by name.
#![cfg(feature = "stable-layout")]

use std::collections::BTreeSet;

use abi_stable::StableAbi;
use abi_stable::type_layout::{TLField, TypeLayout};
use connect_plugin_abi::layout::{BoundaryRef, HEADER_NAME};

fn visit(layout: &'static TypeLayout, seen: &mut BTreeSet<&'static str>) {
    if layout.name().starts_with("Cp") && !seen.insert(layout.name()) {
        return;
    }
    // What references and pointers lead to is in the phantom fields.
    let fields = layout.get_fields().into_iter().flat_map(|fields| fields.iter());
    fields.chain(layout.phantom_fields().iter()).for_each(|field| visit_field(field, seen));
}

fn visit_field(field: TLField, seen: &mut BTreeSet<&'static str>) {
    visit(field.layout(), seen);
    for function in field.function_range().iter() {
        function
            .param_type_layouts
            .iter()
            .chain(function.return_type_layout())
            .for_each(|part| visit(part(), seen));
    }
}

#[test]
fn every_type_that_crosses_is_compared() {
    let mut seen = BTreeSet::new();
    visit(<BoundaryRef as StableAbi>::LAYOUT, &mut seen);
    let mut all = BTreeSet::new();
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src")).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let names = text.split("pub struct ").skip(1).filter_map(|rest| rest.split(' ').next());
        all.extend(names.filter(|name| name.starts_with("Cp")).map(str::to_owned));
    }
    assert_eq!(seen, all.iter().map(String::as_str).collect());
}

#[test]
fn the_name_of_the_header_is_the_one_that_export_writes() {
    assert_eq!(HEADER_NAME, "_1as_0lib_1header_0root_bmodule_bloader");
}

#[test]
fn the_version_of_the_crate_is_that_of_the_boundary() {
    let version = format!("{}.{}.", connect_plugin_abi::ABI_MAJOR, connect_plugin_abi::ABI_MINOR);
    assert!(env!("CARGO_PKG_VERSION").starts_with(&version), "the layout check compares it");
}
