/*
 * faulty.h - a well-formed source and sink, for plugins that break them in one place
 *
 * A faulty plugin is one C file: it defines NAME, includes this header, and builds its tables from the good parts
 * below, with one slot or member replaced (a designated initialiser that comes later wins). Classes are called
 * org.connecthost.faulty.<NAME>Source and ...Sink.
 *
 * The good source emits the numbers 0, 1, 2 ... as text, with the partition {"source":"<connector>/<task>"} and the
 * offset {"n":<number>}, and goes on after the stored offset. The good sink appends each value and a newline to a file.
 * Config keys of the good parts: topic (faulty), records (0: no end), batch (10, at most 100), interval.ms (10; 0: no
 * pause between batches), tasks (1) for the source; file (none) for the sink; report (none): where report() writes.
 */
#ifndef FAULTY_H
#define FAULTY_H

#define _GNU_SOURCE
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "connect_plugin.h"

#define SOURCE_CLASS "org.connecthost.faulty." NAME "Source"
#define SINK_CLASS "org.connecthost.faulty." NAME "Sink"
#ifndef VERSION
#define VERSION "0.1.0"
#endif
#define MANIFEST_ENTRY(class, kind, version)                                                                           \
    "{\"class\":\"" class "\",\"kind\":\"" kind "\",\"version\":\"" version "\"}"
#define GOOD_MANIFEST                                                                                                  \
    "{\"abi\":\"0.1\",\"classes\":[" MANIFEST_ENTRY(SOURCE_CLASS, "source", VERSION) ","                               \
        MANIFEST_ENTRY(SINK_CLASS, "sink", VERSION) "]}"

#define BATCH_MAX 100

/* A connector or a task: one shape for all. */
typedef struct instance {
    uint64_t token;
    int32_t task; /* -1: the connector */
    char name[128];
    cp_config config; /* a copy, from start on */
    unsigned calls;   /* for the faults: how often something has happened */
    void *extra;      /* for the faults; freed by destroy */
    /* source */
    uint64_t partition;
    int64_t next, limit;
    size_t batch;
    unsigned interval;
    pthread_t timer;
    int timing;
    atomic_int due, stopping;
    char text[BATCH_MAX][160];
    cp_value offset[BATCH_MAX][2];
    cp_record records[BATCH_MAX];
    /* sink */
    FILE *file;
    cp_partition_offset *commit;
    /* connector */
    cp_config *tasks;
} instance;

static const cp_host *host;

/* ---- Helpers for the faults ------------------------------------------------------------------------------- */

static cp_str str(const char *text) { return cp_str_of(text, strlen(text)); }

/* A config value as C text, or the fallback. Good until eight calls later on the same thread. */
static const char *setting(const cp_config *config, const char *key, const char *fallback) {
    static _Thread_local char texts[8][512];
    static _Thread_local unsigned turn;
    for (size_t i = 0; i < config->count; i++) {
        cp_str k = config->entries[i].key, v = config->entries[i].value;
        if (k.len != strlen(key) || memcmp(k.ptr, key, k.len) != 0) continue;
        char *text = texts[turn++ % 8];
        snprintf(text, sizeof texts[0], "%.*s", (int)v.len, (const char *)v.ptr);
        return text;
    }
    return fallback;
}

static int64_t number(const cp_config *config, const char *key, int64_t fallback) {
    const char *text = setting(config, key, NULL);
    return text != NULL ? strtoll(text, NULL, 10) : fallback;
}

/* Is this the fault that the config asks for? */
static int faulty(const instance *i, const char *fault) {
    return strcmp(setting(&i->config, "fault", ""), fault) == 0;
}

static int32_t fail(cp_error *err, uint32_t kind, const char *message) {
    host->set_error(err, kind, str(message), cp_str_of(NULL, 0));
    return CP_ERROR;
}

static void sleep_ms(unsigned ms) { usleep(ms * 1000); }

/* Appends a line to the file `path`, for a test to read. Nothing without a path. */
__attribute__((format(printf, 2, 3))) static void report(const char *path, const char *format, ...) {
    FILE *file = path[0] != 0 ? fopen(path, "a") : NULL;
    if (file == NULL) return;
    char line[1024];
    va_list values;
    va_start(values, format);
    vsnprintf(line, sizeof line, format, values);
    va_end(values);
    fprintf(file, "%s\n", line);
    fclose(file);
}

/* A thread that outlives its instance. */
static void detach(void *(*run)(void *), void *argument) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, run, argument) == 0) pthread_detach(thread);
}

