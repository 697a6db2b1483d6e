// Receiving: one datagram a call, its source address, control messages, and the next chunk of a running dump.
import * as E from '../../../../uapi/asm-generic/errno.js';
import { AF_NETLINK, nl_pktinfo, NETLINK_PKTINFO, sockaddr_nl, SOL_NETLINK } from '../../../../uapi/linux/netlink.js';
import { MSG_OOB, MSG_PEEK, MSG_TRUNC, SCM_CREDENTIALS, SOL_SOCKET, ucred } from '../../../../uapi/linux/socket.js';
import { ControlWriter } from '../../core/scm.js';
import type { Received } from '../../socket.js';
import { groupMask } from './bind.js';
import { dumpChunk, maxDumpChunk } from './dump.js';
import type { Datagram } from './queue.js';
import type { NetlinkSock } from './sock.js';

const noControl = { bytes: new Uint8Array(0), flags: 0 };

function controlOf(sock: NetlinkSock, datagram: Datagram, controllen: number): { bytes: Uint8Array; flags: number } {
  if (!sock.pktinfo && !sock.opts.passcred) return noControl;
  const control = new ControlWriter(controllen);
  if (sock.pktinfo) control.put(SOL_NETLINK, NETLINK_PKTINFO, nl_pktinfo.bytes({ group: datagram.group }));
  if (sock.opts.passcred) control.put(SOL_SOCKET, SCM_CREDENTIALS, ucred.bytes(datagram.creds));
  return { bytes: control.take(), flags: control.flags };
}

const kernelName = sockaddr_nl.bytes({ nl_family: AF_NETLINK });

function nameOf(datagram: Datagram): Uint8Array {
  if (datagram.portid === 0 && datagram.group === 0) return kernelName;
  return sockaddr_nl.bytes({
    nl_family: AF_NETLINK,
    nl_pid: datagram.portid,
    nl_groups: groupMask(datagram.group),
  });
}

function dequeue(sock: NetlinkSock): void {
  const datagram = sock.receiveQueue.shift()!;
  sock.rmem -= datagram.truesize;
}

/** netlink_rcv_wake(): congestion ends when the queue has been drained. */
function receiveWake(sock: NetlinkSock): void {
  if (sock.receiveQueue.length === 0) sock.congested = false;
}

/**
 * recvmsg(2) of at most `length` bytes: what was received, or a negative errno (-EAGAIN when nothing waits).
 * @models net/netlink/af_netlink.c netlink_recvmsg()
 */
export function recvmsg(sock: NetlinkSock, length: number, flags: number, controllen: number): Received | number {
  if (flags & MSG_OOB) return -E.EOPNOTSUPP;
  const datagram = sock.err === 0 ? sock.receiveQueue[0] : undefined;
  if (datagram === undefined) {
    const error = sock.err === 0 ? E.EAGAIN : sock.err;
    sock.err = 0;
    receiveWake(sock);
    return -error;
  }
  sock.maxRecvmsgLen = Math.min(Math.max(sock.maxRecvmsgLen, length), maxDumpChunk(sock.net.machine));
  const { data } = datagram;
  const control = controlOf(sock, datagram, controllen);
  const truncated = data.length > length;
  const received: Received = {
    ret: flags & MSG_TRUNC ? data.length : Math.min(length, data.length),
    data: truncated ? data.subarray(0, length) : data,
    name: nameOf(datagram),
    control: control.bytes,
    flags: (truncated ? MSG_TRUNC : 0) | control.flags,
  };
  if (!(flags & MSG_PEEK)) dequeue(sock);
  if (sock.dump !== undefined && sock.rmem <= sock.opts.rcvbuf / 2) dumpChunk(sock);
  receiveWake(sock);
  return received;
}
