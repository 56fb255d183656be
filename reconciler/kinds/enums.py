"""Configuration Server's enumerations: mnemonic -> number.

Source: the enumerations of the vendor's Platform SDK 9.0. Number 0 means "none" or "not
changed" nearly everywhere, and is never a real value.
"""

import re
from collections.abc import Mapping


def numbered(names: str, first: int = 1) -> Mapping[str, int]:
    """The members of an enumeration, numbered from ``first`` on. Names joined by a slash have the
    same number."""
    return {
        name: number
        for number, members in enumerate(names.split(), first)
        for name in members.split("/")
    }


OBJECT_TYPE = numbered(
    """
    Switch DN Person Place AgentGroup PlaceGroup Tenant Service Application Host PhysicalSwitch
    Script Skill ActionCode AgentLogin Transaction DNGroup StatDay StatTable AppPrototype
    AccessGroup Folder Field Format TableAccess CallingList Campaign Treatment Filter TimeZone
    VoicePrompt IVRPort IVR AlarmCondition Enumerator EnumeratorValue ObjectiveTable
    CampaignGroup GVPReseller GVPCustomer GVPIVRProfile ScheduledTask Role PersonLastLogin
    """
)
"""All object types of Configuration Server (``CfgObjectType``)."""

STATE: Mapping[str, int] = {"Enabled": 1, "Disabled": 2}

SCRIPT_TYPE: Mapping[str, int] = {
    "DataCollection": 1,
    "ServiceSelection": 2,
    "EnhancedQueuing": 3,
    "ScriptConfiguration": 4,
    "SimpleRouting": 5,
    "EnhancedRouting": 6,
    "VoiceFile": 7,
    "OutboundCampaign": 8,
    "OutboundFormat": 9,
    "OutboundList": 10,
    "OutboundFilter": 11,
    "OutboundTreatment": 12,
    "OutboundAlert": 13,
    "Schedule": 14,
    "AlarmDetection": 15,
    "AlarmReaction": 16,
    "VssSystemSchema": 17,
    "VssSharedSchema": 18,
    "VssServerSchema": 19,
    "VssObject": 20,
    "EmailAckReceipt": 21,
    "CapacityRule": 22,
    "InteractionQueue": 23,
    "InteractionQueueView": 24,
    "InteractionWorkBin": 25,
    "InteractionSubmitter": 26,
    "InteractionSnapshot": 27,
    "BusinessProcess": 28,
    "SupervisorData": 29,
    "InteractionWorkflowTrigger": 30,
    "GVPReport": 31,
    "OutboundSchedule": 32,
    "ESSDialPlan": 33,
    "BusinessRuleData": 34,
}

ENUMERATOR_TYPE: Mapping[str, int] = {
    "InteractionOperationalAttribute": 1,
    "Role": 2,
    "ContactAttribute": 3,
    "Custom": 4,
    "GVPMasterList": 5,
    "GVPCustomList": 6,
    "GVPMasterDefault": 7,
    "GVPCustomDefault": 8,
    "GVPAlias": 9,
}

