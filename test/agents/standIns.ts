import { hostname } from 'node:os';

/** Paths of the machine, and what stands for each of them. */
export type Places = readonly (readonly [path: string, standIn: string])[];

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z/g;
const PORT = /127\.0\.0\.1:\d+/g;
/** Durations, in Claude's events and in its words. */
const DURATION = /("\w+_ms":)\d+/g;
const TOLD_DURATION = /\d+ ms\b/g;

/**
 * Takes out of a program's words what is of one machine or one run alone: paths, ports, ids, times. The same thing gets the
 * same stand-in throughout a recording, so that what belongs together still does.
 */
export function standIns(places: Places): (text: string) => string {
  const ids = new Map<string, string>();
  const id = (uuid: string): string => {
    const known = ids.get(uuid) ?? `00000000-0000-4000-8000-${String(ids.size + 1).padStart(12, '0')}`;
    ids.set(uuid, known);
    return known;
  };
  // Long paths first: one may lie in another.
  const paths = places.flatMap(bothForms).sort(([a], [b]) => b.length - a.length);
  return (text) => {
    const placed = paths.reduce((sofar, [path, standIn]) => sofar.replaceAll(path, standIn), text);
    return placed
      .replaceAll(hostname(), 'host')
      .replace(UUID, id)
      .replace(TIME, '2026-01-01T00:00:00.000Z')
      .replace(PORT, '127.0.0.1:8080')
      .replace(DURATION, '$1100')
      .replace(TOLD_DURATION, '100 ms');
  };
}

/** Claude names a folder for each project by its path, with dashes. */
function bothForms([path, standIn]: Places[number]): Places {
  const dashed = (text: string): string => text.replaceAll(/[^A-Za-z0-9]/g, '-');
  return [
    [path, standIn],
    [dashed(path), dashed(standIn)],
  ];
}
