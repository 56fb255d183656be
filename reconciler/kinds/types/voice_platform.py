"""The types of Genesys Voice Platform: resellers, customers, and profiles of applications.

According to the vendor, resellers and customers are obsolete; which of their attributes are
mandatory is not documented.
"""

from reconciler.kinds import enums
from reconciler.kinds import enums_telephony as telephony
from reconciler.kinds.model import Attribute
from reconciler.kinds.types.attributes import (
    choice,
    description,
    flag,
    integer,
    reference,
    references,
    resources,
    tenant_of,
    tenant_type,
)

_RESELLER = tenant_type(
    "GVPReseller",
    39,
    "GVP Resellers",
    Attribute("displayName"),
    integer("startDate"),
    flag("isParentNSP"),
    reference("timeZoneDBID", "timeZone", "TimeZone"),
    Attribute("notes"),
)

_CUSTOMER = tenant_type(
    "GVPCustomer",
    40,
    "GVP Customers",
    reference("resellerDBID", "reseller", "GVPReseller", "veto"),
    tenant_of("resellerDBID"),
    Attribute("displayName"),
    Attribute("channel"),
    Attribute("notes"),
    flag("isProvisioned"),
    flag("isAdminCustomer"),
    reference("timeZoneDBID", "timeZone", "TimeZone"),
)

_IVR_PROFILE = tenant_type(
    "GVPIVRProfile",
    41,
    "Voice Platform Profiles",
    reference("customerDBID", "customer", "GVPCustomer"),
    reference("resellerDBID", "reseller", "GVPReseller"),
    Attribute("displayName"),
    choice("type", telephony.IVR_PROFILE_TYPE),
    Attribute("notes"),
    description(),
    integer("startServiceDate"),
    integer("endServiceDate"),
    flag("isProvisioned"),
    Attribute("tfn"),
    Attribute("status"),
    references("DIDDBIDs", "dids", "DN"),
    # Which types a profile may list is not documented.
    resources(*enums.OBJECT_TYPE),
)

VOICE_PLATFORM_TYPES = (_RESELLER, _CUSTOMER, _IVR_PROFILE)
