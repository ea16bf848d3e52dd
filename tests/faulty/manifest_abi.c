/* The manifest says ABI 9.9: refused by name without being loaded; ends the process when it is. */
#define NAME "ManifestAbi"
#include "faulty.h"

__attribute__((constructor)) static void loaded(void) { abort(); }

CP_MANIFEST("{\"abi\":\"9.9\",\"classes\":[" MANIFEST_ENTRY(SOURCE_CLASS, "source", VERSION) "]}");
static const cp_plugin plugin = {GOOD_PLUGIN};
ENTRY(&plugin)
