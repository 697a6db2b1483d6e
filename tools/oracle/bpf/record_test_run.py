"""Records what the kernel underneath does with the programs of cases.py and shape_cases.py, or with COUNT random ones of
sequences.py: one line of JSON for each, as spec/linux/net/bpf/test_run.spec.ts reads them. As root, in a network namespace of
its own with lo up:

    unshare -n sh -c 'ip link set lo up; python3 record_test_run.py OUT [SEED COUNT]'
"""
import json
import os
import sys

import kernel
import sequences
import shape_cases


def compact(data):
    """Hexadecimal without the zero bytes at the end, whose number follows from the length that is recorded beside."""
    return data.rstrip(b'\0').hex()


def record(name, kind, program, packet, options):
    line = {'name': name, 'type': kind, 'insns': program.hex(), 'packet': compact(packet), 'length': len(packet)}
    run = {'out_size': 32768 if 'out_size' not in options else options['out_size']}
    for key in ('out', 'repeat', 'flags', 'cpu', 'batch', 'ctx_out'):
        if key in options:
            run[key] = options[key]
    line['run'] = {**{key: value for key, value in run.items() if (key, value) != ('out_size', 32768)}, **({'ctx': compact(options['ctx']), 'ctx_in': len(options['ctx'])} if 'ctx' in options else {})}
    fd, log = kernel.load(kind, program, log=False)
    if fd < 0:
        sys.exit(f'{name}: {os.strerror(-fd)}\n{kernel.load(kind, program, log=True)[1][-600:]}')
    line['real'] = kernel.test_run(fd, packet, ctx_in=options.get('ctx'), **run)
    for key in ('data', 'ctx'):
        if key in line['real']:
            line['real'][key] = compact(bytes.fromhex(line['real'][key]))
    if line['real'].get('data') == line['packet']:
        del line['real']['data']
    os.close(fd)
    return line


def main():
    path, *random = sys.argv[1:]
    cases = sequences.sequences(int(random[0]), int(random[1])) if random else shape_cases.CASES
    with open(path, 'w') as out:
        version = os.uname().release.split('-')[0]
        out.write(json.dumps({'kernel': version, 'machine': os.uname().machine}) + '\n')
        for case in cases:
            out.write(json.dumps(record(*case)) + '\n')
    print(len(cases), 'cases')


main()
