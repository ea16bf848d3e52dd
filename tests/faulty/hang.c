/* Hangs in one call, without being declared blocking. fault: the call; after: good calls before; release, delay.ms. */
#ifndef FLAGS
#define NAME "Hang"
#define FLAGS 0
#endif
#include "intercept.h"

/* Until the file `release` exists, or `delay.ms` are over, or for ever. */
static int32_t before(instance *i, const cp_config *config, const char *call, cp_error *err) {
    (void)err;
    if (strcmp(setting(config, "fault", ""), call) != 0 || i->calls++ < number(config, "after", 0)) return GO_ON;
    char release[512];
    snprintf(release, sizeof release, "%s", setting(config, "release", ""));
    int64_t delay = number(config, "delay.ms", -1);
    report(setting(config, "report", ""), "%s %s/%d hangs", call, i->name, i->task);
    for (int64_t waited = 0; delay < 0 || waited < delay; waited += 5) {
        if (release[0] != 0 && access(release, F_OK) == 0) break;
        sleep_ms(5);
    }
    report(setting(config, "report", ""), "%s %s/%d goes on", call, i->name, i->task);
    return GO_ON;
}

PLUGIN(x_connector, x_source, x_sink, FLAGS)
