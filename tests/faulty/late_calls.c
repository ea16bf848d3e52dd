/* Legal: from stop until 2 s after destroy a second thread calls every host function. report: wrong answers, done. */
#define NAME "LateCalls"
#include "faulty.h"

struct late {
    uint64_t token;
    atomic_int destroyed;
    int wrong;
    char report[512];
};

/* Every function that answers, by number; -1 after the last. Long after destroy the one right answer is CP_ERROR. */
static int32_t call(uint64_t token, int which) {
    const cp_topic_partition place = {CP_STR("topic"), 0, 0};
    const cp_partition_offset offset = {place, 1};
    const cp_schema schema = {.type = CP_STRING, .name = CP_STR("late")};
    const cp_value pair[] = {cp_string_value("k", 1), cp_string_value("v", 1)}, map = cp_value_of(CP_MAP, 0, pair, 1);
    const uint64_t partition = 1;
    uint64_t id = 0;
    uint32_t schema_id = 0;
    cp_value stored;
    switch (which) {
    case 0: return host->metric_register(token, CP_METRIC_GAUGE, str("late"), str("Late"), &id);
    case 1: return host->metric_add(token, 1, 1.0);
    case 2: return host->metric_set(token, 1, 1.0);
    case 3: return host->schema_register(token, &schema, &schema_id);
    case 4: return host->schema(token, CP_SCHEMA_FIRST_REGISTERED) == NULL ? CP_ERROR : CP_READY;
    case 5: return host->request_task_reconfiguration(token);
    case 6: return host->register_partition(token, &map, &id);
    case 7: return host->read_offsets(token, &partition, 1, &stored);
    case 8: return host->pause(token, &place, 1);
    case 9: return host->resume(token, &place, 1);
    case 10: return host->seek(token, &offset, 1);
    case 11: return host->request_commit(token);
    case 12: return host->set_timeout(token, 100);
    case 13: return host->report_bad(token, &place, 1, str("late"), &id);
    case 14: return host->report_done(token, 1);
    case 15: return host->raise_error(token, str("raised after stop"));
    default: return -100;
    }
}

static void *call_on(void *argument) {
    struct late *late = argument;
    for (int after = 0; after < 200;) { /* rounds of 10 ms, counted from destroy on */
        after += atomic_load(&late->destroyed);
        for (int which = 0, answer; (answer = call(late->token, which)) != -100; which++) {
            if (after < 100 || answer == CP_ERROR) continue; /* a second of grace: destroy may still be returning */
            if (late->wrong++ < 20) report(late->report, "call %d answered %d after destroy", which, answer);
        }
        host->wake(late->token);
        host->log(late->token, CP_LOG_DEBUG, str("late_calls"), str("after stop"));
        host->log_enabled(late->token, CP_LOG_INFO);
        host->explain(late->token, 0, str("late"));
        host->get_extension(str("no.such/1"));
        sleep_ms(10);
    }
    report(late->report, "done, %d wrong answers", late->wrong);
    free(late);
    return NULL;
}

static int32_t stop(void *self, cp_error *err) {
    instance *i = self;
    int32_t answer = good_stop(self, err);
    if (i->extra != NULL) return answer;
    struct late *late = calloc(1, sizeof *late);
    late->token = i->token;
    snprintf(late->report, sizeof late->report, "%s", setting(&i->config, "report", ""));
    i->extra = late;
    detach(call_on, late);
    return answer;
}

static int32_t destroy(void *self, cp_error *err) {
    instance *i = self;
    struct late *late = i->extra;
    i->extra = NULL; /* the thread frees it */
    if (late != NULL) atomic_store(&late->destroyed, 1);
    return good_destroy(self, err);
}

static const cp_connector_ops connector = {GOOD_CONNECTOR, .stop = stop, .destroy = destroy};
static const cp_source_task_ops source = {GOOD_SOURCE, .stop = stop, .destroy = destroy};
static const cp_sink_task_ops sink = {GOOD_SINK, .stop = stop, .destroy = destroy};
PLUGIN(connector, source, sink, 0)
