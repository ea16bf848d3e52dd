/* The table counts 2^60 classes. */
#define NAME "HugeClasses"
#include "faulty.h"

CP_MANIFEST(GOOD_MANIFEST);
static const cp_plugin plugin = {GOOD_PLUGIN, .class_count = (size_t)1 << 60};
ENTRY(&plugin)
