/* put reports each every-th (10) offset by report_bad. fault: wait (legal), never (does not ask), unknown, twice. */
#define NAME "Reports"
#include "faulty.h"

static int32_t put(void *self, const cp_record *records, size_t count, uint32_t *answers, cp_error *err) {
    instance *i = self;
    uint64_t *open = i->extra; /* the ticket that is waited for; 0: none */
    const char *path = setting(&i->config, "report", "");
    int64_t every = number(&i->config, "every", 10);
    if (open == NULL) i->extra = open = calloc(2, sizeof *open);
    for (; open[1] < count; open[1]++) { /* goes on where the call was when it answered PENDING */
        const cp_record *record = &records[open[1]];
        const cp_topic_partition place = {record->original_topic, record->original_partition, 0};
        if (record->kafka_offset % every != every - 1) {
            good_put(i, record, 1, answers, err);
            continue;
        }
        if (open[0] == 0) {
            int32_t answer = host->report_bad(i->token, &place, record->original_offset, str("reported"), &open[0]);
            report(path, "report_bad %lld: %d", (long long)record->original_offset, answer);
            if (faulty(i, "twice")) host->report_bad(i->token, &place, record->original_offset, str("again"), &open[0]);
        }
        if (faulty(i, "unknown")) report(path, "report_done of nothing: %d", host->report_done(i->token, UINT64_MAX));
        int32_t answer = faulty(i, "never") ? CP_READY : host->report_done(i->token, open[0]);
        if (answer == CP_PENDING) return CP_PENDING;
        report(path, "report_done %lld: %d", (long long)record->original_offset, answer);
        open[0] = 0;
    }
    open[1] = 0;
    return CP_READY;
}

static const cp_sink_task_ops sink = {GOOD_SINK, .put = put};
PLUGIN(good_connector, good_source, sink, 0)
