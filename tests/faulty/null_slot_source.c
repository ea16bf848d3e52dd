/* The required slot poll of the source is null. */
#define NAME "NullSlotSource"
#include "faulty.h"

static const cp_source_task_ops source = {GOOD_SOURCE, .poll = NULL};
PLUGIN(good_connector, source, good_sink, 0)
