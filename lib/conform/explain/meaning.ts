// What a field or an attribute means in the message it stands in, in one sentence. The tables are by subject; a name is looked
// for with the attribute around it first, since members like `flags` mean something else in each struct.
import type { Context } from '../../wire/layout/shape.js';
import { headerMeanings } from './meaning/header.js';
import { linkMeanings } from './meaning/link.js';
import type { Meaning } from './meaning/meaning.js';
import { routeMeanings } from './meaning/route.js';
import { trafficMeanings } from './meaning/traffic.js';

export interface Asked {
  readonly value: unknown;
  readonly context: Context | undefined;
  readonly path: readonly string[];
  readonly isRequest: boolean;
}

const meanings: ReadonlyMap<string, Meaning> = new Map(
  [headerMeanings, trafficMeanings, linkMeanings, routeMeanings].flatMap((table) => Object.entries(table)),
);

export function meaningOf(name: string, { value, context, path, isRequest }: Asked): string | undefined {
  const meaning = meanings.get(`${path.at(-1) ?? ''} ${name}`) ?? meanings.get(name);
  if (meaning === undefined || typeof meaning === 'string') return meaning;
  const { type = 0, flags = 0, family = 0 } = context ?? {};
  return meaning({ number: typeof value === 'number' ? value : NaN, value, type, flags, family, isRequest });
}
