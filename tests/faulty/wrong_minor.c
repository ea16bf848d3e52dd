/* The table says ABI 0.2; the manifest does not. */
#define NAME "WrongMinor"
#include "faulty.h"

CP_MANIFEST(GOOD_MANIFEST);
static const cp_plugin plugin = {GOOD_PLUGIN, .abi_minor = CP_ABI_MINOR + 1};
ENTRY(&plugin)
