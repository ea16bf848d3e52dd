//! Garbage that plugins hand out: wrong lengths, texts, tags and numbers fail the task or connector with a trace that
//! names the problem, and never the worker; what is merely odd works.

use connect_tests::With;
use connect_tests::configs::{faulty_class, faulty_source};
use connect_tests::table::Kind::{Sink, Source};
use connect_tests::table::Outcome::{AskedAgain, Breaks, Fails, Refused, Warns, Works};
use connect_tests::table::{self, check};
use serde_json::json;

#[test]
fn batches() {
    let contract = "poll broke the plugin contract";
    check(&[
        ("garbage_batch", Source, "fault=none", Works),
        ("garbage_batch", Source, "fault=topic_utf8", Fails("not UTF-8")),
        ("garbage_batch", Source, "fault=topic_long", Fails("a length of 2147483649")),
        ("garbage_batch", Source, "fault=topic_null", Fails("a null pointer")),
        ("garbage_batch", Source, "fault=topic_empty", Fails("topic")),
        ("garbage_batch", Source, "fault=kafka_partition", Fails("-7")),
        ("garbage_batch", Source, "fault=kafka_partition_high", Fails("artition")),
        ("garbage_batch", Source, "fault=timestamp_type", Fails(contract)),
        ("garbage_batch", Source, "fault=timestamp_negative", Fails("timestamp")),
        ("garbage_batch", Source, "fault=header_utf8", Fails("not UTF-8")),
        ("garbage_batch", Source, "fault=header_long", Fails("a length of 2147483649")),
        ("garbage_batch", Source, "fault=headers_null", Fails("a null pointer")),
        ("garbage_batch", Source, "fault=headers_huge", Fails("a length of")),
        ("garbage_batch", Source, "fault=partition_zero", Fails("source partition 0")),
        ("garbage_batch", Source, "fault=partition_unknown", Fails("source partition 123456789")),
        ("garbage_batch", Source, "fault=offset_string", Fails("offset")),
        ("garbage_batch", Source, "fault=offset_key", Fails("offset")),
        ("garbage_batch", Source, "fault=offset_nested", Fails("offset")),
        ("garbage_batch", Source, "fault=offset_utf8", Fails("not UTF-8")),
        ("garbage_batch", Source, "fault=offset_huge", Fails("a length of")),
        ("garbage_batch", Source, "fault=offset_null_pointer", Fails("a null pointer")),
        ("garbage_batch", Source, "fault=reserved", Works),
        ("garbage_batch", Source, "fault=records_null", Fails("a null pointer")),
        ("garbage_batch", Source, "fault=records_misaligned", Fails("a misaligned pointer")),
        ("garbage_batch", Source, "fault=count_long", Fails("a length of 2147483649")),
        ("garbage_batch", Source, "fault=count_huge", Fails("a length of 18446744073709551615")),
    ]);
}

