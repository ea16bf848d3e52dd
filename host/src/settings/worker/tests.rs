//! The worker's config as a whole.

use super::*;
use crate::settings::connector::ConverterConfig;

const REQUIRED: &[(&str, &str)] =
    &[("key.converter", "Key"), ("value.converter", "Value"), ("offset.storage.file.filename", "/o")];

fn props(entries: &[(&str, &str)]) -> Props {
    entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn parse(more: &[(&str, &str)]) -> Result<(WorkerConfig, Vec<String>), Vec<String>> {
    let shown = |problems: Vec<Problem>| problems.iter().map(Problem::to_string).collect::<Vec<_>>();
    let mut given = props(REQUIRED);
    given.extend(props(more));
    WorkerConfig::parse(&given).map(|(config, warnings)| (config, shown(warnings))).map_err(shown)
}

#[test]
fn kafkas_defaults_hold_where_nothing_is_given() {
    let (config, warnings) = parse(&[]).unwrap();
    assert_eq!(config.rest.listeners, [Listener { host: String::new(), port: 8083, https: false }]);
    assert_eq!(config.bootstrap_servers, "localhost:9092");
    let header = "org.apache.kafka.connect.storage.SimpleHeaderConverter".to_owned();
    assert_eq!(
        config.header_converter,
        ConverterConfig { class: header, version: None, props: Props::new() }
    );
    assert_eq!(config.offset_store, OffsetStoreConfig::File("/o".into()));
    let seconds = |duration: Duration| duration.as_secs();
    assert_eq!(seconds(config.offset_flush_interval), 60);
    assert_eq!(
        (seconds(config.offset_flush_timeout), seconds(config.task_shutdown_graceful_timeout)),
        (5, 5)
    );
    assert_eq!((config.client_id.as_str(), config.group_id), ("", None));
    assert_eq!(config.connector_client_config_override_policy, OverridePolicy::All);
    assert!(config.topic_tracking_enable && config.topic_tracking_allow_reset);
    assert_eq!((config.log_format, config.log_level), (LogFormat::Text, LogLevel::Info));
    assert_eq!((config.rest.advertised_host, config.rest.advertised_port), (None, None));
    assert!(config.rest.cross_origin.is_none() && config.rest.headers.is_empty());
    assert_eq!((&config.rest.admin, config.rest.metrics.len()), (&AdminListeners::Main, 0));
    let bounds = (config.rest.connections, seconds(config.rest.idle), config.rest.body);
    assert_eq!(bounds, (1000, 30, 16 << 20));
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].starts_with("plugin.path: "));
}

