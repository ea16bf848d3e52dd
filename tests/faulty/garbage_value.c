/* After good batches (after: 2) a record has a garbage value. fault: which; where: value (default), key, header. */
#define NAME "GarbageValue"
#include "faulty.h"

/* What the values point to. */
struct parts {
    cp_value nested[201], cycle, pair[2];
    cp_header header;
};

/* `depth` (100, at most 200) arrays in each other around a string. */
static cp_value nest(cp_value *nested, int64_t depth) {
    nested[0] = cp_string_value("x", 1);
    for (int64_t n = 1; n <= depth; n++) nested[n] = cp_value_of(CP_ARRAY, 0, &nested[n - 1], 1);
    return nested[depth];
}

/* A struct of two strings that has only one of them. */
static cp_value short_struct(instance *i, const cp_value *pair) {
    static const cp_field fields[] = {{CP_STR("a"), CP_STRING, 0}, {CP_STR("b"), CP_STRING, 0}};
    const cp_schema schema = {.type = CP_STRUCT, .fields = fields, .field_count = 2};
    uint32_t id = 0;
    host->schema_register(i->token, &schema, &id);
    return cp_value_of(CP_STRUCT, id, pair, 1);
}

static cp_value garbage(instance *i, struct parts *parts) {
    const cp_value *pair = parts->pair;
    if (faulty(i, "utf8")) return cp_string_value("\xff\xfe", 2);
    if (faulty(i, "utf8_cut")) return cp_string_value("ab\xe2\x82", 4);
    if (faulty(i, "utf8_surrogate")) return cp_string_value("\xed\xa0\x80", 3);
    if (faulty(i, "utf8_overlong")) return cp_string_value("\xc0\xaf", 2);
    if (faulty(i, "string_long")) return cp_string_value("x", CP_MAX_LEN + 1);
    if (faulty(i, "bytes_huge")) return cp_value_of(CP_BYTES, CP_BYTES, "x", UINT64_MAX);
    if (faulty(i, "string_null")) return cp_string_value(NULL, 5);
    if (faulty(i, "array_null")) return cp_value_of(CP_ARRAY, 0, NULL, 3);
    if (faulty(i, "array_huge")) return cp_value_of(CP_ARRAY, 0, pair, (uint64_t)1 << 60);
    if (faulty(i, "map_wraps")) return cp_value_of(CP_MAP, 0, pair, (uint64_t)1 << 63);
    if (faulty(i, "tag")) return cp_value_of(99, 0, "x", 1);
    if (faulty(i, "boolean")) return cp_value_of(CP_BOOLEAN, CP_BOOLEAN, NULL, 2);
    if (faulty(i, "int8")) return cp_value_of(CP_INT8, CP_INT8, NULL, 300);
    if (faulty(i, "int32")) return cp_value_of(CP_INT32, CP_INT32, NULL, 0xffffffff); /* -1 not extended */
    if (faulty(i, "schema_unknown")) return cp_value_of(CP_STRING, 9999, "x", 1);
    if (faulty(i, "schema_reserved")) return cp_value_of(CP_STRING, 100, "x", 1);
    if (faulty(i, "schema_mismatch")) return cp_value_of(CP_STRING, CP_INT64, "x", 1);
    if (faulty(i, "null_required")) return cp_value_of(CP_NULL, CP_STRING, NULL, 0);
    if (faulty(i, "struct_short")) return short_struct(i, pair);
    if (faulty(i, "struct_schemaless")) return cp_value_of(CP_STRUCT, 0, pair, 2);
    if (faulty(i, "cycle")) return parts->cycle = cp_value_of(CP_ARRAY, 0, &parts->cycle, 1);
    return nest(parts->nested, number(&i->config, "depth", 100)); /* nested */
}

static int32_t poll(void *self, cp_batch *out, cp_error *err) {
    instance *i = self;
    int32_t answer = good_poll(self, out, err);
    if (answer != CP_READY || out->count == 0 || i->calls++ < number(&i->config, "after", 2)) return answer;
    cp_record *record = &i->records[out->count / 2];
    if (i->extra == NULL) i->extra = calloc(1, sizeof(struct parts));
    struct parts *parts = i->extra;
    parts->pair[0] = parts->pair[1] = cp_string_value("x", 1);
    parts->header = (cp_header){str("header"), garbage(i, parts)};
    const char *where = setting(&i->config, "where", "value"); /* only now: garbage asks for many settings */
    if (strcmp(where, "value") == 0) record->value = parts->header.value;
    if (strcmp(where, "key") == 0) record->key = parts->header.value;
    if (strcmp(where, "header") == 0) record->headers = &parts->header, record->header_count = 1;
    return answer;
}

static const cp_source_task_ops source = {GOOD_SOURCE, .poll = poll};
PLUGIN(good_connector, source, good_sink, 0)
