/* The manifest is JSON of another shape. */
#define NAME "ManifestShape"
#include "faulty.h"

CP_MANIFEST("{\"abi\":0.1,\"classes\":{\"class\":[]}}");
static const cp_plugin plugin = {GOOD_PLUGIN};
ENTRY(&plugin)