/* Replaces the instance's copy of its config. */
static void keep_config(instance *i, const cp_config *config) {
    size_t size = config->count * sizeof(cp_param);
    for (size_t n = 0; n < config->count; n++) size += config->entries[n].key.len + config->entries[n].value.len;
    cp_param *entries = malloc(size + 1);
    uint8_t *text = (uint8_t *)(entries + config->count);
    for (size_t n = 0; n < config->count; n++) {
        cp_str *from[] = {(cp_str *)&config->entries[n].key, (cp_str *)&config->entries[n].value};
        cp_str *to[] = {&entries[n].key, &entries[n].value};
        for (int part = 0; part < 2; part++) {
            *to[part] = (cp_str){text, from[part]->len};
            if (from[part]->len > 0) memcpy(text, from[part]->ptr, from[part]->len);
            text += from[part]->len;
        }
    }
    free((void *)i->config.entries);
    i->config = (cp_config){entries, config->count};
}

/* ---- The good parts: every instance ----------------------------------------------------------------------- */

static int32_t good_init(const cp_host *functions, cp_error *err) {
    (void)err;
    host = functions;
    return CP_READY;
}

static int32_t good_create(const cp_context *context, void **out, cp_error *err) {
    (void)err;
    instance *i = calloc(1, sizeof *i);
    i->token = context->token;
    i->task = context->task;
    snprintf(i->name, sizeof i->name, "%.*s", (int)context->connector.len, (const char *)context->connector.ptr);
    *out = i;
    return CP_READY;
}

static int32_t good_stop(void *self, cp_error *err) {
    instance *i = self;
    (void)err;
    atomic_store(&i->stopping, 1);
    if (i->timing) pthread_join(i->timer, NULL);
    i->timing = 0;
    if (i->file != NULL) fclose(i->file);
    i->file = NULL;
    return CP_READY;
}

static int32_t good_destroy(void *self, cp_error *err) {
    instance *i = self;
    good_stop(i, err);
    free((void *)i->config.entries);
    free(i->extra);
    free(i->commit);
    free(i->tasks);
    free(i);
    return CP_READY;
}

/* ---- The good connector ----------------------------------------------------------------------------------- */

static int32_t good_config_defs(cp_config_defs *out, cp_error *err) {
    static const cp_config_def fault = {.name = CP_STR("fault"),
                                        .type = CP_CONFIG_STRING,
                                        .importance = CP_IMPORTANCE_LOW,
                                        .flags = CP_CONFIG_HAS_DEFAULT,
                                        .default_value = CP_STR("none"),
                                        .documentation = CP_STR("Which fault to show."),
                                        .order = -1};
    (void)err;
    *out = (cp_config_defs){&fault, 1};
    return CP_READY;
}

static int32_t good_validate(void *self, const cp_config *config, cp_config_values *out, cp_error *err) {
    (void)self, (void)config, (void)err;
    *out = (cp_config_values){NULL, 0};
    return CP_READY;
}

static int32_t good_connector_start(void *self, const cp_config *config, cp_error *err) {
    (void)err;
    keep_config(self, config);
    return CP_READY;
}

/* Each task gets the connector's own config. */
static int32_t good_task_configs(void *self, uint32_t max_tasks, cp_config_list *out, cp_error *err) {
    instance *i = self;
    (void)err;
    size_t count = (size_t)number(&i->config, "tasks", 1);
    if (count > max_tasks) count = max_tasks;
    free(i->tasks);
    i->tasks = calloc(count + 1, sizeof *i->tasks);
    for (size_t n = 0; n < count; n++) i->tasks[n] = i->config;
    *out = (cp_config_list){i->tasks, count};
    return CP_READY;
}

static int32_t good_exactly_once_support(void *self, const cp_config *config, uint32_t *out, cp_error *err) {
    (void)self, (void)config, (void)err;
    *out = CP_EXACTLY_ONCE_UNSUPPORTED;
    return CP_READY;
}

static int32_t good_alter_offsets(void *self, const cp_config *config, const cp_offset_change *changes, size_t count,
                                  uint32_t *out, cp_error *err) {
    (void)self, (void)config, (void)changes, (void)count, (void)err;
    *out = 0;
    return CP_READY;
}

/* ---- The good source task --------------------------------------------------------------------------------- */

static void *tick(void *self) {
    instance *i = self;
    for (unsigned waited = 0; !atomic_load(&i->stopping); waited++) {
        if (waited % i->interval == i->interval - 1) {
            atomic_store(&i->due, 1);
            host->wake(i->token);
        }
        sleep_ms(1);
    }
    return NULL;
}

