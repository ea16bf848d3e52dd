/* The source class has no table of task functions. */
#define NAME "NullOps"
#include "faulty.h"

CP_MANIFEST(GOOD_MANIFEST);
static const cp_class classes[] = {{GOOD_SOURCE_CLASS, .source = NULL}, {GOOD_SINK_CLASS}};
static const cp_plugin plugin = {GOOD_PLUGIN, .classes = classes};
ENTRY(&plugin)
