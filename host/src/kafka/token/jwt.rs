//! What a client has to know of a token: when it ends and whose it is. Brokers check the rest, its signature included.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::{Claims, Token};

/// Looks into a token: three parts, claims as JSON, an end and a subject. Errors quote nothing of it.
pub(super) fn token(text: &str, claims: &Claims) -> Result<Token, String> {
    let parts: Vec<&str> = text.split('.').collect();
    let [header, payload, signature] = parts[..] else {
        return Err("what was given is no JWT: it has not three parts".to_owned());
    };
    if header.is_empty() || payload.is_empty() || signature.is_empty() {
        return Err("what was given is no JWT: a part is empty".to_owned());
    }
    let found = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok();
    let found = found.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    let Some(Value::Object(found)) = found else {
        return Err("what was given is no JWT: its claims are not JSON".to_owned());
    };
    let number = |name: &str| found.get(name).and_then(Value::as_f64);
    let Some(expires) = number("exp") else {
        return Err("the token has no claim exp as a number".to_owned());
    };
    if found.get("iat").is_some_and(|iat| !iat.is_number() && !iat.is_null()) {
        return Err("the token's claim iat is no number".to_owned());
    }
    let subject = found.get(&claims.subject).and_then(Value::as_str).map(str::trim).unwrap_or_default();
    if subject.is_empty() {
        return Err(format!("the token has no claim {} as a text", claims.subject));
    }
    scope(found.get(&claims.scope))
        .map_err(|()| format!("the token's claim {} is no text or list", claims.scope))?;
    // Saturates, which is an end far away.
    let expires = (expires * 1000.0) as i64;
    Ok(Token { text: text.to_owned(), expires, principal: subject.to_owned() })
}

/// A text, or a list of texts that are not empty.
fn scope(claim: Option<&Value>) -> Result<(), ()> {
    match claim {
        None | Some(Value::Null | Value::String(_)) => Ok(()),
        Some(Value::Array(items)) => {
            let good = |item: &Value| item.as_str().is_some_and(|item| !item.trim().is_empty());
            if items.iter().all(good) { Ok(()) } else { Err(()) }
        }
        Some(_) => Err(()),
    }
}
