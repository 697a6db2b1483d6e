// Traces of one program, recorded with strace 6.1 on Linux 6.18: a process with a thread that shares its fds and a child that has
// copies of them. Each process sends a request in two pieces, looks at the answer (MSG_PEEK) and reads it.

/** strace -f -e write=all -e read=all */
export const dumped = String.raw`16443 socket(AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, NETLINK_ROUTE) = 3
16443 clone3({flags=CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD|CLONE_SYSVSEM|CLONE_SETTLS|CLONE_PARENT_SETTID|CLONE_CHILD_CLEARTID, child_tid=0x7f8003e4a990, parent_tid=0x7f8003e4a990, exit_signal=0, stack=0x7f800364a000, stack_size=0x7fff80, tls=0x7f8003e4a6c0} => {parent_tid=[16484]}, 88) = 16484
16443 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=0x7f8004c11e50) = 16485
16443 socket(AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, NETLINK_ROUTE) = 4
16443 setsockopt(4, SOL_NETLINK, NETLINK_EXT_ACK, [1], 4) = 0
16443 sendmsg(4, {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="0\0\0\0$\0\5\6\1\0\0\0\0\0\0\0", iov_len=16}, {iov_base="\0\0\0\0\3\0\0\0\0\0\0\0\361\377\377\377\0\0\0\0\v\0\1\0clsact\0\0", iov_len=32}], msg_iovlen=2, msg_controllen=0, msg_flags=0}, 0) = 48
 * 16 bytes in buffer 0
 | 00000  30 00 00 00 24 00 05 06  01 00 00 00 00 00 00 00  0...$........... |
 * 32 bytes in buffer 1
 | 00000  00 00 00 00 03 00 00 00  00 00 00 00 f1 ff ff ff  ................ |
 | 00010  00 00 00 00 0b 00 01 00  63 6c 73 61 63 74 00 00  ........clsact.. |
16443 recvfrom(4, [{nlmsg_len=68, nlmsg_type=NLMSG_ERROR, nlmsg_flags=0, nlmsg_seq=1, nlmsg_pid=16443}, {error=-ENODEV, msg=[{nlmsg_len=48, nlmsg_type=RTM_NEWQDISC, nlmsg_flags=NLM_F_REQUEST|NLM_F_ACK|NLM_F_EXCL|NLM_F_CREATE, nlmsg_seq=1, nlmsg_pid=0}, {tcm_family=AF_UNSPEC, tcm_ifindex=3, tcm_handle=0, tcm_parent=4294967281, tcm_info=0}, [{nla_len=11, nla_type=TCA_KIND}, "clsact"]]}], 4096, MSG_PEEK|MSG_TRUNC, NULL, NULL) = 68
 | 00000  44 00 00 00 02 00 00 00  01 00 00 00 3b 40 00 00  D...........;@.. |
 | 00010  ed ff ff ff 30 00 00 00  24 00 05 06 01 00 00 00  ....0...$....... |
 | 00020  00 00 00 00 00 00 00 00  03 00 00 00 00 00 00 00  ................ |
 | 00030  f1 ff ff ff 00 00 00 00  0b 00 01 00 63 6c 73 61  ............clsa |
 | 00040  63 74 00 00                                       ct..             |
16485 socket(AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, NETLINK_ROUTE) = 4
16485 setsockopt(4, SOL_NETLINK, NETLINK_GET_STRICT_CHK, [1], 4) = 0
16485 setsockopt(4, SOL_NETLINK, NETLINK_EXT_ACK, [1], 4) = 0
16485 sendmsg(4, {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="0\0\0\0$\0\5\6\2\0\0\0\0\0\0\0", iov_len=16}, {iov_base="\0\0\0\0\3\0\0\0\0\0\0\0\361\377\377\377\0\0\0\0\v\0\1\0clsact\0\0", iov_len=32}], msg_iovlen=2, msg_controllen=0, msg_flags=0}, 0) = 48
 * 16 bytes in buffer 0
 | 00000  30 00 00 00 24 00 05 06  02 00 00 00 00 00 00 00  0...$........... |
 * 32 bytes in buffer 1
 | 00000  00 00 00 00 03 00 00 00  00 00 00 00 f1 ff ff ff  ................ |
 | 00010  00 00 00 00 0b 00 01 00  63 6c 73 61 63 74 00 00  ........clsact.. |
16485 recvfrom(4, [{nlmsg_len=68, nlmsg_type=NLMSG_ERROR, nlmsg_flags=0, nlmsg_seq=2, nlmsg_pid=16485}, {error=-ENODEV, msg=[{nlmsg_len=48, nlmsg_type=RTM_NEWQDISC, nlmsg_flags=NLM_F_REQUEST|NLM_F_ACK|NLM_F_EXCL|NLM_F_CREATE, nlmsg_seq=2, nlmsg_pid=0}, {tcm_family=AF_UNSPEC, tcm_ifindex=3, tcm_handle=0, tcm_parent=4294967281, tcm_info=0}, [{nla_len=11, nla_type=TCA_KIND}, "clsact"]]}], 4096, MSG_PEEK|MSG_TRUNC, NULL, NULL) = 68
 | 00000  44 00 00 00 02 00 00 00  02 00 00 00 65 40 00 00  D...........e@.. |
 | 00010  ed ff ff ff 30 00 00 00  24 00 05 06 02 00 00 00  ....0...$....... |
 | 00020  00 00 00 00 00 00 00 00  03 00 00 00 00 00 00 00  ................ |
 | 00030  f1 ff ff ff 00 00 00 00  0b 00 01 00 63 6c 73 61  ............clsa |
 | 00040  63 74 00 00                                       ct..             |
16443 recvmsg(4, {msg_name={sa_family=AF_NETLINK, nl_pid=0, nl_groups=00000000}, msg_namelen=12, msg_iov=[{iov_base=[{nlmsg_len=68, nlmsg_type=NLMSG_ERROR, nlmsg_flags=0, nlmsg_seq=1, nlmsg_pid=16443}, {error=-ENODEV, msg=[{nlmsg_len=48, nlmsg_type=RTM_NEWQDISC, nlmsg_flags=NLM_F_REQUEST|NLM_F_ACK|NLM_F_EXCL|NLM_F_CREATE, nlmsg_seq=1, nlmsg_pid=0}, {tcm_family=AF_UNSPEC, tcm_ifindex=3, tcm_handle=0, tcm_parent=4294967281, tcm_info=0}, [{nla_len=11, nla_type=TCA_KIND}, "clsact"]]}], iov_len=4096}], msg_iovlen=1, msg_controllen=0, msg_flags=0}, 0) = 68
 * 68 bytes in buffer 0
 | 00000  44 00 00 00 02 00 00 00  01 00 00 00 3b 40 00 00  D...........;@.. |
 | 00010  ed ff ff ff 30 00 00 00  24 00 05 06 01 00 00 00  ....0...$....... |
 | 00020  00 00 00 00 00 00 00 00  03 00 00 00 00 00 00 00  ................ |
 | 00030  f1 ff ff ff 00 00 00 00  0b 00 01 00 63 6c 73 61  ............clsa |
 | 00040  63 74 00 00                                       ct..             |
16485 recvmsg(4, {msg_name={sa_family=AF_NETLINK, nl_pid=0, nl_groups=00000000}, msg_namelen=12, msg_iov=[{iov_base=[{nlmsg_len=68, nlmsg_type=NLMSG_ERROR, nlmsg_flags=0, nlmsg_seq=2, nlmsg_pid=16485}, {error=-ENODEV, msg=[{nlmsg_len=48, nlmsg_type=RTM_NEWQDISC, nlmsg_flags=NLM_F_REQUEST|NLM_F_ACK|NLM_F_EXCL|NLM_F_CREATE, nlmsg_seq=2, nlmsg_pid=0}, {tcm_family=AF_UNSPEC, tcm_ifindex=3, tcm_handle=0, tcm_parent=4294967281, tcm_info=0}, [{nla_len=11, nla_type=TCA_KIND}, "clsact"]]}], iov_len=4096}], msg_iovlen=1, msg_controllen=0, msg_flags=0}, 0) = 68
 * 68 bytes in buffer 0
 | 00000  44 00 00 00 02 00 00 00  02 00 00 00 65 40 00 00  D...........e@.. |
 | 00010  ed ff ff ff 30 00 00 00  24 00 05 06 02 00 00 00  ....0...$....... |
 | 00020  00 00 00 00 00 00 00 00  03 00 00 00 00 00 00 00  ................ |
 | 00030  f1 ff ff ff 00 00 00 00  0b 00 01 00 63 6c 73 61  ............clsa |
 | 00040  63 74 00 00                                       ct..             |
16485 +++ exited with 0 +++
16443 sendto(3, [{nlmsg_len=48, nlmsg_type=0x24 /* NLMSG_??? */, nlmsg_flags=NLM_F_REQUEST|NLM_F_ACK|0x600, nlmsg_seq=1, nlmsg_pid=0}, "\x00\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00\xf1\xff\xff\xff\x00\x00\x00\x00\x0b\x00\x01\x00\x63\x6c\x73\x61\x63\x74\x00\x00"], 48, 0, NULL, 0) = 48
 | 00000  30 00 00 00 24 00 05 06  01 00 00 00 00 00 00 00  0...$........... |
 | 00010  00 00 00 00 03 00 00 00  00 00 00 00 f1 ff ff ff  ................ |
 | 00020  00 00 00 00 0b 00 01 00  63 6c 73 61 63 74 00 00  ........clsact.. |
16484 recvfrom(3, [{nlmsg_len=68, nlmsg_type=NLMSG_ERROR, nlmsg_flags=0, nlmsg_seq=1, nlmsg_pid=16443}, {error=-ENODEV, msg=[{nlmsg_len=48, nlmsg_type=RTM_NEWQDISC, nlmsg_flags=NLM_F_REQUEST|NLM_F_ACK|NLM_F_EXCL|NLM_F_CREATE, nlmsg_seq=1, nlmsg_pid=0}, {tcm_family=AF_UNSPEC, tcm_ifindex=3, tcm_handle=0, tcm_parent=4294967281, tcm_info=0}, [{nla_len=11, nla_type=TCA_KIND}, "clsact"]]}], 4096, 0, NULL, NULL) = 68
 | 00000  44 00 00 00 02 00 00 00  01 00 00 00 3b 40 00 00  D...........;@.. |
 | 00010  ed ff ff ff 30 00 00 00  24 00 05 06 01 00 00 00  ....0...$....... |
 | 00020  00 00 00 00 00 00 00 00  03 00 00 00 00 00 00 00  ................ |
 | 00030  f1 ff ff ff 00 00 00 00  0b 00 01 00 63 6c 73 61  ............clsa |
 | 00040  63 74 00 00                                       ct..             |
16484 +++ exited with 0 +++
16443 +++ exited with 0 +++
`;

