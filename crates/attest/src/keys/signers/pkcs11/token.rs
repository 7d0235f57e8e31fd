//! The module, the token in it, and the login.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{PoisonError, RwLock, RwLockReadGuard},
};

use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Pkcs11 as Module},
    error::{Error, RvError},
    session::{Session, UserType},
    slot::{Slot, TokenInfo},
    types::AuthPin,
};
use nix::unistd::geteuid;

use super::Pkcs11;
use crate::keys::{KeyError, signers::PlaceError};

/// A module of this process. It is initialised once, since several keys may share it.
pub(super) struct Loaded {
    path: PathBuf,
    module: Module,
    /// How often it was started again. Handles of an earlier time may belong to somebody else by now.
    generation: u64,
}

/// Whoever calls a module holds this for reading: PKCS#11 forbids to end a module during a call.
static MODULES: RwLock<Vec<Loaded>> = RwLock::new(Vec::new());

/// The modules, none of which ends while this is held.
pub(super) struct Calls(RwLockReadGuard<'static, Vec<Loaded>>);

/// Loads the module of `place` unless that was done before, and allows calls.
pub(super) fn calls(place: &Pkcs11) -> Result<Calls, KeyError> {
    let known = Calls(MODULES.read().unwrap_or_else(PoisonError::into_inner));
    if known.loaded(place).is_ok() {
        return Ok(known);
    }
    drop(known);
    let mut modules = MODULES.write().unwrap_or_else(PoisonError::into_inner);
    if !modules.iter().any(|known| known.path == place.module) {
        let missing = |why: String| PlaceError::ModuleMissing(place.module.clone(), why);
        let module = Module::new(trusted(&place.module)?).map_err(|error| missing(error.to_string()))?;
        initialize(&module).map_err(|error| missing(brief(&error)))?;
        modules.push(Loaded { path: place.module.clone(), module, generation: 0 });
    }
    drop(modules);
    Ok(Calls(MODULES.read().unwrap_or_else(PoisonError::into_inner)))
}

/// Ends the module and starts it anew, which is how many of them see that a token is back; unless
/// somebody did so since `generation`.
pub(super) fn restart(place: &Pkcs11, generation: u64) -> Result<(), PlaceError> {
    let mut modules = MODULES.write().unwrap_or_else(PoisonError::into_inner);
    let same = |known: &&mut Loaded| known.path == place.module && known.generation == generation;
    let Some(loaded) = modules.iter_mut().find(same) else { return Ok(()) };
    loaded.generation += 1;
    // It fails when the module has ended already, which is what is wanted.
    let _ = loaded.module.clone().finalize();
    initialize(&loaded.module).map_err(|error| told(place, &error))
}

fn initialize(module: &Module) -> Result<(), Error> {
    match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(()),
        other => other,
    }
}

impl Calls {
    fn loaded(&self, place: &Pkcs11) -> Result<&Loaded, PlaceError> {
        let found = self.0.iter().find(|known| known.path == place.module);
        found.ok_or_else(|| PlaceError::ModuleMissing(place.module.clone(), "it is not loaded".into()))
    }

    /// How often the module was started again.
    pub fn generation(&self, place: &Pkcs11) -> u64 {
        self.loaded(place).map_or(0, |loaded| loaded.generation)
    }

    /// A session on the token, logged in.
    pub fn session(&self, place: &Pkcs11, writing: bool) -> Result<Session, KeyError> {
        let module = &self.loaded(place)?.module;
        let (slot, info) = find(place, module)?;
        let open = if writing { Module::open_rw_session } else { Module::open_ro_session };
        let session = open(module, slot).map_err(|error| told(place, &error))?;
        login(place, &session, &info)?;
        Ok(session)
    }
}

