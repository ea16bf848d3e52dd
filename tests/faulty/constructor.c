/* A good plugin with code that runs when it is loaded: appends a line to the file named by $FAULTY_MARKER. */
#define NAME "Constructor"
#include "faulty.h"

__attribute__((constructor)) static void loaded(void) {
    const char *path = getenv("FAULTY_MARKER");
    if (path != NULL) report(path, "loaded");
}

PLUGIN(good_connector, good_source, good_sink, 0)
