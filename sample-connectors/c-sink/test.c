/*
 * Plays the worker for the sink: loads the library, goes through the life of a connector and of its tasks, looks at the
 * file. What is lent is freed right after the call, so that valgrind tells when the plugin keeps what it may not keep.
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 *   test LIBRARY FOLDER
 */
#define _POSIX_C_SOURCE 200809L

#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "connect_plugin.h"

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                            \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

struct cp_error {
    uint32_t kind;
    char message[1024];
};

/* ---- The worker's side ------------------------------------------------------------------------------------ */

static double metric;
static char last_log[1024];
static char last_explanation[1024];

static void keep(char *into, cp_str text) {
    CHECK(text.len < 1024);
    memcpy(into, text.ptr, text.len);
    into[text.len] = 0;
}

static void host_set_error(cp_error *err, uint32_t kind, cp_str message, cp_str trace) {
    (void)trace;
    err->kind = kind;
    keep(err->message, message);
}

static void host_log(uint64_t token, uint32_t level, cp_str target, cp_str message) {
    (void)token, (void)level, (void)target;
    keep(last_log, message);
}

static int32_t host_metric_register(uint64_t token, uint32_t kind, cp_str name, cp_str help, uint64_t *id) {
    CHECK(token == 7 && kind == CP_METRIC_COUNTER && name.len > 0 && help.len > 0);
    *id = 3;
    return CP_READY;
}

static int32_t host_metric_add(uint64_t token, uint64_t id, double amount) {
    CHECK(token == 7 && id == 3);
    metric += amount;
    return CP_READY;
}

static const cp_schema *host_schema(uint64_t token, uint32_t id) {
    static const cp_field fields[] = {{CP_STR("id"), CP_INT32, 0}, {CP_STR("name"), CP_STRING, 0}};
    static const cp_schema point = {.type = CP_STRUCT, .fields = fields, .field_count = 2};
    CHECK(token == 7);
    return id == CP_SCHEMA_FIRST_REGISTERED ? &point : NULL;
}

static void host_explain(uint64_t token, size_t index, cp_str message) {
    CHECK(token == 7 && index == 1);
    keep(last_explanation, message);
}

static const cp_host host = {
    .magic = CP_MAGIC,
    .abi_major = CP_ABI_MAJOR,
    .abi_minor = CP_ABI_MINOR,
    .size = sizeof(cp_host),
    .set_error = host_set_error,
    .log = host_log,
    .metric_register = host_metric_register,
    .metric_add = host_metric_add,
    .schema = host_schema,
    .explain = host_explain,
};

/* ---- Steps ------------------------------------------------------------------------------------------------ */

static const cp_connector_ops *connectors;
static const cp_sink_task_ops *tasks;
static cp_error err;

/* A config of one pair, in fresh memory; an empty one without a value. */
typedef struct lent_config {
    cp_config config;
    cp_param *entry;
    char *text;
} lent_config;

static lent_config lend(const char *key, const char *value) {
    lent_config lent = {{NULL, 0}, NULL, NULL};
    if (value == NULL) return lent;
    lent.text = strdup(value);
    lent.entry = malloc(sizeof *lent.entry);
    *lent.entry = (cp_param){cp_str_of(key, strlen(key)), cp_str_of(lent.text, strlen(lent.text))};
    lent.config = (cp_config){lent.entry, 1};
    return lent;
}

static void take_back(lent_config lent) {
    free(lent.text);
    free(lent.entry);
}

static void *make_task(void) {
    void *task = NULL;
    cp_context context = {7, CP_STR("sink"), CP_STR("CSink"), 0, 0};
    CHECK(tasks->create(&context, &task, &err) == CP_READY && task != NULL);
    return task;
}

static int32_t start_task(void *task, const char *file) {
    lent_config lent = lend("file", file);
    int32_t answer = tasks->start(task, &lent.config, &err);
    take_back(lent);
    return answer;
}

static void end_task(void *task) {
    CHECK(tasks->stop(task, &err) == CP_READY);
    CHECK(tasks->destroy(task, &err) == CP_READY);
}