/// Where the module really is. Whoever can change it, or a folder above it, can sign: nobody but root and
/// this user may. In a sticky folder (`/tmp`) others cannot replace what is not theirs.
fn trusted(path: &Path) -> Result<PathBuf, PlaceError> {
    if !path.is_absolute() {
        return Err(PlaceError::Invalid(format!("the module {} is not an absolute path", path.display())));
    }
    let missing = |error: io::Error| PlaceError::ModuleMissing(path.to_owned(), error.to_string());
    let real = fs::canonicalize(path).map_err(missing)?;
    for part in real.ancestors() {
        let found = fs::metadata(part).map_err(missing)?;
        let ours = found.uid() == 0 || found.uid() == geteuid().as_raw();
        let sticky = found.is_dir() && found.mode() & 0o1000 != 0;
        if !ours || (found.mode() & 0o022 != 0 && !sticky) {
            return Err(PlaceError::ModuleWritable(part.to_owned()));
        }
    }
    Ok(real)
}

/// The one token whose label or serial number is the given one.
fn find(place: &Pkcs11, module: &Module) -> Result<(Slot, TokenInfo), PlaceError> {
    let slots = module.get_slots_with_token().map_err(|error| told(place, &error))?;
    let fits = |slot: Slot| {
        let info = module.get_token_info(slot).ok().filter(TokenInfo::token_initialized)?;
        (info.label() == place.token || info.serial_number() == place.token).then_some((slot, info))
    };
    let mut found = slots.into_iter().filter_map(fits);
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => Err(PlaceError::TokenMissing(place.token.clone())),
        (Some(_), Some(_)) => Err(PlaceError::Ambiguous(place.name())),
    }
}

/// Logs in once. A token that would lock after another wrong PIN is left alone.
fn login(place: &Pkcs11, session: &Session, info: &TokenInfo) -> Result<(), KeyError> {
    let token = || place.token.clone();
    if info.user_pin_locked() {
        return Err(PlaceError::PinLocked(token()).into());
    }
    if info.user_pin_final_try() {
        return Err(PlaceError::PinFinalTry(token()).into());
    }
    let pin = match &place.pin {
        Some(source) => Some(AuthPin::from(source.read()?.as_str())),
        None if info.protected_authentication_path() => None,
        None => return Err(PlaceError::Invalid(format!("the token {} needs a pin", place.token)).into()),
    };
    match session.login(UserType::User, pin.as_ref()) {
        // Being logged in counts for all sessions of a process with one token.
        Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
        Err(Error::Pkcs11(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange, _)) => {
            Err(PlaceError::PinWrong(token()).into())
        }
        Err(Error::Pkcs11(RvError::PinLocked, _)) => Err(PlaceError::PinLocked(token()).into()),
        Err(error) => Err(told(place, &error).into()),
    }
}

/// Whether the session, the login or the token is gone, so that a new login may help.
pub(super) fn is_lost(error: &Error) -> bool {
    use RvError as Rv;
    let Error::Pkcs11(code, _) = error else { return false };
    matches!(
        code,
        Rv::SessionHandleInvalid
            | Rv::SessionClosed
            | Rv::CryptokiNotInitialized
            | Rv::UserNotLoggedIn
            | Rv::TokenNotPresent
            | Rv::TokenNotRecognized
            | Rv::DeviceRemoved
            | Rv::DeviceError
            | Rv::KeyHandleInvalid
            | Rv::ObjectHandleInvalid
            | Rv::GeneralError
            | Rv::FunctionFailed
    )
}

/// A failure of the module in our words.
pub(super) fn told(place: &Pkcs11, error: &Error) -> PlaceError {
    match error {
        Error::Pkcs11(RvError::TokenNotPresent | RvError::DeviceRemoved | RvError::SlotIdInvalid, _) => {
            PlaceError::TokenMissing(place.token.clone())
        }
        error => place.failed(brief(error)),
    }
}

/// Call and code; the texts of the standard are paragraphs.
fn brief(error: &Error) -> String {
    match error {
        Error::Pkcs11(code, call) => format!("{call:?} answers {code:?}"),
        error => error.to_string(),
    }
}
