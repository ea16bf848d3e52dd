//! Config definitions of a plugin, read into those of the settings.

use connect_plugin_abi as abi;

use super::views::{self, Bad};
use crate::settings::definitions::{ConfigDef, DefaultValue, Definition, Importance, Type, Validator, Width};

/// Reads all definitions; names are distinct, as in Kafka.
///
/// # Safety
/// The list and all it points to live during the call.
pub unsafe fn read(list: &abi::CpConfigDefs) -> Result<ConfigDef, Bad> {
    let mut definitions = ConfigDef::new();
    // SAFETY: the caller's promise.
    for view in unsafe { views::slice(list.items, list.count)? } {
        // SAFETY: as above.
        let definition = unsafe { definition(view)? };
        if definitions.get(&definition.name).is_some() {
            return Err(Bad::Other(format!("config definition {} twice", definition.name)));
        }
        definitions.push(definition);
    }
    Ok(definitions)
}

unsafe fn definition(view: &abi::CpConfigDef) -> Result<Definition, Bad> {
    // SAFETY: the caller's promise, as for all below.
    unsafe {
        let name = views::text(view.name)?;
        if name.is_empty() {
            return Err(Bad::Other("a config definition without name".into()));
        }
        let kind = kind(view.config_type).ok_or_else(|| unknown(name, "type", view.config_type))?;
        let importance =
            importance(view.importance).ok_or_else(|| unknown(name, "importance", view.importance))?;
        let mut definition = Definition::new(name, kind, importance, views::text(view.documentation)?);
        definition.default = if view.flags & abi::CONFIG_HAS_DEFAULT == 0 {
            DefaultValue::Required
        } else if view.flags & abi::CONFIG_DEFAULT_NULL != 0 {
            DefaultValue::Null
        } else {
            DefaultValue::Text(views::text(view.default_value)?.to_owned())
        };
        let group = views::text(view.group)?;
        definition.group = (!group.is_empty()).then(|| group.to_owned());
        definition.order = view.order;
        definition.width = width(view.width).ok_or_else(|| unknown(name, "width", view.width))?;
        let display = views::text(view.display_name)?;
        if !display.is_empty() {
            definition.display_name = display.to_owned();
        }
        definition.dependents = views::texts(view.dependents, view.dependent_count)?;
        definition.recommended = views::texts(view.recommended, view.recommended_count)?;
        for validator in views::slice(view.validators, view.validator_count)? {
            definition.validators.push(read_validator(name, validator)?);
        }
        Ok(definition)
    }
}

fn unknown(name: &str, what: &str, value: u32) -> Bad {
    Bad::Other(format!("config definition {name} with {what} {value}"))
}

fn kind(kind: u32) -> Option<Type> {
    Some(match kind {
        abi::CONFIG_BOOLEAN => Type::Boolean,
        abi::CONFIG_STRING => Type::String,
        abi::CONFIG_INT => Type::Int,
        abi::CONFIG_SHORT => Type::Short,
        abi::CONFIG_LONG => Type::Long,
        abi::CONFIG_DOUBLE => Type::Double,
        abi::CONFIG_LIST => Type::List,
        abi::CONFIG_CLASS => Type::Class,
        abi::CONFIG_PASSWORD => Type::Password,
        _ => return None,
    })
}

fn importance(importance: u32) -> Option<Importance> {
    Some(match importance {
        abi::IMPORTANCE_HIGH => Importance::High,
        abi::IMPORTANCE_MEDIUM => Importance::Medium,
        abi::IMPORTANCE_LOW => Importance::Low,
        _ => return None,
    })
}

fn width(width: u32) -> Option<Width> {
    Some(match width {
        abi::WIDTH_NONE => Width::None,
        abi::WIDTH_SHORT => Width::Short,
        abi::WIDTH_MEDIUM => Width::Medium,
        abi::WIDTH_LONG => Width::Long,
        _ => return None,
    })
}

unsafe fn read_validator(name: &str, view: &abi::CpValidator) -> Result<Validator, Bad> {
    Ok(match view.kind {
        abi::VALIDATE_RANGE => Validator::Range {
            min: (view.has_min != 0).then_some(view.min),
            max: (view.has_max != 0).then_some(view.max),
        },
        // SAFETY: the caller's promise, as below.
        abi::VALIDATE_ONE_OF => Validator::OneOf(unsafe { views::texts(view.values, view.value_count)? }),
        abi::VALIDATE_NON_EMPTY => Validator::NonEmpty,
        abi::VALIDATE_PATTERN => {
            // SAFETY: as above.
            let mut patterns = unsafe { views::texts(view.values, view.value_count)? };
            match (patterns.pop(), patterns.is_empty()) {
                (Some(pattern), true) => Validator::Pattern(pattern),
                _ => {
                    return Err(Bad::Other(format!(
                        "config definition {name} with a pattern validator of other than one text"
                    )));
                }
            }
        }
        other => return Err(unknown(name, "validator", other)),
    })
}
