/* Manifest and table give different versions of a class. */
#define NAME "ManifestVersion"
#include "faulty.h"

CP_MANIFEST("{\"abi\":\"0.1\",\"classes\":[" MANIFEST_ENTRY(SOURCE_CLASS, "source", "9.9.9") ","
            MANIFEST_ENTRY(SINK_CLASS, "sink", VERSION) "]}");
static const cp_plugin plugin = {GOOD_PLUGIN};
ENTRY(&plugin)
