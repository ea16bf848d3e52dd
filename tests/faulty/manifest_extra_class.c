/* The manifest names a class that the table does not have. */
#define NAME "ManifestExtraClass"
#include "faulty.h"

CP_MANIFEST(GOOD_MANIFEST);
static const cp_plugin plugin = {GOOD_PLUGIN, .class_count = 1};
ENTRY(&plugin)
