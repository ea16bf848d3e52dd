//! Membership in a group of workers on real brokers: workers come and go, the coordinator dies, rebalances take long, and
//! every way to be let in.

use crate::MINUTE;
use crate::client_security::{client, kafka, login, ways};
use connect_host::herder::{
    Event, GroupAssignment, GroupEvent as Group, Item, MemberState, Protocol, Share, TaskId,
};
use connect_host::kafka::Conf;
use connect_host::kafka::group::{GroupConf, GroupEvent, Lease, Member};
use connect_host::kafka::security::Remedies;
use connect_host::settings::clients::{Client, ClientIds, client_config};
use connect_host::worker::membership::Membership;
use connect_tests::{Kafka, Props, With, wait_for, wait_until};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

const SECOND: Duration = Duration::from_secs(1);
/// The shortest that brokers allow.
const SESSION: Duration = Duration::from_secs(6);

/// A worker in as far as the group sees it: it offers its name and a number that grows, since brokers begin no round for a
/// follower that says the same again; as a leader it tells each member all names.
struct Puppet {
    name: &'static str,
    seen: Arc<Mutex<Vec<GroupEvent>>>,
    /// It does not answer when it is asked what to join with.
    busy: Arc<AtomicBool>,
    member: Arc<Mutex<Option<Member>>>,
    lease: Lease,
    runtime: tokio::runtime::Runtime,
}

/// Membership of a client with these settings in the group.
pub fn conf(group: &str, client: &Props) -> GroupConf {
    let ids = ClientIds { client_id: format!("client-of-{group}"), group_id: None };
    let mut config = client_config(Client::Admin, client, None, &ids).expect("settings of a client");
    config.read_stores(|path| std::fs::read(path).map_err(|error| error.to_string())).expect("stores");
    let clients: Conf = config.conf;
    let keys = config.security;
    GroupConf {
        group_id: group.to_owned(),
        clients,
        remedies: Remedies {
            login: keys.login(),
            identity: keys.identity(),
            trust: keys.trust(),
            ..Remedies::default()
        },
        session_timeout: SESSION,
        rebalance_timeout: Duration::from_secs(30),
        heartbeat_interval: SECOND,
        retry_backoff: Duration::from_millis(100),
        request_timeout: Duration::from_secs(20),
        seed: 1,
    }
}

impl Puppet {
    fn start(name: &'static str, conf: GroupConf) -> Puppet {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let (events, mut inlet) = mpsc::channel(4);
        let member = {
            let _inside = runtime.enter();
            Member::spawn(conf, events).expect("a member")
        };
        let lease = member.lease().clone();
        let (seen, busy) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let member = Arc::new(Mutex::new(Some(member)));
        let (notes, asked, voice) = (seen.clone(), busy.clone(), member.clone());
        runtime.spawn(async move {
            while let Some(event) = inlet.recv().await {
                if let Some(member) = voice.lock().unwrap().as_ref() {
                    match &event {
                        GroupEvent::JoinDue if !asked.load(Ordering::Relaxed) => member.join(offers(name)),
                        GroupEvent::Elected { generation, members, .. } => {
                            member.share(*generation, shares(members));
                        }
                        _ => {}
                    }
                }
                notes.lock().unwrap().push(event);
            }
        });
        Puppet { name, seen, busy, member, lease, runtime }
    }

    fn tell(&self, what: impl FnOnce(&Member)) {
        what(self.member.lock().unwrap().as_ref().expect("a member"));
    }

    /// Generation and assignment, unless something came after it.
    fn assigned(&self) -> Option<(i32, String)> {
        match self.seen.lock().unwrap().last()? {
            GroupEvent::Assigned { generation, assignment, .. } => {
                Some((*generation, String::from_utf8_lossy(assignment).into_owned()))
            }
            _ => None,
        }
    }

    fn saw(&self, event: &GroupEvent) -> bool {
        self.seen.lock().unwrap().contains(event)
    }

    fn failed(&self) -> Option<String> {
        match self.seen.lock().unwrap().last()? {
            GroupEvent::Failed(error) => Some(error.to_string()),
            _ => None,
        }
    }

