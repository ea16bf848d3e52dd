/*
 * intercept.h - one function in front of every call, for faults that any call can show
 *
 * The file that includes this has defined
 *     static int32_t before(instance *i, const cp_config *config, const char *call, cp_error *err);
 * It gets the name of each call: start, poll, acks, commit, open, close, put, pre_commit, stop, destroy of tasks, and
 * connector.validate, connector.start, connector.task_configs, connector.exactly_once_support,
 * connector.alter_offsets, connector.stop, connector.destroy. GO_ON lets the good function answer.
 */
#ifndef INTERCEPT_H
#define INTERCEPT_H

#include "faulty.h"

#define GO_ON 1000

static int32_t before(instance *i, const cp_config *config, const char *call, cp_error *err);

#define OWN (&((instance *)self)->config)
#define INTERCEPT(name, call, config, parameters, ...)                                                                 \
    static int32_t name parameters {                                                                                   \
        int32_t answer = before(self, config, call, err);                                                              \
        return answer == GO_ON ? good_##__VA_ARGS__ : answer;                                                          \
    }

INTERCEPT(x_validate, "connector.validate", config,
          (void *self, const cp_config *config, cp_config_values *out, cp_error *err), validate(self, config, out, err))
INTERCEPT(x_connector_start, "connector.start", config, (void *self, const cp_config *config, cp_error *err),
          connector_start(self, config, err))
INTERCEPT(x_task_configs, "connector.task_configs", OWN,
          (void *self, uint32_t max_tasks, cp_config_list *out, cp_error *err), task_configs(self, max_tasks, out, err))
INTERCEPT(x_exactly_once_support, "connector.exactly_once_support", config,
          (void *self, const cp_config *config, uint32_t *out, cp_error *err),
          exactly_once_support(self, config, out, err))
INTERCEPT(x_alter_offsets, "connector.alter_offsets", config,
          (void *self, const cp_config *config, const cp_offset_change *changes, size_t count, uint32_t *out,
           cp_error *err),
          alter_offsets(self, config, changes, count, out, err))
INTERCEPT(x_connector_stop, "connector.stop", OWN, (void *self, cp_error *err), stop(self, err))
INTERCEPT(x_connector_destroy, "connector.destroy", OWN, (void *self, cp_error *err), destroy(self, err))

INTERCEPT(x_source_start, "start", config, (void *self, const cp_config *config, cp_error *err),
          source_start(self, config, err))
INTERCEPT(x_poll, "poll", OWN, (void *self, cp_batch *out, cp_error *err), poll(self, out, err))
INTERCEPT(x_acks, "acks", OWN, (void *self, const cp_ack *acks, size_t count, cp_error *err),
          acks(self, acks, count, err))
INTERCEPT(x_commit, "commit", OWN, (void *self, cp_error *err), commit(self, err))
INTERCEPT(x_stop, "stop", OWN, (void *self, cp_error *err), stop(self, err))
INTERCEPT(x_destroy, "destroy", OWN, (void *self, cp_error *err), destroy(self, err))

INTERCEPT(x_sink_start, "start", config, (void *self, const cp_config *config, cp_error *err),
          sink_start(self, config, err))
INTERCEPT(x_open, "open", OWN, (void *self, const cp_topic_partition *partitions, size_t count, cp_error *err),
          partitions(self, partitions, count, err))
INTERCEPT(x_close, "close", OWN, (void *self, const cp_topic_partition *partitions, size_t count, cp_error *err),
          partitions(self, partitions, count, err))
INTERCEPT(x_put, "put", OWN,
          (void *self, const cp_record *records, size_t count, uint32_t *answers, cp_error *err),
          put(self, records, count, answers, err))
INTERCEPT(x_pre_commit, "pre_commit", OWN,
          (void *self, const cp_partition_offset *offsets, size_t count, cp_partition_offsets *out, cp_error *err),
          pre_commit(self, offsets, count, out, err))

#define X_CONNECTOR                                                                                                    \
    .size = sizeof(cp_connector_ops), .config_defs = good_config_defs, .create = good_create, .validate = x_validate,  \
    .start = x_connector_start, .task_configs = x_task_configs, .exactly_once_support = x_exactly_once_support,        \
    .alter_offsets = x_alter_offsets, .stop = x_connector_stop, .destroy = x_connector_destroy
#define X_SOURCE                                                                                                       \
    .size = sizeof(cp_source_task_ops), .create = good_create, .start = x_source_start, .poll = x_poll,                \
    .acks = x_acks, .commit = x_commit, .stop = x_stop, .destroy = x_destroy
#define X_SINK                                                                                                         \
    .size = sizeof(cp_sink_task_ops), .create = good_create, .start = x_sink_start, .open = x_open, .close = x_close,  \
    .put = x_put, .pre_commit = x_pre_commit, .stop = x_stop, .destroy = x_destroy

static const cp_connector_ops x_connector = {X_CONNECTOR};
static const cp_source_task_ops x_source = {X_SOURCE};
static const cp_sink_task_ops x_sink = {X_SINK};

#endif
