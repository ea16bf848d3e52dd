/*
 * connect_plugin.h - the contract between connect-host and a connector plugin, version 0.1
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * This header is complete by itself: C11 or C++17, no other file of the project is needed to write a connector.
 *
 * TRUST
 *   A plugin runs inside the worker's process and is as privileged as the worker. The rules below protect the
 *   worker from mistakes, not from malice.
 *
 * COMPATIBILITY
 *   The worker refuses a plugin whose CP_ABI_MAJOR or CP_ABI_MINOR differs from its own, by name, until version 1.0.
 *   From 1.0 on the tables below are frozen and grow through get_extension (both directions) only. Constants that
 *   flow into a plugin never gain values. Reserved members are zero.
 *
 * GETTING IN
 *   A library exports one symbol, CP_ENTRY_NAME, and carries a manifest in the ELF section CP_MANIFEST_SECTION (see
 *   CP_MANIFEST below). The worker reads the manifest without loading the library, then loads it with
 *   RTLD_NOW | RTLD_LOCAL, calls the entry, and checks magic, version and sizes before any other call. A library in
 *   Rust may export a second symbol, a static of the crate abi_stable that tells the layout of the types below; the
 *   worker compares it and refuses what differs. Then it calls init once. Libraries are never closed. Replace a
 *   library's file by rename, never write into it.
 *
 * TIME
 *   start, poll, put, flush, pre_commit, open, close, commit, acks and stop of tasks, and the host's read_offsets and
 *   report_done, answer CP_READY, CP_PENDING or CP_ERROR. After CP_PENDING the same call is repeated with the same
 *   arguments once the instance was woken: keep the host's wake and the token from cp_context, and call
 *   host->wake(token). wake is legal from any thread, inside a call, twice, and after destroy (then it does nothing).
 *   A wake that arrives before CP_PENDING is returned is not lost. While a call is pending the host may, instead of
 *   repeating it, call cancel and stop (which abandons it), and, while a poll is pending, acks and commit.
 *   A class without CP_CLASS_BLOCKING returns from each task call promptly (well under 100 ms). A class with
 *   CP_CLASS_BLOCKING may sleep in its calls; each call in progress then holds a thread.
 *   Functions of connectors (cp_connector_ops) may block and never answer CP_PENDING.
 *
 * THREADS
 *   Calls on one instance never overlap, but may come from different threads. cancel is the only call that may
 *   overlap another one on the same instance; it asks a call in progress to return soon. stop and destroy never
 *   overlap anything. Host functions may be called from any thread at any time, even after destroy: an unknown
 *   token makes them do nothing and answer CP_ERROR. No host function blocks.
 *
 * MEMORY
 *   Nobody frees what the other side allocated. What a plugin hands out (records of poll, lists of a connector) stays
 *   valid until the worker's next call on that instance (pre_commit may hand the offsets it was lent back as they are). What the worker lends (records of put, configs, offsets)
 *   is valid until the call has answered other than CP_PENDING, unless a function says otherwise. Text is UTF-8, not
 *   terminated by zero. A null pointer with length 0 is empty. A length above CP_MAX_LEN is an error.
 *
 * ERRORS
 *   A function that returns CP_ERROR has called host->set_error(err, ...) first. Any return value that is not named
 *   here is an error of the plugin. An instance that answered CP_ERROR of a kind other than CP_ERR_RETRIABLE gets
 *   only stop and destroy. C++ exceptions and Rust panics must not leave a function; after CP_ERR_PANIC the instance
 *   is not called again, not even destroy.
 */
#ifndef CONNECT_PLUGIN_H
#define CONNECT_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CP_MAGIC 0x31474c50434e4f43ull /* "CONCPLG1" read as a little-endian number */
#define CP_ABI_MAJOR 0u
#define CP_ABI_MINOR 1u
#define CP_ENTRY_NAME "connect_plugin_entry"
#define CP_MANIFEST_SECTION ".connect_plugin"
#define CP_MAX_LEN ((size_t)1 << 31)

/* Answers of calls. */
#define CP_READY 0
#define CP_PENDING 1
#define CP_ERROR (-1)

/* Kinds of errors, for set_error. */
#define CP_ERR_FAILED 1u      /* the task or connector fails */
#define CP_ERR_RETRIABLE 2u   /* the same call may be repeated later */
#define CP_ERR_CONFIG 3u      /* a config is wrong */
#define CP_ERR_DATA 4u        /* a record cannot be handled */
#define CP_ERR_UNSUPPORTED 5u /* the plugin does not offer this */
#define CP_ERR_PANIC 6u       /* the barrier caught a panic or an exception */

