/* Legal: what it hands out (batches, configs, offsets) is wiped and freed at the next call. For valgrind. */
#define NAME "FreedViews"
#include "intercept.h"

/* Blocks that die at the next call on the instance. */
struct blocks {
    void *block[8 * BATCH_MAX];
    size_t size[8 * BATCH_MAX], count;
};

/* A copy in fresh memory. */
static const void *copy(instance *i, const void *data, size_t size) {
    if (i->extra == NULL) i->extra = calloc(1, sizeof(struct blocks));
    struct blocks *blocks = i->extra;
    void *block = memcpy(malloc(size + 1), data, size);
    blocks->block[blocks->count] = block;
    blocks->size[blocks->count++] = size;
    return block;
}

static int32_t before(instance *i, const cp_config *config, const char *call, cp_error *err) {
    struct blocks *blocks = i->extra;
    (void)config, (void)call, (void)err;
    while (blocks != NULL && blocks->count > 0) {
        blocks->count--;
        memset(blocks->block[blocks->count], 0xdd, blocks->size[blocks->count]);
        free(blocks->block[blocks->count]);
    }
    return GO_ON;
}

static int32_t poll(void *self, cp_batch *out, cp_error *err) {
    instance *i = self;
    int32_t answer = x_poll(self, out, err);
    if (answer != CP_READY) return answer;
    for (size_t n = 0; n < out->count; n++) {
        cp_record *record = &i->records[n];
        record->topic.ptr = copy(i, record->topic.ptr, record->topic.len);
        record->value.ptr = copy(i, record->value.ptr, record->value.bits);
        const cp_header header = {{copy(i, "number", 6), 6}, record->value};
        record->headers = copy(i, &header, sizeof header);
        record->header_count = 1;
        i->offset[n][0].ptr = copy(i, "n", 1);
        record->source_offset.ptr = copy(i, i->offset[n], sizeof i->offset[n]);
    }
    out->records = copy(i, i->records, out->count * sizeof *out->records);
    memset(i->records, 0xdd, sizeof i->records);
    return answer;
}

static int32_t task_configs(void *self, uint32_t max_tasks, cp_config_list *out, cp_error *err) {
    instance *i = self;
    int32_t answer = x_task_configs(self, max_tasks, out, err);
    cp_param *entries = (cp_param *)copy(i, i->config.entries, i->config.count * sizeof(cp_param));
    for (size_t n = 0; n < i->config.count; n++) {
        entries[n].key.ptr = copy(i, entries[n].key.ptr, entries[n].key.len);
        entries[n].value.ptr = copy(i, entries[n].value.ptr, entries[n].value.len);
    }
    for (size_t n = 0; n < out->count; n++) i->tasks[n].entries = entries;
    out->items = copy(i, i->tasks, out->count * sizeof *out->items);
    return answer;
}

static int32_t pre_commit(void *self, const cp_partition_offset *offsets, size_t count, cp_partition_offsets *out,
                          cp_error *err) {
    int32_t answer = x_pre_commit(self, offsets, count, out, err);
    out->items = copy(self, out->items, out->count * sizeof *out->items);
    return answer;
}

static const cp_connector_ops connector = {X_CONNECTOR, .task_configs = task_configs};
static const cp_source_task_ops source = {X_SOURCE, .poll = poll};
static const cp_sink_task_ops sink = {X_SINK, .pre_commit = pre_commit};
PLUGIN(connector, source, sink, 0)
