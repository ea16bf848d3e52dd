/*
 * A sink connector in C: counts the records it gets and appends their values, one a line, to a file.
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Meant as a model: it needs connect_plugin.h and a C compiler, nothing else. From top to bottom: helpers, the text of
 * values, the task (it does the work), the connector (it knows the configs), and the tables that the worker reads.
 *
 * The pattern of ownership: whatever the worker lends (configs, records, offsets) is copied if it is needed after the
 * call, whatever is handed out is kept in the instance, and destroy frees it all, wherever the instance got to.
 */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "connect_plugin.h"

#define CLASS_NAME "org.connecthost.samples.CSinkConnector"
#define CLASS_VERSION "0.1.0"
#define FILE_KEY "file"

/* The worker reads this from the file, without loading the library. */
CP_MANIFEST("{\"abi\":\"0.1\",\"classes\":[{\"class\":\"" CLASS_NAME "\",\"kind\":\"sink\",\"version\":\"" CLASS_VERSION
            "\",\"aliases\":[\"CSink\"]}]}");

/* The worker's functions; set once by init, before any other call, and valid as long as the process lives. */
static const cp_host *host;

/* ---- Helpers ---------------------------------------------------------------------------------------------- */

/* Formats into text and returns it as UTF-8; what does not fit is cut off between two characters. */
static cp_str format_text(char *text, size_t size, const char *format, va_list values) {
    int needed = vsnprintf(text, size, format, values);
    size_t len = needed > 0 ? (size_t)needed : 0;
    if (len >= size) {
        len = size - 1;
        while (len > 0 && ((unsigned char)text[len - 1] & 0xc0) == 0x80) len--; /* continuation bytes ... */
        if (len > 0 && (unsigned char)text[len - 1] >= 0x80) len--;             /* ... and what they continue */
    }
    return cp_str_of(text, len);
}

/* Tells the worker what went wrong. For the end of a function: return fail(err, ...). */
__attribute__((format(printf, 3, 4))) static int32_t fail(cp_error *err, uint32_t kind, const char *format, ...) {
    char text[1024];
    va_list values;
    va_start(values, format);
    cp_str message = format_text(text, sizeof text, format, values);
    va_end(values);
    host->set_error(err, kind, message, cp_str_of(NULL, 0)); /* copies the message; there is no trace to give */
    return CP_ERROR;
}

/* Logs through the worker, so that the line carries the names of connector and task. */
__attribute__((format(printf, 3, 4))) static void log_line(uint64_t token, uint32_t level, const char *format, ...) {
    char text[1024];
    va_list values;
    va_start(values, format);
    cp_str message = format_text(text, sizeof text, format, values);
    va_end(values);
    host->log(token, level, cp_str_of("c_sink", strlen("c_sink")), message);
}

/* The value of a key, or null. It is lent, like the config itself. */
static const cp_str *config_get(const cp_config *config, const char *key) {
    for (size_t i = 0; i < config->count; i++) {
        const cp_param *entry = &config->entries[i];
        if (entry->key.len == strlen(key) && memcmp(entry->key.ptr, key, entry->key.len) == 0) return &entry->value;
    }
    return NULL;
}

/* Copies the path of the config `file` into *path, ended by zero; the caller frees it. */
static int32_t copy_path(const cp_config *config, char **path, cp_error *err) {
    const cp_str *value = config_get(config, FILE_KEY);
    if (value == NULL || value->len == 0)
        return fail(err, CP_ERR_CONFIG, "%s is not set: give the path of the file to append to", FILE_KEY);
    if (memchr(value->ptr, 0, value->len) != NULL)
        return fail(err, CP_ERR_CONFIG, "%s contains a zero byte: no path can", FILE_KEY);
    char *copy = malloc(value->len + 1);
    if (copy == NULL) return fail(err, CP_ERR_FAILED, "out of memory for a path of %zu bytes", value->len);
    memcpy(copy, value->ptr, value->len);
    copy[value->len] = 0;
    free(*path);
    *path = copy;
    return CP_READY;
}

/* Bytes that grow. After a failed allocation it stays `failed`, so that only the end of a batch has to ask. */
typedef struct buffer {
    char *data;
    size_t len;
    size_t capacity;
    int failed;
} buffer;

static void append(buffer *out, const void *data, size_t len) {
    if (out->failed || len == 0) return;
    if (out->capacity - out->len < len) {
        size_t capacity = (out->len + len) * 2;
        char *grown = realloc(out->data, capacity);
        out->failed = grown == NULL;
        if (out->failed) return;
        out->data = grown;
        out->capacity = capacity;
    }
    memcpy(out->data + out->len, data, len);
    out->len += len;
}

