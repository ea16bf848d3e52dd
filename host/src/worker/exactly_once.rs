//! What is said of a source's config that asks for more than at least once, in Kafka Connect's words.
//!
//! No source delivers exactly once here, so whoever requires it is refused, whatever the plugin says: what that says only
//! tells what else is in the way. A plugin has no means to define transactions either.

use crate::plugins::call::CallError;
use crate::plugins::connector::ExactlyOnce;
use crate::settings::connector::WITHOUT_EXACTLY_ONCE;
use crate::settings::definitions::Validation;
use crate::settings::definitions::value::Parsed;

/// The key by which exactly-once delivery is asked for.
const SUPPORT: &str = "exactly.once.support";

/// The key that says where transactions end.
const BOUNDARY: &str = "transaction.boundary";

/// Whether the config requires what its plugin has to be asked about.
pub fn is_required(validation: &Validation) -> bool {
    is(validation, SUPPORT, "required")
}

/// Adds what is wrong; `answer` is the plugin's, if it was asked. Gives the keys that have an error now.
pub fn check(
    validation: &mut Validation,
    answer: Option<Result<ExactlyOnce, CallError>>,
) -> Vec<&'static str> {
    let mut named = Vec::new();
    if let Some(answer) = answer {
        validation.add_error(SUPPORT, WITHOUT_EXACTLY_ONCE);
        if let Some(error) = objection(answer) {
            validation.add_error(SUPPORT, error);
        }
        named.push(SUPPORT);
    }
    if is(validation, BOUNDARY, "connector") {
        let error = "The connector does not support connector-defined transaction boundaries with the given \
                     configuration. Please reconfigure it to use a different transaction boundary definition.";
        validation.add_error(BOUNDARY, error);
        named.push(BOUNDARY);
    }
    named
}

/// A choice that may be written in any case. What is no choice at all is none of them.
fn is(validation: &Validation, key: &str, choice: &str) -> bool {
    validation.value(key).and_then(Parsed::as_str).is_some_and(|text| text.eq_ignore_ascii_case(choice))
}

/// What the plugin has against it.
fn objection(answer: Result<ExactlyOnce, CallError>) -> Option<String> {
    match answer {
        Ok(ExactlyOnce::Supported) => None,
        Ok(ExactlyOnce::Unsupported) => {
            Some("The connector does not support exactly-once semantics with the provided configuration.".to_owned())
        }
        Ok(ExactlyOnce::Unknown) => Some(
            "The connector does not implement the API required for preflight validation of exactly-once source \
             support. Please consult the documentation for the connector to determine whether it supports exactly-once \
             semantics, and then consider reconfiguring the connector to use the value \"requested\" for this property \
             (which will disable this preflight check and allow the connector to be created)."
                .to_owned(),
        ),
        Err(error) => Some(format!("An unexpected error occurred during validation: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Props;
    use crate::settings::connector::{Kind, validate};

    fn checked(given: (&str, &str), answer: Result<ExactlyOnce, CallError>) -> Vec<String> {
        let given = [("name", "n"), ("connector.class", "A"), given];
        let config: Props = given.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        let mut validation = validate(Kind::Source, &config);
        let asked = is_required(&validation).then_some(answer);
        let named = check(&mut validation, asked);
        assert_eq!(named.is_empty(), validation.error_count() == 0);
        validation.problems().into_iter().map(|problem| problem.message).collect()
    }

    #[test]
    fn who_requires_it_is_refused_whatever_the_plugin_says() {
        let worker = "This worker does not have exactly-once source support enabled.";
        let asked = |answer| checked((SUPPORT, "Required"), answer);
        assert_eq!(asked(Ok(ExactlyOnce::Supported)), [worker]);
        let plugin = "The connector does not support exactly-once semantics with the provided configuration.";
        assert_eq!(asked(Ok(ExactlyOnce::Unsupported)), [worker, plugin]);
        let unknown = asked(Ok(ExactlyOnce::Unknown));
        assert!(
            unknown.len() == 2 && unknown[1].starts_with("The connector does not implement the API"),
            "{unknown:?}"
        );
        let failed = asked(Err(CallError::Unusable { call: "exactly_once_support" }));
        assert_eq!(
            failed[1],
            "An unexpected error occurred during validation: exactly_once_support was not called, because an earlier \
             call panicked"
        );
        assert_eq!(checked((SUPPORT, "REQUESTED"), Ok(ExactlyOnce::Unsupported)), [""; 0]);
    }

    #[test]
    fn no_connector_defines_transactions() {
        let told = checked((BOUNDARY, "Connector"), Ok(ExactlyOnce::Supported));
        assert!(told.len() == 1 && told[0].contains("connector-defined transaction boundaries"), "{told:?}");
        assert_eq!(checked((BOUNDARY, "poll"), Ok(ExactlyOnce::Supported)), [""; 0]);
    }
}