/* Puts one record in memory of its own. */
static int32_t put(void *task, cp_value value, uint32_t *answer) {
    cp_record *record = calloc(1, sizeof *record);
    uint32_t *answers = calloc(1, sizeof *answers);
    char *copy = NULL;
    if (value.type == CP_STRING || value.type == CP_BYTES) {
        copy = malloc(value.bits + 1);
        memcpy(copy, value.ptr, value.bits);
        value.ptr = copy;
    }
    record->value = value;
    int32_t result = tasks->put(task, record, 1, answers, &err);
    *answer = answers[0];
    free(copy);
    free(answers);
    free(record);
    return result;
}

static void expect_file(const char *path, const char *expected) {
    char text[4096];
    FILE *file = fopen(path, "r");
    CHECK(file != NULL);
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    if (strcmp(text, expected) != 0) fprintf(stderr, "%s holds:\n%s\nexpected:\n%s\n", path, text, expected);
    CHECK(strcmp(text, expected) == 0);
}

/* ---- What is checked -------------------------------------------------------------------------------------- */

static void the_table_is_well_formed(const cp_plugin *plugin) {
    const cp_sizes sizes = CP_SIZES;
    CHECK(plugin->magic == CP_MAGIC && plugin->abi_major == CP_ABI_MAJOR && plugin->abi_minor == CP_ABI_MINOR);
    CHECK(memcmp(&plugin->sizes, &sizes, sizeof sizes) == 0);
    CHECK(plugin->class_count == 1 && plugin->classes[0].kind == CP_KIND_SINK);
    CHECK(plugin->init(&host, &err) == CP_READY);
    connectors = plugin->classes[0].connector;
    tasks = plugin->classes[0].sink;
    CHECK(connectors->size == sizeof *connectors && tasks->size == sizeof *tasks);
}

static void the_connector_hands_out_configs(const char *file, const char *folder) {
    void *connector = NULL;
    cp_context context = {8, CP_STR("sink"), CP_STR("CSink"), -1, 0};
    cp_config_defs defs = {NULL, 0};
    cp_config_values findings = {NULL, 9};
    cp_config_list list = {NULL, 0};
    lent_config lent = lend("file", file), wrong = lend("file", folder);
    CHECK(connectors->config_defs(&defs, &err) == CP_READY && defs.count == 1);
    CHECK(connectors->create(&context, &connector, &err) == CP_READY);
    CHECK(connectors->validate(connector, &lent.config, &findings, &err) == CP_READY && findings.count == 0);
    CHECK(connectors->start(connector, &lent.config, &err) == CP_READY);
    CHECK(connectors->validate(connector, &wrong.config, &findings, &err) == CP_READY && findings.count == 1);
    CHECK(findings.items[0].error_count == 1);
    take_back(lent);
    take_back(wrong);
    for (uint32_t max = 0; max <= 3; max++) {
        CHECK(connectors->task_configs(connector, max, &list, &err) == CP_READY && list.count == max);
        for (size_t i = 0; i < max; i++) {
            const cp_param *entry = &list.items[i].entries[0];
            CHECK(list.items[i].count == 1 && entry->value.len == strlen(file));
            CHECK(memcmp(entry->value.ptr, file, strlen(file)) == 0);
        }
    }
    CHECK(connectors->stop(connector, &err) == CP_READY);
    CHECK(connectors->destroy(connector, &err) == CP_READY);
}

static void a_connector_without_a_file_is_a_config_error(void) {
    void *connector = NULL;
    cp_context context = {8, CP_STR("sink"), CP_STR("CSink"), -1, 0};
    lent_config lent = lend("file", NULL);
    CHECK(connectors->create(&context, &connector, &err) == CP_READY);
    CHECK(connectors->start(connector, &lent.config, &err) == CP_ERROR && err.kind == CP_ERR_CONFIG);
    CHECK(connectors->destroy(connector, &err) == CP_READY);
}

