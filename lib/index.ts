// The public API: a kernel in your own process. `new Machine()` boots one; sockets of it take and give what Linux would.
// `load(relocate(openObject(bytes, name)), port)` loads a BPF object; `machine.bpf(cmd, fields)` is such a port's bpf().
export { ManualClock, type Clock } from './linux/clock.js';
export { configs, type KernelConfig } from './linux/config.js';
export { Entropy } from './linux/entropy.js';
export type { KernelEvent } from './linux/events.js';
export { faultCalls, type Fault, type FaultCall, type FaultWhen, type SetFault } from './linux/faults.js';
export { BpfFile } from './linux/kernel/bpf/file.js';
export { BpfPin, PinTree, type BpfPaths } from './linux/kernel/bpf/inode.js';
export type { BpfAttr } from './linux/kernel/bpf/local_call.js';
export { LocalTask, type LocalTaskOptions } from './linux/kernel/local_task.js';
export type { Task } from './linux/kernel/task.js';
export { Machine, type MachineOptions, type ObjectSnapshot } from './linux/machine.js';
export type { Received, SendRequest, Socket } from './linux/net/socket.js';
export type { DevicePort, FrameListener, FrameOptions } from './linux/packets/port.js';
export type {
  Destination,
  FrameChange,
  PacketsFollowed,
  PacketVerdict,
  PathStep,
  ProgramShown,
} from './linux/packets/verdict.js';
export { kernelVersions, type KernelVersion } from './linux/version.js';
export { Btf } from './loader/btf.js';
export { load, LoadError, type BpfPort, type LoadedObject, type LoadOptions } from './loader/load.js';
export { LoaderError } from './loader/loader_error.js';
export { openObject, type BpfObject } from './loader/object.js';
export { programsFor, relocate, type LinkedObject, type LinkedProgram } from './loader/relocate.js';
export { CaptureError, type CapturedPacket, type CaptureInterface } from './wire/pcap/capture.js';
export { CaptureReader } from './wire/pcap/reader.js';
export { PcapngWriter, PcapWriter } from './wire/pcap/writer.js';
