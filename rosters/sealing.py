"""What is encrypted at rest: text in, bytes out, and back. AES-GCM (NIST SP 800-38D).

A sealed value is the key's name, a random 96-bit nonce and the ciphertext. It opens only for
the ``owner`` it was sealed for (``student:12:phone``), so that a value copied to another row
opens nothing.
"""

import base64
import binascii
import secrets
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

NONCE_BYTES = 12
KEY_BYTES = 32


class UnsealError(ValueError):
    """The key is not known any more, or the value was changed or belongs to another row."""


def keys_from(text: str) -> dict[str, bytes]:
    """The keys of ``name:base64,name:base64``; the first one seals, all of them open.

    Refused (ImproperlyConfigured): none, a name twice, a key that is not 32 bytes.
    """
    keys: dict[str, bytes] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _colon, encoded = part.partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error as error:
            raise ImproperlyConfigured(_WRONG) from error
        if not name or not name.isascii() or len(name) > 20 or name in keys:
            raise ImproperlyConfigured(_WRONG)
        if len(key) != KEY_BYTES:
            raise ImproperlyConfigured(_WRONG)
        keys[name] = key
    if not keys:
        raise ImproperlyConfigured(_WRONG)
    return keys


_WRONG = (
    "FIELD_KEYS must read name:key,name:key with different names and keys of 32 bytes in base64:"
    " DEBUG=1 python manage.py rotate_keys --new prints one."
)


def _keys() -> Mapping[str, bytes]:
    return keys_from(settings.FIELD_KEYS)


def seal(text: str, *, owner: str) -> bytes:
    """The text, encrypted with the first key."""
    name, key = next(iter(_keys().items()))
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, text.encode(), owner.encode())
    return bytes([len(name)]) + name.encode() + nonce + sealed


def unseal(sealed: bytes, *, owner: str) -> str:
    """The text that was sealed for ``owner``. Raises UnsealError."""
    name, rest = _split(sealed)
    key = _keys().get(name)
    if key is None:
        raise UnsealError
    try:
        return AESGCM(key).decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], owner.encode()).decode()
    except InvalidTag as error:
        raise UnsealError from error


def new_key(name: str) -> str:
    """An entry for the front of FIELD_KEYS, with a random key."""
    entry = f"{name}:{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}"
    keys_from(entry)
    return entry


def is_current(sealed: bytes) -> bool:
    """Whether the value is sealed with the first key, so that rotation leaves it."""
    return _split(sealed)[0] == next(iter(_keys()))


def _split(sealed: bytes) -> tuple[str, bytes]:
    sealed = bytes(sealed)
    if not sealed or len(sealed) < 1 + sealed[0] + NONCE_BYTES:
        raise UnsealError
    return sealed[1 : 1 + sealed[0]].decode("ascii", "replace"), sealed[1 + sealed[0] :]
