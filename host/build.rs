//! Tells the linker of the program to lead one function of librdkafka through `src/kafka/wakeup.rs`, which says why.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // The linkers of other systems cannot do this; there the program is the same, but wastes processor time.
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux") {
        println!("cargo:rustc-cfg=quiet_wakeups");
        println!("cargo:rustc-link-arg-bins=-Wl,--wrap=rd_kafka_msgq_allow_wakeup_at");
    }
    println!("cargo:rustc-check-cfg=cfg(quiet_wakeups)");
}
