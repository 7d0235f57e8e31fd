//! One key on the token: found, judged, used.

use cryptoki::{
    error::Error,
    mechanism::{
        Mechanism,
        eddsa::{EddsaParams, EddsaSignatureScheme},
    },
    object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle},
    session::Session,
};
use model::Sha256;

use super::{
    Pkcs11,
    token::{Calls, told},
};
use crate::keys::{
    Algorithm, KeyError, PublicKey,
    signers::{
        PlaceError,
        point::{public_key, signature_der},
    },
};

/// A key in a session that is logged in.
pub(super) struct OpenKey {
    session: Session,
    handle: ObjectHandle,
    pub public: PublicKey,
    /// Of the module, when the session began.
    pub generation: u64,
}

/// What a private key says of itself. What it does not say counts against it.
#[derive(Default)]
struct Traits {
    kind: Option<KeyType>,
    id: Vec<u8>,
    sensitive: bool,
    extractable: Option<bool>,
    signs: bool,
    point: Vec<u8>,
    info: Vec<u8>,
}

impl OpenKey {
    /// Finds the key and its public half; `expected` stands in for one that the token does not show.
    pub fn open(calls: &Calls, place: &Pkcs11, expected: Option<&PublicKey>) -> Result<Self, KeyError> {
        let wanted = wanted(place)?;
        let session = calls.session(place, false)?;
        let handle = private(place, &session, &wanted)?;
        let traits = Traits::read(&session, handle).map_err(|error| told(place, &error))?;
        let algorithm = traits.judge(place)?;
        let public = public(place, &session, &traits, algorithm, expected)?;
        Ok(Self { session, handle, public, generation: calls.generation(place) })
    }

    /// Signs with the mechanism of the key's algorithm.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        match self.public.algorithm() {
            Algorithm::EcdsaP256 => {
                let digest = Sha256::of(message);
                let raw = self.session.sign(&Mechanism::Ecdsa, self.handle, digest.as_bytes())?;
                signature_der(&raw).ok_or(Error::InvalidValue)
            }
            Algorithm::Ed25519 => {
                let pure = EddsaParams::new(EddsaSignatureScheme::Ed25519);
                self.session.sign(&Mechanism::Eddsa(pure), self.handle, message)
            }
        }
    }
}

/// Label and id as attributes; at least one of them.
pub(super) fn wanted(place: &Pkcs11) -> Result<Vec<Attribute>, PlaceError> {
    let mut wanted: Vec<_> =
        place.label.iter().map(|label| Attribute::Label(label.clone().into_bytes())).collect();
    if let Some(id) = &place.id {
        let id = unhex(id).ok_or_else(|| PlaceError::Invalid(format!("the id {id:?} is not hexadecimal")))?;
        wanted.push(Attribute::Id(id));
    }
    match wanted.is_empty() {
        true => Err(PlaceError::Invalid("a key on a token needs a label or an id".into())),
        false => Ok(wanted),
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let pair = |pair: &[u8]| Some((digit(pair.first()?)? * 16 + digit(pair.get(1)?)?) as u8);
    text.as_bytes().chunks(2).map(pair).collect::<Option<Vec<u8>>>().filter(|bytes| !bytes.is_empty())
}

/// Objects of a class with these attributes; two at most, since more are as bad.
pub(super) fn objects(
    session: &Session,
    class: ObjectClass,
    wanted: &[Attribute],
) -> Result<Vec<ObjectHandle>, Error> {
    let template = [&[Attribute::Class(class)], wanted].concat();
    session.iter_objects(&template)?.take(2).collect()
}

fn private(place: &Pkcs11, session: &Session, wanted: &[Attribute]) -> Result<ObjectHandle, PlaceError> {
    let found = objects(session, ObjectClass::PRIVATE_KEY, wanted).map_err(|error| told(place, &error))?;
    match found.as_slice() {
        [one] => Ok(*one),
        [] => Err(PlaceError::NotFound(place.name())),
        _ => Err(PlaceError::Ambiguous(place.name())),
    }
}

impl Traits {
    fn read(session: &Session, handle: ObjectHandle) -> Result<Self, Error> {
        use AttributeType as Type;
        let mut traits = Self::default();
        let asked = [Type::KeyType, Type::Id, Type::Sensitive, Type::Extractable, Type::Sign];
        let mut known = session.get_attributes(handle, &asked)?;
        // Not every module knows these of private keys, and some fail then.
        for kind in [Type::EcPoint, Type::PublicKeyInfo] {
            known.extend(session.get_attributes(handle, &[kind]).unwrap_or_default());
        }
        for attribute in known {
            match attribute {
                Attribute::KeyType(kind) => traits.kind = Some(kind),
                Attribute::Id(id) => traits.id = id,
                Attribute::Sensitive(sensitive) => traits.sensitive = sensitive,
                Attribute::Extractable(extractable) => traits.extractable = Some(extractable),
                Attribute::Sign(signs) => traits.signs = signs,
                Attribute::EcPoint(point) => traits.point = point,
                Attribute::PublicKeyInfo(info) => traits.info = info,
                _ => {}
            }
        }
        Ok(traits)
    }

    /// Refuses keys that may not sign, are of another algorithm, or could leave the token.
    fn judge(&self, place: &Pkcs11) -> Result<Algorithm, PlaceError> {
        let unsuitable = |why: &str| PlaceError::Unsuitable { key: place.name(), why: why.to_owned() };
        if !self.signs {
            return Err(unsuitable("it may not sign (CKA_SIGN)"));
        }
        let kept = self.sensitive && self.extractable == Some(false);
        if !kept && !place.allow_exportable {
            return Err(PlaceError::Exportable(place.name()));
        }
        match self.kind {
            Some(KeyType::EC) => Ok(Algorithm::EcdsaP256),
            Some(KeyType::EC_EDWARDS) => Ok(Algorithm::Ed25519),
            _ => Err(unsuitable("it is neither an EC nor an Edwards key")),
        }
    }
}

/// The public key: from its own object, or from what the private key tells; when the token shows none,
/// the expected one. Whether it is the right one shows the proof at opening.
fn public(
    place: &Pkcs11,
    session: &Session,
    traits: &Traits,
    algorithm: Algorithm,
    expected: Option<&PublicKey>,
) -> Result<PublicKey, KeyError> {
    let same = match traits.id.is_empty() {
        true => wanted(place)?,
        false => vec![Attribute::Id(traits.id.clone())],
    };
    let handles = objects(session, ObjectClass::PUBLIC_KEY, &same).map_err(|error| told(place, &error))?;
    let mut points = Vec::new();
    for handle in handles {
        let known = session.get_attributes(handle, &[AttributeType::EcPoint]);
        for attribute in known.map_err(|error| told(place, &error))? {
            if let Attribute::EcPoint(point) = attribute {
                points.push(point);
            }
        }
    }
    points.push(traits.point.clone());
    let mut found: Vec<_> = points.iter().filter_map(|point| public_key(algorithm, point)).collect();
    found.extend(PublicKey::from_spki(&traits.info).ok());
    found.retain(|key| key.algorithm() == algorithm);
    let known = expected.filter(|expected| found.is_empty() || found.contains(expected));
    let first = known.cloned().or_else(|| found.into_iter().next());
    let why = "its public key is not a P-256 or Ed25519 key, or is not on the token";
    Ok(first.ok_or_else(|| PlaceError::Unsuitable { key: place.name(), why: why.into() })?)
}