/** strace -f -ttt -xx -s 4096 */
export const text = String.raw`16489 1795427742.820739 socket(AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, NETLINK_ROUTE) = 3
16489 1795427742.820993 clone3({flags=CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD|CLONE_SYSVSEM|CLONE_SETTLS|CLONE_PARENT_SETTID|CLONE_CHILD_CLEARTID, child_tid=0x7fa5a0762990, parent_tid=0x7fa5a0762990, exit_signal=0, stack=0x7fa59ff62000, stack_size=0x7fff80, tls=0x7fa5a07626c0} => {parent_tid=[16530]}, 88) = 16530
16489 1795427742.921581 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=0x7fa5a1609e50) = 16531
16489 1795427742.922979 socket(AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, NETLINK_ROUTE) = 4
16489 1795427742.923252 setsockopt(4, SOL_NETLINK, NETLINK_EXT_ACK, [1], 4) = 0
16531 1795427742.923768 socket(AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, NETLINK_ROUTE) = 4
16531 1795427742.923820 setsockopt(4, SOL_NETLINK, NETLINK_GET_STRICT_CHK, [1], 4) = 0
16531 1795427742.923885 setsockopt(4, SOL_NETLINK, NETLINK_EXT_ACK, [1], 4 <unfinished ...>
16489 1795427742.923950 sendmsg(4, {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="\x30\x00\x00\x00\x24\x00\x05\x06\x01\x00\x00\x00\x00\x00\x00\x00", iov_len=16}, {iov_base="\x00\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00\xf1\xff\xff\xff\x00\x00\x00\x00\x0b\x00\x01\x00\x63\x6c\x73\x61\x63\x74\x00\x00", iov_len=32}], msg_iovlen=2, msg_controllen=0, msg_flags=0}, 0 <unfinished ...>
16531 1795427742.924047 <... setsockopt resumed>) = 0
16489 1795427742.924114 <... sendmsg resumed>) = 48
16531 1795427742.924171 sendmsg(4, {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="\x30\x00\x00\x00\x24\x00\x05\x06\x02\x00\x00\x00\x00\x00\x00\x00", iov_len=16}, {iov_base="\x00\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00\xf1\xff\xff\xff\x00\x00\x00\x00\x0b\x00\x01\x00\x63\x6c\x73\x61\x63\x74\x00\x00", iov_len=32}], msg_iovlen=2, msg_controllen=0, msg_flags=0}, 0) = 48
16489 1795427742.924414 recvfrom(4,  <unfinished ...>
16531 1795427742.924455 recvfrom(4,  <unfinished ...>
16489 1795427742.924465 <... recvfrom resumed>[{nlmsg_len=68, nlmsg_type=NLMSG_ERROR, nlmsg_flags=0, nlmsg_seq=1, nlmsg_pid=16489}, {error=-ENODEV, msg=[{nlmsg_len=48, nlmsg_type=RTM_NEWQDISC, nlmsg_flags=NLM_F_REQUEST|NLM_F_ACK|NLM_F_EXCL|NLM_F_CREATE, nlmsg_seq=1, nlmsg_pid=0}, {tcm_family=AF_UNSPEC, tcm_ifindex=3, tcm_handle=0, tcm_parent=4294967281, tcm_info=0}, [{nla_len=11, nla_type=TCA_KIND}, "\x63\x6c\x73\x61\x63\x74\x00"...]]}], 4096, MSG_PEEK|MSG_TRUNC, NULL, NULL) = 68
16531 1795427742.924847 <... recvfrom resumed>[{nlmsg_len=68, nlmsg_type=NLMSG_ERROR, nlmsg_flags=0, nlmsg_seq=2, nlmsg_pid=16531}, {error=-ENODEV, msg=[{nlmsg_len=48, nlmsg_type=RTM_NEWQDISC, nlmsg_flags=NLM_F_REQUEST|NLM_F_ACK|NLM_F_EXCL|NLM_F_CREATE, nlmsg_seq=2, nlmsg_pid=0}, {tcm_family=AF_UNSPEC, tcm_ifindex=3, tcm_handle=0, tcm_parent=4294967281, tcm_info=0}, [{nla_len=11, nla_type=TCA_KIND}, "\x63\x6c\x73\x61\x63\x74\x00"...]]}], 4096, MSG_PEEK|MSG_TRUNC, NULL, NULL) = 68
16489 1795427742.975161 recvmsg(4,  <unfinished ...>
16531 1795427742.975232 recvmsg(4,  <unfinished ...>
16489 1795427742.975293 <... recvmsg resumed>{msg_name={sa_family=AF_NETLINK, nl_pid=0, nl_groups=00000000}, msg_namelen=12, msg_iov=[{iov_base=[{nlmsg_len=68, nlmsg_type=NLMSG_ERROR, nlmsg_flags=0, nlmsg_seq=1, nlmsg_pid=16489}, {error=-ENODEV, msg=[{nlmsg_len=48, nlmsg_type=RTM_NEWQDISC, nlmsg_flags=NLM_F_REQUEST|NLM_F_ACK|NLM_F_EXCL|NLM_F_CREATE, nlmsg_seq=1, nlmsg_pid=0}, {tcm_family=AF_UNSPEC, tcm_ifindex=3, tcm_handle=0, tcm_parent=4294967281, tcm_info=0}, [{nla_len=11, nla_type=TCA_KIND}, "\x63\x6c\x73\x61\x63\x74\x00"...]]}], iov_len=4096}], msg_iovlen=1, msg_controllen=0, msg_flags=0}, 0) = 68
16531 1795427742.975465 <... recvmsg resumed>{msg_name={sa_family=AF_NETLINK, nl_pid=0, nl_groups=00000000}, msg_namelen=12, msg_iov=[{iov_base=[{nlmsg_len=68, nlmsg_type=NLMSG_ERROR, nlmsg_flags=0, nlmsg_seq=2, nlmsg_pid=16531}, {error=-ENODEV, msg=[{nlmsg_len=48, nlmsg_type=RTM_NEWQDISC, nlmsg_flags=NLM_F_REQUEST|NLM_F_ACK|NLM_F_EXCL|NLM_F_CREATE, nlmsg_seq=2, nlmsg_pid=0}, {tcm_family=AF_UNSPEC, tcm_ifindex=3, tcm_handle=0, tcm_parent=4294967281, tcm_info=0}, [{nla_len=11, nla_type=TCA_KIND}, "\x63\x6c\x73\x61\x63\x74\x00"...]]}], iov_len=4096}], msg_iovlen=1, msg_controllen=0, msg_flags=0}, 0) = 68
16531 1795427742.976609 +++ exited with 0 +++
16489 1795427742.976875 sendto(3, [{nlmsg_len=48, nlmsg_type=0x24 /* NLMSG_??? */, nlmsg_flags=NLM_F_REQUEST|NLM_F_ACK|0x600, nlmsg_seq=1, nlmsg_pid=0}, "\x00\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00\xf1\xff\xff\xff\x00\x00\x00\x00\x0b\x00\x01\x00\x63\x6c\x73\x61\x63\x74\x00\x00"], 48, 0, NULL, 0) = 48
16530 1795427742.977492 recvfrom(3, [{nlmsg_len=68, nlmsg_type=NLMSG_ERROR, nlmsg_flags=0, nlmsg_seq=1, nlmsg_pid=16489}, {error=-ENODEV, msg=[{nlmsg_len=48, nlmsg_type=RTM_NEWQDISC, nlmsg_flags=NLM_F_REQUEST|NLM_F_ACK|NLM_F_EXCL|NLM_F_CREATE, nlmsg_seq=1, nlmsg_pid=0}, {tcm_family=AF_UNSPEC, tcm_ifindex=3, tcm_handle=0, tcm_parent=4294967281, tcm_info=0}, [{nla_len=11, nla_type=TCA_KIND}, "\x63\x6c\x73\x61\x63\x74\x00"...]]}], 4096, 0, NULL, NULL) = 68
16530 1795427742.978765 +++ exited with 0 +++
16489 1795427742.995938 +++ exited with 0 +++
`;
