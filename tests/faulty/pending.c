/* One call answers PENDING and wakes after delay.ms (none: never), times (1). Legal in tasks, not in connectors. */
#define NAME "Pending"
#include "intercept.h"

struct alarm {
    uint64_t token;
    unsigned delay;
};

static void *ring(void *argument) {
    struct alarm alarm = *(struct alarm *)argument;
    free(argument);
    sleep_ms(alarm.delay);
    host->wake(alarm.token);
    return NULL;
}

static int32_t before(instance *i, const cp_config *config, const char *call, cp_error *err) {
    (void)err;
    int64_t delay = number(config, "delay.ms", -1);
    if (strcmp(setting(config, "fault", ""), call) != 0) return GO_ON;
    if (delay >= 0 && i->calls++ >= number(config, "times", 1)) return GO_ON;
    report(setting(config, "report", ""), "%s %s/%d is pending", call, i->name, i->task);
    if (delay < 0) return CP_PENDING; /* for ever */
    struct alarm *alarm = malloc(sizeof *alarm);
    *alarm = (struct alarm){i->token, (unsigned)delay};
    if (delay > 0) detach(ring, alarm);
    else ring(alarm); /* a wake inside the call must not be lost */
    return CP_PENDING;
}

PLUGIN(x_connector, x_source, x_sink, 0)
