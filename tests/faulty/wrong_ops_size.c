/* The table of the sink tasks gives another size. */
#define NAME "WrongOpsSize"
#include "faulty.h"

static const cp_sink_task_ops sink = {GOOD_SINK, .size = sizeof(cp_sink_task_ops) - 8};
PLUGIN(good_connector, good_source, sink, 0)
