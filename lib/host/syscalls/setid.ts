// kernel/groups.c, kernel/sys.c and fs/open.c: setgroups, setgid, setuid and chown of programs that give up root, as those that
// capture packets do. In a box of an ordinary user the client is root in a namespace that has no other user, where the real
// kernel refuses them; root of the modelled kernel may. There is nothing to give up, so they are answered as done, and ids
// stay.
import { BASE, STAT, stat, u32 } from '../libc.js';
import { readPath } from '../paths.js';
import type { Handler, Supervisor } from '../supervisor.js';
import { PROCEED } from '../verdict.js';

const isUserBox = (sv: Supervisor): boolean => sv.namespaces?.kind === 'user';

/** Root itself, and no groups at all, are there: the real kernel decides. */
export const setId: Handler = (sv) => {
  if (sv.listener.notification.int(0) === 0 || !isUserBox(sv)) return PROCEED;
  sv.log('a program gives up root: in a box of an ordinary user its ids stay what they are');
  return 0;
};

/** chown(2) of a file that is the user's own: what a capture is written to, before the program gives up root. */
export const chown: Handler = (sv, task) => {
  if (!isUserBox(sv)) return PROCEED;
  const path = readPath(task.pid, sv.listener.notification.ptr(0));
  if (typeof path === 'number' || !isOwn(sv, `/proc/${task.pid}/${path.startsWith('/') ? 'root' : 'cwd'}/${path}`))
    return PROCEED;
  sv.log('a file would get another owner: in a box of an ordinary user files keep theirs');
  return 0;
};

function isOwn(sv: Supervisor, path: string): boolean {
  return stat(path, BASE + STAT) === 0 && u32[(STAT + sv.abi.statUid) >> 2] === process.getuid!();
}
