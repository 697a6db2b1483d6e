// The table and the JSON form of what `npm run bench` measured.
import { cpus, release } from 'node:os';
import type { Row } from './measure.js';

/** Whether a row misses its limit. */
export function isOver(row: Row): boolean {
  if ('reference' in row) return row.target !== undefined && row.tcbox / row.reference > row.target;
  if ('value' in row) return row.value < (row.least ?? -Infinity) || row.value > (row.most ?? Infinity);
  return false;
}

export function table(rows: readonly Row[]): string {
  const width = Math.max(...rows.map((row) => row.name.length));
  return rows.map((row) => `${row.name.padEnd(width)}  ${line(row)}`).join('\n');
}

function line(row: Row): string {
  if ('skipped' in row) return `skipped: ${row.skipped}`;
  const verdict = isOver(row) ? 'OVER' : 'ok';
  if ('value' in row) {
    const value = `${format(row.value)} ${row.unit}`;
    if (row.least !== undefined) return `${value}, at least ${format(row.least)}: ${verdict}`;
    return row.most === undefined ? value : `${value}, at most ${format(row.most)}: ${verdict}`;
  }
  const sides = `${time(row.tcbox)} / ${time(row.reference)}`.padEnd(22);
  const ratio = `${(row.tcbox / row.reference).toFixed(2)}×`;
  if (row.target === undefined) return `${sides} ${ratio}`;
  return `${sides} ${ratio}, limit ${row.target}×: ${verdict}`;
}

function time(µs: number): string {
  return µs < 1000 ? `${µs.toFixed(0)} µs` : `${format(µs / 1000)} ms`;
}

function format(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}

export function json(rows: readonly Row[]): string {
  const machine = { node: process.version, kernel: release(), cpus: cpus().length };
  const results = rows.map((row) => {
    if ('skipped' in row) return row;
    const ratio = 'reference' in row ? { ratio: row.tcbox / row.reference } : {};
    return { ...row, ...ratio, ok: !isOver(row) };
  });
  return JSON.stringify({ version: 2, unit: 'µs', machine, results }, null, 2);
}
