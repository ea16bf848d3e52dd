//! The names by which brokers know the worker's clients, as Kafka Connect gives them.

use crate::settings::Props;
use crate::settings::definitions::value::trim;

/// The names of one client, where the user set no others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientIds {
    /// `client.id`
    pub client_id: String,
    /// `group.id`; consumers need one.
    pub group_id: Option<String>,
}

impl ClientIds {
    fn client(client_id: String) -> Self {
        ClientIds { client_id, group_id: None }
    }

    /// The producer of a source task.
    pub fn source_producer(connector: &str, task: u32) -> Self {
        Self::client(format!("connector-producer-{connector}-{task}"))
    }

    /// The consumer of a sink task, in the group of its connector.
    pub fn sink_consumer(connector: &str, task: u32) -> Self {
        ClientIds {
            client_id: format!("connector-consumer-{connector}-{task}"),
            group_id: Some(format!("connect-{connector}")),
        }
    }

    /// The admin client of a source task.
    pub fn task_admin(connector: &str, task: u32) -> Self {
        Self::client(format!("connector-adminclient-{connector}-{task}"))
    }

    /// The admin client with which the worker looks after a connector's offsets.
    pub fn worker_admin(connector: &str) -> Self {
        Self::client(format!("connector-worker-adminclient-{connector}"))
    }

    /// The admin client of the worker itself.
    pub fn shared_admin(worker: &Props) -> Self {
        Self::client(format!("{}shared-admin", base(worker)))
    }

    /// The member of a worker group.
    pub fn member(worker: &Props, worker_id: &str) -> Self {
        let given = worker.get("client.id").map(|text| trim(text)).filter(|text| !text.is_empty());
        Self::client(given.map_or_else(|| format!("connect-{worker_id}"), str::to_owned))
    }

    /// Producer and consumer of the group's config topic; see [`ClientIds::offsets`].
    pub fn configs(worker: &Props) -> Self {
        let name = format!("{}configs", base(worker));
        ClientIds { client_id: name.clone(), group_id: Some(name) }
    }

    /// Producer and consumer of the group's status topic; see [`ClientIds::offsets`].
    pub fn statuses(worker: &Props) -> Self {
        let name = format!("{}statuses", base(worker));
        ClientIds { client_id: name.clone(), group_id: Some(name) }
    }

    /// Producer and consumer of the worker's offset topic. The consumer is assigned its partitions and
    /// commits nothing; librdkafka wants the name of a group all the same.
    pub fn offsets(worker: &Props) -> Self {
        let name = format!("{}offsets", base(worker));
        ClientIds { client_id: name.clone(), group_id: Some(name) }
    }
}

/// `<group.id or "connect">-`, then `<client.id>-` if there is one.
fn base(worker: &Props) -> String {
    let given = |key: &str| worker.get(key).map(|text| trim(text)).filter(|text| !text.is_empty());
    let mut base = format!("{}-", given("group.id").unwrap_or("connect"));
    if let Some(client_id) = given("client.id") {
        base.push_str(client_id);
        base.push('-');
    }
    base
}

/// The consumer group of a sink connector: `consumer.override.group.id` of the connector, else
/// `consumer.group.id` of the worker, else `connect-<name>`.
pub fn consumer_group(name: &str, worker: &Props, connector: &Props) -> String {
    let given = connector.get("consumer.override.group.id").or_else(|| worker.get("consumer.group.id"));
    given.map_or_else(|| format!("connect-{name}"), |group| trim(group).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn props(entries: &[(&str, &str)]) -> Props {
        entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn clients_are_named_as_in_connect() {
        assert_eq!(ClientIds::source_producer("c", 3).client_id, "connector-producer-c-3");
        let sink = ClientIds::sink_consumer("c", 0);
        assert_eq!(
            (sink.client_id.as_str(), sink.group_id.as_deref()),
            ("connector-consumer-c-0", Some("connect-c"))
        );
        assert_eq!(ClientIds::task_admin("c", 1).client_id, "connector-adminclient-c-1");
        assert_eq!(ClientIds::worker_admin("c").client_id, "connector-worker-adminclient-c");
    }

    #[test]
    fn the_workers_own_clients_carry_its_group_and_client_id() {
        let table = [
            (&[][..], "connect-offsets"),
            (&[("group.id", "g")], "g-offsets"),
            (&[("client.id", "me")], "connect-me-offsets"),
            (&[("group.id", "g"), ("client.id", "me")], "g-me-offsets"),
            (&[("client.id", "  ")], "connect-offsets"),
        ];
        for (worker, expected) in table {
            assert_eq!(ClientIds::offsets(&props(worker)).client_id, expected);
        }
        assert_eq!(ClientIds::shared_admin(&props(&[])).client_id, "connect-shared-admin");
        let worker = props(&[("group.id", "g"), ("client.id", "me")]);
        assert_eq!(ClientIds::configs(&worker).client_id, "g-me-configs");
        assert_eq!(ClientIds::statuses(&worker).client_id, "g-me-statuses");
        assert_eq!(ClientIds::member(&worker, "h:1").client_id, "me");
        assert_eq!(ClientIds::member(&props(&[("client.id", " ")]), "h:1").client_id, "connect-h:1");
    }

    #[test]
    fn the_group_of_a_sink_can_be_overridden() {
        let none = props(&[]);
        let worker = props(&[("consumer.group.id", "w")]);
        let connector = props(&[("consumer.override.group.id", " c ")]);
        assert_eq!(consumer_group("s", &none, &none), "connect-s");
        assert_eq!(consumer_group("s", &worker, &none), "w");
        assert_eq!(consumer_group("s", &worker, &connector), "c");
    }
}
