/* create of every task answers an error. */
#define NAME "CreateFails"
#include "faulty.h"

static int32_t create(const cp_context *context, void **out, cp_error *err) {
    (void)context, (void)out;
    return fail(err, CP_ERR_FAILED, "create has failed on purpose");
}

static const cp_source_task_ops source = {GOOD_SOURCE, .create = create};
static const cp_sink_task_ops sink = {GOOD_SINK, .create = create};
PLUGIN(good_connector, source, sink, 0)