APPLICATION_TYPE = numbered(
    """
    TServer StatServer BillingServer BillingClient AgentView EAServer EAClient DBServer
    CallConcentrator SDialer ListManager CMServer CMClient LME RouterServer StrategyBuilder
    StrategyLoader AgentDesktop SCE CCView ConfigurationServer ThirdPartyApp ThirdPartyServer
    StrategySimulator StrategyScheduler DARTServer DARTClient CustomServer ExternalRouter
    VirtualInteractiveT VirtualRP Database NetVector DetailBiller SummaryBiller NACD
    BackUpControlClient InfomartStatCollector InfomartStatConfigurator IVRInterfaceServer
    IServer MessageServer SCS SCI SNMPAgent RealDBServer WFMClient WFMDataAggregator
    WFMWebServices WFMScheduleServer InteractionRoutingDesigner ETLProxy ITCUtility VCServer
    GDMETL VSSShared VSSConsole CCAnalyzerDataMart ChatServer CallbackServer CoBrowsingServer
    SMSServer ContactServer EmailServer MediaLink WebInteractionRequestsServer WebStatServer
    WebInteractionServer WebOptionRoutePoint WebClient ContactServerManager ContentAnalyzer
    ResponseManager VoIPController VoIPDevice AutomatedWorkflowEngine HAProxy VoIPStreamManager
    VoIPDMXServer WebAPIServer LoadBalancer ApplicationCluster LoadDistributionServer GProxy
    GIS AgentDesktopDeliveryServer GCNClient IVRDT GCNThinServer ClassificationServer
    TrainingServer UniversalCallbackServer CPDServerProxy XLinkController KWorkerPortal
    WFMServer WFMBuilder WFMReports WFMWeb KnowledgeManager IVRDriver IVRLibrary LCSAdapter
    DesktopNETServer Siebel7ConfSynchComponent Siebel7CampSynchComponent GenericServer
    GenericClient CallDirector SIPCommunicationServer InteractionServer IntegrationServer
    WFMDaemon GVPPolicyManager GVPCiscoQueueAdapter GVPTextToSpeechServer GVPASRLogManager
    GVPBandwidthManager GVPEventsCollector GVPCacheServer GVPASRLogServer GVPASRPackageLoader
    GVPIPCommunicationServer GVPResourceManager GVPSIPSessionManager GVPMediaGateway
    GVPSoftSwitch GVPCoreService GVPVoiceCommunicationServer GVPUnifiedLoginServer
    GVPCallStatusMonitor GVPReporter GVPH323SessionManager GVPASRLogManagerAgent
    GVPGenesysQueueAdapter GVPIServer GVPSCPGateway GVPSRPServer GVPMRCPTTSServer GVPCCSServer
    GVPMRCPASRServer GVPNetworkMonitor GVPOBNManager GVPSelfServiceProvisioningServer GVPMCP
    GVPFetchingModule GVPMCPLegacyInterpreter GVPCCP GVPResourceMgr GVPClusterMgr
    GVPMediaServer GVPPSTNConnector GVPReportingSever GVPASG GVPCTIConnector
    ResourceAccessPoint InteractionWorkspace Advisors ESSExtensibleServices CustomerView
    OrchestrationServer Reserved CapturePoint RulesESPServer GenesysAdministrator iWDManager
    iWDRuntimeNode BusinessRulesExecutionServer BusinessRulesApplicationServer VPPolicyServer
    SocialMS CSTAConnector VPMRCPProxy UCMConnector OTICSServer OTICSOMPInfra CCACCAdviser
    CCAFAAdviser CCAPlatform CCAGenesysAdapter CCACiscoAdapter FederationServer
    FederationStatProvider GenesysAdministratorServer WebEngagementBackendServer
    WebEngagementFrontEndServer WebRTCGateway LRMServer RecordingCryptoServer KnowledgeCenter
    KnowledgeCenterCMS ReservedApplication8 ReservedApplication9 ReservedApplication10
    ReservedGUIApplication1 ReservedGUIApplication2
    """
)
"""The application types of release 9.0; those of newer servers are shown as numbers."""

EVENT_APPLICATION_TYPE: Mapping[str, int] = {"NoApplication": 0, **APPLICATION_TYPE}
"""The application types that an alarm's event can name. ``NoApplication``: the event names no
application type."""

CLIENT_APPLICATION_TYPES = frozenset({19, 22, 108, 157, 165})
"""Application types without a host, ports, tenants or a working folder."""

