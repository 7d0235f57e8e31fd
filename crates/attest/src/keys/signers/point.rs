//! Public keys and signatures as PKCS#11 v3.0 gives them, and as everybody else has them.

use crate::keys::{Algorithm, PublicKey};

/// A public key from `CKA_EC_POINT`: the point itself, or DER around it. PKCS#11 asks for an OCTET
/// STRING; some modules leave it out, and some wrap Edwards points in a BIT STRING.
pub fn public_key(algorithm: Algorithm, point: &[u8]) -> Option<PublicKey> {
    let raw = match point {
        [4, length, raw @ ..] if usize::from(*length) == raw.len() => raw,
        [3, length, 0, raw @ ..] if usize::from(*length) == raw.len() + 1 => raw,
        raw => raw,
    };
    PublicKey::from_raw(algorithm, raw).ok()
}

/// `r || s` of a P-256 signature (64 bytes) as `SEQUENCE { INTEGER r, INTEGER s }` (RFC 3279, 2.2.3).
pub fn signature_der(raw: &[u8]) -> Option<Vec<u8>> {
    if raw.len() != 64 {
        return None;
    }
    let (r, s) = raw.split_at(32);
    let body = [integer(r), integer(s)].concat();
    Some([&[0x30, body.len() as u8], body.as_slice()].concat())
}

/// A positive INTEGER in as few bytes as possible: no zero in front but the one that keeps it positive.
fn integer(bytes: &[u8]) -> Vec<u8> {
    let first = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len() - 1);
    let digits = &bytes[first..];
    let sign: &[u8] = if digits[0] & 0x80 == 0 { &[] } else { &[0] };
    [&[2, (sign.len() + digits.len()) as u8], sign, digits].concat()
}

#[cfg(test)]
mod tests {
    use der::{Decode, asn1::UintRef};
    use proptest::prelude::*;

    use super::*;

    fn decoded(der: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let pair = <[UintRef<'_>; 2]>::from_der(der).expect("strict DER");
        (pair[0].as_bytes().to_vec(), pair[1].as_bytes().to_vec())
    }

    #[test]
    fn a_point_is_read_with_and_without_its_wrapping() {
        let point = [[4].as_slice(), &[7; 64]].concat();
        let wrapped = [[4, 65].as_slice(), &point].concat();
        for given in [&point, &wrapped] {
            assert_eq!(public_key(Algorithm::EcdsaP256, given).unwrap().raw(), point);
        }
        for given in
            [vec![9; 32], [[4, 32].as_slice(), &[9; 32]].concat(), [[3, 33, 0].as_slice(), &[9; 32]].concat()]
        {
            assert_eq!(public_key(Algorithm::Ed25519, &given).unwrap().raw(), [9; 32]);
        }
    }

    proptest! {
        #[test]
        fn numbers_are_minimal_and_unchanged(zeros in 0..40_usize, mut raw in prop::collection::vec(any::<u8>(), 64)) {
            raw[..zeros].fill(0);
            let (r, s) = decoded(&signature_der(&raw).unwrap());
            let value = |bytes: &[u8]| [vec![0; 32 - bytes.len()], bytes.to_vec()].concat();
            prop_assert_eq!([value(&r), value(&s)].concat(), raw);
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
            let _ = signature_der(&bytes);
            for algorithm in Algorithm::ALL {
                let _ = public_key(algorithm, &bytes);
            }
        }
    }
}
