/* The table begins with another magic number. */
#define NAME "WrongMagic"
#include "faulty.h"

CP_MANIFEST(GOOD_MANIFEST);
static const cp_plugin plugin = {GOOD_PLUGIN, .magic = CP_MAGIC + 1};
ENTRY(&plugin)
