const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const UNITS: Readonly<Record<string, number>> = { d: DAY, h: HOUR, ms: 1, m: MINUTE, s: 1000 };

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/**
 * When a limit ends (ms since 1970), out of what codex says of it: a time of day or a date in the local zone (0.169.0), a
 * duration (older versions, and OpenAI's words on rates), or a field of a provider's answer that it repeats.
 */
export function resetIn(text: string, now: number): number | undefined {
  return field(text, now) ?? timeToldAt(text, now) ?? durationTold(text, now);
}

function field(text: string, now: number): number | undefined {
  const at = /\bresets_at\W{1,4}(\d{9,11})\b/.exec(text)?.[1];
  if (at !== undefined) return Number(at) * 1000;
  const seconds = /\b(?:resets_in_seconds|retry[-_]after)\W{1,4}(\d+(?:\.\d+)?)/i.exec(text)?.[1];
  return seconds === undefined ? undefined : now + Number(seconds) * 1000;
}

/** `try again at 9:42 PM` today, or `try again at Jan 1st, 2100 12:00 AM`: cut to the minute, so that one more is waited. */
function timeToldAt(text: string, now: number): number | undefined {
  const told =
    /try again at (?:([A-Z][a-z]{2})[a-z]* (\d{1,2})(?:st|nd|rd|th)?,? (\d{4}),? )?(\d{1,2}):(\d{2}) ?([AP])M/i;
  const [, month, day, year, hour = '', minute = '', half = ''] = told.exec(text) ?? [];
  if (hour === '') return undefined;
  const at = new Date(now);
  if (month !== undefined) {
    const index = MONTHS.indexOf(month.toLowerCase());
    if (index < 0) return undefined;
    at.setFullYear(Number(year), index, Number(day));
  }
  at.setHours((Number(hour) % 12) + (half.toUpperCase() === 'P' ? 12 : 0), Number(minute), 0, 0);
  // A time without a date that lies behind is tomorrow's.
  if (month === undefined && at.getTime() + MINUTE < now) at.setDate(at.getDate() + 1);
  return at.getTime() + MINUTE;
}

/** `try again in 1 day 2 hours 3 minutes`, `in 1h 2m`, `in 11.054s`. */
function durationTold(text: string, now: number): number | undefined {
  const told = /try again in ((?:\d+(?:\.\d+)? ?[a-z]+[ ,]*(?:and )?)+)/i.exec(text)?.[1];
  if (told === undefined) return undefined;
  const parts = [...told.matchAll(/(\d+(?:\.\d+)?) ?(ms|milli|[dhms])/gi)];
  const ms = parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * unitOf(unit.toLowerCase()), 0);
  return parts.length === 0 ? undefined : now + ms;
}

function unitOf(unit: string): number {
  return UNITS[unit === 'milli' ? 'ms' : unit] ?? 0;
}
