/* A converter beside a good source: the converter is left out by name, the source stays. */
#define NAME "ReservedKind"
#include "faulty.h"

#define CONVERTER_CLASS "org.connecthost.faulty.ReservedKindConverter"

CP_MANIFEST("{\"abi\":\"0.1\",\"classes\":[" MANIFEST_ENTRY(SOURCE_CLASS, "source", VERSION) ","
            MANIFEST_ENTRY(CONVERTER_CLASS, "converter", VERSION) "]}");
static const cp_class classes[] = {
    {GOOD_SOURCE_CLASS}, {.name = CP_STR(CONVERTER_CLASS), .version = CP_STR(VERSION), .kind = CP_KIND_CONVERTER}};
static const cp_plugin plugin = {GOOD_PLUGIN, .classes = classes};
ENTRY(&plugin)
