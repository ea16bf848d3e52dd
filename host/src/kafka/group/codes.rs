//! The brokers' error codes that mean something to a member of a group.

pub(super) const NONE: i16 = 0;
pub(super) const COORDINATOR_LOAD_IN_PROGRESS: i16 = 14;
pub(super) const COORDINATOR_NOT_AVAILABLE: i16 = 15;
pub(super) const NOT_COORDINATOR: i16 = 16;
pub(super) const ILLEGAL_GENERATION: i16 = 22;
pub(super) const INCONSISTENT_GROUP_PROTOCOL: i16 = 23;
pub(super) const INVALID_GROUP_ID: i16 = 24;
pub(super) const UNKNOWN_MEMBER_ID: i16 = 25;
pub(super) const INVALID_SESSION_TIMEOUT: i16 = 26;
pub(super) const REBALANCE_IN_PROGRESS: i16 = 27;
pub(super) const GROUP_AUTHORIZATION_FAILED: i16 = 30;
pub(super) const UNSUPPORTED_SASL_MECHANISM: i16 = 33;
pub(super) const SASL_AUTHENTICATION_FAILED: i16 = 58;
pub(super) const MEMBER_ID_REQUIRED: i16 = 79;
pub(super) const GROUP_MAX_SIZE_REACHED: i16 = 81;
pub(super) const FENCED_INSTANCE_ID: i16 = 82;

/// The code's name in the protocol.
pub(super) fn name(code: i16) -> String {
    let known = match code {
        COORDINATOR_LOAD_IN_PROGRESS => "COORDINATOR_LOAD_IN_PROGRESS",
        COORDINATOR_NOT_AVAILABLE => "COORDINATOR_NOT_AVAILABLE",
        NOT_COORDINATOR => "NOT_COORDINATOR",
        ILLEGAL_GENERATION => "ILLEGAL_GENERATION",
        INCONSISTENT_GROUP_PROTOCOL => "INCONSISTENT_GROUP_PROTOCOL",
        INVALID_GROUP_ID => "INVALID_GROUP_ID",
        UNKNOWN_MEMBER_ID => "UNKNOWN_MEMBER_ID",
        INVALID_SESSION_TIMEOUT => "INVALID_SESSION_TIMEOUT",
        REBALANCE_IN_PROGRESS => "REBALANCE_IN_PROGRESS",
        GROUP_AUTHORIZATION_FAILED => "GROUP_AUTHORIZATION_FAILED",
        UNSUPPORTED_SASL_MECHANISM => "UNSUPPORTED_SASL_MECHANISM",
        SASL_AUTHENTICATION_FAILED => "SASL_AUTHENTICATION_FAILED",
        MEMBER_ID_REQUIRED => "MEMBER_ID_REQUIRED",
        GROUP_MAX_SIZE_REACHED => "GROUP_MAX_SIZE_REACHED",
        FENCED_INSTANCE_ID => "FENCED_INSTANCE_ID",
        _ => return format!("error {code}"),
    };
    known.to_owned()
}

/// What the user has to mend before this group can be joined; none: it may pass by itself.
pub(super) fn remedy(code: i16, group: &str) -> Option<String> {
    Some(match code {
        GROUP_AUTHORIZATION_FAILED => {
            format!("group.id: access to the group {group} is denied; allow the worker READ on it")
        }
        INCONSISTENT_GROUP_PROTOCOL => format!(
            "group.id: the group {group} is not one of workers, or its workers share no protocol with this one; choose \
             another group.id, or check connect.protocol"
        ),
        INVALID_GROUP_ID => format!("group.id: the brokers do not accept {group} as the name of a group"),
        INVALID_SESSION_TIMEOUT => "session.timeout.ms: it is out of the brokers' bounds, which are \
                                    group.min.session.timeout.ms and group.max.session.timeout.ms"
            .to_owned(),
        GROUP_MAX_SIZE_REACHED => {
            format!("group.id: the group {group} is full; raise group.max.size of the brokers")
        }
        _ => return None,
    })
}