/* The number after the stored one. */
static int64_t after_stored(const cp_value *stored) {
    const cp_value *pair = stored->ptr;
    for (uint64_t n = 0; stored->type == CP_MAP && n < stored->bits; n++, pair += 2) {
        if (pair[0].type == CP_STRING && pair[0].bits == 1 && memcmp(pair[0].ptr, "n", 1) == 0)
            return (int64_t)pair[1].bits + 1;
    }
    return 0;
}

static int32_t good_source_start(void *self, const cp_config *config, cp_error *err) {
    instance *i = self;
    cp_value stored;
    if (i->partition == 0) { /* else: repeated after PENDING */
        char source[160];
        snprintf(source, sizeof source, "%s/%d", i->name, i->task);
        cp_value pair[2] = {cp_string_value("source", 6), cp_string_value(source, strlen(source))};
        cp_value map = cp_value_of(CP_MAP, CP_SCHEMA_NONE, pair, 1);
        keep_config(i, config);
        if (host->register_partition(i->token, &map, &i->partition) != CP_READY)
            return fail(err, CP_ERR_FAILED, "the partition was refused");
    }
    int32_t answer = host->read_offsets(i->token, &i->partition, 1, &stored);
    if (answer == CP_PENDING) return CP_PENDING;
    if (answer != CP_READY) return fail(err, CP_ERR_FAILED, "the offsets cannot be read");
    i->next = after_stored(&stored);
    i->limit = number(config, "records", 0);
    i->batch = (size_t)number(config, "batch", 10);
    if (i->batch > BATCH_MAX) i->batch = BATCH_MAX;
    i->interval = (unsigned)number(config, "interval.ms", 10);
    if (i->interval > 0) i->timing = pthread_create(&i->timer, NULL, tick, i) == 0;
    return CP_READY;
}

static int32_t good_poll(void *self, cp_batch *out, cp_error *err) {
    instance *i = self;
    (void)err;
    size_t count = 0;
    if (i->interval > 0 && !atomic_exchange(&i->due, 0)) return CP_PENDING;
    if (i->limit > 0 && i->next >= i->limit) return CP_PENDING; /* nothing more, ever */
    cp_str topic = {NULL, 0};
    for (size_t n = 0; n < i->config.count; n++)
        if (i->config.entries[n].key.len == 5 && memcmp(i->config.entries[n].key.ptr, "topic", 5) == 0)
            topic = i->config.entries[n].value;
    for (; count < i->batch && (i->limit == 0 || i->next < i->limit); count++, i->next++) {
        int len = snprintf(i->text[count], sizeof i->text[0], "%lld", (long long)i->next);
        i->offset[count][0] = cp_string_value("n", 1);
        i->offset[count][1] = cp_int64_value(i->next);
        i->records[count] = (cp_record){.topic = topic.len > 0 ? topic : str("faulty"),
                                        .kafka_partition = CP_NO_PARTITION,
                                        .value = cp_string_value(i->text[count], (size_t)len),
                                        .cookie = (uint64_t)i->next,
                                        .source_partition = i->partition,
                                        .source_offset = cp_value_of(CP_MAP, CP_SCHEMA_NONE, i->offset[count], 1)};
    }
    *out = (cp_batch){.records = i->records, .count = count};
    return CP_READY;
}

static int32_t good_acks(void *self, const cp_ack *acks, size_t count, cp_error *err) {
    (void)self, (void)acks, (void)count, (void)err;
    return CP_READY;
}

static int32_t good_commit(void *self, cp_error *err) {
    (void)self, (void)err;
    return CP_READY;
}

/* ---- The good sink task ----------------------------------------------------------------------------------- */

static int32_t good_sink_start(void *self, const cp_config *config, cp_error *err) {
    instance *i = self;
    const char *path = setting(config, "file", "");
    keep_config(i, config);
    if (path[0] != 0 && i->file == NULL) i->file = fopen(path, "a");
    if (path[0] != 0 && i->file == NULL) return fail(err, CP_ERR_FAILED, "the file cannot be opened");
    return CP_READY;
}

static int32_t good_partitions(void *self, const cp_topic_partition *partitions, size_t count, cp_error *err) {
    (void)self, (void)partitions, (void)count, (void)err;
    return CP_READY;
}