#[test]
fn every_key_is_read() {
    let (config, warnings) = parse(&[
        ("bootstrap.servers", " a:1 , PLAINTEXT://b:2"),
        ("client.id", "me"),
        ("group.id", "g"),
        ("connector.client.config.override.policy", "Principal"),
        ("key.converter.schemas.enable", "false"),
        ("header.converter", "Simple"),
        ("offset.flush.interval.ms", "10"),
        ("offset.flush.timeout.ms", "20"),
        ("task.shutdown.graceful.timeout.ms", "30"),
        ("listeners", "http://localhost:0,http://[::1]:8084"),
        ("rest.advertised.host.name", "h"),
        ("rest.advertised.port", "80"),
        ("rest.advertised.listener", "HTTP"),
        ("access.control.allow.origin", "*, https://.*\\.example\\.com"),
        ("access.control.allow.methods", "GET, PUT"),
        ("response.http.headers.config", "set X: y"),
        ("admin.listeners", "http://localhost:1"),
        ("metrics.listeners", "http://:2,http://:3"),
        ("rest.extension.classes", "BasicAuthSecurityRestExtension"),
        ("rest.basic.auth.jaas.config", "/jaas"),
        ("rest.connections.max", "7"),
        ("rest.idle.timeout.ms", "8"),
        ("rest.body.max.bytes", "9"),
        ("plugin.path", "/a, /b,"),
        ("topic.tracking.enable", "false"),
        ("topic.tracking.allow.reset", "FALSE"),
        ("log.format", "JSON"),
        ("log.level", "Warn"),
        ("producer.linger.ms", "7"),
    ])
    .unwrap();
    assert_eq!(warnings, Vec::<String>::new());
    assert_eq!(config.bootstrap_servers, "a:1,PLAINTEXT://b:2");
    assert_eq!((config.client_id.as_str(), config.group_id.as_deref()), ("me", Some("g")));
    assert_eq!(config.connector_client_config_override_policy, OverridePolicy::Principal);
    assert_eq!(config.key_converter.props, props(&[("schemas.enable", "false")]));
    assert_eq!(config.header_converter.class, "Simple");
    let millis =
        [config.offset_flush_interval, config.offset_flush_timeout, config.task_shutdown_graceful_timeout];
    assert_eq!(millis.map(|duration| duration.as_millis()), [10, 20, 30]);
    let listeners: Vec<_> = config.rest.listeners.iter().map(|l| (l.host.as_str(), l.port)).collect();
    assert_eq!(listeners, [("localhost", 0), ("::1", 8084)]);
    assert_eq!((config.rest.advertised_host.as_deref(), config.rest.advertised_port), (Some("h"), Some(80)));
    let cross = config.rest.cross_origin.unwrap();
    assert_eq!((cross.any, cross.origins.len(), cross.methods.as_str()), (true, 1, "GET,PUT"));
    assert_eq!(config.rest.headers.len(), 1);
    assert_eq!(config.rest.basic_auth, Some(BasicAuth { jaas: Some("/jaas".into()) }));
    let AdminListeners::Own(admin) = config.rest.admin else { panic!("no listeners of its own") };
    assert_eq!((admin.len(), config.rest.metrics.len()), (1, 2));
    assert_eq!((config.rest.connections, config.rest.idle.as_millis(), config.rest.body), (7, 8, 9));
    assert_eq!(config.plugin_path, [PathBuf::from("/a"), PathBuf::from("/b")]);
    assert!(!config.topic_tracking_enable && !config.topic_tracking_allow_reset);
    assert_eq!((config.log_format, config.log_level), (LogFormat::Json, LogLevel::Warn));
    assert_eq!(config.raw["producer.linger.ms"], "7");
}

#[test]
fn all_problems_come_at_once_by_key() {
    let given = props(&[
        ("listeners", "https://h"),
        ("offset.flush.interval.ms", "0"),
        ("config.providers", "file"),
        ("producer.transactional.id", "t"),
        ("connector.client.config.override.policy", "Mine"),
        ("bootstrap.servers", "localhost"),
        ("log.level", "loud"),
    ]);
    let problems = WorkerConfig::parse(&given).unwrap_err();
    let mut keys: Vec<_> = problems.iter().map(|problem| problem.key.as_str()).collect();
    keys.sort_unstable();
    assert_eq!(
        keys,
        [
            "bootstrap.servers",
            "config.providers",
            "connector.client.config.override.policy",
            "key.converter",
            "listeners",
            "log.level",
            "offset.flush.interval.ms",
            "offset.storage.file.filename",
            "producer.transactional.id",
            "value.converter",
        ]
    );
}