    fn close(&self) {
        let member = self.member.lock().unwrap().take().expect("a member");
        self.runtime.block_on(member.close());
    }
}

fn offers(name: &str) -> Vec<(String, Vec<u8>)> {
    static JOINS: AtomicU32 = AtomicU32::new(0);
    let said = format!("{name}#{}", JOINS.fetch_add(1, Ordering::Relaxed)).into_bytes();
    ["sessioned", "default"].iter().map(|protocol| ((*protocol).to_owned(), said.clone())).collect()
}

fn shares(members: &BTreeMap<String, Vec<u8>>) -> BTreeMap<String, Vec<u8>> {
    let name =
        |said: &Vec<u8>| String::from_utf8_lossy(said).split('#').next().unwrap_or_default().to_owned();
    let mut names: Vec<String> = members.values().map(name).collect();
    names.sort();
    members.keys().map(|id| (id.clone(), names.join("+").into_bytes())).collect()
}

/// Waits until all of them are in one generation, with this assignment, and gives the generation.
fn together(puppets: &[&Puppet], assignment: &str) -> i32 {
    wait_until(&format!("{assignment} to be together"), MINUTE, || {
        let all: Vec<_> = puppets.iter().map(|puppet| puppet.assigned()).collect();
        let (generation, _) = all[0].clone().unwrap_or_default();
        let same = all.iter().all(|one| one.as_ref() == Some(&(generation, assignment.to_owned())));
        if same && puppets.iter().all(|puppet| puppet.lease.holds()) {
            Ok(generation)
        } else {
            Err(format!("{all:?}"))
        }
    })
}

#[test]
fn members_come_and_go_and_outlive_their_coordinator() {
    let kafka = Kafka::start();
    let client = Props::new().with("bootstrap.servers", kafka.bootstrap());
    let a = Puppet::start("a", conf("come-and-go", &client));
    let first = together(&[&a], "a");
    let b = Puppet::start("b", conf("come-and-go", &client));
    let second = together(&[&a, &b], "a+b");
    assert!(second > first && a.saw(&GroupEvent::Rebalancing) && !b.saw(&GroupEvent::Rebalancing));
    b.tell(|member| member.rejoin("to see that it can"));
    wait_for("another round", MINUTE, || a.assigned().is_some_and(|(generation, _)| generation > second));
    together(&[&a, &b], "a+b");
    // Whoever leaves is not waited for.
    let left = Instant::now();
    b.close();
    together(&[&a], "a");
    assert!(left.elapsed() < SESSION && !b.lease.holds());
    let c = Puppet::start("c", conf("come-and-go", &client));
    together(&[&a, &c], "a+c");
    kafka.kill9(1);
    for puppet in [&a, &c] {
        wait_for(&format!("{} to know that all is lost", puppet.name), MINUTE, || {
            puppet.saw(&GroupEvent::Lost)
        });
        assert!(!puppet.lease.holds());
    }
    kafka.restart();
    together(&[&a, &c], "a+c");
    a.tell(|member| member.leave("to come back"));
    together(&[&c], "c");
    a.tell(|member| member.rejoin("to come back"));
    together(&[&a, &c], "a+c");
}

#[test]
fn a_rebalance_longer_than_the_session_costs_no_membership() {
    let client = Props::new().with("bootstrap.servers", Kafka::shared().bootstrap());
    let a = Puppet::start("a", conf("long-rebalance", &client));
    let b = Puppet::start("b", conf("long-rebalance", &client));
    together(&[&a, &b], "a+b");
    a.busy.store(true, Ordering::Relaxed);
    a.seen.lock().unwrap().clear();
    let began = Instant::now();
    b.tell(|member| member.rejoin("to have it wait"));
    wait_for("a to be asked", MINUTE, || a.saw(&GroupEvent::JoinDue));
    wait_for("more than a session", MINUTE, || {
        assert!(a.lease.holds() && b.lease.holds(), "after {:?}", began.elapsed());
        began.elapsed() > SESSION + SECOND
    });
    a.busy.store(false, Ordering::Relaxed);
    a.tell(|member| member.join(offers("a")));
    together(&[&a, &b], "a+b");
    for puppet in [&a, &b] {
        assert!(!puppet.saw(&GroupEvent::Lost));
    }
}

