// include/linux/fs.h struct file, reduced to identity: what an fd refers to, and whether it is one of the model's.

/** An open file description. `kind` names the file operations behind it. */
export interface File {
  readonly kind:
    'netlink' | 'packet' | 'bpf-map' | 'bpf-prog' | 'bpf_link' | 'bpf-link' | 'btf' | 'bpf-stats' | 'netns' | 'foreign';
}

/** Any open file that belongs to no modelled subsystem. */
export const foreignFile: File = { kind: 'foreign' };

/** The network namespace of the process itself (/proc/self/ns/net). */
export const ownNetns: File = { kind: 'netns' };