#[test]
fn values() {
    check(&[
        ("garbage_value", Source, "fault=utf8", Fails("not UTF-8")),
        ("garbage_value", Source, "fault=utf8_cut", Fails("not UTF-8")),
        ("garbage_value", Source, "fault=utf8_surrogate", Fails("not UTF-8")),
        ("garbage_value", Source, "fault=utf8_overlong", Fails("not UTF-8")),
        ("garbage_value", Source, "fault=utf8 where=key", Fails("not UTF-8")),
        ("garbage_value", Source, "fault=utf8 where=header", Fails("not UTF-8")),
        ("garbage_value", Source, "fault=string_long", Fails("a length of 2147483649")),
        ("garbage_value", Source, "fault=bytes_huge", Fails("a length of 18446744073709551615")),
        ("garbage_value", Source, "fault=string_null", Fails("a null pointer")),
        ("garbage_value", Source, "fault=array_null", Fails("a null pointer")),
        ("garbage_value", Source, "fault=array_huge", Fails("a length of")),
        ("garbage_value", Source, "fault=map_wraps", Fails("a length of")),
        ("garbage_value", Source, "fault=tag", Fails("unknown type 99")),
        ("garbage_value", Source, "fault=boolean", Fails("2 for a value of type BOOLEAN")),
        ("garbage_value", Source, "fault=int8", Fails("300 for a value of type INT8")),
        ("garbage_value", Source, "fault=int32", Fails("4294967295 for a value of type INT32")),
        ("garbage_value", Source, "fault=schema_unknown", Fails("schema id 9999")),
        ("garbage_value", Source, "fault=schema_reserved", Fails("schema id 100")),
        // The converter for text does not look at schemas, as in Kafka.
        ("garbage_value", Source, "fault=schema_mismatch", Works),
        ("garbage_value", Source, "fault=null_required", Works),
        (
            "garbage_value",
            Source,
            "fault=schema_mismatch value.converter=JsonConverter",
            Fails("stage VALUE_CONVERTER"),
        ),
        (
            "garbage_value",
            Source,
            "fault=null_required value.converter=JsonConverter",
            Fails("stage VALUE_CONVERTER"),
        ),
        ("garbage_value", Source, "fault=struct_short", Fails("struct")),
        ("garbage_value", Source, "fault=struct_short where=header", Fails("struct")),
        ("garbage_value", Source, "fault=struct_schemaless", Fails("struct")),
        ("garbage_value", Source, "fault=nested", Fails("nested deeper than 64")),
        ("garbage_value", Source, "fault=nested depth=60", Works),
        ("garbage_value", Source, "fault=cycle", Fails("nested deeper than 64")),
        ("garbage_value", Source, "fault=cycle where=key", Fails("nested deeper than 64")),
    ]);
}

#[test]
fn offsets_to_commit() {
    let ignored = "is ignored";
    check(&[
        ("garbage_commit", Sink, "fault=none", Works),
        ("garbage_commit", Sink, "fault=beyond", Warns(ignored)),
        ("garbage_commit", Sink, "fault=negative", Warns(ignored)),
        ("garbage_commit", Sink, "fault=foreign_partition", Warns(ignored)),
        ("garbage_commit", Sink, "fault=foreign_topic", Warns(ignored)),
        ("garbage_commit", Sink, "fault=duplicate", Works),
        ("garbage_commit", Sink, "fault=behind", Works),
        ("garbage_commit", Sink, "fault=items_lent", Works),
        ("garbage_commit", Sink, "fault=empty", Works),
        ("garbage_commit", Sink, "fault=topic_utf8", Fails("not UTF-8")),
        ("garbage_commit", Sink, "fault=topic_long", Fails("a length of 2147483649")),
        ("garbage_commit", Sink, "fault=topic_null", Fails("a null pointer")),
        ("garbage_commit", Sink, "fault=items_null", Fails("a null pointer")),
        ("garbage_commit", Sink, "fault=count_huge", Fails("a length of 18446744073709551615")),
    ]);
}

