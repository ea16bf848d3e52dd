//! Text that is cheap to share: valid UTF-8 in a counted buffer, so that many lines can live in one read.

use std::borrow::Borrow;
use std::fmt;
use std::ops::{Deref, Range};
use std::str::Utf8Error;
use std::sync::Arc;

use bytes::Bytes;

/// Valid UTF-8 that is cloned and cut without copying. Made from a `String`, a `&'static str`, an `Arc<str>`, or a
/// shared buffer by [`Text::from_utf8`].
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(Bytes);

impl Text {
    /// The empty text.
    pub const EMPTY: Text = Text::from_static("");

    /// Text that lives as long as the library; never counted.
    pub const fn from_static(text: &'static str) -> Text {
        Text(Bytes::from_static(text.as_bytes()))
    }

    /// A shared buffer as text.
    ///
    /// # Errors
    /// If it is not valid UTF-8.
    pub fn from_utf8(bytes: Bytes) -> Result<Text, Utf8Error> {
        std::str::from_utf8(&bytes)?;
        Ok(Text(bytes))
    }

    /// A copy of `text`.
    pub fn copy_from(text: &str) -> Text {
        Text(Bytes::copy_from_slice(text.as_bytes()))
    }

    /// The part in `range` (bytes), sharing the buffer; `None` outside of the text or within a character.
    pub fn slice(&self, range: Range<usize>) -> Option<Text> {
        self.as_str().get(range.clone())?;
        Some(Text(self.0.slice(range)))
    }

    /// As `str`.
    pub fn as_str(&self) -> &str {
        // SAFETY: every way to make a Text checks or is given valid UTF-8, and slice keeps to character boundaries.
        unsafe { std::str::from_utf8_unchecked(&self.0) }
    }

    /// The buffer.
    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

impl Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        self
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        self
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Text(Bytes::from(text.into_bytes()))
    }
}

impl From<&'static str> for Text {
    fn from(text: &'static str) -> Self {
        Text::from_static(text)
    }
}

impl From<Arc<str>> for Text {
    fn from(text: Arc<str>) -> Self {
        struct Owner(Arc<str>);
        impl AsRef<[u8]> for Owner {
            fn as_ref(&self) -> &[u8] {
                self.0.as_bytes()
            }
        }
        Text(Bytes::from_owner(Owner(text)))
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_share_the_buffer_and_keep_to_characters() {
        let text = Text::from(String::from("aé\nb"));
        let part = text.slice(1..3).unwrap();
        assert_eq!(part, "é");
        assert_eq!(part.as_ptr(), text.as_ptr().wrapping_add(1));
        assert_eq!(text.slice(2..3), None);
        assert_eq!(text.slice(3..9), None);
        assert!(Text::from_utf8(Bytes::from_static(b"\xff")).is_err());
        assert_eq!(Text::from(Arc::<str>::from("shared")), "shared");
    }
}
