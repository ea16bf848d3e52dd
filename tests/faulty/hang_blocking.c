/* As hang, but declared blocking. It has no cancel: only release or delay.ms end the call. */
#define NAME "HangBlocking"
#define FLAGS CP_CLASS_BLOCKING
#include "hang.c"
