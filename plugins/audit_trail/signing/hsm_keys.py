"""Keys on a PKCS#11 token, through securesystemslib's `HSMSigner`: ECDSA on P-256 and P-384.

The library takes the module's path from `PYKCS11LIB`, and the PIN from a function that it
calls for each signature.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from audit_trail.errors import ConfigurationError
from audit_trail.key_uri import Pkcs11Uri
from audit_trail.signing.key_schemes import described
from audit_trail.signing.secret_files import chosen_secret

if TYPE_CHECKING:
    from securesystemslib.signer import HSMSigner, SSlibKey

    from audit_trail.evidence.public_key import PublicKey
    from audit_trail.settings import Settings

MODULE_VARIABLE = "PYKCS11LIB"


def open_signer(uri: Pkcs11Uri, public_key: SSlibKey, settings: Settings) -> HSMSigner:
    """A signer; the token is opened for each signature anew.

    Raises:
        ConfigurationError: No module or no PIN is set.
    """
    from securesystemslib.signer import HSMSigner

    _name_module(settings)
    pin = _pin(settings)
    return HSMSigner(uri.number, public_key, lambda _: pin, uri.token)


def import_key(uri: Pkcs11Uri, settings: Settings) -> PublicKey:
    """The public key.

    Raises:
        ConfigurationError: No module is set, or the PIN is needed and not set.
        ValueError: There is no such token or key, in the library's words.
        pkcs11.exceptions.PKCS11Error: The token refused.
    """
    from cryptography.hazmat.primitives.serialization import load_pem_public_key
    from securesystemslib.signer import HSMSigner

    _name_module(settings)
    # Asked for only where the public key cannot be read without.
    _, key = HSMSigner.import_(uri.number, uri.token, lambda _: _pin(settings))
    found = described(load_pem_public_key(key.keyval["public"].encode("ascii")))
    if found is None:
        raise ValueError("it is of no curve that is believed")
    return found


def _name_module(settings: Settings) -> None:
    chosen = settings.signing.pkcs11_module
    if chosen is not None:
        os.environ[MODULE_VARIABLE] = str(chosen)
    module = os.environ.get(MODULE_VARIABLE)
    if not module or not os.access(module, os.R_OK):
        raise ConfigurationError(
            "the PKCS#11 module is not there",
            where="signing.pkcs11_module",
            expected="the path of the token's library, e.g. /usr/lib/softhsm/libsofthsm2.so",
            found=module or "none",
        )


def _pin(settings: Settings) -> str:
    signing = settings.signing
    pin = chosen_secret(signing.hsm_pin, signing.hsm_pin_file, what="PIN of the HSM")
    if pin is None:
        raise ConfigurationError(
            "there is no PIN for the HSM",
            where="signing.hsm_pin",
            remedy="set AUDIT_TRAIL_SIGNING__HSM_PIN or signing.hsm_pin_file",
        )
    return pin
