import { crc32 } from 'node:zlib';

const CHECKSUM_LENGTH = 8;
const JSON_START = CHECKSUM_LENGTH + 1;
const PLACEHOLDER = '0'.repeat(CHECKSUM_LENGTH);
const SPACE = 0x20;

function checksum(json: Buffer): string {
  return crc32(json).toString(16).padStart(CHECKSUM_LENGTH, '0');
}

/** One record of the journal or of an archived pack: `<crc32 of the JSON, 8 hex digits> <JSON>\n`. */
export function encodeLine(value: unknown): Buffer {
  const line = Buffer.from(`${PLACEHOLDER} ${JSON.stringify(value)}\n`);
  line.write(checksum(line.subarray(JSON_START, -1)), 0, 'latin1');
  return line;
}

/** The value of a line without its newline; undefined where the checksum does not fit. */
export function decodeLine(line: Buffer): unknown {
  const json = payloadOf(line);
  if (json === undefined) return undefined;
  try {
    return JSON.parse(json.toString('utf8'));
  } catch {
    return undefined;
  }
}

function payloadOf(line: Buffer): Buffer | undefined {
  if (line.length <= JSON_START || line[CHECKSUM_LENGTH] !== SPACE) return undefined;
  const json = line.subarray(JSON_START);
  const told = line.toString('latin1', 0, CHECKSUM_LENGTH);
  return checksum(json) === told ? json : undefined;
}

/**
 * Whether a whole record is hidden in a broken last line: what is left when a newline was overwritten. A write that was
 * torn never looks so, hence such a line must not be cut off as one.
 */
export function hidesRecord(line: Buffer): boolean {
  if (payloadOf(line.subarray(0, -1)) !== undefined) return true;
  for (let at = line.indexOf(' {'); at !== -1; at = line.indexOf(' {', at + 1)) {
    const rest = line.subarray(Math.max(at - CHECKSUM_LENGTH, 0));
    if (at > CHECKSUM_LENGTH && (payloadOf(rest) ?? payloadOf(rest.subarray(0, -1))) !== undefined) return true;
  }
  return false;
}