/* ---- Text and values -------------------------------------------------------------------------------------- */

/* UTF-8 text of len bytes. */
typedef struct cp_str {
    const uint8_t *ptr;
    size_t len;
} cp_str;

/* Physical types of values. Logical types (Date, Time, Timestamp, Decimal) are told by the schema's name. */
#define CP_NULL 0u
#define CP_BOOLEAN 1u /* bits: 0 or 1 */
#define CP_INT8 2u    /* bits: two's complement, sign-extended to 64 bits; so are the other integers */
#define CP_INT16 3u
#define CP_INT32 4u
#define CP_INT64 5u
#define CP_FLOAT32 6u /* bits: IEEE 754 single in the low 32 bits */
#define CP_FLOAT64 7u /* bits: IEEE 754 double */
#define CP_STRING 8u  /* ptr to bits bytes of UTF-8 */
#define CP_BYTES 9u   /* ptr to bits bytes */
#define CP_ARRAY 10u  /* ptr to bits cp_value */
#define CP_MAP 11u    /* ptr to 2 * bits cp_value: key, value, key, value ... */
#define CP_STRUCT 12u /* ptr to bits cp_value: one for each field, in the order of the schema */

/*
 * Schema ids that always exist. 0: no schema. 1..127: the type of that number, required. 128 + type: the same type,
 * optional. Both only for CP_BOOLEAN..CP_BYTES. Ids from 256 on are given by register_schema.
 */
#define CP_SCHEMA_NONE 0u
#define CP_SCHEMA_OPTIONAL 128u
#define CP_SCHEMA_FIRST_REGISTERED 256u

/* A value: a tagged view. A value inside more than 64 arrays, maps or structs is an error. */
typedef struct cp_value {
    uint32_t type;   /* CP_NULL .. CP_STRUCT */
    uint32_t schema; /* schema id; 0 = schemaless */
    const void *ptr; /* for CP_STRING .. CP_STRUCT */
    uint64_t bits;   /* the number itself, or the length of what ptr points to */
} cp_value;

typedef struct cp_param {
    cp_str key;
    cp_str value;
} cp_param;

typedef struct cp_field {
    cp_str name;
    uint32_t schema;
    uint32_t reserved;
} cp_field;

#define CP_SCHEMA_IS_OPTIONAL 1u /* flag: null is allowed */
#define CP_SCHEMA_HAS_VERSION 2u /* flag: version is meaningful */

/* A schema; parts refer to schemas that were registered before. */
typedef struct cp_schema {
    uint32_t type;
    uint32_t flags;
    cp_str name; /* empty: none */
    cp_str doc;  /* empty: none */
    int32_t version;
    uint32_t key_schema;   /* of a map */
    uint32_t value_schema; /* of a map or array */
    uint32_t reserved;
    const cp_param *params;
    size_t param_count;
    const cp_field *fields; /* of a struct */
    size_t field_count;
    const cp_value *default_value; /* null: none */
} cp_schema;

typedef struct cp_header {
    cp_str key;
    cp_value value;
} cp_header;

/* ---- Records ---------------------------------------------------------------------------------------------- */

#define CP_TIMESTAMP_NONE 0u
#define CP_TIMESTAMP_CREATE 1u
#define CP_TIMESTAMP_LOG_APPEND 2u
#define CP_NO_PARTITION (-1)

/* A record on its way from a source or to a sink. Members of the other direction are zero. */
typedef struct cp_record {
    cp_str topic;
    int32_t kafka_partition; /* CP_NO_PARTITION: the worker's partitioner decides (source) */
    uint32_t timestamp_type;
    int64_t timestamp; /* milliseconds since 1970-01-01 UTC; meaningless when the type is CP_TIMESTAMP_NONE */
    cp_value key;
    cp_value value;
    const cp_header *headers;
    size_t header_count;
    uint64_t cookie;           /* source: anything; comes back in cp_ack */
    uint64_t source_partition; /* source: from register_partition */
    cp_value source_offset;    /* source: a map from strings to primitives, or CP_NULL */
    int64_t kafka_offset;      /* sink */
    cp_str original_topic;     /* sink: before transformations (KIP-793), as are the next two */
    int32_t original_partition;
    uint32_t reserved0;
    int64_t original_offset;
    uint64_t reserved[4];
} cp_record;

