// include/uapi/linux/ipv6.h: indices of the per-interface IPv6 sysctls, as IFLA_INET6_CONF carries them (from 0).
// Only those whose default is not 0.
export const DEVCONF_HOPLIMIT = 1;
export const DEVCONF_MTU6 = 2;
export const DEVCONF_ACCEPT_RA = 3;
export const DEVCONF_ACCEPT_REDIRECTS = 4;
export const DEVCONF_AUTOCONF = 5;
export const DEVCONF_DAD_TRANSMITS = 6;
export const DEVCONF_RTR_SOLICITS = 7;
export const DEVCONF_RTR_SOLICIT_INTERVAL = 8;
export const DEVCONF_RTR_SOLICIT_DELAY = 9;
export const DEVCONF_USE_TEMPADDR = 10;
export const DEVCONF_TEMP_VALID_LFT = 11;
export const DEVCONF_TEMP_PREFERED_LFT = 12;
export const DEVCONF_REGEN_MAX_RETRY = 13;
export const DEVCONF_MAX_DESYNC_FACTOR = 14;
export const DEVCONF_MAX_ADDRESSES = 15;
export const DEVCONF_ACCEPT_RA_DEFRTR = 17;
export const DEVCONF_ACCEPT_RA_PINFO = 18;
export const DEVCONF_ACCEPT_RA_RTR_PREF = 19;
export const DEVCONF_RTR_PROBE_INTERVAL = 20;
export const DEVCONF_DISABLE_IPV6 = 26;
export const DEVCONF_ACCEPT_DAD = 27;
export const DEVCONF_MLDV1_UNSOLICITED_REPORT_INTERVAL = 30;
export const DEVCONF_MLDV2_UNSOLICITED_REPORT_INTERVAL = 31;
export const DEVCONF_SUPPRESS_FRAG_NDISC = 32;
export const DEVCONF_ACCEPT_RA_MTU = 35;
export const DEVCONF_ACCEPT_RA_MIN_HOP_LIMIT = 38;
export const DEVCONF_RTR_SOLICIT_MAX_INTERVAL = 43;
export const DEVCONF_ENHANCED_DAD = 46;
export const DEVCONF_RA_DEFRTR_METRIC = 52;
export const DEVCONF_IOAM6_ID = 54;
export const DEVCONF_IOAM6_ID_WIDE = 55;
export const DEVCONF_NDISC_EVICT_NOCARRIER = 56;
/** Number of indices of v6.18. */
export const DEVCONF_MAX = 60;
