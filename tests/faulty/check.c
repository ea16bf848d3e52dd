/*
 * Plays a trusting host for one plugin: a whole life of its source, then of its sink. It shows that the plugin does what
 * it says and makes no mistake beyond that; what is garbage on purpose is not looked at.
 *
 *   check LIBRARY [KEY=VALUE ...]
 *
 * Prints what came of it: "source ready, 30 records, next 30; sink ready, 20 accepted, 0 bad, 0 retried".
 */
#define NAME "Check"
#include "faulty.h"

#include <dlfcn.h>

struct cp_error {
    uint32_t kind;
};

static cp_error err;
static atomic_int alive[64]; /* by token: 0 is never one */
static uint64_t tokens;
static int asked;

/* ---- The host --------------------------------------------------------------------------------------------- */

static int32_t known(uint64_t token) { return token > 0 && token < 64 && alive[token] ? CP_READY : CP_ERROR; }
static void h_set_error(cp_error *e, uint32_t kind, cp_str m, cp_str t) { (void)m, (void)t, e->kind = kind; }
static void h_wake(uint64_t token) { (void)token; }
static void h_log(uint64_t token, uint32_t l, cp_str t, cp_str m) { (void)token, (void)l, (void)t, (void)m; }
static uint32_t h_enabled(uint64_t token, uint32_t level) { return (void)token, (void)level, 1; }
static int32_t h_register(uint64_t token, uint32_t k, cp_str n, cp_str h, uint64_t *id) {
    return (void)k, (void)n, (void)h, *id = 1, known(token);
}
static int32_t h_metric(uint64_t token, uint64_t id, double x) { return (void)id, (void)x, known(token); }
static int32_t h_schema_register(uint64_t token, const cp_schema *s, uint32_t *id) {
    return (void)s, *id = 256, known(token);
}
static const cp_schema *h_schema(uint64_t token, uint32_t id) { return (void)token, (void)id, NULL; }
static const void *h_extension(cp_str id) { return (void)id, NULL; }
static int32_t h_token(uint64_t token) { return known(token); }
static int32_t h_raise(uint64_t token, cp_str message) { return (void)message, known(token); }
static int32_t h_partition(uint64_t token, const cp_value *p, uint64_t *n) { return (void)p, *n = 5, known(token); }
static int32_t h_partitions(uint64_t token, const cp_topic_partition *p, size_t n) {
    return (void)p, (void)n, known(token);
}
static int32_t h_seek(uint64_t token, const cp_partition_offset *o, size_t n) { return (void)o, (void)n, known(token); }
static int32_t h_timeout(uint64_t token, uint64_t ms) { return (void)ms, known(token); }
static int32_t h_report(uint64_t token, const cp_topic_partition *p, int64_t o, cp_str m, uint64_t *ticket) {
    return (void)p, (void)o, (void)m, *ticket = 9, known(token);
}
static void h_explain(uint64_t token, size_t index, cp_str m) { (void)token, (void)index, (void)m; }

/* PENDING the first time, then the offset of record 99. */
static int32_t h_offsets(uint64_t token, const uint64_t *partitions, size_t count, cp_value *out) {
    static cp_value pair[2];
    if (known(token) != CP_READY || count != 1 || partitions == NULL) return CP_ERROR;
    if (asked++ == 0) return CP_PENDING;
    pair[0] = cp_string_value("n", 1), pair[1] = cp_int64_value(99);
    *out = cp_value_of(CP_MAP, 0, pair, 1);
    return CP_READY;
}

static int32_t h_done(uint64_t token, uint64_t ticket) {
    static int turn;
    if (known(token) != CP_READY || ticket != 9) return CP_ERROR;
    return turn++ % 2 == 0 ? CP_PENDING : CP_READY;
}

static const cp_host table = {CP_MAGIC,     CP_ABI_MAJOR, CP_ABI_MINOR, sizeof(cp_host), h_set_error,  h_wake,
                              h_log,        h_enabled,    h_register,   h_metric,        h_metric,     h_schema_register,
                              h_schema,     h_extension,  h_token,      h_raise,         h_partition,  h_offsets,
                              h_partitions, h_partitions, h_seek,       h_token,         h_timeout,    h_report,
                              h_done,       h_explain,    {0}};

/* ---- Lives ------------------------------------------------------------------------------------------------ */

/* The same call again while it is pending, for a second. */
#define AGAIN(answer, call)                                                                                            \
    do {                                                                                                               \
        for (int turn_ = 0; ((answer) = (call)) == CP_PENDING && turn_ < 500; turn_++) sleep_ms(2);                    \
    } while (0)

static const char *named(int32_t answer) {
    static char text[32];
    if (answer == CP_ERROR) snprintf(text, sizeof text, "error %u", err.kind);
    else snprintf(text, sizeof text, "status %d", answer);
    return answer == CP_READY ? "ready" : answer == CP_PENDING ? "pending" : text;
}

static void *create(int32_t (*function)(const cp_context *, void **, cp_error *), int32_t task, uint64_t *token) {
    void *made = NULL;
    cp_context context = {++tokens, CP_STR("checked"), CP_STR("Class"), task, 0};
    atomic_store(&alive[*token = tokens], 1);
    return function(&context, &made, &err) == CP_READY ? made : NULL;
}

