//! Kafka's encoding of requests and answers, as far as no version with compact lengths is spoken: big endian, texts with
//! two bytes of length, bytes and lists with four.

/// An answer that is cut off, or has an impossible length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the answer is no answer to this request")]
pub(super) struct Garbled;

/// Bytes in the making.
#[derive(Default)]
pub(super) struct Writer(pub(super) Vec<u8>);

impl Writer {
    pub(super) fn int8(&mut self, value: i8) -> &mut Self {
        self.0.extend(value.to_be_bytes());
        self
    }

    pub(super) fn int16(&mut self, value: i16) -> &mut Self {
        self.0.extend(value.to_be_bytes());
        self
    }

    pub(super) fn int32(&mut self, value: i32) -> &mut Self {
        self.0.extend(value.to_be_bytes());
        self
    }

    /// Cut where it is longer than its length can tell, which no such text is.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        let mut end = text.len().min(i16::MAX as usize);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        self.0.extend(u16::try_from(end).unwrap_or_default().to_be_bytes());
        self.0.extend(&text.as_bytes()[..end]);
        self
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.count(bytes.len());
        self.0.extend(bytes);
        self
    }

    /// The number of elements that follow.
    pub(super) fn count(&mut self, count: usize) -> &mut Self {
        self.int32(i32::try_from(count).unwrap_or(i32::MAX))
    }
}

/// Bytes being read. None of its answers takes more room than the bytes have.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], Garbled> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Garbled)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Garbled> {
        self.take(N)?.try_into().map_err(|_| Garbled)
    }

    pub(super) fn int16(&mut self) -> Result<i16, Garbled> {
        self.array().map(i16::from_be_bytes)
    }

    pub(super) fn int32(&mut self) -> Result<i32, Garbled> {
        self.array().map(i32::from_be_bytes)
    }

    pub(super) fn int64(&mut self) -> Result<i64, Garbled> {
        self.array().map(i64::from_be_bytes)
    }

    /// A text; null is empty.
    pub(super) fn text(&mut self) -> Result<String, Garbled> {
        let length = self.int16()?;
        if length == -1 {
            return Ok(String::new());
        }
        let bytes = self.take(usize::try_from(length).map_err(|_| Garbled)?)?;
        String::from_utf8(bytes.to_vec()).map_err(|_| Garbled)
    }

    /// Bytes; null is empty.
    pub(super) fn bytes(&mut self) -> Result<Vec<u8>, Garbled> {
        let length = self.int32()?;
        if length == -1 {
            return Ok(Vec::new());
        }
        Ok(self.take(usize::try_from(length).map_err(|_| Garbled)?)?.to_vec())
    }

    /// The elements of a list; a null one has none.
    pub(super) fn list<T>(
        &mut self,
        mut element: impl FnMut(&mut Self) -> Result<T, Garbled>,
    ) -> Result<Vec<T>, Garbled> {
        let count = self.int32()?;
        let count = if count == -1 { 0 } else { usize::try_from(count).map_err(|_| Garbled)? };
        let mut list = Vec::new();
        for _ in 0..count {
            list.push(element(self)?);
        }
        Ok(list)
    }
}
