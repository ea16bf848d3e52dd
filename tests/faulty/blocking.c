/* No fault: a class declared blocking. poll sleeps interval.ms, put sleeps delay.ms; cancel ends both. */
#define NAME "Blocking"
#include "intercept.h"

static int32_t before(instance *i, const cp_config *config, const char *call, cp_error *err) {
    (void)err;
    int polls = strcmp(call, "poll") == 0;
    if (!polls && strcmp(call, "put") != 0) return GO_ON;
    int64_t pause = polls ? number(config, "interval.ms", 10) : number(config, "delay.ms", 0);
    i->interval = 0; /* the sleep takes the timer's place */
    if (polls && i->limit > 0 && i->next >= i->limit) pause = 1000;
    for (int64_t slept = 0; slept < pause && !atomic_load(&i->due); slept++) sleep_ms(1);
    if (atomic_load(&i->due)) return polls ? CP_PENDING : GO_ON; /* cancelled */
    return GO_ON;
}

/* The timer must not start: `due` means cancelled here. */
static int32_t start(void *self, const cp_config *config, cp_error *err) {
    instance *i = self;
    int32_t answer = good_source_start(self, config, err);
    if (i->timing) good_stop(self, err);
    atomic_store(&i->due, 0);
    return answer;
}

static void cancel(void *self) {
    atomic_store(&((instance *)self)->due, 1);
    report(setting(OWN, "report", ""), "cancelled");
}

/* Beyond the last record good_poll answers PENDING, which nobody would end: an empty batch instead. */
static int32_t poll(void *self, cp_batch *out, cp_error *err) {
    *out = (cp_batch){.records = NULL, .count = 0};
    int32_t answer = x_poll(self, out, err);
    return answer == CP_PENDING ? CP_READY : answer;
}

static const cp_source_task_ops source = {X_SOURCE, .start = start, .poll = poll, .cancel = cancel};
static const cp_sink_task_ops sink = {X_SINK, .cancel = cancel};
PLUGIN(good_connector, source, sink, CP_CLASS_BLOCKING)
