/* The table has a class that the manifest does not name. */
#define NAME "TableExtraClass"
#include "faulty.h"

CP_MANIFEST("{\"abi\":\"0.1\",\"classes\":[" MANIFEST_ENTRY(SOURCE_CLASS, "source", VERSION) "]}");
static const cp_plugin plugin = {GOOD_PLUGIN};
ENTRY(&plugin)
