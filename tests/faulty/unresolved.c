/* Needs a symbol that nobody has: dlopen with RTLD_NOW fails. */
#define NAME "Unresolved"
#include "faulty.h"

int32_t a_function_that_nobody_has(void);

static int32_t init(const cp_host *functions, cp_error *err) {
    good_init(functions, err);
    return a_function_that_nobody_has();
}

CP_MANIFEST(GOOD_MANIFEST);
static const cp_plugin plugin = {GOOD_PLUGIN, .init = init};
ENTRY(&plugin)
