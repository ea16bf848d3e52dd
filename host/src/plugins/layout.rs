//! The second check of plugins in Rust: what their header of abi_stable says of the types that cross, against ours.
//!
//! It comes after the C handshake, which every plugin has to pass, and may be absent. Nothing is called through it.

use abi_stable::StableAbi;
use abi_stable::abi_stability::abi_checking::{
    AbiInstability, AbiInstabilityError, AbiInstabilityErrors, check_layout_compatibility,
};
use abi_stable::library::{AbiHeader, AbiHeaderRef};
use abi_stable::type_layout::{TLFieldOrFunction, TypeLayout};
use connect_plugin_abi::layout::{BoundaryRef, HEADER_NAME};
use libloading::os::unix::Library;

/// What the header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// There is none: a plugin in another language, or a Rust one built without.
    Absent,
    /// All types are as here.
    Same,
    /// It cannot be compared, for this reason; sizes and version were checked before.
    Unread(String),
    /// A type differs, for this reason.
    Different(String),
}

/// Compares the layout that the library tells with ours.
///
/// # Safety
/// The library is never closed, and a symbol of abi_stable's name is a header of abi_stable.
pub unsafe fn check(library: &Library) -> Verdict {
    // SAFETY: only the address of the symbol is taken.
    let Ok(symbol) = (unsafe { library.get::<*const AbiHeader>(HEADER_NAME.as_bytes()) }) else {
        return Verdict::Absent;
    };
    let address: *const AbiHeader = *symbol;
    if address.is_null() || !address.is_aligned() {
        return Verdict::Unread("its header of abi_stable is no static".into());
    }
    // SAFETY: every line of abi_stable begins its header so; the caller's promise says that it is one.
    let header = unsafe { address.read() };
    if !header.is_valid() {
        let here = AbiHeader::VALUE;
        return Verdict::Unread(format!(
            "its header of abi_stable is of version {}.{}, this worker compares {}.{}",
            header.abi_major, header.abi_minor, here.abi_major, here.abi_minor
        ));
    }
    // SAFETY: a reference to a static that was looked at above and lives as long as the library, which is never closed.
    let Ok(header) = (unsafe { library.get::<AbiHeaderRef>(HEADER_NAME.as_bytes()) }) else {
        return Verdict::Absent;
    };
    let theirs = match header.upgrade() {
        Ok(header) => header.layout(),
        Err(error) => return Verdict::Different(one_line(&error.to_string())),
    };
    let Some(theirs) = theirs else {
        return Verdict::Unread("its header of abi_stable tells no layout".into());
    };
    match check_layout_compatibility(<BoundaryRef as StableAbi>::LAYOUT, theirs) {
        Ok(()) => Verdict::Same,
        Err(errors) => Verdict::Different(told(&errors)),
    }
}

/// The innermost difference, with the type it is in and both versions.
fn told(errors: &AbiInstabilityErrors) -> String {
    let innermost = errors
        .errors
        .iter()
        .filter(|error| !error.errs.is_empty())
        .max_by_key(|error| error.stack_trace.len());
    let (ours, theirs, field) = innermost.map_or((errors.interface, errors.implementation, None), place);
    let what = innermost.and_then(|error| error.errs.first()).map(words).unwrap_or_default();
    let place = field.map_or(String::new(), |field| format!("{field}: "));
    format!(
        "type {} is another one: {place}{what} ({} {} in the plugin, {} {} in this worker)",
        ours.name(),
        theirs.package(),
        theirs.package_version(),
        ours.package(),
        ours.package_version(),
    )
}

/// The type of the boundary that an error is in: ours and theirs, with the member on the way from it to the error.
fn place(error: &AbiInstabilityError) -> (&'static TypeLayout, &'static TypeLayout, Option<&'static str>) {
    // BoundaryRef itself is a type of abi_stable.
    let own = <connect_plugin_abi::CpPlugin as StableAbi>::LAYOUT.package();
    let mut member = None;
    for step in error.stack_trace.iter().rev() {
        let (TLFieldOrFunction::Field(ours), TLFieldOrFunction::Field(theirs)) = (step.expected, step.found)
        else {
            continue;
        };
        let (ours_layout, theirs_layout) = (ours.layout(), theirs.layout());
        if ours_layout.package() == own {
            return (ours_layout, theirs_layout, member);
        }
        member = Some(ours.name());
    }
    let root = <BoundaryRef as StableAbi>::LAYOUT;
    (root, root, member)
}

/// One difference in words.
fn words(difference: &AbiInstability) -> String {
    match difference {
        AbiInstability::Name(v) => format!("{} instead of {}", v.found, v.expected),
        AbiInstability::UnexpectedField(v) => {
            format!("member {} instead of {}", v.found.name(), v.expected.name())
        }
        AbiInstability::FieldCountMismatch(v) => format!("{} members instead of {}", v.found, v.expected),
        AbiInstability::Size(v) => format!("{} bytes instead of {}", v.found, v.expected),
        AbiInstability::Package(v) => format!("of package {} instead of {}", v.found, v.expected),
        AbiInstability::PackageVersion(v) => format!("of version {} instead of {}", v.found, v.expected),
        other => one_line(&format!("{other:?}")),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
