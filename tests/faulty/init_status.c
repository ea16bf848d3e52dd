/* init answers 77, without an error. */
#define NAME "InitStatus"
#include "faulty.h"

static int32_t init(const cp_host *functions, cp_error *err) {
    good_init(functions, err);
    return 77;
}

CP_MANIFEST(GOOD_MANIFEST);
static const cp_plugin plugin = {GOOD_PLUGIN, .init = init};
ENTRY(&plugin)
