"""Enumerations of outbound campaigns: mnemonic -> number.

Source: the enumerations of the vendor's Platform SDK 9.0.
"""

from reconciler.kinds.enums import numbered

DATA_TYPE = numbered("Int Float Char VarChar DateTime")

FIELD_TYPE = numbered(
    """
    RecordID Phone RecordType RecordStatus DialResult NumberOfAttempts ScheduledTime
    CallTime From Until TimeZone CampaignID AgentID ChainID NumberInChain CustomField ANI
    LATA NPA NPA_NXX StateCode InfoDigits CountryCode PhoneType GroupDBID AppDBID Treatments
    MediaRefference EmailSubject EmailTemplateID SwitchID
    """
)

TABLE_TYPE = numbered(
    """
    CallingList LogTable ANI LATA NPA NPA_NXX StateCode InfoDigits CountryCode CustomType
    DoNotCallList EmailContactLists
    """
)

CALL_STATE = numbered(
    """
    Ok Transferred Conferenced GeneralError SystemError RemoteRelease Busy NoAnswer
    SitDetected AnswMachine AllTrunksBusy SitInvalidNum SitVacant SitIntercept SitUnknown
    SitNocircuit SitReorder FaxDetected QueueFull Cleared Overflowed Abandoned Redirected
    Forwarded Consult Pickedup Dropped DroppedNoAns Unknown Covered ConverseOn Bridged
    Silence Answer NuTone NoDialTone NoProgress NoRingBack NoEstablished PagerDetected
    WrongParty DialErr DropErr SwitchErr NoFreePortErr TransferErr Stale AgentCallBackErr
    GroupCallBackErr Deafend Held DoNotCall Cancel WrongNumber
    """,
    first=0,
)

RECORD_ACTION = numbered(
    """
    MarkDB MarkAllChain Cycle RetryIn RetryAtDate NextInChain NextInChainAfter
    NextInChainAtDate AssignToGroup MarkAsAgentError Reschedule DelegateForProcessing
    ExecuteSQLstatement
    """
)

CALL_ACTION = numbered(
    """
    Connect Drop MuteTransfer Transfer Route PlayMessage SendFax SendPage SendEmail
    """
)

DIAL_MODE = numbered(
    """
    Predict Progress Preview ProgressAndSeize PredictAndSeize Power PowerAndSeize
    PushPreview ProgressGVP PredictGVP PowerGVP
    """
)

OPERATION_MODE = numbered("Manual Schedule")

OPTIMIZATION_METHOD = numbered(
    """
    BusyFactor OverdialRate WaitTime DistributionTime MaximumGain
    """
)
