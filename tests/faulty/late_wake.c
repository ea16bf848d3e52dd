/* Legal: after destroy a thread wakes the token again and again, for 2 s. Of connectors, too. Writes report: done. */
#define NAME "LateWake"
#include "faulty.h"

struct late {
    uint64_t token;
    char report[512];
};

static void *wake_on(void *argument) {
    struct late *late = argument;
    for (int n = 0; n < 2000; n++) {
        host->wake(late->token);
        sleep_ms(1);
    }
    report(late->report, "done");
    free(late);
    return NULL;
}

static int32_t destroy(void *self, cp_error *err) {
    instance *i = self;
    struct late *late = malloc(sizeof *late);
    late->token = i->token;
    snprintf(late->report, sizeof late->report, "%s", setting(&i->config, "report", ""));
    detach(wake_on, late);
    return good_destroy(self, err);
}

static const cp_connector_ops connector = {GOOD_CONNECTOR, .destroy = destroy};
static const cp_source_task_ops source = {GOOD_SOURCE, .destroy = destroy};
static const cp_sink_task_ops sink = {GOOD_SINK, .destroy = destroy};
PLUGIN(connector, source, sink, 0)
