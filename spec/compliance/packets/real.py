# Plays one configuration to the kernel it runs on. The caller starts it as root in a network and a mount namespace of its
# own (unshare -nm) and writes the configuration to standard input; what came of it goes to standard output. Frames are sent
# one at a time from one CPU, so that what a frame causes has happened, or nearly so, when the send returns.
import ctypes, json, os, select, socket, struct, subprocess, sys, time

SOL_PACKET, PACKET_AUXDATA, ETH_P_ALL = 263, 8, 3


def shell(command):
    done = subprocess.run(['sh', '-c', command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return [done.returncode, done.stdout.decode('latin1')]


def quiet_network():
    base = '/proc/sys/net/ipv6/conf/'
    for name in ('all', 'default'):
        if os.path.exists(base + name):
            with open(base + name + '/disable_ipv6', 'w') as file:
                file.write('1')


def without_carrier(names):
    lines = [line.split() for line in shell('ip link show')[1].splitlines()]
    flags = {words[1].rstrip(':').split('@')[0]: words[2] for words in lines if words[0].endswith(':')}
    return [name for name in names if name in flags and 'LOWER_UP' not in flags[name]]


def await_carrier(names):
    end = time.monotonic() + 30
    while without_carrier(names) and time.monotonic() < end:
        time.sleep(0.01)


def receiver(name):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    sock.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    sock.bind((name, ETH_P_ALL))
    sock.setblocking(False)
    return sock


def sockaddr(address):
    return [address[1], address[2], address[3], address[4].hex()]


def drain(receivers):
    got = []
    for name, sock in receivers:
        while True:
            try:
                data, control, _, address = sock.recvmsg(65536, 256)
            except BlockingIOError:
                break
            except OSError as error:
                got.append([name, error.errno])
                continue
            aux = [c[2].hex() for c in control if c[0] == SOL_PACKET]
            got.append([name, sockaddr(address), aux[0] if aux else '', data.hex()])
    return got


def soft_interrupt_threads():
    found = []
    for pid in filter(str.isdigit, os.listdir('/proc')):
        try:
            with open('/proc/%s/comm' % pid) as file:
                if file.read().startswith('ksoftirqd/'):
                    found.append('/proc/%s/stat' % pid)
        except OSError:
            pass
    return found


KSOFTIRQD = soft_interrupt_threads()


def sleeps(path):
    with open(path) as file:
        return file.read().split(') ')[-1][0] == 'S'


def settle():
    # On a busy computer soft interrupts may be left to these threads, which then wait for a CPU.
    end = time.monotonic() + 30
    time.sleep(0.0003)
    while not all(map(sleeps, KSOFTIRQD)) and time.monotonic() < end:
        time.sleep(0.0003)


def send(sender, step, receivers):
    error = 0
    try:
        sender.send(bytes.fromhex(step['hex']))
    except OSError as failure:
        error = failure.errno
    got = drain(receivers)
    settle()
    return {'errno': error, 'got': got + drain(receivers)}


def main():
    job = json.load(sys.stdin)
    quiet_network()
    os.sched_setaffinity(0, {0})
    setup = [shell(command) for command in job['setup']]
    await_carrier(job['receivers'])
    receivers = [(name, receiver(name)) for name in job['receivers']]
    sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sender.bind((job['sender'], 0))
    for option, value in job['options']:
        sender.setsockopt(socket.SOL_SOCKET, option, value)
    time.sleep(0.05)
    drain(receivers)
    steps = []
    for step in job['steps']:
        if 'hex' in step:
            steps.append(send(sender, step, receivers))
        else:
            steps.append(shell(step['run']))
            if ' -j ' not in step['run']:
                time.sleep(0.1)
    json.dump({'setup': setup, 'steps': steps}, sys.stdout)


main()
