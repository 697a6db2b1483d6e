// The process above a box. When a box is killed, its clients become children of the nearest ancestor that reaps
// (PR_SET_CHILD_SUBREAPER): of this one, which gives them a moment to see that their kernel is gone and then kills what
// is left. All it does is wait, so it turns into a shell: a hundred of them must cost nothing.
import koffi from 'koffi';
import { F_SETFD, PR_SET_CHILD_SUBREAPER } from './abi.js';
import { fcntl, prctl } from './libc.js';

/** $@ is the command of the box. fd 3 is the box's alone: its end must be seen. */
const script = `
trap 'kill -TERM "$box" 2>/dev/null' HUP INT TERM
"$@" &
box=$!
exec 3>&-
while kill -0 "$box" 2>/dev/null; do wait "$box"; done
trap '' HUP INT TERM
children=/proc/$$/task/$$/children
left() { left=; read -r left <"$children"; [ -n "$left" ]; }
left || exit 0
sleep 0.5
tries=0
while left && [ $tries -lt 200 ]; do
  kill -KILL $left 2>/dev/null
  sleep 0.02
  tries=$((tries + 1))
done
`;

/** Turns this process into the guardian of a command, whose fd 3 is this one's. Returns only when that fails. */
export function becomeGuardian(command: readonly string[]): void {
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  fcntl(3, F_SETFD, 0);
  koffi.load(null).func('int execv(const char *, const char **)')('/bin/sh', [
    'sh',
    '-c',
    script,
    'tcbox',
    ...command,
    null,
  ]);
}
