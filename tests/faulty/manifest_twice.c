/* The manifest and the table have one class twice. */
#define NAME "ManifestTwice"
#include "faulty.h"

CP_MANIFEST("{\"abi\":\"0.1\",\"classes\":[" MANIFEST_ENTRY(SOURCE_CLASS, "source", VERSION) ","
            MANIFEST_ENTRY(SOURCE_CLASS, "source", VERSION) "]}");
static const cp_class classes[] = {{GOOD_SOURCE_CLASS}, {GOOD_SOURCE_CLASS}};
static const cp_plugin plugin = {GOOD_PLUGIN, .classes = classes};
ENTRY(&plugin)
