//! Workers of groups on brokers that demand TLS and logins: topics and membership alike.

use crate::client_security::{ways, with_prefix};
use crate::distributed::{create, wait_healthy};
use connect_tests::configs::verifiable_source;
use connect_tests::{Props, Worker, WorkerSpec};

#[test]
fn a_worker_joins_its_group_by_every_listener() {
    let wanted = ["tls-jks", "mtls-pem", "plain", "scram-256", "unsecured"];
    let workers: Vec<(&str, Props, Worker)> = ways()
        .into_iter()
        .filter(|(name, _)| wanted.contains(name))
        .map(|(name, client)| {
            let spec = WorkerSpec::distributed(&client["bootstrap.servers"], &format!("secured-{name}"));
            (name, client.clone(), spec.set_all(&client).start())
        })
        .collect();
    assert_eq!(workers.len(), wanted.len());
    for (name, client, worker) in &workers {
        wait_healthy(worker);
        let connector = format!("in-{name}");
        let config = verifiable_source(&connector, &format!("secured-{name}"), 10);
        create(worker, &with_prefix(config, "producer.override.", client));
        worker.wait_state(&connector, "RUNNING", 1);
    }
    for (name, _, mut worker) in workers {
        assert!(worker.terminate().success(), "{name}: {}", worker.process().log_end(20));
    }
}