static void append_text(buffer *out, const char *text) {
    append(out, text, strlen(text));
}

/* ---- The text of values ----------------------------------------------------------------------------------- */

static int append_value(buffer *out, uint64_t token, const cp_value *value);

/* [a, b] for an array, {k=v, l=w} for a map, {field=v} for a struct. */
static int append_nested(buffer *out, uint64_t token, const cp_value *value) {
    const cp_value *parts = value->ptr;
    const cp_schema *schema = value->type == CP_STRUCT ? host->schema(token, value->schema) : NULL;
    if (value->type == CP_STRUCT && (schema == NULL || schema->field_count != value->bits)) return 0;
    append_text(out, value->type == CP_ARRAY ? "[" : "{");
    for (uint64_t i = 0; i < value->bits; i++) {
        if (i > 0) append_text(out, ", ");
        if (value->type == CP_MAP) {
            if (!append_value(out, token, parts++)) return 0;
            append_text(out, "=");
        } else if (schema != NULL) {
            append(out, schema->fields[i].name.ptr, schema->fields[i].name.len);
            append_text(out, "=");
        }
        if (!append_value(out, token, parts++)) return 0;
    }
    append_text(out, value->type == CP_ARRAY ? "]" : "}");
    return 1;
}

/* Appends a value: strings and bytes as they are, others as simple text. Returns 0 for a type it does not know. */
static int append_value(buffer *out, uint64_t token, const cp_value *value) {
    char text[32];
    float single;
    double number;
    uint32_t low = (uint32_t)value->bits;
    switch (value->type) {
    case CP_STRING:
    case CP_BYTES:
        append(out, value->ptr, (size_t)value->bits);
        return 1;
    case CP_NULL:
        snprintf(text, sizeof text, "null");
        break;
    case CP_BOOLEAN:
        snprintf(text, sizeof text, "%s", value->bits != 0 ? "true" : "false");
        break;
    case CP_INT8:
    case CP_INT16:
    case CP_INT32:
    case CP_INT64: /* narrower integers come extended to 64 bits */
        snprintf(text, sizeof text, "%" PRId64, (int64_t)value->bits);
        break;
    case CP_FLOAT32:
        memcpy(&single, &low, sizeof single);
        snprintf(text, sizeof text, "%.9g", (double)single);
        break;
    case CP_FLOAT64:
        memcpy(&number, &value->bits, sizeof number);
        snprintf(text, sizeof text, "%.17g", number);
        break;
    case CP_ARRAY:
    case CP_MAP:
    case CP_STRUCT:
        return append_nested(out, token, value);
    default:
        return 0;
    }
    append_text(out, text);
    return 1;
}

/* ---- The task --------------------------------------------------------------------------------------------- */

typedef struct sink_task {
    uint64_t token; /* names this instance in calls of the worker's functions */
    char *path;
    int file; /* -1: not open */
    buffer lines;
    uint64_t records;
    uint64_t records_metric;
} sink_task;

static int32_t task_create(const cp_context *context, void **out, cp_error *err) {
    sink_task *task = calloc(1, sizeof *task);
    if (task == NULL) return fail(err, CP_ERR_FAILED, "out of memory for a task");
    task->token = context->token;
    task->file = -1;
    *out = task;
    return CP_READY;
}

/* Writes all of data. Returns 0, or -1 with errno set; *written tells how far it got. */
static int write_all(int file, const char *data, size_t len, size_t *written) {
    for (*written = 0; *written < len;) {
        ssize_t n = write(file, data + *written, len - *written);
        if (n >= 0) *written += (size_t)n;
        else if (errno != EINTR) return -1;
    }
    return 0;
}

/* A worker that was killed in mid-write has left half a line. It is ended here: otherwise the first line of this task
 * would become a part of it and be lost. */
static int end_torn_line(sink_task *task) {
    struct stat status;
    size_t written;
    char last;
    if (fstat(task->file, &status) != 0) return -1;
    if (!S_ISREG(status.st_mode) || status.st_size == 0) return 0;
    if (pread(task->file, &last, 1, status.st_size - 1) < 1) return -1;
    if (last == '\n') return 0;
    log_line(task->token, CP_LOG_WARN, "%s ends within a line: ending it", task->path);
    return write_all(task->file, "\n", 1, &written);
}

