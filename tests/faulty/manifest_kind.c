/* The manifest calls the source a sink. */
#define NAME "ManifestKind"
#include "faulty.h"

CP_MANIFEST("{\"abi\":\"0.1\",\"classes\":[" MANIFEST_ENTRY(SOURCE_CLASS, "sink", VERSION) ","
            MANIFEST_ENTRY(SINK_CLASS, "sink", VERSION) "]}");
static const cp_plugin plugin = {GOOD_PLUGIN};
ENTRY(&plugin)
