/** The bytes of the longest UTF-8 character. */
export const LONGEST_CHARACTER = 4;

/**
 * Where to cut `bytes` so that no more than `most` are taken and no character is split; at least one character is taken,
 * so reading always goes on. `last`: nothing follows after `bytes`. Bytes that are no UTF-8 are characters of their own.
 */
export function cutAt(bytes: Uint8Array, most: number, last: boolean): number {
  const end = Math.min(bytes.length, most);
  if (last && end === bytes.length) return end;
  const whole = startOfSplit(bytes, end);
  return whole > 0 ? whole : Math.min(lengthAt(bytes, 0), bytes.length);
}

/** The start of the character that a cut at `end` would split, or `end` itself. */
function startOfSplit(bytes: Uint8Array, end: number): number {
  for (let start = end - 1; start >= 0 && start > end - LONGEST_CHARACTER; start -= 1) {
    if (isContinuation(bytes[start])) continue;
    return start + lengthAt(bytes, start) > end ? start : end;
  }
  return end;
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

function lengthAt(bytes: Uint8Array, start: number): number {
  const lead = bytes[start] ?? 0;
  if (lead >= 0xf0 && lead < 0xf8) return 4;
  if (lead >= 0xe0) return lead < 0xf0 ? 3 : 1;
  return lead >= 0xc0 ? 2 : 1;
}