static int32_t task_start(void *instance, const cp_config *config, cp_error *err) {
    sink_task *task = instance;
    if (copy_path(config, &task->path, err) != CP_READY) return CP_ERROR;
    /* O_APPEND: each write lands whole at the end, also when several tasks share the file. */
    task->file = open(task->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (task->file < 0) return fail(err, CP_ERR_FAILED, "cannot open %s: %s", task->path, strerror(errno));
    if (end_torn_line(task) != 0)
        return fail(err, CP_ERR_FAILED, "cannot read or write %s: %s", task->path, strerror(errno));
    cp_str name = CP_STR("records_written"), help = CP_STR("Records appended to the file");
    if (host->metric_register(task->token, CP_METRIC_COUNTER, name, help, &task->records_metric) != CP_READY)
        log_line(task->token, CP_LOG_WARN, "the worker refused the metric records_written");
    return CP_READY;
}

/* The lines of the whole batch go into a buffer first, then into the file by one write: a put that fails before that
 * has left nothing behind. */
static int32_t task_put(void *instance, const cp_record *records, size_t count, uint32_t *answers, cp_error *err) {
    sink_task *task = instance;
    uint64_t accepted = 0;
    size_t written;
    task->lines.len = 0;
    for (size_t i = 0; i < count; i++) {
        size_t start = task->lines.len;
        if (append_value(&task->lines, task->token, &records[i].value)) {
            append_text(&task->lines, "\n");
            accepted++; /* answers[i] is CP_PUT_OK already */
        } else {
            task->lines.len = start;
            answers[i] = CP_PUT_BAD; /* errors.tolerance decides what becomes of this record */
            cp_str why = CP_STR("the value is of a type that c-sink cannot write");
            host->explain(task->token, i, why);
        }
    }
    if (task->lines.failed) return fail(err, CP_ERR_FAILED, "out of memory for the lines of %zu records", count);
    if (write_all(task->file, task->lines.data, task->lines.len, &written) != 0) {
        /* With nothing written the same put can be repeated; with a part written the lines would come twice. */
        int again = written == 0 && (errno == ENOSPC || errno == EDQUOT || errno == EAGAIN);
        uint32_t kind = again ? CP_ERR_RETRIABLE : CP_ERR_FAILED;
        return fail(err, kind, "cannot write to %s: %s", task->path, strerror(errno));
    }
    task->records += accepted;
    host->metric_add(task->token, task->records_metric, (double)accepted);
    return CP_READY;
}

/* Called before offsets are committed: what put has accepted must survive a crash from here on. All offsets given may
 * then be committed, hence flush; a sink that has to hold some of them back offers pre_commit in its place. */
static int32_t task_flush(void *instance, const cp_partition_offset *offsets, size_t count, cp_error *err) {
    sink_task *task = instance;
    (void)offsets, (void)count;
    /* EINVAL: a pipe or a terminal, which has nothing to make durable. */
    if (fdatasync(task->file) != 0 && errno != EINVAL)
        return fail(err, CP_ERR_FAILED, "cannot flush %s: %s", task->path, strerror(errno));
    return CP_READY;
}

/* Comes after a failed start as well: nothing here takes for granted that the file is open. */
static int32_t task_stop(void *instance, cp_error *err) {
    sink_task *task = instance;
    if (task->file < 0) return CP_READY;
    log_line(task->token, CP_LOG_INFO, "%" PRIu64 " records appended to %s", task->records, task->path);
    int result = close(task->file);
    task->file = -1; /* closed even when close fails */
    if (result != 0) return fail(err, CP_ERR_FAILED, "cannot close %s: %s", task->path, strerror(errno));
    return CP_READY;
}

static int32_t task_destroy(void *instance, cp_error *err) {
    (void)err;
    sink_task *task = instance;
    if (task->file >= 0) close(task->file);
    free(task->path);
    free(task->lines.data);
    free(task);
    return CP_READY;
}

/* ---- The connector ---------------------------------------------------------------------------------------- */

typedef struct sink_connector {
    char *path;
    cp_param entry;          /* the one pair that every task gets */
    cp_config *tasks;        /* handed out by task_configs */
    cp_config_value finding; /* handed out by validate */
} sink_connector;

/* `topics` and the like are the worker's own; only what this connector adds is defined here. */
static int32_t connector_config_defs(cp_config_defs *out, cp_error *err) {
    (void)err;
    static const cp_validator not_empty = {.kind = CP_VALIDATE_NON_EMPTY};
    static const cp_config_def definitions[] = {{
        .name = CP_STR(FILE_KEY),
        .type = CP_CONFIG_STRING,
        .importance = CP_IMPORTANCE_HIGH,
        .width = CP_WIDTH_LONG,
        .documentation = CP_STR("Path of the file to append to; it is made if it does not exist."),
        .order = -1,
        .display_name = CP_STR("File"),
        .validators = &not_empty,
        .validator_count = 1,
    }};
    *out = (cp_config_defs){definitions, sizeof definitions / sizeof definitions[0]};
    return CP_READY;
}

static int32_t connector_create(const cp_context *context, void **out, cp_error *err) {
    (void)context;
    *out = calloc(1, sizeof(sink_connector));
    return *out != NULL ? CP_READY : fail(err, CP_ERR_FAILED, "out of memory for a connector");
}

/* What the definitions cannot say. The worker has checked those by itself. */
static int32_t connector_validate(void *instance, const cp_config *config, cp_config_values *out, cp_error *err) {
    static const cp_str folder = CP_STR("is a folder: give the path of a file");
    sink_connector *connector = instance;
    struct stat status;
    char *path = NULL; /* not the instance's: a connector that runs may be asked about another config */
    const cp_str *value = config_get(config, FILE_KEY);
    *out = (cp_config_values){NULL, 0};
    if (value == NULL || value->len == 0) return CP_READY; /* the definitions complain already */
    if (copy_path(config, &path, err) != CP_READY) return CP_ERROR;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
        connector->finding = (cp_config_value){.name = CP_STR(FILE_KEY), .errors = &folder, .error_count = 1};
        *out = (cp_config_values){&connector->finding, 1};
    }
    free(path);
    return CP_READY;
}

