//! Who may call REST: from the JAAS file, as the basic-auth extension of Kafka Connect finds it.

use std::path::{Path, PathBuf};

use crate::rest::Credentials;
use crate::settings::worker::BasicAuth;
use crate::settings::{files, jaas};

/// The entry of the JAAS file that counts.
const ENTRY: &str = "KafkaConnect";
/// The only login module that there is.
const MODULE: &str = "org.apache.kafka.connect.rest.basic.auth.extension.PropertyFileLoginModule";
/// Java's property for the JAAS file.
const PROPERTY: &str = "-Djava.security.auth.login.config=";

/// Reads the credentials of the extension, if the config has it. `kafka_opts` is what the environment says.
///
/// # Errors
/// What is missing or wrong, with the key or file it is about; no password.
pub fn load(config: Option<&BasicAuth>, kafka_opts: Option<&str>) -> Result<Option<Credentials>, String> {
    let Some(config) = config else { return Ok(None) };
    let path = match (&config.jaas, kafka_opts.and_then(from_options)) {
        (Some(path), _) => path.clone(),
        (None, Some(path)) => path,
        (None, None) => {
            return Err(format!(
                "rest.extension.classes: basic authentication needs a JAAS file; name it by rest.basic.auth.jaas.config, \
                 or in the environment's KAFKA_OPTS by {PROPERTY}FILE"
            ));
        }
    };
    let about = |path: &Path, why: &str| format!("{}: {why}", path.display());
    let read = |path: &Path| match std::fs::read(path) {
        Ok(bytes) => Ok(files::decode(&bytes)),
        Err(error) => Err(about(path, &format!("cannot be read: {error}"))),
    };
    let mut entries = jaas::parse(&read(&path)?).map_err(|why| about(&path, &why))?;
    let modules = entries.remove(ENTRY).unwrap_or_default();
    let [module] = modules.as_slice() else {
        return Err(about(&path, &format!("the entry {ENTRY} with exactly one login module is needed")));
    };
    if module.class != MODULE {
        let why = format!("the login module {} is not supported; the only one is {MODULE}", module.class);
        return Err(about(&path, &why));
    }
    let Some(file) = module.options.get("file").filter(|file| !file.is_empty()) else {
        return Err(about(&path, &format!("the login module of {ENTRY} lacks the option file")));
    };
    let file = PathBuf::from(file);
    let users = files::parse_properties(&read(&file)?).map_err(|error| about(&file, &error.to_string()))?;
    Ok(Some(Credentials::new(users)))
}

/// The JAAS file that options of a JVM name; of several the last, as Java has it.
fn from_options(options: &str) -> Option<PathBuf> {
    let mut named = options.split_whitespace().filter_map(|option| {
        let option = option.trim_matches(['"', '\'']);
        // A second '=' means: this file and none else.
        let path = option.strip_prefix(PROPERTY)?.trim_start_matches('=').trim_matches(['"', '\'']);
        Some(path.strip_prefix("file:").unwrap_or(path))
    });
    named.rfind(|path| !path.is_empty()).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_names_the_file_as_for_a_jvm() {
        let table = [
            ("-Xmx1g -Djava.security.auth.login.config=/a -Dx=y", Some("/a")),
            ("-Djava.security.auth.login.config==/a", Some("/a")),
            ("'-Djava.security.auth.login.config=/a'", Some("/a")),
            ("-Djava.security.auth.login.config=\"/a\"", Some("/a")),
            ("-Djava.security.auth.login.config=file:/a", Some("/a")),
            ("-Djava.security.auth.login.config=/a -Djava.security.auth.login.config=/b", Some("/b")),
            ("-Djava.security.auth.login.config=", None),
            ("-Xmx1g", None),
        ];
        for (options, path) in table {
            assert_eq!(from_options(options), path.map(PathBuf::from), "{options}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let jaas = folder.path().join("jaas.conf");
        let config = BasicAuth { jaas: Some(jaas.clone()) };
        let refused = |text: &str| {
            std::fs::write(&jaas, text).unwrap();
            load(Some(&config), None).unwrap_err()
        };
        for (text, part) in [
            ("", "the entry KafkaConnect"),
            ("KafkaConnect { a.B required; };", "a.B is not supported"),
            (&format!("KafkaConnect {{ {MODULE} required; }};"), "lacks the option file"),
            (&format!("KafkaConnect {{ {MODULE} required file=\"/none/x\"; }};"), "/none/x: cannot be read"),
            ("KafkaConnect", "expected '{'"),
        ] {
            assert!(refused(text).contains(part), "{text}");
        }
        let users = folder.path().join("users");
        std::fs::write(&users, "a=b\n").unwrap();
        std::fs::write(&jaas, format!("KafkaConnect {{ {MODULE} required file=\"{}\"; }};", users.display()))
            .unwrap();
        assert!(load(Some(&config), None).unwrap().is_some_and(|users| !users.are_empty()));
        let options = format!("{PROPERTY}{}", jaas.display());
        assert!(load(Some(&BasicAuth { jaas: None }), Some(&options)).unwrap().is_some());
        assert!(load(Some(&BasicAuth { jaas: None }), None).unwrap_err().contains("KAFKA_OPTS"));
        assert_eq!(load(None, Some(&options)), Ok(None));
    }
}
