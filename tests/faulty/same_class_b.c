/* Has the classes SameClassSource and SameClassSink, as same_class_a has. */
#define NAME "SameClass"
#include "faulty.h"

PLUGIN(good_connector, good_source, good_sink, 0)
