/* Every slot that may be null is null: legal, has to work. */
#define NAME "NullOptional"
#include "faulty.h"

static const cp_connector_ops connector = {
    GOOD_CONNECTOR, .validate = NULL, .exactly_once_support = NULL, .alter_offsets = NULL};
static const cp_source_task_ops source = {GOOD_SOURCE, .acks = NULL, .commit = NULL};
static const cp_sink_task_ops sink = {GOOD_SINK, .open = NULL, .close = NULL, .pre_commit = NULL};
PLUGIN(connector, source, sink, 0)