static int32_t connector_start(void *instance, const cp_config *config, cp_error *err) {
    sink_connector *connector = instance;
    return copy_path(config, &connector->path, err);
}

/* Every task does the same: the worker shares out the partitions of the topics among them. */
static int32_t connector_task_configs(void *instance, uint32_t max_tasks, cp_config_list *out, cp_error *err) {
    sink_connector *connector = instance;
    free(connector->tasks); /* the list of the last time; this call has ended its life */
    connector->tasks = calloc(max_tasks, sizeof *connector->tasks);
    if (connector->tasks == NULL && max_tasks > 0)
        return fail(err, CP_ERR_FAILED, "out of memory for the configs of %" PRIu32 " tasks", max_tasks);
    connector->entry.key = cp_str_of(FILE_KEY, strlen(FILE_KEY));
    connector->entry.value = cp_str_of(connector->path, strlen(connector->path));
    for (uint32_t i = 0; i < max_tasks; i++) connector->tasks[i] = (cp_config){&connector->entry, 1};
    *out = (cp_config_list){connector->tasks, max_tasks};
    return CP_READY;
}

static int32_t connector_stop(void *instance, cp_error *err) {
    (void)instance, (void)err;
    return CP_READY;
}

static int32_t connector_destroy(void *instance, cp_error *err) {
    (void)err;
    sink_connector *connector = instance;
    free(connector->path);
    free(connector->tasks);
    free(connector);
    return CP_READY;
}

/* ---- The tables ------------------------------------------------------------------------------------------- */

/* A slot that is not named is null: not offered. */
static const cp_connector_ops connector_ops = {
    .size = sizeof(cp_connector_ops),
    .config_defs = connector_config_defs,
    .create = connector_create,
    .validate = connector_validate,
    .start = connector_start,
    .task_configs = connector_task_configs,
    .stop = connector_stop,
    .destroy = connector_destroy,
};

static const cp_sink_task_ops task_ops = {
    .size = sizeof(cp_sink_task_ops),
    .create = task_create,
    .start = task_start,
    .put = task_put,
    .flush = task_flush,
    .stop = task_stop,
    .destroy = task_destroy,
};

static const cp_class classes[] = {{
    .name = CP_STR(CLASS_NAME),
    .version = CP_STR(CLASS_VERSION),
    .kind = CP_KIND_SINK,
    .flags = CP_CLASS_BLOCKING, /* a disk can make write and fdatasync wait */
    .connector = &connector_ops,
    .sink = &task_ops,
}};

static int32_t init(const cp_host *functions, cp_error *err) {
    (void)err;
    host = functions;
    return CP_READY;
}

static const cp_plugin plugin = {
    .magic = CP_MAGIC,
    .abi_major = CP_ABI_MAJOR,
    .abi_minor = CP_ABI_MINOR,
    .sizes = CP_SIZES,
    .classes = classes,
    .class_count = sizeof classes / sizeof classes[0],
    .init = init,
};

/* The only symbol that the library exports. */
CP_EXPORT const cp_plugin *connect_plugin_entry(void);
CP_EXPORT const cp_plugin *connect_plugin_entry(void) {
    return &plugin;
}