#[test]
fn faults_are_named_in_kafkas_words() {
    let table = [
        (
            "offset.flush.timeout.ms",
            "x",
            "Invalid value x for configuration offset.flush.timeout.ms: Not a number of",
        ),
        ("rest.advertised.port", "0", "Value must be at least 1"),
        ("rest.advertised.listener", "ftp", "String must be one of (case insensitive): HTTP, HTTPS"),
        ("bootstrap.servers", "", "No bootstrap urls given in bootstrap.servers"),
        ("bootstrap.servers", "a:1,:2", "Invalid url in bootstrap.servers: :2"),
        ("listeners", "", "at least one URL is expected"),
        ("response.http.headers.config", "x", "Invalid header config 'x'"),
        ("access.control.allow.origin", "https://(", "neither * nor a regular expression"),
        ("admin.listeners", "http://a:1,", "Empty listener"),
        ("metrics.listeners", "a:1", "not of the form"),
        ("rest.extension.classes", "com.acme.Audit", "the extension com.acme.Audit is not there"),
        ("rest.connections.max", "0", "Value must be at least 1"),
        ("plugin.discovery", "guess", "String must be one of (case insensitive): ONLY_SCAN"),
        ("metrics.num.samples", "0", "Value must be at least 1"),
        ("topic.tracking.enable", "maybe", "Expected value to be either true or false"),
        ("log.format", "xml", "String must be one of (case insensitive): TEXT, JSON"),
    ];
    for (key, value, part) in table {
        let problems = parse(&[(key, value)]).unwrap_err();
        assert_eq!(problems.len(), 1, "{key}: {problems:?}");
        assert!(problems[0].starts_with(key) && problems[0].contains(part), "{problems:?}");
    }
}

#[test]
fn offsets_are_kept_in_a_file_or_a_topic() {
    let topic = |more: &[(&str, &str)]| {
        let given = [&[("offset.storage.topic", "o"), ("plugin.path", "/p")][..], more].concat();
        parse(&given).map(|(config, warnings)| (config.offset_store, warnings))
    };
    let (store, warnings) = topic(&[]).unwrap();
    let expected = |partitions, replication_factor, settings: &[(&str, &str)]| {
        let (name, settings) = ("o".to_owned(), props(settings));
        OffsetStoreConfig::Topic(StorageTopic { name, partitions, replication_factor, settings })
    };
    assert_eq!(store, expected(25, 3, &[]));
    assert!(warnings.len() == 1 && warnings[0].starts_with("offset.storage.file.filename: "), "{warnings:?}");
    let (store, warnings) = topic(&[
        ("offset.storage.partitions", "1"),
        ("offset.storage.replication.factor", "-1"),
        ("offset.storage.segment.bytes", "100"),
        ("offset.storage.cleanup.policy", "delete"),
    ])
    .unwrap();
    assert_eq!(store, expected(1, -1, &[("segment.bytes", "100")]));
    assert_eq!(warnings.len(), 2);
    let problems = topic(&[("offset.storage.partitions", "0"), ("offset.storage.replication.factor", "-2")]);
    assert_eq!(problems.unwrap_err().len(), 2);
    let (_, warnings) = parse(&[("offset.storage.partitions", "1"), ("plugin.path", "/p")]).unwrap();
    assert_eq!(warnings, ["offset.storage.partitions: has no effect without offset.storage.topic"]);
    let none = WorkerConfig::parse(&props(&REQUIRED[..2])).unwrap_err();
    let missing =
        r#"Missing required configuration "offset.storage.file.filename" which has no default value."#;
    assert!(none.len() == 1 && none[0].message.starts_with(missing), "{none:?}");
}

#[test]
fn loggers_are_served_on_the_main_listeners_nowhere_or_alone() {
    let admin = |value: &str| parse(&[("admin.listeners", value)]).unwrap().0.rest.admin;
    assert_eq!(parse(&[]).unwrap().0.rest.admin, AdminListeners::Main);
    assert_eq!((admin(""), admin("  ")), (AdminListeners::Off, AdminListeners::Off));
    let own = Listener { host: "h".to_owned(), port: 1, https: false };
    assert_eq!(admin("http://h:1"), AdminListeners::Own(vec![own]));
}

#[test]
fn debug_shows_no_values_of_keys_that_may_be_secret() {
    let (config, _) =
        parse(&[("producer.ssl.key.password", "s3cret"), ("key.converter.pass", "s3cret")]).unwrap();
    assert!(!format!("{config:?} {:?}", config.key_converter).contains("s3cret"));
}

#[test]
fn the_catalogue_documents_each_key() {
    let catalogue = definitions();
    assert!(catalogue.iter().all(|definition| !definition.documentation.is_empty()));
    assert!(catalogue.len() > 30);
}