/* What poll hands out. count 0 is legal and means: nothing now, call again at once. */
typedef struct cp_batch {
    const cp_record *records;
    size_t count;
    uint64_t reserved[2];
} cp_batch;

#define CP_ACK_WRITTEN 0u /* partition, offset and timestamp are set */
#define CP_ACK_DROPPED 1u /* the worker dropped it (error tolerance); the rest is zero */

typedef struct cp_ack {
    uint64_t cookie;
    int64_t offset;
    int64_t timestamp;
    int32_t partition;
    uint32_t status;
} cp_ack;

/* Answers of put for each record. */
#define CP_PUT_OK 0u
#define CP_PUT_RETRY 1u /* put it, and all later records of its partition, again in order */
#define CP_PUT_BAD 2u   /* this record cannot be handled; errors.tolerance decides. Text by host->explain */

typedef struct cp_topic_partition {
    cp_str topic;
    int32_t partition;
    uint32_t reserved;
} cp_topic_partition;

/* offset is the next one to read. */
typedef struct cp_partition_offset {
    cp_topic_partition partition;
    int64_t offset;
} cp_partition_offset;

typedef struct cp_partition_offsets {
    const cp_partition_offset *items;
    size_t count;
} cp_partition_offsets;

/* ---- Configs ---------------------------------------------------------------------------------------------- */

/* A config: pairs with distinct keys, in the order of the keys. Values may be secrets: never log them. */
typedef struct cp_config {
    const cp_param *entries;
    size_t count;
} cp_config;

typedef struct cp_config_list {
    const cp_config *items;
    size_t count;
} cp_config_list;

/* Types of config values, as Kafka's ConfigDef.Type. */
#define CP_CONFIG_BOOLEAN 1u
#define CP_CONFIG_STRING 2u
#define CP_CONFIG_INT 3u
#define CP_CONFIG_SHORT 4u
#define CP_CONFIG_LONG 5u
#define CP_CONFIG_DOUBLE 6u
#define CP_CONFIG_LIST 7u
#define CP_CONFIG_CLASS 8u
#define CP_CONFIG_PASSWORD 9u

#define CP_IMPORTANCE_HIGH 1u
#define CP_IMPORTANCE_MEDIUM 2u
#define CP_IMPORTANCE_LOW 3u

#define CP_WIDTH_NONE 0u
#define CP_WIDTH_SHORT 1u
#define CP_WIDTH_MEDIUM 2u
#define CP_WIDTH_LONG 3u

#define CP_CONFIG_HAS_DEFAULT 1u /* flag: default_value is meaningful; without it the key is required */
#define CP_CONFIG_DEFAULT_NULL 2u /* flag, with the one above: the default is null */
#define CP_CONFIG_INTERNAL 4u    /* flag: not shown in listings */

#define CP_VALIDATE_RANGE 1u     /* has_min / has_max tell which bounds count; both inclusive */
#define CP_VALIDATE_ONE_OF 2u    /* values */
#define CP_VALIDATE_NON_EMPTY 3u
#define CP_VALIDATE_PATTERN 4u   /* values[0]: regular expression that the whole value matches */

typedef struct cp_validator {
    uint32_t kind;
    uint32_t has_min;
    uint32_t has_max;
    uint32_t reserved;
    double min;
    double max;
    const cp_str *values;
    size_t value_count;
} cp_validator;

/* One definition, as Kafka's ConfigDef.ConfigKey. */
typedef struct cp_config_def {
    cp_str name;
    uint32_t type;
    uint32_t importance;
    uint32_t width;
    uint32_t flags;
    cp_str default_value; /* in the text form of a config file */
    cp_str documentation;
    cp_str group; /* empty: none */
    int32_t order; /* in its group; -1: none */
    uint32_t reserved;
    cp_str display_name; /* empty: the name */
    const cp_str *dependents;
    size_t dependent_count;
    const cp_str *recommended;
    size_t recommended_count;
    const cp_validator *validators;
    size_t validator_count;
} cp_config_def;

typedef struct cp_config_defs {
    const cp_config_def *items;
    size_t count;
} cp_config_defs;

