/* A sink that asks for the impossible (pause, seek ...) in its first put, then works on. report: case and answer. */
#define NAME "BadSinkCalls"
#include "faulty.h"

static void try_all(instance *i, const cp_record *record) {
    const char *path = setting(&i->config, "report", "");
    const uint64_t token = i->token;
    const cp_topic_partition own = {record->topic, record->kafka_partition, 0};
    const cp_topic_partition foreign = {record->topic, 4711, 0}, utf8 = {CP_STR("\xff"), 0, 0};
    const cp_partition_offset foreign_offset = {foreign, 0}, negative = {own, -5};
    const cp_value string = cp_string_value("a", 1), pair[] = {string, string};
    const cp_value map = cp_value_of(CP_MAP, 0, pair, 1);
    uint64_t ticket = 0;
    report(path, "pause_own %d", host->pause(token, &own, 1));
    report(path, "resume_own %d", host->resume(token, &own, 1));
    report(path, "pause_foreign %d", host->pause(token, &foreign, 1));
    report(path, "pause_utf8 %d", host->pause(token, &utf8, 1));
    report(path, "pause_null %d", host->pause(token, NULL, 3));
    report(path, "pause_huge %d", host->pause(token, &own, SIZE_MAX));
    report(path, "resume_foreign %d", host->resume(token, &foreign, 1));
    report(path, "seek_foreign %d", host->seek(token, &foreign_offset, 1));
    report(path, "seek_negative %d", host->seek(token, &negative, 1));
    report(path, "report_foreign %d", host->report_bad(token, &foreign, 0, str("x"), &ticket));
    report(path, "report_future %d", host->report_bad(token, &own, INT64_MAX, str("x"), &ticket));
    report(path, "report_null %d", host->report_bad(token, NULL, 0, str("x"), &ticket));
    report(path, "done_unknown %d", host->report_done(token, UINT64_MAX));
    report(path, "register_partition %d", host->register_partition(token, &map, &ticket));
    report(path, "reconfiguration %d", host->request_task_reconfiguration(token));
    report(path, "raise_error %d", host->raise_error(token, str("a task raises")));
    report(path, "request_commit %d", host->request_commit(token));
    host->explain(token, SIZE_MAX, str("of no record"));
}

static int32_t put(void *self, const cp_record *records, size_t count, uint32_t *answers, cp_error *err) {
    instance *i = self;
    if (count > 0 && i->calls++ == 0) try_all(i, &records[0]);
    return good_put(self, records, count, answers, err);
}

static const cp_sink_task_ops sink = {GOOD_SINK, .put = put};
PLUGIN(good_connector, good_source, sink, 0)
