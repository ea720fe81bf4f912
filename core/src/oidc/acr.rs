//! How strong a sign-in was, in the operator's words: `acr` (OpenID Connect Core sections 2 and 5.5.1.1).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::Config;
use crate::refusal::Refusal;

/// The most values that a request names, and the longest of them in bytes.
const MOST: usize = 16;
const LONGEST: usize = 128;

/// What a request wants to be told of the sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Wanted {
    /// What the client likes best first; none: any.
    values: Vec<String>,
    /// Without one of them, nobody has signed in.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    essential: bool,
}

impl Wanted {
    /// `acr_values` (section 3.1.2.1) are a wish.
    pub(crate) fn of_parameter(text: &str) -> Result<Self, Refusal> {
        Self { values: text.split(' ').filter(|one| !one.is_empty()).map(str::to_owned).collect(), essential: false }
            .bounded()
    }

    /// The member `acr` of `claims` for the ID token.
    pub(crate) fn of_claim(how: &Value) -> Result<Self, Refusal> {
        let values = match (how.get("value"), how.get("values")) {
            (Some(one), None) => vec![one.clone()],
            (None, Some(Value::Array(several))) => several.clone(),
            (None, None) => Vec::new(),
            _ => return Err(MALFORMED),
        };
        let texts = values.iter().map(|value| value.as_str().map(str::to_owned).ok_or(MALFORMED));
        let values = texts.collect::<Result<Vec<_>, _>>()?;
        let essential = how.get("essential") == Some(&Value::Bool(true)) && !values.is_empty();
        Self { values, essential }.bounded()
    }

    fn bounded(self) -> Result<Self, Refusal> {
        let fits = self.values.len() <= MOST && self.values.iter().all(|value| value.len() <= LONGEST);
        if fits { Ok(self) } else { Err(MALFORMED) }
    }

    /// Whether some sign-in can do.
    pub(crate) fn can_be_met(&self, config: &Config) -> bool {
        !self.essential || self.values.iter().any(|value| methods_of(config, value).is_some())
    }

    /// What a sign-in by these methods is called.
    pub(crate) fn met_by(&self, config: &Config, methods: &[String]) -> Option<String> {
        let all: Vec<&String> = supported(config).collect();
        let values = if self.values.is_empty() { all } else { self.values.iter().collect() };
        let is_met = |value: &&String| {
            methods_of(config, value).is_some_and(|needed| needed.iter().all(|method| methods.contains(method)))
        };
        values.into_iter().find(is_met).cloned()
    }

    /// Whether a sign-in by these methods is none to this client.
    pub(crate) fn fails(&self, config: &Config, methods: &[String]) -> bool {
        self.essential && self.met_by(config, methods).is_none()
    }
}

const MALFORMED: Refusal = Refusal::InvalidRequest("At most 16 authentication contexts are asked for, each a text");

/// What `acr_values_supported` says.
pub(crate) fn supported(config: &Config) -> impl Iterator<Item = &String> {
    config.openid.iter().flat_map(|openid| openid.acr.keys())
}

fn methods_of<'a>(config: &'a Config, value: &str) -> Option<&'a Vec<String>> {
    config.openid.as_ref()?.acr.get(value)
}
