//! Which addresses are of the public internet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Not this device, not the network that it is in, not one that leads to an IPv4 address in disguise, and none that is reserved
/// (IANA's special-purpose registries, RFC 6890).
pub(super) fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => !RESERVED_V4.iter().any(|(base, bits)| has_prefix_v4(address, *base, *bits)),
        // Global unicast and nothing else: neither ULA, link-local, multicast nor NAT64 (RFC 4291 section 2.4).
        IpAddr::V6(address) => {
            has_prefix_v6(address, Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3)
                && !RESERVED_V6.iter().any(|(base, bits)| has_prefix_v6(address, *base, *bits))
        }
    }
}

const RESERVED_V4: [(Ipv4Addr, u32); 15] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// Teredo and its neighbours, documentation, 6to4.
const RESERVED_V6: [(Ipv6Addr, u32); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

fn has_prefix_v4(address: Ipv4Addr, base: Ipv4Addr, bits: u32) -> bool {
    (u32::from(address) ^ u32::from(base)).leading_zeros() >= bits
}

fn has_prefix_v6(address: Ipv6Addr, base: Ipv6Addr, bits: u32) -> bool {
    (u128::from(address) ^ u128::from(base)).leading_zeros() >= bits
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same list for every host.
    const LIST: &str = include_str!("../../../tests/vectors/addresses.json");

    #[test]
    fn dc_027_every_address_of_the_list_is_judged_as_it_says() {
        let list: serde_json::Value = serde_json::from_str(LIST).unwrap();
        for (kind, public) in [("public", true), ("other", false)] {
            for address in list[kind].as_array().unwrap() {
                let parsed: IpAddr = address.as_str().unwrap().parse().unwrap();
                assert_eq!(is_public(parsed), public, "{address}");
            }
        }
    }
}
