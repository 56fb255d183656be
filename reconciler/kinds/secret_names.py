"""Which option names mark their values as secret. Pure.

A name is split into its words, including those in camelCase: ``db-password``, ``db_password``,
``dbPassword`` and ``DBPassword`` all have the word ``password``. Consecutive words also count as
one word, so that ``apiKey``, ``api-key`` and ``apikey`` are the same.

Many names are joined without a separator: ``clientsecret``, ``accesstoken``. So a word counts if it
ends in a secret word or its plural. A word that only begins with it mostly means something else:
``tokenizer``, ``passwordless``.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache

from msgspec import Struct

from reconciler.kinds.fields import FieldPath

SECRET_WORDS = (
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "passcode",
    "secret",
    "token",
    "credential",
    "db-pass",
    "key-pass",
    "store-pass",
    "user-pass",
    "access-key",
    "account-key",
    "api-key",
    "auth-key",
    "client-key",
    "encryption-key",
    "master-key",
    "private-key",
    "secret-key",
    "shared-key",
    "signing-key",
    "storage-key",
)
"""Words that mark the name of a secret on every site, also as the end of a longer word, and in the
plural. ``key`` or ``pass`` alone is not among them, since these name queues and routes too."""

_NO_SECRETS = ("queueKey",)
"""Names that are never secrets, whatever words a site adds. ``chat/queueKey`` names a queue."""

_PART = re.compile(r"[^\W\d_]+|\d+")
_MOST_PARTS = 4


class SecretNames(Struct, frozen=True, dict=True):
    """The names of a site's secrets. ``words``: further words besides ``SECRET_WORDS``;
    ``exceptions``: whole names that are no secrets although they have such a word."""

    words: tuple[str, ...] = ()
    exceptions: tuple[str, ...] = ()

    def marks(self, path: FieldPath) -> bool:
        """Whether the last name of a path marks its value as secret. The path of an item in a
        list, which ends in the name of an object, is never marked."""
        if len(path) == 2:
            return False
        return _is_secret(path[-1] if path else "", self._own_words, self._excepted)

    @cached_property
    def _own_words(self) -> frozenset[str]:
        return _normalised(self.words)

    @cached_property
    def _excepted(self) -> frozenset[str]:
        return frozenset(name.casefold() for name in (*_NO_SECRETS, *self.exceptions))


def _normalised(words: Iterable[str]) -> frozenset[str]:
    """Each word in the form that ``_joined`` gives the words of names."""
    return frozenset("".join(_parts(word)) for word in words)


@lru_cache(maxsize=4096)
def _is_secret(name: str, own_words: frozenset[str], excepted: frozenset[str]) -> bool:
    """Whether a word of a name, or consecutive words, end in a usual word or are one of a site's
    ``own_words``. Cached, since thousands of objects have options of the same name."""
    if name.casefold() in excepted:
        return False
    return any(word.endswith(_USUAL_ENDINGS) or word in own_words for word in _joined(_parts(name)))


def _parts(name: str) -> tuple[str, ...]:
    """The words of a name, in lower case."""
    found = (part for letters in _PART.findall(name) for part in _camel_case_parts(letters))
    return tuple(part.casefold() for part in found)


def _camel_case_parts(letters: str) -> Iterator[str]:
    """``dbPassword`` -> db, Password; ``DBPassword`` -> DB, Password; ``PASSWORD`` as it is."""
    start = 0
    for at in range(1, len(letters)):
        begins_after_small = letters[at].isupper() and not letters[at - 1].isupper()
        ends_acronym = letters[at].isupper() and letters[at + 1 : at + 2].islower()
        if begins_after_small or ends_acronym:
            yield letters[start:at]
            start = at
    yield letters[start:]


def _joined(parts: Sequence[str]) -> Iterator[str]:
    """Every sequence of consecutive parts, joined into one word."""
    for start in range(len(parts)):
        for end in range(start + 1, min(start + _MOST_PARTS, len(parts)) + 1):
            yield "".join(parts[start:end])


_USUAL_ENDINGS = tuple(
    word + plural for word in sorted(_normalised(SECRET_WORDS)) for plural in ("", "s")
)

USUAL_NAMES = SecretNames()
"""The names of secrets on a site without settings of its own."""
