/* The table says ABI 1.1; the manifest does not. */
#define NAME "WrongMajor"
#include "faulty.h"

CP_MANIFEST(GOOD_MANIFEST);
static const cp_plugin plugin = {GOOD_PLUGIN, .abi_major = CP_ABI_MAJOR + 1};
ENTRY(&plugin)
