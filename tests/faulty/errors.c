/* One call answers CP_ERROR. fault: the call; kind: of error, or a wrong use of set_error; times (0: always); after; until. */
#define NAME "Errors"
#include "intercept.h"

/* kind: failed, retriable, config, data, unsupported, panic; silent (no set_error), unknown (kind 99), twice,
 * utf8 (text that is none), long (a length above CP_MAX_LEN), null (no pointer with a length), trace. */
static void set(const char *kind, cp_error *err) {
    static const char *const names[] = {"", "failed", "retriable", "config", "data", "unsupported", "panic"};
    const cp_str none = {NULL, 0}, text = str("failed on purpose"), utf8 = CP_STR("not \xff\xfe text");
    for (uint32_t n = 1; n < sizeof names / sizeof names[0]; n++)
        if (strcmp(kind, names[n]) == 0) host->set_error(err, n, text, none);
    if (strcmp(kind, "unknown") == 0) host->set_error(err, 99, text, none);
    if (strcmp(kind, "utf8") == 0) host->set_error(err, CP_ERR_FAILED, utf8, utf8);
    if (strcmp(kind, "long") == 0) host->set_error(err, CP_ERR_FAILED, cp_str_of("x", CP_MAX_LEN + 1), none);
    if (strcmp(kind, "null") == 0) host->set_error(err, CP_ERR_FAILED, cp_str_of(NULL, 5), none);
    if (strcmp(kind, "trace") == 0) host->set_error(err, CP_ERR_FAILED, text, str("at line 1\nat line 2"));
    if (strcmp(kind, "twice") == 0) {
        host->set_error(err, CP_ERR_RETRIABLE, str("the first error"), none);
        host->set_error(err, CP_ERR_FAILED, str("the second error"), none);
    }
}

static int32_t before(instance *i, const cp_config *config, const char *call, cp_error *err) {
    if (strcmp(setting(config, "fault", ""), call) != 0) return GO_ON;
    int64_t after = number(config, "after", 0), times = number(config, "times", 0), turn = i->calls++;
    const char *until = setting(config, "until", "");
    if (until[0] != 0 && access(until, F_OK) == 0) return GO_ON;
    if (turn < after || (times > 0 && turn >= after + times)) return GO_ON;
    report(setting(config, "report", ""), "%s %s/%d fails", call, i->name, i->task);
    set(setting(config, "kind", "failed"), err);
    return CP_ERROR;
}

PLUGIN(x_connector, x_source, x_sink, 0)
