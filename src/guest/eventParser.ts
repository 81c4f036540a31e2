/** Cuts a `text/event-stream` into the data of its events, however the bytes were split on their way. */
export class EventParser {
  #rest = '';

  /** The data of each event that `text` completes. Comments (keep-alives) have none and are left out. */
  push(text: string): readonly string[] {
    const blocks = (this.#rest + text).split('\n\n');
    this.#rest = blocks.pop() ?? '';
    return blocks.flatMap((block) => {
      const lines = block.split('\n').filter((line) => line.startsWith('data:'));
      return lines.length === 0 ? [] : [lines.map((line) => line.slice(5).replace(/^ /, '')).join('\n')];
    });
  }
}
