// Arguments as strace writes them: strings, lists in square brackets, structs in braces, calls such as htons(53), and words, which
// are numbers, constants, flags with bars between them and whatever else stands alone. `...` and comments are left out and
// remembered as a gap.
import { ByteSink } from './byte_sink.js';
import { putEscaped } from './escapes.js';

export type StraceValue =
  /** `cut`: `...` follows; it ends without the NUL that belongs there, or goes on. */
  | { readonly kind: 'text'; readonly bytes: Uint8Array; readonly cut: boolean }
  | { readonly kind: 'list'; readonly items: readonly StraceValue[]; readonly cut: boolean }
  | { readonly kind: 'struct'; readonly fields: ReadonlyMap<string, StraceValue>; readonly cut: boolean }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly StraceValue[] }
  | { readonly kind: 'word'; readonly text: string };

/** Deepest nesting that is read. */
const DEPTH = 48;

const space = /(?:\s|\/\*[^*]{0,200}\*\/|=>)*/y;
const quoted = /"((?:[^"\\]|\\.)*)"(\.\.\.)?/y;
/** A word, with what strace puts behind an fd in angle brackets. */
const word = /(?:<(?!<)[^>]*(?:->[^>]*)*>|<<|[^,\s()[\]{}"=])+/y;

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Values up to `end`; undefined when something else comes. */
  list(end: string, depth: number): { readonly items: StraceValue[]; readonly cut: boolean } | undefined {
    const items: StraceValue[] = [];
    let cut = false;
    for (;;) {
      this.#match(space);
      if (this.#take(end)) return { items, cut };
      if (this.#take('...')) cut = true;
      else if (!this.#take(',')) {
        let item = this.#value(depth);
        // `[IFLA_MTU]=1500`: the index of an element in front of it.
        if (item?.kind === 'list' && this.#take('=')) item = this.#value(depth);
        if (item === undefined) return undefined;
        items.push(item);
      }
    }
  }

  #take(sign: string): boolean {
    if (sign === '' ? this.#at < this.#text.length : !this.#text.startsWith(sign, this.#at)) return false;
    this.#at += sign.length;
    return true;
  }

  #match(form: RegExp): RegExpExecArray | undefined {
    form.lastIndex = this.#at;
    const match = form.exec(this.#text);
    if (match === null) return undefined;
    this.#at = form.lastIndex;
    return match;
  }

  #value(depth: number): StraceValue | undefined {
    if (depth > DEPTH) return undefined;
    const text = this.#match(quoted);
    if (text !== undefined) {
      const sink = new ByteSink();
      putEscaped(text[1]!, sink);
      return { kind: 'text', bytes: sink.take(), cut: text[2] !== undefined };
    }
    if (this.#take('[')) {
      const list = this.list(']', depth + 1);
      return list && { kind: 'list', ...list };
    }
    if (this.#take('{')) return this.#struct(depth + 1);
    return this.#word(depth);
  }

  #struct(depth: number): StraceValue | undefined {
    const fields = new Map<string, StraceValue>();
    let cut = false;
    for (;;) {
      this.#match(space);
      if (this.#take('}')) return { kind: 'struct', fields, cut };
      if (this.#take(',')) continue;
      if (this.#take('...')) {
        cut = true;
        continue;
      }
      const name = this.#match(/[\w.]+(?==)/y)?.[0];
      if (name !== undefined) this.#at++;
      const value = this.#value(depth);
      if (value === undefined) return undefined;
      fields.set(name ?? String(fields.size), value);
    }
  }

  #word(depth: number): StraceValue | undefined {
    const text = this.#match(word)?.[0];
    if (text === undefined) return undefined;
    if (!this.#take('(')) return { kind: 'word', text };
    const args = this.list(')', depth + 1);
    return args && { kind: 'call', name: text, args: args.items };
  }
}

/** The arguments of a call; undefined = they are not as strace writes them. */
export const straceValues = (text: string): readonly StraceValue[] | undefined => new Reader(text).list('', 0)?.items;
