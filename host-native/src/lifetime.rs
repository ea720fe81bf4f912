//! What [`Builder::lifetime`](crate::Builder::lifetime) sets.

/// What lives for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lifetime {
    /// An authorization code. Default one minute.
    Code,
    /// An access token. Default 15 minutes.
    AccessToken,
    /// A refresh token that is not used. Default 30 days.
    RefreshToken,
    /// All that follows from one consent. Default 180 days.
    Grant,
    /// A sign-in that has begun. Default 15 minutes.
    Interaction,
    /// A pushed authorization request (RFC 9126). Default one minute.
    PushedRequest,
    /// A session in the browser, from the sign-in on. Default 14 days.
    Session,
    /// A session in the browser, from its last use on. Use makes no difference unless this is set.
    SessionIdle,
    /// The codes of a device (RFC 8628). Default 10 minutes.
    DeviceCode,
    /// The application's own JWTs: the longest, and the usual one. Default as [`Lifetime::AccessToken`].
    Jwt,
}

impl Lifetime {
    /// Its member of the configuration's `lifetimes`.
    pub(crate) fn member(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::AccessToken => "accessToken",
            Self::RefreshToken => "refreshToken",
            Self::Grant => "grant",
            Self::Interaction => "interaction",
            Self::PushedRequest => "pushedRequest",
            Self::Session => "session",
            Self::SessionIdle => "sessionIdle",
            Self::DeviceCode => "deviceCode",
            Self::Jwt => "jwt",
        }
    }
}
