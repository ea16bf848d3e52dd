/* The table counts two classes behind a null pointer. */
#define NAME "NullClasses"
#include "faulty.h"

CP_MANIFEST(GOOD_MANIFEST);
static const cp_plugin plugin = {GOOD_PLUGIN, .classes = NULL};
ENTRY(&plugin)