static void accept(instance *i, const cp_record *record) {
    if (i->file == NULL) return;
    if (record->value.type == CP_STRING || record->value.type == CP_BYTES)
        fwrite(record->value.ptr, 1, (size_t)record->value.bits, i->file);
    fputc('\n', i->file);
}

static int32_t good_put(void *self, const cp_record *records, size_t count, uint32_t *answers, cp_error *err) {
    instance *i = self;
    (void)answers, (void)err;
    for (size_t n = 0; n < count; n++) accept(i, &records[n]);
    if (i->file != NULL) fflush(i->file);
    return CP_READY;
}

/* All offsets given, in memory of its own. One more item is there for the faults. */
static int32_t good_pre_commit(void *self, const cp_partition_offset *offsets, size_t count, cp_partition_offsets *out,
                               cp_error *err) {
    instance *i = self;
    (void)err;
    size_t size = (count + 1) * sizeof *offsets;
    for (size_t n = 0; n < count; n++) size += offsets[n].partition.topic.len;
    free(i->commit);
    i->commit = calloc(1, size);
    char *text = (char *)(i->commit + count + 1);
    for (size_t n = 0; n < count; n++) {
        cp_str topic = offsets[n].partition.topic;
        i->commit[n] = offsets[n];
        i->commit[n].partition.topic = cp_str_of(memcpy(text, topic.ptr, topic.len), topic.len);
        text += topic.len;
    }
    *out = (cp_partition_offsets){i->commit, count};
    return CP_READY;
}

/* ---- The good tables -------------------------------------------------------------------------------------- */

#define GOOD_CONNECTOR                                                                                                 \
    .size = sizeof(cp_connector_ops), .config_defs = good_config_defs, .create = good_create,                          \
    .validate = good_validate, .start = good_connector_start, .task_configs = good_task_configs, .stop = good_stop,    \
    .exactly_once_support = good_exactly_once_support, .alter_offsets = good_alter_offsets, .destroy = good_destroy
#define GOOD_SOURCE                                                                                                    \
    .size = sizeof(cp_source_task_ops), .create = good_create, .start = good_source_start, .poll = good_poll,          \
    .acks = good_acks, .commit = good_commit, .stop = good_stop, .destroy = good_destroy
#define GOOD_SINK                                                                                                      \
    .size = sizeof(cp_sink_task_ops), .create = good_create, .start = good_sink_start, .open = good_partitions,        \
    .close = good_partitions, .put = good_put, .pre_commit = good_pre_commit, .stop = good_stop, .destroy = good_destroy

static const cp_connector_ops good_connector = {GOOD_CONNECTOR};
static const cp_source_task_ops good_source = {GOOD_SOURCE};
static const cp_sink_task_ops good_sink = {GOOD_SINK};

#define GOOD_SOURCE_CLASS                                                                                              \
    .name = CP_STR(SOURCE_CLASS), .version = CP_STR(VERSION), .kind = CP_KIND_SOURCE, .connector = &good_connector,    \
    .source = &good_source
#define GOOD_SINK_CLASS                                                                                                \
    .name = CP_STR(SINK_CLASS), .version = CP_STR(VERSION), .kind = CP_KIND_SINK, .connector = &good_connector,        \
    .sink = &good_sink

static const cp_class good_classes[] = {{GOOD_SOURCE_CLASS}, {GOOD_SINK_CLASS}};

#define GOOD_PLUGIN                                                                                                    \
    .magic = CP_MAGIC, .abi_major = CP_ABI_MAJOR, .abi_minor = CP_ABI_MINOR, .sizes = CP_SIZES,                        \
    .classes = good_classes, .class_count = 2, .init = good_init

/* The exported symbol. */
#define ENTRY(table)                                                                                                   \
    CP_EXPORT const cp_plugin *connect_plugin_entry(void);                                                             \
    CP_EXPORT const cp_plugin *connect_plugin_entry(void) { return table; }

/* A whole plugin of the given tables. */
#define PLUGIN(connector_ops, source_ops, sink_ops, class_flags)                                                       \
    CP_MANIFEST(GOOD_MANIFEST);                                                                                        \
    static const cp_class plugin_classes[] = {                                                                         \
        {GOOD_SOURCE_CLASS, .connector = &connector_ops, .source = &source_ops, .flags = class_flags},                 \
        {GOOD_SINK_CLASS, .connector = &connector_ops, .sink = &sink_ops, .flags = class_flags}};                      \
    static const cp_plugin plugin_table = {GOOD_PLUGIN, .classes = plugin_classes};                                    \
    ENTRY(&plugin_table)

#endif
