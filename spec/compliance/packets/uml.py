# The first process of a user-mode Linux: `uml.py FOLDER` plays every job of the folder (N.job, from 0 on) to this kernel,
# each in namespaces of its own, writes what came of it beside it (N.play) and switches the machine off. The root is that
# of the computer outside, read-only; the folder, which holds this file and real.py too, is mounted over itself to write in.
import ctypes, os, subprocess, sys, traceback

FINIT_MODULE, POWER_OFF = 313, 0x4321FEDC
MODULES = ['ifb', 'veth'] + ['sch_' + name for name in ('ingress', 'htb', 'tbf', 'prio', 'fq_codel', 'drr', 'red', 'sfq')]
MODULES += ['cls_' + name for name in ('bpf', 'u32', 'matchall', 'flower')]
MODULES += ['act_' + name for name in ('gact', 'police', 'mirred', 'bpf')]

libc = ctypes.CDLL(None, use_errno=True)


def check(result, what):
    if result != 0:
        raise OSError(ctypes.get_errno(), what)


def mount(source, where, kind, options=''):
    check(libc.mount(source.encode(), where.encode(), kind.encode(), 0, options.encode()), 'mount ' + where)


def load(name, path):
    fd = os.open(path, os.O_RDONLY)
    check(libc.syscall(FINIT_MODULE, fd, b'', 0), 'module ' + name)
    os.close(fd)


def load_modules():
    found = {}
    for folder, _, files in os.walk('/usr/lib/uml/modules/' + os.uname().release):
        found.update((file[:-3], os.path.join(folder, file)) for file in files if file.endswith('.ko'))
    for name in MODULES:
        load(name, found[name])


def play(folder):
    number = 0
    while os.path.exists('%s/%d.job' % (folder, number)):
        path = '%s/%d' % (folder, number)
        with open(path + '.job') as job, open(path + '.play', 'w') as result:
            subprocess.run(['unshare', '-nm', sys.executable, folder + '/real.py'], stdin=job, stdout=result, check=True)
        number += 1


def main(folder):
    os.environ['PATH'] = '/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin'
    mount('proc', '/proc', 'proc')
    mount('sysfs', '/sys', 'sysfs')
    mount('none', folder, 'hostfs', folder)
    with open(folder + '/log', 'w') as log:
        os.dup2(log.fileno(), 2)
        try:
            load_modules()
            play(folder)
        except Exception:
            traceback.print_exc()
    os.sync()
    libc.syscall(169, 0xFEE1DEAD, 672274793, POWER_OFF, 0)


main(sys.argv[1])
