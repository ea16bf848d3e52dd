/* A connector hands out garbage: task configs, findings of validate, exactly-once, altered offsets. fault: which. */
#define NAME "GarbageConnector"
#include "faulty.h"

/* What the garbage points to. */
struct parts {
    cp_param pairs[2];
    cp_config_value finding;
};

static struct parts *parts_of(instance *i) {
    static const cp_param pairs[2] = {{CP_STR("key"), CP_STR("1")}, {CP_STR("key"), CP_STR("2")}};
    if (i->extra == NULL) i->extra = calloc(1, sizeof(struct parts));
    struct parts *parts = i->extra;
    memcpy(parts->pairs, pairs, sizeof pairs);
    parts->finding = (cp_config_value){.name = CP_STR("fault"), .error_count = 1};
    return parts;
}

static int32_t task_configs(void *self, uint32_t max_tasks, cp_config_list *out, cp_error *err) {
    instance *i = self;
    cp_param *pairs = parts_of(i)->pairs;
    good_task_configs(self, max_tasks, out, err);
    i->tasks = realloc(i->tasks, (max_tasks + 1) * sizeof *i->tasks);
    cp_config *first = &i->tasks[0];
    out->items = i->tasks;
    if (faulty(i, "tasks_zero")) *out = (cp_config_list){NULL, 0};
    if (faulty(i, "tasks_many")) out->count = max_tasks + 1;
    for (size_t n = 0; n < out->count && n <= max_tasks; n++) i->tasks[n] = i->config;
    if (faulty(i, "tasks_null")) out->items = NULL;
    if (faulty(i, "tasks_huge")) out->count = SIZE_MAX;
    if (faulty(i, "entries_null")) *first = (cp_config){NULL, 3};
    if (faulty(i, "entries_huge")) *first = (cp_config){pairs, SIZE_MAX};
    if (faulty(i, "key_twice")) *first = (cp_config){pairs, 2};
    if (faulty(i, "key_order")) pairs[1].key = str("a"), *first = (cp_config){pairs, 2};
    if (faulty(i, "key_empty")) pairs[0].key = str(""), *first = (cp_config){pairs, 1};
    if (faulty(i, "key_utf8")) pairs[0].key = str("k\xff"), *first = (cp_config){pairs, 1};
    if (faulty(i, "value_utf8")) pairs[0].value = str("v\xff"), *first = (cp_config){pairs, 1};
    if (faulty(i, "value_long")) pairs[0].value.len = CP_MAX_LEN + 1, *first = (cp_config){pairs, 1};
    return CP_READY;
}

static int32_t validate(void *self, const cp_config *config, cp_config_values *out, cp_error *err) {
    static const cp_str texts[] = {CP_STR("\xff\xfe"), {(const uint8_t *)"x", CP_MAX_LEN + 1}, {NULL, 5}, CP_STR("no")};
    cp_config_value *finding = &parts_of(self)->finding;
    const char *fault = setting(config, "fault", "");
    (void)err;
    finding->errors = &texts[3];
    *out = (cp_config_values){finding, strncmp(fault, "validate", 8) == 0 ? 1 : 0}; /* also validate_error: legal */
    if (strcmp(fault, "validate_utf8") == 0) finding->errors = &texts[0];
    if (strcmp(fault, "validate_long") == 0) finding->errors = &texts[1];
    if (strcmp(fault, "validate_null") == 0) finding->errors = &texts[2];
    if (strcmp(fault, "validate_name") == 0) finding->name = texts[0];
    if (strcmp(fault, "validate_unknown") == 0) finding->name = str("no.such.key");
    if (strcmp(fault, "validate_hidden") == 0) finding->hidden = 9;
    if (strcmp(fault, "validate_huge") == 0) out->count = SIZE_MAX;
    return CP_READY;
}

static int32_t exactly_once(void *self, const cp_config *config, uint32_t *out, cp_error *err) {
    (void)self, (void)err;
    *out = strcmp(setting(config, "fault", ""), "exactly_once") == 0 ? 77 : CP_EXACTLY_ONCE_SUPPORTED;
    return CP_READY;
}

static int32_t alter(void *self, const cp_config *config, const cp_offset_change *changes, size_t count, uint32_t *out,
                     cp_error *err) {
    (void)self, (void)changes, (void)count, (void)err;
    *out = strcmp(setting(config, "fault", ""), "alter_offsets") == 0 ? 77 : 1;
    return CP_READY;
}

static const cp_connector_ops connector = {GOOD_CONNECTOR, .task_configs = task_configs, .validate = validate,
                                           .exactly_once_support = exactly_once, .alter_offsets = alter};
PLUGIN(connector, good_source, good_sink, 0)
