/* config_defs hands out definitions with unknown types, wrong UTF-8 and impossible counts. */
#define NAME "GarbageDefs"
#include "faulty.h"

static int32_t config_defs(cp_config_defs *out, cp_error *err) {
    static const cp_validator validator = {.kind = 99, .values = NULL, .value_count = 7};
    static const cp_config_def defs[] = {
        {.name = CP_STR("type"), .type = 99, .importance = 1, .order = -1},
        {.name = CP_STR("\xff\xfe"), .type = CP_CONFIG_STRING, .importance = 77, .width = 77, .order = -1},
        {.name = CP_STR("twice"), .type = CP_CONFIG_STRING, .importance = 1, .flags = 0xffffffff, .order = -1},
        {.name = CP_STR("twice"), .type = CP_CONFIG_INT, .validators = &validator, .validator_count = 1, .order = -1},
        {.name = CP_STR("huge"), .type = CP_CONFIG_STRING, .importance = 1, .dependent_count = SIZE_MAX}};
    (void)err;
    *out = (cp_config_defs){defs, sizeof defs / sizeof defs[0]};
    return CP_READY;
}

static const cp_connector_ops connector = {GOOD_CONNECTOR, .config_defs = config_defs};
PLUGIN(connector, good_source, good_sink, 0)
