/* No fault: the healthy neighbour. Numbered lines, resuming; a sink that appends to a file. */
#define NAME "Numbers"
#include "faulty.h"

PLUGIN(good_connector, good_source, good_sink, 0)
