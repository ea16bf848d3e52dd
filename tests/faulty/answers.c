/* put answers RETRY or BAD for each every-th offset, or garbage. fault: which; every (10); times (3) for retry. */
#define NAME "Answers"
#include "faulty.h"

/* How often a record has been answered RETRY. A plain table by topic, partition and offset: enough for a test. */
#define SLOTS 65536
struct tries {
    uint64_t key[SLOTS];
    unsigned count[SLOTS];
};

static uint64_t name_of(cp_str topic, int32_t partition, int64_t offset) {
    uint64_t hash = 1469598103934665603u;
    for (size_t n = 0; n < topic.len; n++) hash = (hash ^ topic.ptr[n]) * 1099511628211u;
    hash = (hash ^ (uint64_t)partition) * 1099511628211u;
    return (hash ^ (uint64_t)offset) * 1099511628211u | 1;
}

static unsigned *tries_of(instance *i, uint64_t key) {
    if (i->extra == NULL) i->extra = calloc(1, sizeof(struct tries));
    struct tries *tries = i->extra;
    uint64_t slot = key % SLOTS;
    while (tries->key[slot] != 0 && tries->key[slot] != key) slot = (slot + 1) % SLOTS;
    tries->key[slot] = key;
    return &tries->count[slot];
}

/* Is a record of the same partition before this one answered RETRY? Then this one comes again too. */
static int waits(const cp_record *records, const uint32_t *answers, size_t index) {
    for (size_t n = 0; n < index; n++)
        if (answers[n] == CP_PUT_RETRY && records[n].kafka_partition == records[index].kafka_partition &&
            records[n].topic.len == records[index].topic.len &&
            memcmp(records[n].topic.ptr, records[index].topic.ptr, records[n].topic.len) == 0)
            return 1;
    return 0;
}

/* The answer to a record that it is the turn of. */
static uint32_t answer(instance *i, const cp_record *record, size_t index) {
    const cp_str utf8 = CP_STR("\xff\xfe");
    uint64_t key = name_of(record->topic, record->kafka_partition, record->kafka_offset);
    if (faulty(i, "retry")) return (*tries_of(i, key))++ < number(&i->config, "times", 3) ? CP_PUT_RETRY : CP_PUT_OK;
    if (faulty(i, "retry_always")) return CP_PUT_RETRY;
    if (faulty(i, "garbage")) return 77;
    if (faulty(i, "bad")) host->explain(i->token, index, str("bad on purpose"));
    if (faulty(i, "bad_utf8")) host->explain(i->token, index, utf8);
    if (faulty(i, "bad_index")) host->explain(i->token, SIZE_MAX, str("of no record"));
    if (faulty(i, "bad_long")) host->explain(i->token, index, cp_str_of("x", CP_MAX_LEN + 1));
    return strncmp(setting(&i->config, "fault", ""), "bad", 3) == 0 ? CP_PUT_BAD : CP_PUT_OK; /* also bad_silent */
}

/* Writes the records that it answers OK, so that the file shows each once and, within a partition, in order. */
static int32_t put(void *self, const cp_record *records, size_t count, uint32_t *answers, cp_error *err) {
    instance *i = self;
    int64_t every = number(&i->config, "every", 10);
    for (size_t n = 0; n < count; n++) {
        if (waits(records, answers, n)) continue;
        if (records[n].kafka_offset % every == every - 1) answers[n] = answer(i, &records[n], n);
        if (answers[n] == CP_PUT_OK) good_put(i, &records[n], 1, &answers[n], err);
    }
    return CP_READY;
}

static const cp_sink_task_ops sink = {GOOD_SINK, .put = put};
PLUGIN(good_connector, good_source, sink, 0)
