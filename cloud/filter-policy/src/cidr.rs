//! Ranges of IP addresses.

use std::net::IpAddr;

use crate::error::PolicyError;

/// All addresses that share the first bits with an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cidr {
    network: IpAddr,
    bits: u8,
}

impl Cidr {
    pub(crate) fn parse(text: &str) -> Result<Self, PolicyError> {
        let parts: Vec<_> = text.split('/').collect();
        let [address, bits] = parts[..] else {
            return Err(PolicyError::new("Malformed CIDR, one '/' required"));
        };
        let bits: i64 = bits
            .parse()
            .map_err(|_| PolicyError::new("Malformed CIDR, mask bits must be an integer"))?;
        if bits < 0 {
            return Err(PolicyError::new("Malformed CIDR, mask bits must not be negative"));
        }
        let network: IpAddr = address
            .parse()
            .map_err(|_| PolicyError::new(format!("Nonstandard IP address: {address}")))?;
        let limit = if network.is_ipv4() { 32 } else { 128 };
        match u8::try_from(bits) {
            Ok(bits) if bits < limit => Ok(Self { network, bits }),
            _ => Err(PolicyError::new(format!(
                "IPv{} mask bits must be < {limit}",
                if limit == 32 { 4 } else { 6 }
            ))),
        }
    }

    pub(crate) fn contains(&self, text: &str) -> bool {
        let same = |a: u128, b: u128, width: u32| {
            let shift = width - u32::from(self.bits);
            a.checked_shr(shift).unwrap_or(0) == b.checked_shr(shift).unwrap_or(0)
        };
        match (self.network, text.parse()) {
            (IpAddr::V4(network), Ok(IpAddr::V4(address))) => {
                same(u128::from(network.to_bits()), u128::from(address.to_bits()), 32)
            }
            (IpAddr::V6(network), Ok(IpAddr::V6(address))) => same(network.to_bits(), address.to_bits(), 128),
            _ => false,
        }
    }
}