/* What validate found out about one key, beyond what the definitions say. */
typedef struct cp_config_value {
    cp_str name;
    const cp_str *errors;
    size_t error_count;
    const cp_str *recommended;
    size_t recommended_count;
    uint32_t hidden; /* 1: not visible with these configs */
    uint32_t reserved;
} cp_config_value;

typedef struct cp_config_values {
    const cp_config_value *items;
    size_t count;
} cp_config_values;

/* ---- What the host offers --------------------------------------------------------------------------------- */

/* Where a function puts its error. Only the host knows its shape. Valid during the call. */
typedef struct cp_error cp_error;

#define CP_LOG_ERROR 1u
#define CP_LOG_WARN 2u
#define CP_LOG_INFO 3u
#define CP_LOG_DEBUG 4u
#define CP_LOG_TRACE 5u

#define CP_METRIC_COUNTER 1u
#define CP_METRIC_GAUGE 2u

/*
 * The host's functions. The table lives as long as the process. token is the one from cp_context; 0 in log means the
 * library. Each may be called from any thread at any time, copies what it is given and never blocks.
 */
typedef struct cp_host {
    uint64_t magic;
    uint32_t abi_major;
    uint32_t abi_minor;
    uint64_t size; /* sizeof(cp_host) */

    /* Every instance. */
    void (*set_error)(cp_error *err, uint32_t kind, cp_str message, cp_str trace);
    void (*wake)(uint64_t token);
    void (*log)(uint64_t token, uint32_t level, cp_str target, cp_str message);
    uint32_t (*log_enabled)(uint64_t token, uint32_t level); /* 0 or 1; cheap */
    /* A metric of this instance: name in snake_case. The same name gives the same id. At most 100 an instance. */
    int32_t (*metric_register)(uint64_t token, uint32_t kind, cp_str name, cp_str help, uint64_t *id);
    int32_t (*metric_add)(uint64_t token, uint64_t id, double amount); /* counter, gauge */
    int32_t (*metric_set)(uint64_t token, uint64_t id, double value);  /* gauge */
    /* An equal schema gives the same id; at most 10,000 an instance. schema(id) is null for an unknown id; its
     * result lives as long as the instance. */
    int32_t (*schema_register)(uint64_t token, const cp_schema *schema, uint32_t *id);
    const cp_schema *(*schema)(uint64_t token, uint32_t id);
    const void *(*get_extension)(cp_str id); /* "name/revision"; null: not offered */

    /* Connectors. */
    int32_t (*request_task_reconfiguration)(uint64_t token);
    int32_t (*raise_error)(uint64_t token, cp_str message); /* fails the connector */

    /* Sources: connectors and tasks. */
    /* partition: a map from strings to primitives. An equal one gives the same number, above 0. */
    int32_t (*register_partition)(uint64_t token, const cp_value *partition, uint64_t *number);
    /* Stored offsets of count partitions into out (CP_NULL: none). out's contents live until the next read_offsets
     * on this token or destroy. */
    int32_t (*read_offsets)(uint64_t token, const uint64_t *partitions, size_t count, cp_value *out);

    /* Sink tasks. Partitions that are not assigned to the task make them answer CP_ERROR. */
    int32_t (*pause)(uint64_t token, const cp_topic_partition *partitions, size_t count);
    int32_t (*resume)(uint64_t token, const cp_topic_partition *partitions, size_t count);
    int32_t (*seek)(uint64_t token, const cp_partition_offset *offsets, size_t count);
    int32_t (*request_commit)(uint64_t token);
    int32_t (*set_timeout)(uint64_t token, uint64_t milliseconds); /* retry a RETRIABLE put after this long */
    /* Report a bad record that put has accepted or is handling, by its original coordinates (KIP-610). No offset
     * passes it until report_done answered CP_READY. */
    int32_t (*report_bad)(uint64_t token, const cp_topic_partition *partition, int64_t offset, cp_str message,
                          uint64_t *ticket);
    int32_t (*report_done)(uint64_t token, uint64_t ticket);
    /* Inside put: why records[index] is answered CP_PUT_BAD or CP_PUT_RETRY. */
    void (*explain)(uint64_t token, size_t index, cp_str message);

    uint64_t reserved[8];
} cp_host;

/* Given at create; copy the token, the rest is valid during create only. */
typedef struct cp_context {
    uint64_t token;   /* never used twice in a process */
    cp_str connector; /* the connector's name */
    cp_str class_name;
    int32_t task; /* -1: the connector itself */
    uint32_t reserved;
} cp_context;

