# A pair of devices, the second with no way on; what leaves em1 is counted.
set -e
cd "$(dirname "$0")"
ip link add em1 type veth peer name em2
ip link set em1 up
ip link set em2 up
tc qdisc add dev em1 clsact
tc filter add dev em1 egress bpf direct-action obj count.o sec classifier
