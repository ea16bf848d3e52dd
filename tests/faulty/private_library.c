/* A library without a manifest, beside plugins: no plugin, silently; ends the process when it is opened. */
#include <stdio.h>
#include <stdlib.h>

__attribute__((constructor)) static void opened(void) {
    fputs("the private library was opened\n", stderr);
    abort();
}
