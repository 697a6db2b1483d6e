// The table and the JSON form of what `npm run bench` measured.
import { cpus, release } from 'node:os';
import type { Row } from './measure.js';

export function isOver(row: Row): boolean {
  return 'reference' in row && row.target !== undefined && row.tcbox / row.reference > row.target;
}

export function table(rows: readonly Row[]): string {
  const width = Math.max(...rows.map((row) => row.name.length));
  return rows.map((row) => `${row.name.padEnd(width)}  ${line(row)}`).join('\n');
}

function line(row: Row): string {
  if ('skipped' in row) return `skipped: ${row.skipped}`;
  if ('rate' in row) return `${format(row.rate)} ${row.unit}`;
  const sides = `${time(row.tcbox)} / ${time(row.reference)}`.padEnd(22);
  const ratio = `${(row.tcbox / row.reference).toFixed(2)}×`;
  if (row.target === undefined) return `${sides} ${ratio}`;
  return `${sides} ${ratio}, limit ${row.target}×: ${isOver(row) ? 'OVER' : 'ok'}`;
}

function time(µs: number): string {
  return µs < 1000 ? `${µs.toFixed(0)} µs` : `${format(µs / 1000)} ms`;
}

function format(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}

export function json(rows: readonly Row[]): string {
  const machine = { node: process.version, kernel: release(), cpus: cpus().length };
  const results = rows.map((row) =>
    'reference' in row ? { ...row, ratio: row.tcbox / row.reference, ok: !isOver(row) } : row,
  );
  return JSON.stringify({ version: 1, unit: 'µs', machine, results }, null, 2);
}
