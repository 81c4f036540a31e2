import { open } from 'node:fs/promises';
import type { CallOutput } from '../protocol/calls.ts';

/** A part of a log that still grows, in bytes; nothing where it has not begun. */
export async function growingLog(path: string, offset: number, maxBytes: number): Promise<CallOutput<'log'>> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return { base64: '', offset, totalBytes: 0, ended: false };
  try {
    const { size: totalBytes } = await file.stat();
    const { buffer, bytesRead } = await file.read({
      buffer: Buffer.alloc(Math.max(0, Math.min(maxBytes, totalBytes - offset))),
      position: offset,
    });
    return { base64: buffer.toString('base64', 0, bytesRead), offset, totalBytes, ended: false };
  } finally {
    await file.close();
  }
}
