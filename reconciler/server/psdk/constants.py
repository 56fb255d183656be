"""Names and numbers of the protocol that are not in the SDK's metadata, as data.

Source: the SDK's own descriptions of types and requests (reference: platform-sdk).
"""

from collections.abc import Mapping

FIELD_NAMES: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("Role", "members"): {"type": "objectType", "DBID": "objectDBID"},
}
"""(Object type, attribute) -> our field name -> the protocol's name, where they differ."""

SERVER_NUMBER = "CSID"
"""The field of an identifier with the number of the Configuration Server, which is always 0."""

WITH_FOLDER, WITH_PATH = "read_folder_dbid", "object_path"
"""Filter keys that ask for the folder and the path of each object of a read."""

INTO_FOLDER = "folder_dbid"
"""The parameter of a create that names the folder."""

SUBSCRIPTION_TYPE, SUBSCRIPTION_TENANT, SUBSCRIPTION_OBJECT = (
    "object_type",
    "tenant_id",
    "object_dbid",
)
"""The keys of one entry of a subscription; 0 stands for all."""

FALSE, TRUE = 1, 2
"""``CfgFlag``; 0 is neither."""

MODES: Mapping[int, str] = {1: "Full", 2: "ReadOnly", 3: "Emergency"}
"""``CfgOperationalMode``."""

PROTOCOL_VERSION = "CfgProtocol 5.1.3.80"
"""The version that the SDK's client announces and a server confirms."""

CODE_PAGE_SERVER, UTF8_SERVER = 0, 1
"""``ServerEncoding``: an installation with a code page, a multilingual installation."""

ENGLISH = 1033
"""``CfgLanguageLCID``: English of the United States."""

MAX_INTEGER = 2**31 - 1
"""Whole numbers are 32 bits wide."""
