/* From start on, for storm.ms (2000), a thread calls one host function over and over. fault: which one. */
#define NAME "Storm"
#include "faulty.h"

struct storm {
    uint64_t token;
    int connector;
    int64_t ms;
    char fault[64];
};

static int is(const struct storm *storm, const char *fault) { return strcmp(storm->fault, fault) == 0; }

/* reconfigure, raise: on connectors. wake, log, log_garbage, schemas, metrics: on connectors and tasks. */
static void call(const struct storm *storm, int64_t n) {
    const cp_schema schema = {.type = CP_STRING, .flags = CP_SCHEMA_HAS_VERSION, .version = (int32_t)(n % 50)};
    uint32_t schema_id;
    uint64_t id;
    if (is(storm, "reconfigure") && storm->connector) host->request_task_reconfiguration(storm->token);
    if (is(storm, "raise") && storm->connector) host->raise_error(storm->token, str("raised from another thread"));
    if (is(storm, "wake")) host->wake(storm->token);
    if (is(storm, "log")) host->log(storm->token, CP_LOG_INFO, str("storm"), str("line after line"));
    if (is(storm, "log_garbage")) {
        host->log(storm->token, 77, str("storm"), str("a level that does not exist"));
        host->log(storm->token, CP_LOG_INFO, cp_str_of("\xff", 1), cp_str_of("not \xff text", 10));
        host->log(storm->token, CP_LOG_INFO, str("storm"), cp_str_of("x", CP_MAX_LEN + 1));
        host->log(storm->token, CP_LOG_INFO, cp_str_of(NULL, 5), cp_str_of(NULL, 5));
        host->log(storm->token, CP_LOG_INFO, str("storm"), str("two\nlines \x1b[31m in red"));
    }
    if (is(storm, "schemas")) host->schema_register(storm->token, &schema, &schema_id);
    if (is(storm, "metrics") &&
        host->metric_register(storm->token, CP_METRIC_COUNTER, str("storm"), str("Storm"), &id) == CP_READY)
        host->metric_add(storm->token, id, 1.0);
}

static void *rage(void *argument) {
    struct storm *storm = argument;
    for (int64_t n = 0; n < storm->ms * 10; n++) {
        call(storm, n);
        usleep(100);
    }
    free(storm);
    return NULL;
}

static void begin(instance *i, const cp_config *config) {
    struct storm *storm = calloc(1, sizeof *storm);
    *storm = (struct storm){.token = i->token, .connector = i->task < 0, .ms = number(config, "storm.ms", 2000)};
    snprintf(storm->fault, sizeof storm->fault, "%s", setting(config, "fault", ""));
    detach(rage, storm);
}

static int32_t connector_start(void *self, const cp_config *config, cp_error *err) {
    begin(self, config);
    return good_connector_start(self, config, err);
}

static int32_t source_start(void *self, const cp_config *config, cp_error *err) {
    instance *i = self;
    if (i->partition == 0) begin(i, config); /* else: repeated after PENDING */
    return good_source_start(self, config, err);
}

static int32_t sink_start(void *self, const cp_config *config, cp_error *err) {
    begin(self, config);
    return good_sink_start(self, config, err);
}

static const cp_connector_ops connector = {GOOD_CONNECTOR, .start = connector_start};
static const cp_source_task_ops source = {GOOD_SOURCE, .start = source_start};
static const cp_sink_task_ops sink = {GOOD_SINK, .start = sink_start};
PLUGIN(connector, source, sink, 0)
