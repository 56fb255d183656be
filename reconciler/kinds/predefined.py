"""Predefined objects, which every Configuration Server has and nobody may delete.

Some have well-known DBIDs. The predefined Business Attributes and their values are known by
name: each tenant has its own copies.
"""

from collections.abc import Mapping

LAST_PREDEFINED = 100
"""In every type, objects up to this DBID are predefined."""

FIRST_TENANT = 101
"""The tenant that an installation begins with."""

OWN_OBJECTS = "gwe-reconciler."
"""The prefix of the names of gwe's own List objects, such as the lock."""

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


FURTHER_ATTRIBUTES = ("Case ID", "Business Result", "Root Interaction ID", "PlaceInQueueReason")
"""Business Attributes that every tenant of a real server has too. Only their names are public, so
the embedded server does not have them."""


def is_predefined(object_type: str, dbid: int, name: str, attribute: str = "") -> bool:
    """Whether an object is predefined. ``attribute``: the name of the Business Attribute that
    a value belongs to."""
    if dbid <= LAST_PREDEFINED or (object_type, dbid) == ("Tenant", FIRST_TENANT):
        return True
    if object_type == "Enumerator":
        return name in PREDEFINED_ATTRIBUTES or name in FURTHER_ATTRIBUTES
    return object_type == "EnumeratorValue" and name in PREDEFINED_ATTRIBUTES.get(attribute, ())
