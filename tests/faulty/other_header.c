/* It has the header of a later line of abi_stable beside its entry: legal, has to work, with a warning. */
#define NAME "OtherHeader"
#include "faulty.h"

/* What every line of abi_stable begins its header with. */
typedef struct {
    char magic[32];
    uint32_t major, minor;
} header;

CP_EXPORT extern const header _1as_0lib_1header_0root_bmodule_bloader;
const header _1as_0lib_1header_0root_bmodule_bloader = {"abi stable library for Rust     ", 0, 99};

PLUGIN(good_connector, good_source, good_sink, 0)
