// Recordings of programs that a real kernel's verifier judged, in two forms: programs as instructions with named kinds of
// maps, and programs as libbpf loaded them from objects. Both become the same here.
import type { Json } from '../input.js';
import { asHex, asNumber, asObject, asString, numbersOf, objectsOf } from '../input.js';
import { mapKinds, type MapRecipe } from './maps.js';

/** What one load gave. */
export interface Verdict {
  /** What is different in this load, for messages. */
  readonly label: string;
  readonly progType: number;
  /** Capabilities of the caller: all, or those of a loader without CAP_PERFMON. */
  readonly perfmon: boolean;
  /** 0: accepted. */
  readonly errno: number;
  /** Log of level 1, when recorded. */
  readonly log: string | undefined;
  /** Instructions as the kernel rewrote them, in hex, when recorded. */
  readonly xlated: string | undefined;
}

export interface VerifierRecord {
  readonly name: string;
  readonly insns: Uint8Array;
  readonly progFlags: number;
  readonly expectedAttachType: number;
  /** Recipes by number of the instruction that loads the map. */
  readonly maps: () => readonly {
    readonly insn: number;
    readonly recipe: MapRecipe;
    readonly source: number | undefined;
  }[];
  /** Raw type section and strings, and pairs of instruction and type id. */
  readonly btf: { readonly types: readonly number[]; readonly strings: string } | undefined;
  readonly funcInfo: readonly (readonly number[])[];
  readonly verdicts: readonly Verdict[];
  /** Why the record cannot be run. */
  readonly obstacle: string | undefined;
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

function verdictOf(value: unknown, label: string, progType: number, perfmon: boolean): Verdict[] {
  if (value === null || value === undefined) return [];
  const real = asObject(value, label);
  return [
    {
      label,
      progType,
      perfmon,
      errno: asNumber(real['errno'], `${label}.errno`),
      log: textOf(real['log1']),
      xlated: textOf(real['xlated_hex']),
    },
  ];
}

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));

/** A record of a table of tests. */
function fromTable(record: Json): VerifierRecord {
  const progType = asNumber(record['prog_type'], 'prog_type');
  const maps = objectsOf(record['maps'], 'maps').map((map) => ({
    insn: asNumber(map['insn'], 'maps.insn'),
    recipe: mapKinds(asString(map['kind'], 'maps.kind')),
    source: undefined,
  }));
  const types = record['btf_types'] === undefined ? [] : numbersOf(record['btf_types'], 'btf_types');
  const hasTypes = types.length > 0;
  const kfuncs = objectsOf(record['kfuncs'], 'kfuncs').length > 0;
  const unknown = maps.find(({ recipe }) => recipe.obstacle !== undefined);
  const generated = record['insns_hex'] === null;
  return {
    name: `${asString(record['id'], 'id')} ${asString(record['name'], 'name')}`,
    insns: bytesOf(generated ? '' : asHex(record['insns_hex'], 'insns_hex')),
    progFlags: asNumber(record['prog_flags'], 'prog_flags'),
    expectedAttachType: asNumber(record['expected_attach_type'], 'expected_attach_type'),
    maps: () => maps,
    btf: hasTypes ? { types, strings: asHex(record['btf_strings'], 'btf_strings') } : undefined,
    funcInfo: hasTypes ? (record['func_info'] as number[][]) : [],
    verdicts: [
      ...verdictOf(record['real'], 'real', progType, true),
      ...verdictOf(record['real_sched_cls'], 'real_sched_cls', 3, true),
      ...verdictOf(record['real_no_perfmon'], 'real_no_perfmon', progType, false),
    ],
    obstacle: kfuncs ? 'calls functions of the kernel' : generated ? 'has no instructions' : unknown?.recipe.obstacle,
  };
}

