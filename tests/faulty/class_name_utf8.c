/* The name of a class in the table is not UTF-8. */
#define NAME "ClassNameUtf8"
#include "faulty.h"

CP_MANIFEST(GOOD_MANIFEST);
static const cp_class classes[] = {{GOOD_SOURCE_CLASS, .name = CP_STR("org.\xff\xfe")}, {GOOD_SINK_CLASS}};
static const cp_plugin plugin = {GOOD_PLUGIN, .classes = classes};
ENTRY(&plugin)
