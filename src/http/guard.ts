import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import type { Route } from './route.ts';

/** Why a request is turned away. `message` is one line that says what to do; it never holds the token. */
export interface Refusal {
  readonly status: number;
  readonly message: string;
  readonly headers?: OutgoingHttpHeaders;
}

/** The parts of a request that decide whether it may come in. */
export interface RequestHead {
  readonly method: string;
  /** The request's target as it was sent, query and all. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
}

export interface GuardOptions {
  readonly port: number;
  readonly areas: readonly Area[];
}

/** What one token opens, and no other does. */
export interface Area {
  readonly token: string;
  readonly routes: readonly Route[];
}

export type Verdict =
  { readonly kind: 'admitted'; readonly route: Route } | { readonly kind: 'refused'; readonly refusal: Refusal };

/** A bearer token: 32 random bytes as base64url (43 characters). */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/**
 * The one way in: Host (403), Origin (403), token (401), path (404), method (405), in this order. The exact Host and
 * Origin are what keeps a web page out that has made its own name resolve to 127.0.0.1 (CVE-2025-66414).
 */
export function guard(options: GuardOptions): (head: RequestHead) => Verdict {
  const hosts = [`127.0.0.1:${options.port}`, `localhost:${options.port}`];
  const origins = hosts.map((host) => `http://${host}`);
  const areas = options.areas.map(({ token, routes }) => ({ expected: digest(token), routes }));
  return ({ method, target, headers }) => {
    if (headers.host === undefined || !hosts.includes(headers.host))
      return refused(403, `the Host header must be ${hosts[0] ?? ''}: connect to the address that the relay printed`);
    if (headers.origin !== undefined && !origins.includes(headers.origin))
      return refused(403, 'requests from web pages of another origin are not taken: call without an Origin header');
    const given = digest(bearer(headers.authorization) ?? '');
    const routes = areas.filter(({ expected }) => timingSafeEqual(given, expected)).flatMap((area) => area.routes);
    const path = target.split('?', 1)[0];
    const there = routes.filter((route) => route.path === path);
    const isOfOther = there.length === 0 && areas.some((area) => area.routes.some((route) => route.path === path));
    if (routes.length === 0 || isOfOther)
      return refused(
        401,
        "the bearer token is missing or wrong: send 'Authorization: Bearer …' with the token of this start for this path",
        {
          'www-authenticate': 'Bearer realm="task-relay"',
        },
      );
    if (there.length === 0) return refused(404, `nothing is here: the paths are ${paths(routes)}`);
    const route = there.find((one) => one.methods.includes(method));
    if (route !== undefined) return { kind: 'admitted', route };
    const allow = there.flatMap((one) => one.methods).join(', ');
    return refused(405, `this path takes ${allow}`, { allow });
  };
}

function refused(status: number, message: string, headers: OutgoingHttpHeaders = {}): Verdict {
  return { kind: 'refused', refusal: { status, message, headers } };
}

function bearer(authorization: string | undefined): string | undefined {
  return /^Bearer +([^\s]+) *$/i.exec(authorization ?? '')?.[1];
}

/** Equal lengths for a comparison in constant time. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function paths(routes: readonly Route[]): string {
  return [...new Set(routes.map((route) => route.path))].join(', ');
}
