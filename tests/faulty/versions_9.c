/* No fault: numbers again, under a class that both of these have, in version 1.9. */
#define NAME "Versions"
#define VERSION "1.9"
#include "faulty.h"

PLUGIN(good_connector, good_source, good_sink, 0)
