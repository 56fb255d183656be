"""Enumerations of switches, DNs and IVRs: mnemonic -> number.

Source: the enumerations of the vendor's Platform SDK 9.0.
"""

from reconciler.kinds.enums import numbered

SWITCH_TYPE = numbered(
    """
    NortelMeridian RockwellSpectrum RockwellGalaxy NortelDMS100 LucentDefinityG3
    AspectCallCenter Rolm9751CBX/SiemensHicom300E IntecomIBX80 EricssonMD110 Lucent5ESS
    Madge NEC Fujitsu HarrisVoiceFrame Gateway01 SiemensHicom150 SiemensHicom300
    PhilipsSophoiS3000 MatraMC6500 SiemensHicom150H EricssonACP1000 SiemensGECiSDX
    AlcatelA4400DHS3 GenericSwitch DelcoACD HitachiCX8000 LGStarex MitelSX2000
    NortelMeridianCallCenter SiemensHicom150E SiemensRealtisDX TadiranCoral VoIPSMCPSwitch
    VirtualSwitchIIF InternetGateway ATT800ICPGateway SprintSiteRPGateway
    BellCanadaATFGateway AlcatelSCPGateway BellAtlanticISCPGateway Concert800Gateway
    AlcatelDTAGSCPGateway KPNNetworkGateway AlcatelTISCPGateway AlcatelBTSCPGateway
    3511ProtocolInterface DatavoiceDharma HuaweiCC08 LucentIndexSDX SiemensHicom300H
    SiemensHiPath4000 AlcatelA4200 TenovisIntegral33 Telera NGSN GenSpec VoicePortal
    KWGateway SiemensHicom300Real GenSpecXML OPSI CiscoCM MultimediaSwitch
    VerizonISCPGateway Alcatel5020OPSI AvayaIPOffice MitelMN3300 SamsungIPPCXIAP
    SiemensHiPath3000 EOneQueue TenovisI55 SIPSwitch DigitroAXS20 GVPDIDGroup
    SIPNetworkSwitch NECSV7000 RadvisionIContact AvayaTSAPI HuaweiNGN CiscoUCCE
    BroadSoftBroadWorks AastraMX1
    """
)

LINK_TYPE = numbered(
    """
    MeridianLink4 MeridianLink5 GalaxyLink SpectrumLink CompuCall05 CompuCall06
    CallVisorASAI EthernetASAI ApplicationBridge5 ApplicationBridge6 CallBridge2 CallBridge3
    OAI ApplicationLink Pinnacle MadgeLink NECLink FujitsuLink HostInterfaceLink
    WorkStationInterfaceLink Gateway01Link ApplicationConnectivityLink10
    ApplicationConnectivityLink20 CallBridgeACLISDNS0ISO CallBridgeACLV24ISO iSLinkCSTAI
    MatraLinkCSTAII ApplicationLinkCSTA iCAT23ICCL2 iCAT3xICCL3 ApplicationLinkCSTAI
    ApplicationLinkCSTAII GenericLink CompuCall09 CompuCall10 CompuCall11 ApplicationBridge7
    CallBridge4 DelcoACD HitachiCx8000 StarexLink MiTai7_3 MeridianLinkServices
    ApplicationConnectivityLinkCSTA CallBridgeDX CoralLink
    """
)

DN_TYPE = numbered(
    """
    Extension ACDPosition ACDQueue RoutingPoint VirtACDQueue VirtRoutingPoint EAPort
    VoiceMail Cellular CP FAX Data Music Trunk TrunkGroup TieLine TieLineGroup Mixed
    ExtRoutingPoint DestinationLabel ServiceNumber RoutingQueue CommDN Email VoIP Video Chat
    CoBrowse VoIPService Workflow AccessResource GVPDID
    """
)

DN_REGISTER = numbered("False True OnDemand")

DN_GROUP_TYPE = numbered(
    """
    SinglePorts ACDQueues RoutingPoints NetworkPorts ServiceNumbers
    """
)

ROUTE_TYPE = numbered(
    """
    Default Label OverwriteDNIS DDD IDDD Direct Reject Announcement PostFeature DirectAgent
    UseExternalProtocol GetFromDN XRouteTypeDefault XRouteTypeRoute XRouteTypeDirect
    XRouteTypeReroute XRouteTypeDirectUUI XRouteTypeDirectANI XRouteTypeDirectNoToken
    XRouteTypeDNISPooling XRouteTypeDirectDNISnANI
    XRouteTypeExtProtocol/XRouteTypeDirectDigits XRouteTypeForbidden XRouteTypeISCCProtocol
    XRouteTypePullBack XRouteTypeDirectNetworkCallID
    """
)

TARGET_TYPE = numbered(
    """
    Agent Place AgentGroup PlaceGroup RoutingPoint ACDQueue DestinationLabel ACDQueueGroup
    ExtRoutingPoint ISCC
    """
)

IVR_TYPE = numbered(
    """
    Conversant WVRForAIX/DirectTalk6000 SyntellectVocalPoint SyntellectPremier
    SyntellectVista VoiceTek Agility MeridianIntegrated SymposiumOpen Edify Brite ShowNTel
    IntervoiceBrite/Intervoice Periphonics Amerex WVRForWindows/DirectTalkNT
    GenesysVoicePlatform/eleraGVP MPS AspectCSS MSSpeechServer OtherIVRType Envox
    """
)

IVR_PROFILE_TYPE = numbered("Inbound Outbound")
