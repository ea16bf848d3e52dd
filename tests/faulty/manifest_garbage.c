/* The manifest is not JSON. */
#define NAME "ManifestGarbage"
#include "faulty.h"

CP_MANIFEST("{\"abi\":\"0.1\",\"classes\":[{\"class\":");
static const cp_plugin plugin = {GOOD_PLUGIN};
ENTRY(&plugin)
