/* The manifest is empty. */
#define NAME "ManifestEmpty"
#include "faulty.h"

CP_MANIFEST("");
static const cp_plugin plugin = {GOOD_PLUGIN};
ENTRY(&plugin)
