// Names of numbers, for people: constants stay flat exports with kernel spelling, these tables give the way back.

/** `number → name` of one enum; unknown numbers show as decimal. */
export function nameTable(names: Readonly<Record<string, number>>): (value: number) => string {
  let byValue: ReadonlyMap<number, string> | undefined;
  return (value) => {
    byValue ??= new Map(Object.entries(names).map(([name, number]) => [number, name]));
    return byValue.get(value) ?? String(value);
  };
}

/** `bits → NAME|NAME` of one flag set; bits without a name follow as hex, no bit at all is 0. */
export function flagTable(names: Readonly<Record<string, number>>): (value: number) => string {
  const entries = Object.entries(names);
  return (value) => {
    let rest = value >>> 0;
    const found: string[] = [];
    for (const [name, bits] of entries) {
      if (bits === 0 || (rest & bits) >>> 0 !== bits) continue;
      found.push(name);
      rest = (rest & ~bits) >>> 0;
    }
    if (rest !== 0) found.push(`0x${rest.toString(16)}`);
    return found.length === 0 ? '0' : found.join('|');
  };
}
