// A source of numbered texts, `throughput` a second of each task, for Apache Kafka Connect: what the connector `verifiable` of
// this repository does, with the same configs, records and offsets. Kafka's own is in none of its published jars.
//
// It is compiled by `scripts/bench rebalance`.

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.connect.connector.Task;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.source.SourceConnector;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.source.SourceTask;

public class VerifiableSource extends SourceConnector {
    private Map<String, String> config;

    @Override
    public void start(Map<String, String> given) {
        config = given;
    }

    @Override
    public Class<? extends Task> taskClass() {
        return Numbers.class;
    }

    @Override
    public List<Map<String, String>> taskConfigs(int maxTasks) {
        List<Map<String, String>> all = new ArrayList<>();
        for (int id = 0; id < maxTasks; id++) {
            Map<String, String> one = new HashMap<>(config);
            one.put("id", String.valueOf(id));
            all.add(one);
        }
        return all;
    }

    @Override
    public void stop() {
    }

    @Override
    public ConfigDef config() {
        return new ConfigDef();
    }

    @Override
    public String version() {
        return "1";
    }

    public static class Numbers extends SourceTask {
        private String id;
        private String topic;
        private Map<String, Integer> partition;
        private long next;
        private long began;
        private long sent;
        private double perSecond;

        @Override
        public void start(Map<String, String> config) {
            id = config.get("id");
            topic = config.get("topic");
            perSecond = Double.parseDouble(config.get("throughput"));
            partition = Map.of("id", Integer.valueOf(id));
            Map<String, Object> offset = context.offsetStorageReader().offset(partition);
            next = offset == null ? 0 : (Long) offset.get("seqno") + 1;
            began = System.nanoTime();
        }

        @Override
        public List<SourceRecord> poll() throws InterruptedException {
            long due = (long) ((System.nanoTime() - began) / 1e9 * perSecond) - sent;
            if (due <= 0) {
                Thread.sleep((long) (1000 / perSecond) + 1);
                return null;
            }
            List<SourceRecord> records = new ArrayList<>();
            for (; due > 0; due--, sent++, next++) {
                records.add(new SourceRecord(partition, Map.of("seqno", next), topic, null, Schema.STRING_SCHEMA, id,
                        Schema.STRING_SCHEMA, id + ":" + next));
            }
            return records;
        }

        @Override
        public void stop() {
        }

        @Override
        public String version() {
            return "1";
        }
    }
}
