// Programs of this computer that recordings drive.
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** Where clients look for programs; an ordinary user's PATH often lacks the sbin folders that ip and tc live in. */
export const clientPath = [process.env['PATH'] ?? '', '/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin', '/bin'].join(
  ':',
);

/** Whether a program of this name can be executed. */
export function hasProgram(name: string, path = clientPath): boolean {
  return path.split(':').some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return folder !== '';
    } catch {
      return false;
    }
  });
}

const driven = ['ip', 'tc', 'bpftool', 'sysctl', 'ping', 'tcpdump', 'ethtool', 'seq', 'python3'];

/** The first program that one of the commands names and that is missing here. */
export function missingProgram(commands: readonly string[]): string | undefined {
  return driven.find(
    (name) => commands.some((c) => new RegExp(`(^|[\\s;|&(])${name}\\s`).test(c)) && !hasProgram(name),
  );
}