static void every_type_becomes_a_line(const char *file) {
    double number = 1.5;
    float single = 0.25f;
    uint64_t number_bits = 0;
    uint32_t single_bits, answer;
    memcpy(&number_bits, &number, sizeof number);
    memcpy(&single_bits, &single, sizeof single);
    const cp_value pair[] = {cp_value_of(CP_INT32, CP_INT32, NULL, (uint64_t)-4), cp_string_value("four", 4)};
    const cp_value values[] = {
        cp_string_value("text", 4),
        cp_value_of(CP_BYTES, CP_BYTES, "b\xfft", 3),
        cp_value_of(CP_STRING, 0, NULL, 0),
        cp_value_of(CP_NULL, 0, NULL, 0),
        cp_value_of(CP_BOOLEAN, 0, NULL, 1),
        cp_int64_value(INT64_MIN),
        cp_value_of(CP_FLOAT32, 0, NULL, single_bits),
        cp_value_of(CP_FLOAT64, 0, NULL, number_bits),
        cp_value_of(CP_ARRAY, 0, pair, 2),
        cp_value_of(CP_MAP, 0, pair, 1),
        cp_value_of(CP_STRUCT, CP_SCHEMA_FIRST_REGISTERED, pair, 2),
    };
    void *task = make_task();
    metric = 0;
    CHECK(start_task(task, file) == CP_READY);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        CHECK(put(task, values[i], &answer) == CP_READY && answer == CP_PUT_OK);
    CHECK(tasks->flush(task, NULL, 0, &err) == CP_READY);
    end_task(task);
    CHECK(metric == 11 && strncmp(last_log, "11 records appended", 19) == 0);
    expect_file(file, "text\nb\xfft\n\nnull\ntrue\n-9223372036854775808\n0.25\n1.5\n[-4, four]\n{-4=four}\n"
                      "{id=-4, name=four}\n");
}

static void a_bad_value_does_not_harm_its_neighbours(const char *file) {
    const cp_value odd = cp_value_of(99, 0, NULL, 0), odd_pair[] = {cp_string_value("half", 4), odd};
    cp_record records[3] = {{.value = cp_string_value("first", 5)},
                            {.value = cp_value_of(CP_ARRAY, 0, odd_pair, 2)},
                            {.value = cp_string_value("third", 5)}};
    uint32_t answers[3] = {0, 0, 0};
    void *task = make_task();
    CHECK(start_task(task, file) == CP_READY);
    CHECK(tasks->put(task, records, 3, answers, &err) == CP_READY);
    CHECK(answers[0] == CP_PUT_OK && answers[1] == CP_PUT_BAD && answers[2] == CP_PUT_OK);
    CHECK(last_explanation[0] != 0);
    end_task(task);
    expect_file(file, "first\nthird\n");
}

static void a_torn_line_is_ended(const char *file) {
    uint32_t answer;
    FILE *torn = fopen(file, "w");
    fputs("whole\nhal", torn);
    fclose(torn);
    void *task = make_task();
    CHECK(start_task(task, file) == CP_READY);
    CHECK(put(task, cp_string_value("next", 4), &answer) == CP_READY);
    end_task(task);
    expect_file(file, "whole\nhal\nnext\n");
}

static void errors_are_told(const char *folder) {
    uint32_t answer;
    void *task = make_task();
    CHECK(start_task(task, NULL) == CP_ERROR && err.kind == CP_ERR_CONFIG);
    end_task(task);
    task = make_task();
    CHECK(start_task(task, folder) == CP_ERROR && err.kind == CP_ERR_FAILED && strstr(err.message, folder) != NULL);
    end_task(task);
    if (access("/dev/full", W_OK) != 0) return;
    task = make_task(); /* a full disk: the worker may try again */
    CHECK(start_task(task, "/dev/full") == CP_READY);
    CHECK(put(task, cp_string_value("text", 4), &answer) == CP_ERROR && err.kind == CP_ERR_RETRIABLE);
    CHECK(tasks->flush(task, NULL, 0, &err) == CP_READY);
    end_task(task);
}

int main(int count, char **arguments) {
    CHECK(count == 3);
    char file[4096];
    snprintf(file, sizeof file, "%s/test-lines.txt", arguments[2]);
    void *library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) fprintf(stderr, "%s\n", dlerror());
    CHECK(library != NULL);
    cp_entry_fn entry;
    *(void **)&entry = dlsym(library, CP_ENTRY_NAME);
    CHECK(entry != NULL);

    the_table_is_well_formed(entry());
    the_connector_hands_out_configs(file, arguments[2]);
    a_connector_without_a_file_is_a_config_error();
    remove(file);
    every_type_becomes_a_line(file);
    remove(file);
    a_bad_value_does_not_harm_its_neighbours(file);
    a_torn_line_is_ended(file);
    errors_are_told(arguments[2]);
    remove(file);
    puts("c-sink: all checks passed");
    return 0;
}
