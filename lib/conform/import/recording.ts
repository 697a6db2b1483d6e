// Recordings of `tcbox record`: an entry after the other. A damaged one ends what can be read.
import { RecordingError, RecordingReader } from '../../record/recording.js';
import type { Datagram } from '../datagram.js';
import type { ImportContext, Importer } from './importer.js';
import { RecordingWalk } from './recording_walk.js';

export class RecordingImporter implements Importer {
  readonly #context: ImportContext;
  readonly #reader = new RecordingReader();
  readonly #walk: RecordingWalk;
  #failed = false;
  /** Its last entry is there. */
  isSilent = false;

  constructor(context: ImportContext) {
    this.#context = context;
    this.#walk = new RecordingWalk(context);
  }

  *push(chunk: Uint8Array): Generator<Datagram, void> {
    if (this.#failed) return;
    try {
      for (const { entry, offset, placeOf } of this.#reader.push(chunk))
        yield* this.#walk.entry(entry, { offset, of: (bytes) => ({ offset: placeOf(bytes) }) });
    } catch (error) {
      this.#fail(error);
    }
  }

  *end(): Generator<Datagram, void> {
    if (this.#failed) return;
    try {
      this.#reader.end();
      this.isSilent = true;
    } catch (error) {
      this.#fail(error);
    }
    yield* [];
  }

  #fail(error: unknown): void {
    if (!(error instanceof RecordingError)) throw error;
    this.#failed = true;
    const { file } = this.#context;
    this.#context.problem({ file, offset: error.offset, text: error.message.replace(/^offset \d+: /, '') });
  }
}