/* ---- What a plugin offers --------------------------------------------------------------------------------- */

#define CP_KIND_SOURCE 1u
#define CP_KIND_SINK 2u
/* Reserved for later versions. A worker of 0.1 leaves such classes out, by name. */
#define CP_KIND_CONVERTER 3u
#define CP_KIND_HEADER_CONVERTER 4u
#define CP_KIND_TRANSFORMATION 5u
#define CP_KIND_PREDICATE 6u
#define CP_KIND_CONFIG_PROVIDER 7u
#define CP_KIND_REST_EXTENSION 8u
#define CP_KIND_OVERRIDE_POLICY 9u

#define CP_CLASS_BLOCKING 1u /* task calls may sleep: each runs on a thread of its own */

#define CP_EXACTLY_ONCE_UNKNOWN 0u
#define CP_EXACTLY_ONCE_SUPPORTED 1u
#define CP_EXACTLY_ONCE_UNSUPPORTED 2u

typedef struct cp_offset_change {
    cp_value partition; /* a map */
    cp_value offset;    /* a map, or CP_NULL: forget it */
} cp_offset_change;

/*
 * A connector. config_defs needs no instance, its result lives as long as the process. validate, exactly_once_support
 * and alter_offsets come on an instance that was created, started or not; they leave its state as it is. Order: create, start, task_configs any
 * number of times, stop, destroy. A null slot: not offered (only where said so).
 */
typedef struct cp_connector_ops {
    uint64_t size; /* sizeof(cp_connector_ops) */
    int32_t (*config_defs)(cp_config_defs *out, cp_error *err);
    int32_t (*create)(const cp_context *context, void **out, cp_error *err);
    int32_t (*validate)(void *connector, const cp_config *config, cp_config_values *out, cp_error *err); /* nullable */
    int32_t (*start)(void *connector, const cp_config *config, cp_error *err);
    int32_t (*task_configs)(void *connector, uint32_t max_tasks, cp_config_list *out, cp_error *err);
    int32_t (*stop)(void *connector, cp_error *err);
    int32_t (*exactly_once_support)(void *connector, const cp_config *config, uint32_t *out, cp_error *err); /* nullable */
    /* changes null with count 0: forget every offset. out: 1 if the connector has taken care of it, else 0. */
    int32_t (*alter_offsets)(void *connector, const cp_config *config, const cp_offset_change *changes, size_t count,
                             uint32_t *out, cp_error *err); /* nullable */
    int32_t (*destroy)(void *connector, cp_error *err);
    uint64_t reserved[4];
} cp_connector_ops;

/* A source task. Order: create, start, (poll | acks | commit)*, stop, destroy. */
typedef struct cp_source_task_ops {
    uint64_t size; /* sizeof(cp_source_task_ops) */
    int32_t (*create)(const cp_context *context, void **out, cp_error *err);
    int32_t (*start)(void *task, const cp_config *config, cp_error *err);
    int32_t (*poll)(void *task, cp_batch *out, cp_error *err);
    /* Written or dropped records, in the order of their acknowledgements. Null: not wanted, nothing is kept. */
    int32_t (*acks)(void *task, const cp_ack *acks, size_t count, cp_error *err); /* nullable */
    int32_t (*commit)(void *task, cp_error *err); /* offsets were stored; nullable */
    int32_t (*stop)(void *task, cp_error *err);
    void (*cancel)(void *task); /* nullable */
    int32_t (*destroy)(void *task, cp_error *err);
    uint64_t reserved[4];
} cp_source_task_ops;

/* A sink task. Order: create, start, (open | put | flush | pre_commit | close)*, stop, destroy. */
typedef struct cp_sink_task_ops {
    uint64_t size; /* sizeof(cp_sink_task_ops) */
    int32_t (*create)(const cp_context *context, void **out, cp_error *err);
    int32_t (*start)(void *task, const cp_config *config, cp_error *err);
    int32_t (*open)(void *task, const cp_topic_partition *partitions, size_t count, cp_error *err);  /* nullable */
    int32_t (*close)(void *task, const cp_topic_partition *partitions, size_t count, cp_error *err); /* nullable */
    /* answers: count zeroes, CP_PUT_OK each. records and answers stay where they are while CP_PENDING. */
    int32_t (*put)(void *task, const cp_record *records, size_t count, uint32_t *answers, cp_error *err);
    /* Make everything up to offsets durable. Null: nothing to do. */
    int32_t (*flush)(void *task, const cp_partition_offset *offsets, size_t count, cp_error *err); /* nullable */
    /* Which offsets may be committed, at most those given; in place of flush. Null: flush, then those given. */
    int32_t (*pre_commit)(void *task, const cp_partition_offset *offsets, size_t count, cp_partition_offsets *out,
                          cp_error *err); /* nullable */
    int32_t (*stop)(void *task, cp_error *err);
    void (*cancel)(void *task); /* nullable */
    int32_t (*destroy)(void *task, cp_error *err);
    uint64_t reserved[4];
} cp_sink_task_ops;