REDUNDANCY_TYPE: Mapping[str, int] = {"ColdStandby": 1, "WarmStandby": 2, "HotStandby": 3}
TRACE_MODE: Mapping[str, int] = {"NoTraceMode": 0, "None": 1, "Local": 2, "Remote": 3, "Both": 4}
STARTUP_TYPE: Mapping[str, int] = {"Automatic": 1, "Manual": 2, "Disabled": 3}
TRANSACTION_TYPE: Mapping[str, int] = {
    "CallData": 1,
    "BusinessAttribute": 2,
    "BusinessSituation": 3,
    "BusinessRule": 4,
    "BusinessAction": 5,
    "StatFilter": 16,
    "StatTimeRange": 17,
    "StatTimeProfile": 18,
    "StatType": 19,
    "StatMetric": 20,
    "List": 21,
    "Macro": 22,
}
ACCESS_GROUP_TYPE: Mapping[str, int] = {
    "Default": 1,
    "Users": 2,
    "Administrators": 3,
    "SuperAdministrators": 4,
    "System": 5,
    "Everyone": 6,
}

HOST_TYPE = numbered(
    """
    NetworkServer TenantServer ServiceWorkstation TenantWorkstation AgentWorkstation
    AuxComputer GVPWorkstation
    """
)

OS_TYPE = numbered(
    """
    NoOS Solaris SolarisX86 DigitalUNIX HPUX AIX SunOS WinNT Windows OS2 Macintosh
    TandemUNIX UnixWare Windows2000 WindowsXP WindowsServer2003 RedHatLinux
    WindowsServer2008 WindowsVista WindowsServer2012
    """,
    first=0,
)

COMPONENT_TYPE = numbered("Unknown SubProcess Service Component AccessPoint", first=0)

SOLUTION_TYPE = numbered(
    """
    DefaultSolution IntegratedScreenPop EnterpriseRouting NetworkRouting OutboundDialing
    WorkforceManagement VoiceSelfService InternetContactCenter WorkflowRouting
    InformationAnalysis KnowledgeWorker BranchOffice Framework ExpressEdition
    MultiChannelRouting DesktopNETServerSolution
    """
)

CHARGE_TYPE = numbered("Free FlatRate Instance Duration")

FOLDER_CLASS = numbered(
    """
    Default Site GVPCustomerGroup GVPIVRProfileGroup GVPRoot HostGroup GVPCustomerGroupRoot
    GVPIVRProfileGroupRoot HostGroupRoot GVPDIDGroups GVPDIDs
    """
)

RESOURCE_TYPE = numbered(
    """
    TimeZone Contract SiteAccess GVPGroupCustomer GVPGroupIVRProfile GVPServerType
    GVPServerTypeDisabled GVPServer GVPProcessNode GVPDataNode GVPTemplate GroupHost
    TaskGVPIVRProfile TaskGVPCustomer TaskSwitch TaskHost Enumerator EnumeratorValue Script
    Application
    """
)

RANK = numbered(
    """
    User Designer TenantAdministrator ServiceAdministrator SuperAdministrator
    """
)

ACTION_CODE_TYPE = numbered(
    """
    InboundCall OutboundCall InternalCall Transfer Conference Login Logout Ready NotReady
    BusyOn BusyOff ForwardOn ForwardOff
    """
)

STAT_TABLE_TYPE = numbered(
    """
    CapacityTable QuotaTable SpecialDayTable VolumeContractTable VariableRateContractTable
    """
)

STAT_DAY_TYPE = numbered("Default DayContract")

OBJECTIVE_TABLE_TYPE = numbered("Default CostContract")

ALARM_CATEGORY = numbered("Critical Major Minor")

SELECTION_MODE = numbered("ByAppDBID AppType ByAny")

TASK_TYPE = numbered(
    """
    UpdateAppIVR RegenerateIVRProfiles RegenerateDIDGroups SwapIVRURLs
    """
)


def mnemonic(enumeration: Mapping[str, int], number: int) -> str:
    """The name of ``number``, or the number as text if the enumeration lacks it."""
    for name, value in enumeration.items():
        if value == number:
            return name
    return str(number)


def number_of(enumeration: Mapping[str, int], text: str) -> int | None:
    """The number that ``text`` names (a mnemonic or decimal digits), or None."""
    if text in enumeration:
        return enumeration[text]
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None
