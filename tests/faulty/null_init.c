/* The slot of init is null. */
#define NAME "NullInit"
#include "faulty.h"

CP_MANIFEST(GOOD_MANIFEST);
static const cp_plugin plugin = {GOOD_PLUGIN, .init = NULL};
ENTRY(&plugin)
