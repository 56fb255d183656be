"""What every Configuration Server has from the beginning, and nobody may delete.

Numbers of well-known objects, and the names of the predefined Business Attributes with
their values: each tenant has them under DBIDs of its own.
"""

from collections.abc import Mapping

LAST_PREDEFINED = 100
"""Objects of every type up to this DBID are the server's own."""

FIRST_TENANT = 101
"""The tenant that an installation begins with."""

PREDEFINED_ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "MediaType": (
        "voice",
        "voip",
        "email",
        "vmail",
        "smail",
        "chat",
        "video",
        "cobrowsing",
        "whiteboard",
        "appsharing",
        "webform",
        "workitem",
        "callback",
        "fax",
        "imchat",
        "busevent",
        "alert",
        "sms",
        "any",
        "auxwork",
    ),
    "ServiceType": ("default",),
    "CustomerSegment": ("default",),
    "InteractionType": ("Inbound", "Outbound", "Internal"),
    "InteractionSubtype": ("InboundNew", "OutboundNew", "OutboundReply"),
    "CategoryStructure": (),
    "ScreeningRules": (),
    "EmailAccounts": (),
    "StopProcessingReason": ("Normal", "AutoResponded", "Terminated"),
    "Language": (),
    "DispositionCode": (),
    "ReasonCode": (),
    "InteractionAttributes": (),
    "ContactAttributes": (),
}
"""Business Attribute -> its predefined values, as far as they are public."""


def is_predefined(object_type: str, dbid: int, name: str, attribute: str = "") -> bool:
    """Whether an object is the server's own. ``attribute``: the name of the Business
    Attribute that a value belongs to."""
    if dbid <= LAST_PREDEFINED or (object_type, dbid) == ("Tenant", FIRST_TENANT):
        return True
    if object_type == "Enumerator":
        return name in PREDEFINED_ATTRIBUTES
    return object_type == "EnumeratorValue" and name in PREDEFINED_ATTRIBUTES.get(attribute, ())
