/* The entry returns null. */
#define NAME "NullTable"
#include "faulty.h"

CP_MANIFEST(GOOD_MANIFEST);
ENTRY(NULL)