/** `4: (18) r1 = 0xPTR ; R1=map_ptr(map=NAME,ks=8,vs=48)` */
const mapLine =
  /^(\d+): \(18\) r\d+ = 0x\w+ +; R\d+(?:_w)?=map_(ptr|value)\((?:id=\d+,)?(?:map=(\w+),)?ks=(\d+),vs=(\d+)/gm;

/** Kinds by name as other records of the corpus describe them. */
const described = new Map<string, MapRecipe>();

function describe(map: Json): void {
  const name = asString(map['name'], 'maps.name');
  described.set(name, {
    name,
    mapType: asNumber(map['type'], 'maps.type'),
    keySize: asNumber(map['key_size'], 'maps.key_size'),
    valueSize: asNumber(map['value_size'], 'maps.value_size'),
    maxEntries: asNumber(map['max_entries'], 'maps.max_entries'),
    flags: asNumber(map['flags'], 'maps.flags'),
  });
}

/** Locks and timers want type information, which the descriptions of maps have not. */
function namedRecipe(name: string): MapRecipe {
  const kind = mapKinds(name);
  return kind.btf === undefined ? described.get(name)! : { ...kind, name };
}

/** The kind that a name stands for, when the sizes that the log shows are the same. */
function recipeOf(name: string, keySize: number, valueSize: number): MapRecipe | undefined {
  const kind = mapKinds(name);
  const known = kind.btf !== undefined ? { ...kind, name } : (described.get(name) ?? { ...kind, name });
  return known.obstacle === undefined && known.keySize === keySize && known.valueSize === valueSize ? known : undefined;
}

/** Instructions that load maps. */
function mapLoads(record: Json): number[] {
  const insns = asHex(record['insns_hex'], 'insns_hex').match(/.{16}/g) ?? [];
  return insns.flatMap((insn, i) => (/^18[12]/.test(insn) ? [i] : []));
}

/** What a name gives away. */
const namedTypes: readonly (readonly [pattern: RegExp, type: number])[] = [
  [/percpu_cgroup/, 21],
  [/cgroup_s/, 19],
  [/prog/, 3],
  [/sockmap/, 15],
  [/sockhash/, 18],
  [/stacktrace/, 7],
];
const typeByName = (name: string): number | undefined => namedTypes.find(([pattern]) => pattern.test(name))?.[1];

/** Where nothing tells: a map that the program does not come to. */
const someMap: MapRecipe = { mapType: 2, keySize: 4, valueSize: 8, maxEntries: 1, flags: 0 };

function relocated(record: Json, log: string): ReturnType<VerifierRecord['maps']> {
  const relocs = objectsOf(record['relocs'], 'relocs').map((reloc) => ({
    insn: asNumber(reloc['insn'], 'relocs.insn'),
    recipe: namedRecipe(asString(reloc['map'], 'relocs.map')),
    source: asNumber(reloc['src'], 'relocs.src'),
  }));
  if (relocs.length > 0) return relocs;
  // Where a program was refused, its maps are known from the log alone.
  const told = [...log.matchAll(mapLine)].map(([, insn, what, name, key, value]) => ({
    insn: Number(insn),
    recipe: recipeOf(name ?? '', Number(key), Number(value)) ?? {
      name: name ?? '',
      mapType: typeByName(name ?? '') ?? (what === 'value' || Number(key) === 4 ? 2 : 1),
      keySize: Number(key),
      valueSize: Number(value),
      maxEntries: 1,
      flags: 0,
    },
    source: undefined,
  }));
  const others = mapLoads(record).filter((insn) => told.every((one) => one.insn !== insn));
  return [...told, ...others.map((insn) => ({ insn, recipe: someMap, source: undefined }))];
}

/** Type information is not recorded; what hangs on it cannot be repeated, nor what the loader itself said. */
function obstacleOf(load: number, log: string, record: Json): string | undefined {
  if (load !== 0 && log === '') return 'was not loaded';
  if (log.includes('CO-RE')) return 'refused by the loader';
  const hasMaps = objectsOf(record['relocs'], 'relocs').length > 0 || mapLoads(record).length === 0;
  if (!hasMaps && (load === 0 || !/^\d+: \(/m.test(log))) return 'its maps are not recorded';
  const hex = asHex(record['insns_hex'], 'insns_hex');
  const callsBack = (hex.match(/.{16}/g) ?? []).some((insn) =>
    /^18[0-9a-f]4/.test(insn.slice(0, 2) + insn[3]! + insn[2]!),
  );
  if (callsBack || /^(Func#|Validating )/m.test(log)) return 'its type information is not recorded';
  return undefined;
}

/** A record of a program from an object. */
function fromObject(record: Json): VerifierRecord {
  for (const map of objectsOf(record['maps'], 'maps')) describe(map);
  const log = asString(record['log'], 'log');
  const progType = asNumber(record['prog_type'], 'prog_type');
  const load = asNumber(record['load'], 'load');
  return {
    name: asString(record['id'], 'id'),
    insns: bytesOf(asHex(record['insns_hex'], 'insns_hex')),
    progFlags: asNumber(record['flags'], 'flags'),
    expectedAttachType: asNumber(record['eat'], 'eat'),
    maps: () => relocated(record, log),
    btf: undefined,
    funcInfo: [],
    verdicts: [{ label: 'log', progType, perfmon: true, errno: -load, log, xlated: undefined }],
    obstacle: obstacleOf(load, log, record),
  };
}

export const verifierRecord = (record: Json): VerifierRecord =>
  record['relocs'] === undefined ? fromTable(record) : fromObject(record);