#[test]
fn every_mechanism_lets_members_in_and_what_is_refused_names_its_key() {
    let puppets: Vec<_> = ways()
        .into_iter()
        .chain([("no-name", nameless().with("ssl.endpoint.identification.algorithm", ""))])
        .map(|(name, client)| Puppet::start(name, conf(&format!("by-{name}"), &client)))
        .collect();
    for puppet in &puppets {
        wait_until(&format!("{} to be let in", puppet.name), MINUTE, || {
            assert_eq!(puppet.failed(), None, "{}", puppet.name);
            puppet.assigned().ok_or_else(|| format!("{:?}", puppet.seen.lock().unwrap()))
        });
    }
    let wrong = login("SASL_SSL", "SCRAM-SHA-256", r#"username="alice" password="wrong-secret""#);
    let plain = login("SASL_PLAINTEXT", "PLAIN", r#"username="alice" password="wrong-secret""#);
    for (name, client, key) in [
        ("scram", wrong, "check sasl.jaas.config"),
        ("plain", plain, "check sasl.jaas.config"),
        ("expired", client("EXPIRED", &[]), "ssl.truststore.location"),
        ("nobody", client("MTLS", &[]), "ssl.keystore.location"),
        ("named", nameless(), "ssl.truststore.location"),
    ] {
        let puppet = Puppet::start(name, conf("refused", &client));
        let why = wait_until(&format!("{name} to be refused"), MINUTE, || {
            puppet.failed().ok_or_else(|| format!("{:?}", puppet.seen.lock().unwrap()))
        });
        assert!(why.contains(key) && !why.contains("wrong-secret"), "{name}: {why}");
    }
}

/// TLS at an address that the broker's certificate does not name.
fn nameless() -> Props {
    let address = kafka().listener("SSL").replace("127.0.0.1", "[::ffff:127.0.0.1]");
    client("SSL", &[]).with("bootstrap.servers", address)
}

/// In the herder's words, over bytes that Java's workers read and write.
#[test]
fn a_leader_gives_itself_what_its_herder_says() {
    let client = Props::new().with("bootstrap.servers", Kafka::shared().bootstrap());
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let share =
        Share::from([Item::Connector("c".into()), Item::Task(TaskId { connector: "c".into(), task: 0 })]);
    let told = runtime.block_on(async {
        let (events, mut inlet) = mpsc::channel(4);
        let protocols = vec![Protocol::Sessioned, Protocol::Compatible, Protocol::Eager];
        let (member, _failed) =
            Membership::spawn(conf("herders", &client), protocols, events).expect("a member");
        let state = MemberState { url: "http://a:8083/".into(), config_offset: 3, allocation: None };
        let told = tokio::time::timeout(MINUTE, async {
            loop {
                match inlet.recv().await {
                    Some(Event::Group(Group::JoinDue)) => member.join(&state),
                    Some(Event::Group(Group::Elected { generation, member_id, protocol, members })) => {
                        assert_eq!(protocol, Protocol::Sessioned);
                        assert_eq!(members, BTreeMap::from([(member_id.clone(), state.clone())]));
                        let leader = GroupAssignment {
                            leader: member_id.clone(),
                            assigned: share.clone(),
                            ..Default::default()
                        };
                        member.share(generation, &BTreeMap::from([(member_id, leader)]));
                    }
                    Some(Event::Group(Group::Assigned { member_id, protocol, assignment, .. })) => {
                        break (member_id, protocol, assignment);
                    }
                    Some(Event::Group(other)) => panic!("{other:?}"),
                    _ => panic!("no event of the group"),
                }
            }
        });
        let told = told.await.expect("an assignment in time");
        assert!(member.lease().holds());
        member.close().await;
        told
    });
    let (member_id, protocol, assignment) = told;
    assert_eq!((protocol, assignment.assigned, assignment.leader), (Protocol::Sessioned, share, member_id));
}
