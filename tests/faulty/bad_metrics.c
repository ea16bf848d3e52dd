/* A source that registers impossible metrics in its first poll, then works on. report: case and answer, one a line. */
#define NAME "BadMetrics"
#include "faulty.h"

static const char *path;
static uint64_t last;

static int32_t make(instance *i, const char *label, uint32_t kind, cp_str name) {
    int32_t answer = host->metric_register(i->token, kind, name, str("Help"), &last);
    if (label[0] != 0) report(path, "%s %d", label, answer);
    return answer;
}

static void try_all(instance *i) {
    char name[32];
    int made = 0;
    path = setting(&i->config, "report", "");
    make(i, "good", CP_METRIC_COUNTER, str("good_total"));
    uint64_t counter = last;
    make(i, "again", CP_METRIC_COUNTER, str("good_total"));
    report(path, "same_id %d", counter == last);
    report(path, "add_good %d", host->metric_add(i->token, counter, 1.0));
    make(i, "other_kind", CP_METRIC_GAUGE, str("good_total"));
    make(i, "kind_99", 99, str("kind"));
    make(i, "empty", CP_METRIC_COUNTER, str(""));
    make(i, "upper", CP_METRIC_COUNTER, str("Upper"));
    make(i, "space", CP_METRIC_COUNTER, str("a b"));
    make(i, "injection", CP_METRIC_COUNTER, str("a{b=\"c\"} 1\nd"));
    make(i, "digit", CP_METRIC_COUNTER, str("9lives"));
    make(i, "utf8", CP_METRIC_COUNTER, cp_str_of("a\xff", 2));
    make(i, "null", CP_METRIC_COUNTER, cp_str_of(NULL, 5));
    make(i, "long", CP_METRIC_COUNTER, cp_str_of("x", CP_MAX_LEN + 1));
    report(path, "unknown_id %d", host->metric_add(i->token, 123456789, 1.0));
    report(path, "set_counter %d", host->metric_set(i->token, counter, 1.0));
    report(path, "negative %d", host->metric_add(i->token, counter, -1.0));
    report(path, "nan %d", host->metric_add(i->token, counter, __builtin_nan("")));
    report(path, "infinite %d", host->metric_add(i->token, counter, __builtin_inf()));
    for (int n = 0; n < 150; n++) {
        snprintf(name, sizeof name, "many_%d", n);
        made += make(i, "", CP_METRIC_GAUGE, str(name)) == CP_READY;
    }
    report(path, "made %d", made + 1); /* 100 an instance */
}

static int32_t poll(void *self, cp_batch *out, cp_error *err) {
    instance *i = self;
    if (i->calls++ == 0) try_all(i);
    return good_poll(self, out, err);
}

static const cp_source_task_ops source = {GOOD_SOURCE, .poll = poll};
PLUGIN(good_connector, source, good_sink, 0)
