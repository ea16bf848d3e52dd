/* A source that registers impossible partitions in its first poll, then works on. report: case and answer. */
#define NAME "BadPartitions"
#include "faulty.h"

static uint64_t make(instance *i, const char *label, cp_value partition) {
    uint64_t number = 0;
    int32_t answer = host->register_partition(i->token, &partition, &number);
    report(setting(&i->config, "report", ""), "%s %d", label, answer);
    return number;
}

static void try_all(instance *i) {
    const char *path = setting(&i->config, "report", "");
    const cp_value a = cp_string_value("a", 1), b = cp_string_value("b", 1), odd = cp_string_value("\xff", 1);
    const cp_value ab[] = {a, a, b, b}, ba[] = {b, b, a, a}, number_key[] = {cp_int64_value(1), a};
    const cp_value nested = cp_value_of(CP_ARRAY, 0, ab, 2), with_nested[] = {a, nested}, twice[] = {a, a, a, b};
    const cp_value utf8[] = {odd, a}, utf8_value[] = {a, odd};
    const uint64_t unknown[] = {0, 123456789};
    cp_value stored[2];
    uint64_t first = make(i, "good", cp_value_of(CP_MAP, 0, ab, 2));
    uint64_t second = make(i, "other_order", cp_value_of(CP_MAP, 0, ba, 2));
    report(path, "same_number %d", first == second && first > 0);
    make(i, "string", a);
    make(i, "null", cp_value_of(CP_NULL, 0, NULL, 0));
    make(i, "key_number", cp_value_of(CP_MAP, 0, number_key, 1));
    make(i, "key_twice", cp_value_of(CP_MAP, 0, twice, 2));
    make(i, "key_utf8", cp_value_of(CP_MAP, 0, utf8, 1));
    make(i, "value_utf8", cp_value_of(CP_MAP, 0, utf8_value, 1));
    make(i, "nested", cp_value_of(CP_MAP, 0, with_nested, 1));
    make(i, "pointer_null", cp_value_of(CP_MAP, 0, NULL, 2));
    make(i, "wraps", cp_value_of(CP_MAP, 0, ab, (uint64_t)1 << 63));
    make(i, "schema_unknown", cp_value_of(CP_MAP, 9999, ab, 2));
    report(path, "offsets_unknown %d", host->read_offsets(i->token, unknown, 2, stored));
    report(path, "offsets_null %d", host->read_offsets(i->token, NULL, 2, stored));
    report(path, "offsets_huge %d", host->read_offsets(i->token, unknown, SIZE_MAX, stored));
    report(path, "sink_function %d", host->request_commit(i->token));
}

static int32_t poll(void *self, cp_batch *out, cp_error *err) {
    instance *i = self;
    if (i->calls++ == 0) try_all(i);
    return good_poll(self, out, err);
}

static const cp_source_task_ops source = {GOOD_SOURCE, .poll = poll};
PLUGIN(good_connector, source, good_sink, 0)
