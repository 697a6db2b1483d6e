// include/uapi/linux/ip.h: indices of the per-interface IPv4 sysctls, as IFLA_INET_CONF carries them (from 1).
export const IPV4_DEVCONF_FORWARDING = 1;
export const IPV4_DEVCONF_ACCEPT_REDIRECTS = 4;
export const IPV4_DEVCONF_SECURE_REDIRECTS = 5;
export const IPV4_DEVCONF_SEND_REDIRECTS = 6;
export const IPV4_DEVCONF_SHARED_MEDIA = 7;
export const IPV4_DEVCONF_ACCEPT_SOURCE_ROUTE = 9;
export const IPV4_DEVCONF_NOXFRM = 15;
export const IPV4_DEVCONF_NOPOLICY = 16;
export const IPV4_DEVCONF_PROMOTE_SECONDARIES = 20;
export const IPV4_DEVCONF_IGMPV2_UNSOLICITED_REPORT_INTERVAL = 27;
export const IPV4_DEVCONF_IGMPV3_UNSOLICITED_REPORT_INTERVAL = 28;
export const IPV4_DEVCONF_ARP_EVICT_NOCARRIER = 33;
/** The greatest index. */
export const IPV4_DEVCONF_MAX = 33;
