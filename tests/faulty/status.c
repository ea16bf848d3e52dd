/* One call answers a status that does not exist. fault: the call; status (77); after: good calls before. */
#define NAME "Status"
#include "intercept.h"

static int32_t before(instance *i, const cp_config *config, const char *call, cp_error *err) {
    (void)err;
    if (strcmp(setting(config, "fault", ""), call) != 0 || i->calls++ < number(config, "after", 0)) return GO_ON;
    return (int32_t)number(config, "status", 77);
}

PLUGIN(x_connector, x_source, x_sink, 0)