static void source(const cp_source_task_ops *ops, const cp_config *config, int garbage) {
    uint64_t token, sum = 0;
    int64_t records = 0;
    int32_t answer;
    void *task = create(ops->create, 0, &token);
    if (task == NULL) return (void)printf("source not created; ");
    AGAIN(answer, ops->start(task, config, &err));
    for (int turn = 0; answer == CP_READY && turn < 5; turn++) {
        cp_batch batch = {.records = NULL, .count = 0};
        AGAIN(answer, ops->poll(task, &batch, &err));
        for (size_t n = 0; answer == CP_READY && !garbage && n < batch.count; n++, records++) {
            const cp_record *record = &batch.records[n];
            const uint8_t *text = record->value.ptr;
            for (uint64_t b = 0; b < record->value.bits; b++) sum += text[b];
            for (size_t b = 0; b < record->topic.len; b++) sum += record->topic.ptr[b];
            sum += ((const cp_value *)record->source_offset.ptr)[1].bits;
        }
        if (answer == CP_READY && ops->acks != NULL) AGAIN(answer, ops->acks(task, NULL, 0, &err));
        if (answer == CP_READY && ops->commit != NULL) AGAIN(answer, ops->commit(task, &err));
    }
    if (ops->cancel != NULL) ops->cancel(task);
    printf("source %s, %lld records (%llu); ", named(answer), (long long)records, (unsigned long long)sum);
    if (answer == CP_ERROR && err.kind == CP_ERR_PANIC) return;
    AGAIN(answer, ops->stop(task, &err));
    AGAIN(answer, ops->destroy(task, &err));
    atomic_store(&alive[token], 0);
}

static void sink(const cp_sink_task_ops *ops, const cp_config *config, int garbage) {
    enum { COUNT = 20 };
    uint64_t token;
    int32_t answer;
    int counts[3] = {0, 0, 0}, open = COUNT;
    cp_record records[COUNT];
    const cp_partition_offset offset = {{CP_STR("topic"), 0, 0}, COUNT};
    void *task = create(ops->create, 0, &token);
    if (task == NULL) return (void)printf("sink not created\n");
    AGAIN(answer, ops->start(task, config, &err));
    for (int n = 0; n < COUNT; n++)
        records[n] = (cp_record){.topic = CP_STR("topic"), .kafka_offset = n, .value = cp_string_value("line", 4),
                                 .original_topic = CP_STR("topic"), .original_offset = n};
    for (int turn = 0; answer == CP_READY && open > 0 && turn < 10; turn++) {
        uint32_t answers[COUNT] = {0};
        const cp_record *first = &records[COUNT - open];
        int done = 0;
        AGAIN(answer, ops->put(task, first, (size_t)open, answers, &err));
        while (answer == CP_READY && done < open && answers[done] != CP_PUT_RETRY) {
            if (answers[done] <= CP_PUT_BAD) counts[answers[done]]++;
            done++;
        }
        if (done < open) counts[CP_PUT_RETRY]++;
        open -= done;
    }
    cp_partition_offsets agreed = {NULL, 0};
    if (answer == CP_READY && ops->pre_commit != NULL)
        AGAIN(answer, ops->pre_commit(task, &offset, 1, &agreed, &err));
    if (answer == CP_READY && !garbage && agreed.count == 1 && agreed.items[0].offset != COUNT) answer = -1;
    printf("sink %s, %d accepted, %d bad, %d retried\n", named(answer), counts[0], counts[2], counts[1]);
    if (answer == CP_ERROR && err.kind == CP_ERR_PANIC) return;
    AGAIN(answer, ops->stop(task, &err));
    AGAIN(answer, ops->destroy(task, &err));
    atomic_store(&alive[token], 0);
}

/* Each of the three instances leaves a thread behind, which says when it is done; up to a minute, as valgrind is slow. */
static void wait_for_late_threads(const char *report) {
    for (int turn = 0; turn < 6000; turn++) {
        int done = 0;
        char line[1100];
        FILE *file = fopen(report, "r");
        while (file != NULL && fgets(line, sizeof line, file) != NULL) done += strncmp(line, "done", 4) == 0;
        if (file != NULL) fclose(file);
        if (done >= 3) return;
        sleep_ms(10);
    }
}

int main(int count, char **arguments) {
    cp_param entries[32];
    cp_config config = {entries, 0};
    int garbage = strstr(arguments[1], "garbage") != NULL;
    for (int n = 2; n < count && n < 32; n++) {
        const char *equals = strchr(arguments[n], '=');
        if (equals == NULL) return 64;
        entries[config.count++] = (cp_param){cp_str_of(arguments[n], (size_t)(equals - arguments[n])), str(equals + 1)};
    }
    void *library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) return printf("not loaded: %s\n", dlerror()), 1;
    cp_entry_fn entry;
    *(void **)&entry = dlsym(library, CP_ENTRY_NAME);
    const cp_plugin *plugin = entry != NULL ? entry() : NULL;
    if (plugin == NULL || plugin->init(&table, &err) != CP_READY) return printf("no table, or init failed\n"), 1;

    const cp_connector_ops *ops = plugin->classes[0].connector;
    uint64_t token;
    cp_config_values findings;
    cp_config_list list = {NULL, 0};
    void *connector = create(ops->create, -1, &token);
    if (ops->validate != NULL) ops->validate(connector, &config, &findings, &err);
    int32_t answer = ops->start(connector, &config, &err);
    if (answer == CP_READY) answer = ops->task_configs(connector, 1, &list, &err);
    printf("connector %s, %zu tasks; ", named(answer), list.count);
    if (answer == CP_READY && (garbage || list.count == 1)) {
        source(plugin->classes[0].source, garbage ? &config : &list.items[0], garbage);
        sink(plugin->classes[1].sink, garbage ? &config : &list.items[0], garbage);
    }
    ops->stop(connector, &err);
    ops->destroy(connector, &err);
    atomic_store(&alive[token], 0);
    if (strstr(arguments[1], "storm") != NULL) sleep_ms(3500);
    if (strstr(arguments[1], "late_") != NULL) wait_for_late_threads(arguments[2] + strlen("report="));
    return 0;
}
