/* The manifest is not UTF-8. */
#define NAME "ManifestUtf8"
#include "faulty.h"

CP_MANIFEST("{\"abi\":\"0.1\",\"classes\":[" MANIFEST_ENTRY(SOURCE_CLASS "\xff\xfe", "source", VERSION) "]}");
static const cp_plugin plugin = {GOOD_PLUGIN};
ENTRY(&plugin)
