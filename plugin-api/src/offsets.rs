//! Source partitions and their stored offsets, asked of the worker.

use std::future::poll_fn;
use std::task::Poll;
use std::time::{Duration, Instant};

use connect_plugin_abi as abi;

use crate::context::{Context, primitive};
use crate::error::{PluginError, Result};
use crate::raw;
use crate::record::SourcePartition;
use crate::value::Fields;

/// How long a blocked reader sleeps between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

pub(crate) fn register(context: &Context, partition: &Fields) -> Result<SourcePartition> {
    let mut pairs = Vec::with_capacity(2 * partition.len());
    for (name, value) in partition.iter() {
        pairs.push(raw::pointing(abi::STRING, 0, name.as_ptr().cast(), name.len()));
        pairs.push(primitive(value)?);
    }
    let map = raw::pointing(abi::MAP, 0, pairs.as_ptr().cast(), partition.len());
    let mut number = 0;
    // SAFETY: map and all it points to live during the call; the worker copies them.
    let answer =
        unsafe { (context.host()?.register_partition)(context.token(), &raw const map, &raw mut number) };
    match answer {
        abi::READY => Ok(SourcePartition(number)),
        _ => Err(PluginError::failed(format!("the worker refused the source partition {partition:?}"))),
    }
}

/// One look: `None` while the worker is still reading.
fn look(context: &Context, numbers: &[u64]) -> Result<Option<Vec<Option<Fields>>>> {
    let mut out = vec![abi::CpValue::NULL; numbers.len()];
    // SAFETY: out has a place for each number.
    let answer = unsafe {
        (context.host()?.read_offsets)(context.token(), numbers.as_ptr(), numbers.len(), out.as_mut_ptr())
    };
    match answer {
        // SAFETY: what the worker has put into out lives until the next read_offsets of this instance.
        abi::READY => Ok(Some(out.iter().map(|value| unsafe { raw::to_fields(value) }).collect())),
        abi::PENDING => Ok(None),
        _ => Err(PluginError::failed("the worker could not read the stored offsets")),
    }
}

pub(crate) async fn read(context: &Context, partitions: &[SourcePartition]) -> Result<Vec<Option<Fields>>> {
    let numbers: Vec<u64> = partitions.iter().map(|p| p.0).collect();
    // The worker itself wakes the instance once the offsets are there, so the waker is not needed.
    poll_fn(|_| match look(context, &numbers) {
        Ok(Some(offsets)) => Poll::Ready(Ok(offsets)),
        Ok(None) => Poll::Pending,
        Err(error) => Poll::Ready(Err(error)),
    })
    .await
}

pub(crate) fn read_blocking(
    context: &Context,
    partitions: &[SourcePartition],
    timeout: Duration,
) -> Result<Vec<Option<Fields>>> {
    let numbers: Vec<u64> = partitions.iter().map(|p| p.0).collect();
    let deadline = Instant::now() + timeout;
    loop {
        if let Some(offsets) = look(context, &numbers)? {
            return Ok(offsets);
        }
        if Instant::now() >= deadline {
            return Err(PluginError::retriable(format!("no stored offsets within {timeout:?}")));
        }
        if context.cancel_token().sleep(LOOK_AGAIN) {
            return Err(PluginError::failed("stopped while reading stored offsets"));
        }
    }
}
