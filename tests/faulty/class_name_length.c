/* The name of a class in the table is longer than anything may be. */
#define NAME "ClassNameLength"
#include "faulty.h"

CP_MANIFEST(GOOD_MANIFEST);
static const cp_class classes[] = {{GOOD_SOURCE_CLASS, .name.len = CP_MAX_LEN + 1}, {GOOD_SINK_CLASS}};
static const cp_plugin plugin = {GOOD_PLUGIN, .classes = classes};
ENTRY(&plugin)
