//! A client's tokens: librdkafka says when it wants one, on its background thread, and is given it or the reason.

use std::ffi::{CString, c_char};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka_sys as sys;

use super::{Failure, Fault, Source, Token};
use crate::kafka::native::text;

/// Of one client, from its making to its end.
pub(in crate::kafka) struct Tokens {
    source: Source,
    /// The client has had a token, so one that cannot be had now is no reason to give up: Java tries again as well.
    had: AtomicBool,
    closing: Mutex<bool>,
    closed: Condvar,
}

impl Tokens {
    pub(in crate::kafka) fn new(source: Source) -> Tokens {
        Tokens { source, had: AtomicBool::new(false), closing: Mutex::new(false), closed: Condvar::new() }
    }

    /// No attempt is begun from here on.
    pub(in crate::kafka) fn close(&self) {
        *self.closing.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.closed.notify_all();
    }

    /// False: the client is being closed.
    fn rest(&self, time: Duration) -> bool {
        let until = Instant::now() + time;
        let mut closing = self.closing.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if *closing || left.is_zero() {
                return !*closing;
            }
            closing = self.closed.wait_timeout(closing, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Fetches a token and hands it over. Where there is none, librdkafka is told, and asks again; `give_up` is told
    /// before, unless the client has had a token already.
    ///
    /// # Safety
    /// `client` is alive during the call.
    pub(in crate::kafka) unsafe fn refresh(
        &self,
        client: *mut sys::rd_kafka_t,
        give_up: impl FnOnce(&Failure),
    ) {
        let outcome = self.source.token(|time| self.rest(time)).and_then(|token| {
            // SAFETY: the caller's promise.
            unsafe { self.hand_over(client, token) }
        });
        let Err(failure) = outcome else {
            self.had.store(true, Ordering::Relaxed);
            return;
        };
        if !self.had.load(Ordering::Relaxed) {
            give_up(&failure);
        }
        let why = CString::new(failure.text.replace('\0', " ")).unwrap_or_default();
        // SAFETY: the caller's promise; the text is copied.
        unsafe { sys::rd_kafka_oauthbearer_set_token_failure(client, why.as_ptr()) };
    }

    /// # Safety
    /// `client` is alive during the call.
    unsafe fn hand_over(&self, client: *mut sys::rd_kafka_t, token: Token) -> Result<(), Failure> {
        let zero = |_| Failure::of_endpoint("the token or an extension has a zero byte");
        let value = CString::new(token.text).map_err(zero)?;
        let principal = CString::new(token.principal).map_err(zero)?;
        let pairs = self.source.extensions.iter().flat_map(|(name, value)| [name, value]);
        let pairs: Result<Vec<CString>, _> = pairs.map(|part| CString::new(part.as_str())).collect();
        let pairs = pairs.map_err(zero)?;
        let mut pointers: Vec<*const c_char> = pairs.iter().map(|part| part.as_ptr()).collect();
        let mut error = [0 as c_char; 512];
        // SAFETY: a live client; all texts are terminated, live during the call and are copied; the array has the length
        // given, and so has `error`.
        let code = unsafe {
            sys::rd_kafka_oauthbearer_set_token(
                client,
                value.as_ptr(),
                token.expires,
                principal.as_ptr(),
                pointers.as_mut_ptr(),
                pointers.len(),
                error.as_mut_ptr(),
                error.len(),
            )
        };
        if code == sys::RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
            return Ok(());
        }
        // SAFETY: librdkafka terminated the text.
        let told = unsafe { text(error.as_ptr()) };
        // Of a value that it does not take, librdkafka's words quote it.
        let (fault, why) = if told.starts_with("Must supply an unexpired token") {
            (Fault::Endpoint, "the token has ended already".to_owned())
        } else {
            (Fault::Credentials, "the token or an extension_ option is not accepted by the client".to_owned())
        };
        Err(Failure { fault, ..Failure::of_endpoint(why) })
    }
}
