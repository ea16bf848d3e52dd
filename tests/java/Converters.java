// What Apache Kafka's own converters make of cells: a line of JSON in, a line of JSON out.
//
// A cell: {"class", "config", "header", "write": [schema, value]} or {..., "read": hex or null}.
// An answer: {"bytes": hex or null, "back": answer of reading them}, {"schema", "value"}, {"error": message, "kind": class}
// or {"unmade": why}, when Kafka's data model refuses to hold the value at all.
//
// Schemas: {"type", "optional", "name", "version", "doc", "parameters": [[key, value]...], "default", "fields":
// [[name, schema]...], "key", "element"}. Values: null, or an object of one member that tells the type: i8, i16, i32, i64,
// f32 and f64 (bits in hex), z (boolean), s, x (bytes in hex), a (array), m (map, as pairs), st (struct). Logical values
// are told by what lies under them; a decimal that is read is {"d": [unscaled in hex, scale]}, a date that does not fit its
// schema is {"date": milliseconds}. Members that are null, false or empty lists are left out of schemas.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.connect.data.Date;
import org.apache.kafka.connect.data.Decimal;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.data.Time;
import org.apache.kafka.connect.data.Timestamp;
import org.apache.kafka.connect.storage.Converter;
import org.apache.kafka.connect.storage.HeaderConverter;

public final class Converters {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HexFormat HEX = HexFormat.of();
    private static final Map<String, Way> WAYS = new HashMap<>();

    /** A converter of values or of headers. */
    private interface Way {
        byte[] write(Schema schema, Object value);

        SchemaAndValue read(byte[] bytes);
    }

