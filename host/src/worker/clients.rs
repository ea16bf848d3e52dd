//! Settings of Kafka clients made ready: key and trust stores are read from their files here.

use crate::kafka::native::Owner;
use crate::kafka::security::Remedies;
use crate::settings::clients::{Client, ClientConfig, ClientIds, client_config};
use crate::settings::{Problem, Props};

/// The largest store that is read, in bytes: a wrong path must not cost the memory.
const LARGEST: u64 = 16 << 20;

/// The settings of one client, its stores read. Blocks its thread for as long as files take.
///
/// # Errors
/// Everything that is wrong, by the key that the user wrote: see [`client_config`] and
/// [`ClientConfig::read_stores`].
pub fn ready(
    client: Client,
    worker: &Props,
    connector: Option<&Props>,
    ids: &ClientIds,
) -> Result<ClientConfig, Vec<Problem>> {
    let mut config = client_config(client, worker, connector, ids)?;
    config.read_stores(read)?;
    Ok(config)
}

/// The same for a client of the worker's own, or problems as lines.
pub fn own(client: Client, worker: &Props, ids: &ClientIds) -> Result<ClientConfig, Vec<String>> {
    ready(client, worker, None, ids).map_err(|problems| problems.iter().map(Problem::to_string).collect())
}

/// `owner` with the keys of `config` to name when brokers refuse.
pub fn owner(owner: Owner, config: &ClientConfig) -> Owner {
    let keys = &config.security;
    let remedies = Remedies {
        login: keys.login(),
        identity: keys.identity(),
        trust: keys.trust(),
        protocol: keys.protocol(),
        credentials: keys.credentials(),
        endpoint: keys.endpoint(),
        endpoint_trust: keys.endpoint_trust(),
        endpoint_identity: keys.endpoint_identity(),
    };
    Owner { remedies, ..owner }
}

fn read(path: &str) -> Result<Vec<u8>, String> {
    let length = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
    if length > LARGEST {
        return Err(format!("it has {length} bytes, which is no store"));
    }
    std::fs::read(path).map_err(|error| error.to_string())
}
