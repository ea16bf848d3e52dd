/* A source that registers impossible schemas in its first poll, then works on. report: case and answer, one a line. */
#define NAME "BadSchemas"
#include "faulty.h"

static void make(instance *i, const char *label, cp_schema schema) {
    uint32_t id = 0;
    int32_t answer = host->schema_register(i->token, &schema, &id);
    report(setting(&i->config, "report", ""), "%s %d", label, answer);
}

static void try_all(instance *i) {
    static const cp_field twice[] = {{CP_STR("a"), CP_STRING, 0}, {CP_STR("a"), CP_INT64, 0}};
    static const cp_field utf8 = {CP_STR("\xff"), CP_STRING, 0}, later = {CP_STR("a"), 99999, 0};
    const cp_value text = cp_string_value("text", 4);
    const char *path = setting(&i->config, "report", "");
    uint32_t first = 0, second = 0;
    cp_schema named = {.type = CP_STRING, .name = CP_STR("good")};
    make(i, "type_99", (cp_schema){.type = 99});
    make(i, "type_null", (cp_schema){.type = CP_NULL});
    make(i, "flags", (cp_schema){.type = CP_STRING, .flags = 0xffffffff});
    make(i, "name_utf8", (cp_schema){.type = CP_STRING, .name = CP_STR("\xff")});
    make(i, "name_long", (cp_schema){.type = CP_STRING, .name = {(const uint8_t *)"x", CP_MAX_LEN + 1}});
    make(i, "array_of_unknown", (cp_schema){.type = CP_ARRAY, .value_schema = 99999});
    make(i, "map_of_nothing", (cp_schema){.type = CP_MAP});
    make(i, "field_unknown", (cp_schema){.type = CP_STRUCT, .fields = &later, .field_count = 1});
    make(i, "field_utf8", (cp_schema){.type = CP_STRUCT, .fields = &utf8, .field_count = 1});
    make(i, "field_twice", (cp_schema){.type = CP_STRUCT, .fields = twice, .field_count = 2});
    make(i, "fields_null", (cp_schema){.type = CP_STRUCT, .fields = NULL, .field_count = 2});
    make(i, "fields_huge", (cp_schema){.type = CP_STRUCT, .fields = twice, .field_count = SIZE_MAX});
    make(i, "params_null", (cp_schema){.type = CP_STRING, .params = NULL, .param_count = 2});
    make(i, "default_of_other_type", (cp_schema){.type = CP_INT64, .default_value = &text});
    report(path, "good %d", host->schema_register(i->token, &named, &first));
    host->schema_register(i->token, &named, &second);
    report(path, "same_id %d", first == second);
    report(path, "unknown_id %d", host->schema(i->token, 99999) == NULL ? CP_ERROR : CP_READY);
    int made = 1;
    for (int n = 0; n < 10100; n++) { /* 10,000 an instance */
        cp_schema schema = {.type = CP_INT64, .flags = CP_SCHEMA_HAS_VERSION, .version = n};
        made += host->schema_register(i->token, &schema, &second) == CP_READY;
    }
    report(path, "made %d", made);
}

static int32_t poll(void *self, cp_batch *out, cp_error *err) {
    instance *i = self;
    if (i->calls++ == 0) try_all(i);
    return good_poll(self, out, err);
}

static const cp_source_task_ops source = {GOOD_SOURCE, .poll = poll};
PLUGIN(good_connector, source, good_sink, 0)