    public static void main(String[] args) throws Exception {
        var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        var out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            out.print(JSON.writeValueAsString(answer(JSON.readTree(line))) + "\n");
        }
        out.flush();
    }

    private static ObjectNode answer(JsonNode cell) throws Exception {
        Way way = way(cell);
        if (cell.has("read")) {
            JsonNode bytes = cell.get("read");
            return read(way, bytes.isNull() ? null : HEX.parseHex(bytes.textValue()));
        }
        Schema schema;
        Object value;
        try {
            schema = schema(cell.get("write").get(0));
            value = value(schema, cell.get("write").get(1));
        } catch (Exception e) {
            return JSON.createObjectNode().put("unmade", String.valueOf(e.getMessage()));
        }
        byte[] bytes;
        try {
            bytes = way.write(schema, value);
        } catch (Exception e) {
            return error(e);
        }
        ObjectNode answer = JSON.createObjectNode().put("bytes", bytes == null ? null : HEX.formatHex(bytes));
        answer.set("back", read(way, bytes));
        return answer;
    }

    private static ObjectNode read(Way way, byte[] bytes) {
        SchemaAndValue read;
        try {
            read = way.read(bytes);
        } catch (Exception | StackOverflowError e) {
            return error(e);
        }
        if (read == null) {
            // The worker takes it so.
            read = SchemaAndValue.NULL;
        }
        ObjectNode answer = JSON.createObjectNode();
        answer.set("schema", show(read.schema()));
        answer.set("value", show(read.schema(), read.value()));
        return answer;
    }

    private static ObjectNode error(Throwable e) {
        return JSON.createObjectNode().put("error", String.valueOf(e.getMessage())).put("kind", e.getClass().getName());
    }

    private static Way way(JsonNode cell) throws Exception {
        String key = cell.get("class") + " " + cell.get("config") + " " + cell.get("header");
        Way known = WAYS.get(key);
        if (known == null) {
            known = make(cell);
            WAYS.put(key, known);
        }
        return known;
    }

    private static Way make(JsonNode cell) throws Exception {
        var config = new HashMap<String, Object>();
        cell.get("config").properties().forEach(entry -> config.put(entry.getKey(), entry.getValue().textValue()));
        Object made = Class.forName(cell.get("class").textValue()).getDeclaredConstructor().newInstance();
        if (cell.path("header").booleanValue()) {
            HeaderConverter converter = (HeaderConverter) made;
            config.put("converter.type", "header");
            converter.configure(config);
            return new Way() {
                public byte[] write(Schema schema, Object value) {
                    return converter.fromConnectHeader("t", "h", schema, value);
                }

                public SchemaAndValue read(byte[] bytes) {
                    return converter.toConnectHeader("t", "h", bytes);
                }
            };
        }
        Converter converter = (Converter) made;
        converter.configure(config, false);
        return new Way() {
            public byte[] write(Schema schema, Object value) {
                return converter.fromConnectData("t", schema, value);
            }

            public SchemaAndValue read(byte[] bytes) {
                return converter.toConnectData("t", bytes);
            }
        };
    }

    private static Schema schema(JsonNode node) {
        if (node == null || node.isNull()) {
            return null;
        }
        SchemaBuilder builder = switch (Schema.Type.valueOf(node.get("type").textValue())) {
            case ARRAY -> SchemaBuilder.array(schema(node.get("element")));
            case MAP -> SchemaBuilder.map(schema(node.get("key")), schema(node.get("element")));
            default -> SchemaBuilder.type(Schema.Type.valueOf(node.get("type").textValue()));
        };
        if (node.path("optional").booleanValue()) {
            builder.optional();
        }
        if (node.hasNonNull("name")) {
            builder.name(node.get("name").textValue());
        }
        if (node.hasNonNull("version")) {
            builder.version(node.get("version").intValue());
        }
        if (node.hasNonNull("doc")) {
            builder.doc(node.get("doc").textValue());
        }
        node.path("parameters").forEach(pair -> builder.parameter(pair.get(0).textValue(), pair.get(1).textValue()));
        node.path("fields").forEach(pair -> builder.field(pair.get(0).textValue(), schema(pair.get(1))));
        if (node.hasNonNull("default")) {
            builder.defaultValue(value(builder.schema(), node.get("default")));
        }
        return builder.build();
    }

    private static Object value(Schema schema, JsonNode node) {
        if (node.isNull()) {
            return null;
        }
        var member = node.properties().iterator().next();
        JsonNode in = member.getValue();
        Object plain = switch (member.getKey()) {
            case "i8" -> (byte) in.intValue();
            case "i16" -> (short) in.intValue();
            case "i32" -> in.intValue();
            case "i64" -> in.longValue();
            case "f32" -> Float.intBitsToFloat(Integer.parseUnsignedInt(in.textValue(), 16));
            case "f64" -> Double.longBitsToDouble(Long.parseUnsignedLong(in.textValue(), 16));
            case "z" -> in.booleanValue();
            case "s" -> in.textValue();
            case "x" -> HEX.parseHex(in.textValue());
            case "a" -> array(schema, in);
            case "m" -> map(schema, in);
            case "st" -> struct(schema, in);
            default -> throw new IllegalArgumentException("no such value: " + member.getKey());
        };
        return schema == null ? plain : logical(schema, plain);
    }

    private static Object logical(Schema schema, Object plain) {
        String name = String.valueOf(schema.name());
        return switch (schema.type()) {
            case INT32 -> plain instanceof Integer days && name.equals(Date.LOGICAL_NAME) ? Date.toLogical(schema, days)
                : plain instanceof Integer millis && name.equals(Time.LOGICAL_NAME) ? Time.toLogical(schema, millis)
                : plain;
            case INT64 -> plain instanceof Long millis && name.equals(Timestamp.LOGICAL_NAME)
                ? Timestamp.toLogical(schema, millis) : plain;
            case BYTES -> plain instanceof byte[] bytes && name.equals(Decimal.LOGICAL_NAME)
                ? Decimal.toLogical(schema, bytes) : plain;
            default -> plain;
        };
    }

    private static List<Object> array(Schema schema, JsonNode in) {
        Schema element = schema != null && schema.type() == Schema.Type.ARRAY ? schema.valueSchema() : null;
        var list = new ArrayList<>();
        in.forEach(item -> list.add(value(element, item)));
        return list;
    }

    private static Map<Object, Object> map(Schema schema, JsonNode in) {
        boolean typed = schema != null && schema.type() == Schema.Type.MAP;
        var map = new LinkedHashMap<>();
        in.forEach(pair -> map.put(
            value(typed ? schema.keySchema() : null, pair.get(0)), value(typed ? schema.valueSchema() : null, pair.get(1))));
        return map;
    }

    private static Struct struct(Schema schema, JsonNode in) {
        var struct = new Struct(schema);
        int at = 0;
        for (Field field : schema.fields()) {
            struct.put(field, value(field.schema(), in.get(at++)));
        }
        return struct;
    }

    private static JsonNode show(Schema schema) {
        if (schema == null) {
            return JSON.nullNode();
        }
        ObjectNode out = JSON.createObjectNode().put("type", schema.type().name());
        if (schema.isOptional()) {
            out.put("optional", true);
        }
        putText(out, "name", schema.name());
        if (schema.version() != null) {
            out.put("version", schema.version());
        }
        putText(out, "doc", schema.doc());
        if (schema.parameters() != null) {
            ArrayNode parameters = out.putArray("parameters");
            schema.parameters().forEach((key, value) -> parameters.addArray().add(key).add(value));
        }
        if (schema.type() == Schema.Type.STRUCT) {
            ArrayNode fields = out.putArray("fields");
            schema.fields().forEach(field -> fields.addArray().add(field.name()).add(show(field.schema())));
        }
        putNode(out, "key", show(schema.type() == Schema.Type.MAP ? schema.keySchema() : null));
        boolean container = schema.type() == Schema.Type.MAP || schema.type() == Schema.Type.ARRAY;
        putNode(out, "element", show(container ? schema.valueSchema() : null));
        putNode(out, "default", show(schema, schema.defaultValue()));
        return out;
    }

    private static void putText(ObjectNode out, String key, String text) {
        if (text != null) {
            out.put(key, text);
        }
    }

    private static void putNode(ObjectNode out, String key, JsonNode node) {
        if (!node.isNull()) {
            out.set(key, node);
        }
    }

    private static JsonNode show(Schema schema, Object value) {
        ObjectNode out = JSON.createObjectNode();
        if (value == null) {
            return JSON.nullNode();
        } else if (value instanceof Byte n) {
            return out.put("i8", n);
        } else if (value instanceof Short n) {
            return out.put("i16", n);
        } else if (value instanceof Integer n) {
            return out.put("i32", n);
        } else if (value instanceof Long n) {
            return out.put("i64", n);
        } else if (value instanceof Float n) {
            return out.put("f32", String.format("%08x", Float.floatToIntBits(n)));
        } else if (value instanceof Double n) {
            return out.put("f64", String.format("%016x", Double.doubleToLongBits(n)));
        } else if (value instanceof Boolean b) {
            return out.put("z", b);
        } else if (value instanceof String text) {
            return out.put("s", text);
        } else if (value instanceof byte[] bytes) {
            return out.put("x", HEX.formatHex(bytes));
        } else if (value instanceof ByteBuffer bytes) {
            return out.put("x", HEX.formatHex(bytes.array()));
        } else if (value instanceof BigDecimal number) {
            out.putArray("d").add(HEX.formatHex(number.unscaledValue().toByteArray())).add(number.scale());
            return out;
        } else if (value instanceof java.util.Date date) {
            return showDate(schema, date, out);
        } else if (value instanceof List<?> items) {
            ArrayNode list = out.putArray("a");
            items.forEach(item -> list.add(show(part(schema, false), item)));
        } else if (value instanceof Map<?, ?> map) {
            ArrayNode list = out.putArray("m");
            map.forEach((key, mapped) -> list.addArray()
                .add(show(part(schema, true), key))
                .add(show(part(schema, false), mapped)));
        } else if (value instanceof Struct struct) {
            ArrayNode list = out.putArray("st");
            struct.schema().fields().forEach(field -> list.add(show(field.schema(), struct.getWithoutDefault(field.name()))));
        } else {
            return out.put("class", value.getClass().getName());
        }
        return out;
    }

    /** The schema of keys or elements, as far as the schema fits: headers are read with some that do not. */
    private static Schema part(Schema schema, boolean key) {
        boolean map = schema != null && schema.type() == Schema.Type.MAP;
        boolean array = schema != null && schema.type() == Schema.Type.ARRAY;
        return key ? (map ? schema.keySchema() : null) : (map || array ? schema.valueSchema() : null);
    }

    private static JsonNode showDate(Schema schema, java.util.Date date, ObjectNode out) {
        long day = 86_400_000L;
        long millis = date.getTime();
        String name = schema == null ? "" : String.valueOf(schema.name());
        if (name.equals(Date.LOGICAL_NAME) && Math.floorMod(millis, day) == 0) {
            return out.put("i32", (int) Math.floorDiv(millis, day));
        } else if (name.equals(Time.LOGICAL_NAME) && 0 <= millis && millis < 10 * day) {
            return out.put("i32", (int) millis);
        }
        return out.put(name.equals(Timestamp.LOGICAL_NAME) ? "i64" : "date", millis);
    }
}
