/* pre_commit hands out garbage, or legal oddities (empty, behind). fault: which. */
#define NAME "GarbageCommit"
#include "faulty.h"

static int32_t pre_commit(void *self, const cp_partition_offset *offsets, size_t count, cp_partition_offsets *out,
                          cp_error *err) {
    instance *i = self;
    good_pre_commit(self, offsets, count, out, err);
    if (count == 0) return CP_READY;
    cp_partition_offset *first = &i->commit[0], *extra = &i->commit[count];
    *extra = *first;
    if (faulty(i, "beyond")) first->offset += 1000000;
    if (faulty(i, "negative")) first->offset = -5;
    if (faulty(i, "behind")) first->offset = first->offset > 0 ? first->offset - 1 : 0;
    if (faulty(i, "topic_utf8")) first->partition.topic = cp_str_of("t\xff", 2);
    if (faulty(i, "topic_long")) first->partition.topic.len = CP_MAX_LEN + 1;
    if (faulty(i, "topic_null")) first->partition.topic = cp_str_of(NULL, 5);
    if (faulty(i, "duplicate")) extra->offset = first->offset - 1, out->count++;
    if (faulty(i, "foreign_partition")) extra->partition.partition = 4711, out->count++;
    if (faulty(i, "foreign_topic")) extra->partition.topic = str("of-another-task"), out->count++;
    if (faulty(i, "items_null")) out->items = NULL;
    if (faulty(i, "items_lent")) out->items = offsets;
    if (faulty(i, "count_huge")) out->count = SIZE_MAX;
    if (faulty(i, "empty")) *out = (cp_partition_offsets){NULL, 0};
    return CP_READY;
}

static const cp_sink_task_ops sink = {GOOD_SINK, .pre_commit = pre_commit};
PLUGIN(good_connector, good_source, sink, 0)
