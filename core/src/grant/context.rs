use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::value::RawValue;

/// The most that is kept with one grant, in bytes.
const MOST: usize = 4096;

/// Any JSON that an application keeps with a grant, such as the workspace it is for. The engine does not look inside.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct Context(Box<RawValue>);

impl PartialEq for Context {
    fn eq(&self, other: &Self) -> bool {
        self.0.get() == other.0.get()
    }
}

impl Eq for Context {}

impl<'de> Deserialize<'de> for Context {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Box::<RawValue>::deserialize(deserializer)?;
        if value.get().len() <= MOST {
            Ok(Self(value))
        } else {
            Err(de::Error::custom("a context of at most 4096 bytes"))
        }
    }
}
