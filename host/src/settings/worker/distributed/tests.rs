//! The distributed worker's config as a whole.

use super::*;
use crate::settings::worker::OffsetStoreConfig;

const REQUIRED: &[(&str, &str)] = &[
    ("key.converter", "Key"),
    ("value.converter", "Value"),
    ("group.id", "g"),
    ("config.storage.topic", "c"),
    ("offset.storage.topic", "o"),
    ("status.storage.topic", "s"),
    ("plugin.path", "/p"),
];

fn props(entries: &[(&str, &str)]) -> Props {
    entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn parse(more: &[(&str, &str)]) -> Result<(DistributedConfig, Vec<String>), Vec<String>> {
    let shown = |problems: Vec<Problem>| problems.iter().map(Problem::to_string).collect::<Vec<_>>();
    let mut given = props(REQUIRED);
    given.extend(props(more));
    DistributedConfig::parse(&given).map(|(config, warnings)| (config, shown(warnings))).map_err(shown)
}

#[test]
fn kafkas_defaults_hold_where_nothing_is_given() {
    let (config, warnings) = parse(&[]).unwrap();
    assert_eq!(warnings, Vec::<String>::new());
    let topic = |name: &str, partitions| StorageTopic {
        name: name.to_owned(),
        partitions,
        replication_factor: 3,
        settings: Props::new(),
    };
    assert_eq!((config.config_topic, config.status_topic), (topic("c", 1), topic("s", 5)));
    assert_eq!(config.worker.offset_store, OffsetStoreConfig::Topic(topic("o", 25)));
    let seconds = [
        config.session_timeout,
        config.heartbeat_interval,
        config.rebalance_timeout,
        config.rebalance_max_delay,
        config.sync_timeout,
        config.unsync_backoff,
        config.request_timeout,
    ];
    assert_eq!(seconds.map(|time| time.as_secs()), [10, 3, 60, 300, 3, 300, 40]);
    assert_eq!((config.protocol, config.retry_backoff.as_millis()), (ConnectProtocol::Sessioned, 100));
    let hour = Duration::from_secs(3600);
    let (signature, verification) = (Mac::Sha256, vec![Mac::Sha256]);
    let wanted =
        InterWorker { key_algorithm: Mac::Sha256, key_bytes: 32, key_ttl: hour, signature, verification };
    assert_eq!(config.inter_worker, wanted);
    assert_eq!(config.worker.group_id.as_deref(), Some("g"));
}

#[test]
fn the_example_is_taken_without_a_warning() {
    let text = include_str!("../../../../config/connect-distributed.properties");
    let given = crate::settings::files::parse_properties(text).unwrap();
    let (config, warnings) = DistributedConfig::parse(&given).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!(
        (config.config_topic.name.as_str(), config.config_topic.replication_factor),
        ("connect-configs", 1)
    );
}

#[test]
fn every_key_is_read() {
    let (config, warnings) = parse(&[
        ("config.storage.replication.factor", "1"),
        ("config.storage.min.insync.replicas", "2"),
        ("config.storage.partitions", "7"),
        ("status.storage.partitions", "-1"),
        ("status.storage.replication.factor", "-1"),
        ("status.storage.cleanup.policy", "delete"),
        ("offset.storage.file.filename", "/o"),
        ("session.timeout.ms", "20"),
        ("heartbeat.interval.ms", "10"),
        ("connect.protocol", "EAGER"),
        ("inter.worker.key.generation.algorithm", "HmacSHA512"),
        ("inter.worker.key.size", "129"),
        ("inter.worker.key.ttl.ms", "0"),
        ("inter.worker.signature.algorithm", "hmacsha384"),
        ("inter.worker.verification.algorithms", "HmacSHA256, HmacSHA384"),
        ("exactly.once.source.support", "Disabled"),
    ])
    .unwrap();
    assert_eq!((config.config_topic.replication_factor, config.config_topic.partitions), (1, 1));
    assert_eq!(config.config_topic.settings, props(&[("min.insync.replicas", "2")]));
    assert_eq!((config.status_topic.replication_factor, config.status_topic.partitions), (-1, -1));
    assert_eq!(config.protocol, ConnectProtocol::Eager);
    let wanted = InterWorker {
        key_algorithm: Mac::Sha512,
        key_bytes: 17,
        key_ttl: Duration::ZERO,
        signature: Mac::Sha384,
        verification: vec![Mac::Sha256, Mac::Sha384],
    };
    assert_eq!(config.inter_worker, wanted);
    for (key, why) in [
        ("config.storage.partitions", "the topic has 1 partition always"),
        ("status.storage.cleanup.policy", "the topic of statuses must be compacted"),
        ("offset.storage.file.filename", "it belongs to standalone mode"),
    ] {
        assert!(warnings.contains(&format!("{key}: has no effect: {why}")), "{key}: {warnings:?}");
    }
}

#[test]
fn every_problem_comes_at_once() {
    let mut wrong: Vec<(&str, &str)> = REQUIRED.iter().map(|(key, _)| (*key, " ")).collect();
    wrong.retain(|(key, _)| key.ends_with(".topic"));
    let more = [
        ("session.timeout.ms", "1000"),
        ("heartbeat.interval.ms", "1000"),
        ("status.storage.partitions", "0"),
        ("connect.protocol", "lazy"),
        ("exactly.once.source.support", "preparing"),
        ("inter.worker.key.size", "8"),
        ("inter.worker.key.ttl.ms", "-1"),
        ("inter.worker.signature.algorithm", "HmacMD5"),
        ("inter.worker.verification.algorithms", ""),
        ("scheduled.rebalance.max.delay.ms", "x"),
    ];
    wrong.extend(more);
    let problems = parse(&wrong).unwrap_err();
    for (key, _) in &wrong {
        let found = problems.iter().filter(|problem| problem.starts_with(&format!("{key}: "))).count();
        let wanted = usize::from(*key != "session.timeout.ms");
        assert_eq!(found, wanted, "{key}: {problems:#?}");
    }
    let none = DistributedConfig::parse(&Props::new()).unwrap_err();
    for (key, _) in REQUIRED.iter().filter(|(key, _)| *key != "plugin.path") {
        let missing = format!("Missing required configuration \"{key}\" which has no default value.");
        assert!(none.iter().any(|problem| problem.message == missing), "{key}: {none:#?}");
    }
}

#[test]
fn workers_must_understand_their_own_signatures() {
    let problems = parse(&[("inter.worker.signature.algorithm", "HmacSHA512")]).unwrap_err();
    let why = "Signature algorithm must be present in inter.worker.verification.algorithms list";
    let key = "inter.worker.signature.algorithm";
    assert_eq!(problems, [format!("{key}: Invalid value HmacSHA512 for configuration {key}: {why}")]);
}
