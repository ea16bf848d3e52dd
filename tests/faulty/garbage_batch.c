/* After good batches (after: 2) poll hands out garbage. fault: what is wrong with the batch or with a record. */
#define NAME "GarbageBatch"
#include "faulty.h"

/* Spoils the record in the middle. */
static void spoil(instance *i, cp_record *record) {
    static const cp_header utf8 = {CP_STR("\xff"), {0, 0, NULL, 0}};
    static const cp_header length = {{(const uint8_t *)"x", CP_MAX_LEN + 1}, {0, 0, NULL, 0}};
    cp_value *offset = (cp_value *)record->source_offset.ptr;
    if (faulty(i, "topic_utf8")) record->topic = cp_str_of("t\xc3", 2);
    if (faulty(i, "topic_long")) record->topic.len = CP_MAX_LEN + 1;
    if (faulty(i, "topic_null")) record->topic = cp_str_of(NULL, 5);
    if (faulty(i, "topic_empty")) record->topic = cp_str_of(NULL, 0);
    if (faulty(i, "topic_name")) record->topic = str("not a topic's name!");
    if (faulty(i, "kafka_partition")) record->kafka_partition = -7;
    if (faulty(i, "kafka_partition_high")) record->kafka_partition = 99999;
    if (faulty(i, "timestamp_type")) record->timestamp_type = 9;
    if (faulty(i, "timestamp_negative")) record->timestamp_type = CP_TIMESTAMP_CREATE, record->timestamp = -5;
    if (faulty(i, "header_utf8")) record->headers = &utf8, record->header_count = 1;
    if (faulty(i, "header_long")) record->headers = &length, record->header_count = 1;
    if (faulty(i, "headers_null")) record->headers = NULL, record->header_count = 3;
    if (faulty(i, "headers_huge")) record->headers = &utf8, record->header_count = SIZE_MAX / 2;
    if (faulty(i, "partition_zero")) record->source_partition = 0;
    if (faulty(i, "partition_unknown")) record->source_partition = 123456789;
    if (faulty(i, "offset_string")) record->source_offset = cp_string_value("12", 2);
    if (faulty(i, "offset_key")) offset[0] = cp_int64_value(1);
    if (faulty(i, "offset_nested")) offset[1] = cp_value_of(CP_ARRAY, 0, NULL, 0);
    if (faulty(i, "offset_utf8")) offset[0] = cp_string_value("\xff", 1);
    if (faulty(i, "offset_huge")) record->source_offset.bits = (uint64_t)1 << 63;
    if (faulty(i, "offset_null_pointer")) record->source_offset.ptr = NULL;
    if (faulty(i, "reserved")) record->reserved[0] = 1;
}

static int32_t poll(void *self, cp_batch *out, cp_error *err) {
    instance *i = self;
    cp_batch batch = {.records = NULL, .count = 0};
    int32_t answer = good_poll(self, &batch, err);
    *out = batch;
    if (answer != CP_READY || batch.count == 0 || i->calls++ < number(&i->config, "after", 2)) return answer;
    spoil(i, &i->records[batch.count / 2]);
    if (faulty(i, "records_null")) out->records = NULL;
    if (faulty(i, "records_misaligned")) out->records = (const cp_record *)((const char *)i->records + 1);
    if (faulty(i, "count_long")) out->count = CP_MAX_LEN + 1;
    if (faulty(i, "count_huge")) out->count = SIZE_MAX;
    if (faulty(i, "empty")) out->count = 0; /* legal, however often */
    return answer;
}

static const cp_source_task_ops source = {GOOD_SOURCE, .poll = poll};
PLUGIN(good_connector, source, good_sink, 0)
