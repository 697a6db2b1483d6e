// include/net/dst_metadata.h struct metadata_dst of kind METADATA_IP_TUNNEL: parameters of a tunnel that travel with a
// packet instead of a route, and the options of the tunnel.

/** struct ip_tunnel_info and its key. Addresses are as in the packet: 4 or 16 bytes. */
export interface MetadataDst {
  /** Low half is what programs give; tunnel ids of 64 bits exist only below. */
  readonly tunnelId: number;
  readonly isIpv6: boolean;
  /** IP_TUNNEL_INFO_TX: the packet goes out by it (and did not come in by it). */
  readonly isTx: boolean;
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly tos: number;
  readonly ttl: number;
  /** Flow label of IPv6, as a number. */
  readonly label: number;
  /** TUNNEL_* bits. */
  readonly flags: number;
  readonly options: Uint8Array;
}
