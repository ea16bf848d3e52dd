/* init answers an error with a text. */
#define NAME "InitError"
#include "faulty.h"

static int32_t init(const cp_host *functions, cp_error *err) {
    good_init(functions, err);
    return fail(err, CP_ERR_FAILED, "init has failed on purpose");
}

CP_MANIFEST(GOOD_MANIFEST);
static const cp_plugin plugin = {GOOD_PLUGIN, .init = init};
ENTRY(&plugin)
