//! The header and its mirror agree: a C compiler asserts every size, offset and constant that Rust sees.

use std::fmt::Write as _;
use std::process::Command;

use connect_plugin_abi::*;

/// Adds `_Static_assert`s for a struct: its size and the offset of each named field.
macro_rules! layout {
    ($out:ident, $c:literal, $rust:ident { $($c_field:ident $(= $rust_field:ident)?),+ $(,)? }) => {
        assert_size(&mut $out, $c, size_of::<$rust>());
        $( assert_offset(&mut $out, $c, stringify!($c_field), layout!(@offset $rust, $c_field $(, $rust_field)?)); )+
    };
    (@offset $rust:ident, $c:ident) => { std::mem::offset_of!($rust, $c) };
    (@offset $rust:ident, $c:ident, $field:ident) => { std::mem::offset_of!($rust, $field) };
}

fn assert_size(out: &mut String, name: &str, size: usize) {
    writeln!(out, "_Static_assert(sizeof({name}) == {size}, \"size of {name}\");").unwrap();
}

fn assert_offset(out: &mut String, name: &str, field: &str, offset: usize) {
    writeln!(out, "_Static_assert(offsetof({name}, {field}) == {offset}, \"{name}.{field}\");").unwrap();
}

fn structs() -> String {
    let mut out = String::new();
    layout!(out, "cp_str", CpStr { ptr, len });
    layout!(out, "cp_value", CpValue { type = tag, schema, ptr, bits });
    layout!(out, "cp_param", CpParam { key, value });
    layout!(out, "cp_field", CpField { name, schema, reserved });
    layout!(out, "cp_schema", CpSchema { type = tag, flags, name, doc, version, key_schema, value_schema, reserved,
        params, param_count, fields, field_count, default_value });
    layout!(out, "cp_header", CpHeader { key, value });
    layout!(
        out,
        "cp_record",
        CpRecord {
            topic,
            kafka_partition,
            timestamp_type,
            timestamp,
            key,
            value,
            headers,
            header_count,
            cookie,
            source_partition,
            source_offset,
            kafka_offset,
            original_topic,
            original_partition,
            reserved0,
            original_offset,
            reserved
        }
    );
    layout!(out, "cp_batch", CpBatch { records, count, reserved });
    layout!(out, "cp_ack", CpAck { cookie, offset, timestamp, partition, status });
    layout!(out, "cp_topic_partition", CpTopicPartition { topic, partition, reserved });
    layout!(out, "cp_partition_offset", CpPartitionOffset { partition, offset });
    layout!(out, "cp_partition_offsets", CpPartitionOffsets { items, count });
    layout!(out, "cp_offset_change", CpOffsetChange { partition, offset });
    layout!(out, "cp_config", CpConfig { entries, count });
    layout!(out, "cp_config_list", CpConfigList { items, count });
    layout!(
        out,
        "cp_validator",
        CpValidator { kind, has_min, has_max, reserved, min, max, values, value_count }
    );
    layout!(out, "cp_config_def", CpConfigDef { name, type = config_type, importance, width, flags, default_value,
        documentation, group, order, reserved, display_name, dependents, dependent_count, recommended,
        recommended_count, validators, validator_count });
    layout!(out, "cp_config_defs", CpConfigDefs { items, count });
    layout!(
        out,
        "cp_config_value",
        CpConfigValue { name, errors, error_count, recommended, recommended_count, hidden, reserved }
    );
    layout!(out, "cp_config_values", CpConfigValues { items, count });
    out
}

fn host_table() -> String {
    let mut out = String::new();
    layout!(
        out,
        "cp_host",
        CpHost {
            magic,
            abi_major,
            abi_minor,
            size,
            set_error,
            wake,
            log,
            log_enabled,
            metric_register,
            metric_add,
            metric_set,
            schema_register,
            schema,
            get_extension,
            request_task_reconfiguration,
            raise_error,
            register_partition,
            read_offsets,
            pause,
            resume,
            seek,
            request_commit,
            set_timeout,
            report_bad,
            report_done,
            explain,
            reserved
        }
    );
    out
}

fn plugin_tables() -> String {
    let mut out = String::new();
    layout!(out, "cp_context", CpContext { token, connector, class_name, task, reserved });
    layout!(
        out,
        "cp_connector_ops",
        CpConnectorOps {
            size,
            config_defs,
            create,
            validate,
            start,
            task_configs,
            stop,
            exactly_once_support,
            alter_offsets,
            destroy,
            reserved
        }
    );
    layout!(
        out,
        "cp_source_task_ops",
        CpSourceTaskOps { size, create, start, poll, acks, commit, stop, cancel, destroy, reserved }
    );
    layout!(
        out,
        "cp_sink_task_ops",
        CpSinkTaskOps {
            size,
            create,
            start,
            open,
            close,
            put,
            flush,
            pre_commit,
            stop,
            cancel,
            destroy,
            reserved
        }
    );
    layout!(out, "cp_class", CpClass { name, version, kind, flags, connector, source, sink, reserved });
    layout!(
        out,
        "cp_sizes",
        CpSizes {
            plugin,
            class_,
            connector_ops,
            source_task_ops,
            sink_task_ops,
            host,
            record,
            value,
            batch,
            ack,
            schema,
            config_def,
            config_value,
            context
        }
    );
    layout!(
        out,
        "cp_plugin",
        CpPlugin { magic, abi_major, abi_minor, sizes, classes, class_count, init, get_extension, reserved }
    );
    out
}

