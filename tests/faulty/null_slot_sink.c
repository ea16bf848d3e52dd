/* The required slot put of the sink is null. */
#define NAME "NullSlotSink"
#include "faulty.h"

static const cp_sink_task_ops sink = {GOOD_SINK, .put = NULL};
PLUGIN(good_connector, good_source, sink, 0)