/* One class. name and version must be those of the manifest. */
typedef struct cp_class {
    cp_str name;
    cp_str version;
    uint32_t kind;
    uint32_t flags;
    const cp_connector_ops *connector;
    const cp_source_task_ops *source; /* for CP_KIND_SOURCE */
    const cp_sink_task_ops *sink;     /* for CP_KIND_SINK */
    uint64_t reserved[4];
} cp_class;

/* Sizes of what crosses, as the plugin was compiled. */
typedef struct cp_sizes {
    uint32_t plugin, class_, connector_ops, source_task_ops, sink_task_ops, host;
    uint32_t record, value, batch, ack, schema, config_def, config_value, context;
} cp_sizes;

#define CP_SIZES                                                                                                       \
    {                                                                                                                  \
        sizeof(cp_plugin), sizeof(cp_class), sizeof(cp_connector_ops), sizeof(cp_source_task_ops),                     \
            sizeof(cp_sink_task_ops), sizeof(cp_host), sizeof(cp_record), sizeof(cp_value), sizeof(cp_batch),          \
            sizeof(cp_ack), sizeof(cp_schema), sizeof(cp_config_def), sizeof(cp_config_value), sizeof(cp_context)      \
    }

/* The plugin. It, and all it points to, lives as long as the process. */
typedef struct cp_plugin {
    uint64_t magic; /* CP_MAGIC; the worker reads nothing else before it has checked this and the next three */
    uint32_t abi_major;
    uint32_t abi_minor;
    cp_sizes sizes;
    const cp_class *classes;
    size_t class_count;
    /* Called once, before any other function. host lives as long as the process. */
    int32_t (*init)(const cp_host *host, cp_error *err);
    const void *(*get_extension)(cp_str id); /* nullable */
    uint64_t reserved[4];
} cp_plugin;

/* The exported symbol: `const cp_plugin *connect_plugin_entry(void)`. It only returns the table. */
typedef const cp_plugin *(*cp_entry_fn)(void);

/*
 * The manifest: JSON, for example
 *   {"abi":"0.1","classes":[{"class":"com.example.MySink","kind":"sink","version":"1.0.0","aliases":["MySink"]}]}
 * kind: source, sink (others are reserved). aliases may be left out; the short name (after the last dot) and the short
 * name without "Connector" always count as aliases, as in Kafka. Use the macro once, at file scope; when linking with
 * --gc-sections, keep the section (-Wl,-u or a KEEP in the linker script).
 */
#if defined(__GNUC__)
#define CP_MANIFEST(json)                                                                                              \
    __attribute__((used, section(CP_MANIFEST_SECTION))) static const char cp_manifest_text[] = json
#define CP_EXPORT __attribute__((visibility("default")))
#endif

/* ---- Helpers ---------------------------------------------------------------------------------------------- */

/* Text of a string literal. */
#define CP_STR(literal) { (const uint8_t *)(literal), sizeof(literal) - 1 }

static inline cp_str cp_str_of(const char *text, size_t len) {
    cp_str s;
    s.ptr = (const uint8_t *)text;
    s.len = len;
    return s;
}

static inline cp_value cp_value_of(uint32_t type, uint32_t schema, const void *ptr, uint64_t bits) {
    cp_value v;
    v.type = type;
    v.schema = schema;
    v.ptr = ptr;
    v.bits = bits;
    return v;
}

static inline cp_value cp_string_value(const char *text, size_t len) {
    return cp_value_of(CP_STRING, CP_STRING, text, (uint64_t)len);
}

static inline cp_value cp_int64_value(int64_t number) {
    return cp_value_of(CP_INT64, CP_INT64, NULL, (uint64_t)number);
}

#ifdef __cplusplus
}
#endif

#endif