fn constants() -> String {
    let mut out = String::new();
    macro_rules! same {
        ($($name:ident),+ $(,)?) => { $(
            writeln!(out, "_Static_assert(CP_{0} == {1}, \"CP_{0}\");", stringify!($name), $name).unwrap();
        )+ };
    }
    same!(ABI_MAJOR, ABI_MINOR, MAX_LEN, READY, PENDING, ERROR);
    same!(ERR_FAILED, ERR_RETRIABLE, ERR_CONFIG, ERR_DATA, ERR_UNSUPPORTED, ERR_PANIC);
    same!(NULL, BOOLEAN, INT8, INT16, INT32, INT64, FLOAT32, FLOAT64, STRING, BYTES, ARRAY, MAP, STRUCT);
    same!(SCHEMA_NONE, SCHEMA_OPTIONAL, SCHEMA_FIRST_REGISTERED, SCHEMA_IS_OPTIONAL, SCHEMA_HAS_VERSION);
    same!(TIMESTAMP_NONE, TIMESTAMP_CREATE, TIMESTAMP_LOG_APPEND, NO_PARTITION);
    same!(ACK_WRITTEN, ACK_DROPPED, PUT_OK, PUT_RETRY, PUT_BAD);
    same!(CONFIG_BOOLEAN, CONFIG_STRING, CONFIG_INT, CONFIG_SHORT, CONFIG_LONG, CONFIG_DOUBLE, CONFIG_LIST);
    same!(CONFIG_CLASS, CONFIG_PASSWORD, CONFIG_HAS_DEFAULT, CONFIG_DEFAULT_NULL, CONFIG_INTERNAL);
    same!(
        IMPORTANCE_HIGH,
        IMPORTANCE_MEDIUM,
        IMPORTANCE_LOW,
        WIDTH_NONE,
        WIDTH_SHORT,
        WIDTH_MEDIUM,
        WIDTH_LONG
    );
    same!(VALIDATE_RANGE, VALIDATE_ONE_OF, VALIDATE_NON_EMPTY, VALIDATE_PATTERN);
    same!(LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_TRACE, METRIC_COUNTER, METRIC_GAUGE);
    same!(KIND_SOURCE, KIND_SINK, KIND_CONVERTER, KIND_HEADER_CONVERTER, KIND_TRANSFORMATION, KIND_PREDICATE);
    same!(KIND_CONFIG_PROVIDER, KIND_REST_EXTENSION, KIND_OVERRIDE_POLICY, CLASS_BLOCKING);
    same!(EXACTLY_ONCE_UNKNOWN, EXACTLY_ONCE_SUPPORTED, EXACTLY_ONCE_UNSUPPORTED);
    writeln!(out, "_Static_assert(CP_MAGIC == {MAGIC}ull, \"CP_MAGIC\");").unwrap();
    for (name, text) in [("CP_ENTRY_NAME", ENTRY_NAME), ("CP_MANIFEST_SECTION", MANIFEST_SECTION)] {
        writeln!(out, "static const char check_{name}[sizeof({name}) == sizeof(\"{text}\") ? 1 : -1];")
            .unwrap();
    }
    out
}

/// Compiles `source` with `compiler`, warnings as errors.
fn compile(compiler: &str, options: &[&str], name: &str, source: &str) {
    let folder = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join(name);
    std::fs::write(&file, source).unwrap();
    let include = concat!(env!("CARGO_MANIFEST_DIR"), "/../include");
    let output = Command::new(compiler)
        .args(options)
        .args(["-Wall", "-Wextra", "-Werror", "-Wno-unused-variable", "-Wno-unused-const-variable"])
        .args(["-fsyntax-only", "-I", include])
        .arg(&file)
        .output()
        .unwrap_or_else(|error| panic!("{compiler} cannot be started ({error}): install gcc and g++"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_c_compiler_sees_the_same_sizes_offsets_and_constants() {
    let source = format!(
        "#include \"connect_plugin.h\"\n{}{}{}",
        structs(),
        host_table() + &plugin_tables(),
        constants()
    );
    compile("cc", &["-std=c11", "-pedantic"], "layout.c", &source);
}

#[test]
fn a_cpp_compiler_takes_the_header() {
    compile(
        "c++",
        &["-std=c++17"],
        "header.cpp",
        "#include \"connect_plugin.h\"\ncp_sizes sizes = CP_SIZES;\n",
    );
}
