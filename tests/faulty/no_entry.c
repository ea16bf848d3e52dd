/* There is a manifest, but no entry symbol. */
#define NAME "NoEntry"
#include "faulty.h"

CP_MANIFEST(GOOD_MANIFEST);
CP_EXPORT const cp_plugin *not_the_entry(void);
CP_EXPORT const cp_plugin *not_the_entry(void) { return NULL; }