#[test]
fn connectors() {
    check(&[
        ("garbage_connector", Source, "fault=tasks_many", Breaks("2 tasks")),
        ("garbage_connector", Source, "fault=tasks_null", AskedAgain("a null pointer")),
        ("garbage_connector", Source, "fault=tasks_huge", AskedAgain("a length of 18446744073709551615")),
        ("garbage_connector", Source, "fault=entries_null", AskedAgain("a null pointer")),
        ("garbage_connector", Source, "fault=entries_huge", AskedAgain("a length of 18446744073709551615")),
        ("garbage_connector", Source, "fault=key_twice", AskedAgain("key twice")),
        ("garbage_connector", Source, "fault=key_utf8", AskedAgain("not UTF-8")),
        ("garbage_connector", Source, "fault=value_utf8", AskedAgain("not UTF-8")),
        ("garbage_connector", Source, "fault=value_long", AskedAgain("a length of 2147483649")),
        ("garbage_connector", Source, "fault=validate_utf8", Refused(500, "not UTF-8")),
        ("garbage_connector", Source, "fault=validate_long", Refused(500, "a length of 2147483649")),
        ("garbage_connector", Source, "fault=validate_null", Refused(500, "a null pointer")),
        ("garbage_connector", Source, "fault=validate_name", Refused(500, "not UTF-8")),
        ("garbage_connector", Source, "fault=validate_huge", Refused(500, "a length of")),
        ("garbage_connector", Source, "fault=validate_error", Refused(400, "no")),
        ("garbage_connector", Source, "fault=validate_unknown", Refused(400, "no")),
        ("errors", Source, "fault=connector.start", Breaks("start failed: failed on purpose")),
        ("errors", Sink, "fault=connector.start", Breaks("start failed: failed on purpose")),
        (
            "errors",
            Source,
            "fault=connector.task_configs",
            AskedAgain("task_configs failed: failed on purpose"),
        ),
        ("errors", Source, "fault=connector.validate", Refused(500, "failed on purpose")),
        ("status", Source, "fault=connector.start", Breaks("it answered 77")),
        ("status", Source, "fault=connector.task_configs", AskedAgain("it answered 77")),
        ("status", Source, "fault=connector.validate", Refused(500, "it answered 77")),
        ("pending", Source, "fault=connector.start", Breaks("it answered 1")),
        ("pending", Source, "fault=connector.task_configs", AskedAgain("it answered 1")),
        ("pending", Source, "fault=connector.validate", Refused(500, "it answered 1")),
        ("garbage_defs", Source, "", Refused(500, "type 99")),
    ]);
}

/// Nothing that a plugin answers has the worker take a source that requires exactly-once delivery.
#[test]
fn answers_about_exactly_once() {
    let worker = "This worker does not have exactly-once source support enabled.";
    check(&[
        ("numbers", Source, "exactly.once.support=required", Refused(400, worker)),
        ("garbage_connector", Source, "exactly.once.support=required", Refused(400, worker)),
        (
            "numbers",
            Source,
            "exactly.once.support=required x=2",
            Refused(400, "does not support exactly-once semantics with the provided configuration"),
        ),
        (
            "null_optional",
            Source,
            "exactly.once.support=required",
            Refused(400, "does not implement the API required for preflight validation"),
        ),
        (
            "garbage_connector",
            Source,
            "exactly.once.support=required fault=exactly_once",
            Refused(400, "it handed over 77"),
        ),
        (
            "errors",
            Source,
            "exactly.once.support=required fault=connector.exactly_once_support",
            Refused(400, "exactly_once_support failed: failed on purpose"),
        ),
        (
            "status",
            Source,
            "exactly.once.support=required fault=connector.exactly_once_support",
            Refused(400, "it answered 77"),
        ),
        (
            "pending",
            Source,
            "exactly.once.support=required fault=connector.exactly_once_support",
            Refused(400, "it answered 1"),
        ),
    ]);
}

/// A connector without a task is legal, a key is not.
#[test]
fn odd_task_configs() {
    let mut worker = table::start(table::spec(["garbage_connector"]));
    let odd = |fault: &str| faulty_source(fault, "garbage_connector", "t").with("fault", fault);
    worker.create("tasks_zero", &odd("tasks_zero")).expect(201);
    let status = worker.wait_state("tasks_zero", "RUNNING", 0);
    assert_eq!(status["tasks"], json!([]));
    assert_eq!(worker.rest().get("/connectors/tasks_zero/tasks").expect(200).json(), json!([]));
    // The order of keys is the contract's, but costs nothing.
    for fault in ["key_order", "key_empty"] {
        worker.create(fault, &odd(fault)).expect(201);
        worker.wait_state(fault, "RUNNING", 1);
    }
    let class = faulty_class("garbage_connector", "Source");
    worker.rest().get(&format!("/connector-plugins/{class}/config")).expect(200);
    worker.rest().delete("/connectors/tasks_zero").expect(204);
    assert!(worker.process().exited().is_none());
    table::assert_well(worker);
}
