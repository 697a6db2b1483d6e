// kernel/groups.c and kernel/sys.c: setgroups, setgid and setuid of programs that give up root, as those that capture packets
// do. In a box of an ordinary user the client is root in a namespace that has no other user, where the real kernel refuses
// them; root of the modelled kernel may. There is nothing to give up, so they are answered as done, and ids stay.
import type { Handler } from '../supervisor.js';
import { PROCEED } from '../verdict.js';

/** Root itself, and no groups at all, are there: the real kernel decides. */
export const setId: Handler = (sv) => {
  if (sv.listener.notification.int(0) === 0 || sv.namespaces?.kind !== 'user') return PROCEED;
  sv.log('a program gives up root: in a box of an ordinary user its ids stay what they are');
  return 0;
};
