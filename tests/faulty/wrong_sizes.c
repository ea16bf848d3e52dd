/* The plugin was compiled with records of another size. */
#define NAME "WrongSizes"
#include "faulty.h"

CP_MANIFEST(GOOD_MANIFEST);
static const cp_plugin plugin = {GOOD_PLUGIN, .sizes.record = sizeof(cp_record) + 8};
ENTRY(&plugin)
