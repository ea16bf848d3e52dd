/* The required slot task_configs of the connector is null. */
#define NAME "NullSlotConnector"
#include "faulty.h"

static const cp_connector_ops connector = {GOOD_CONNECTOR, .task_configs = NULL};
PLUGIN(connector, good_source, good_sink, 0)
