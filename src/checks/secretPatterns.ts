import { bitsIn, looksLikePassword, looksReal } from './placeholder.ts';
import { patternRule, type SecretPattern } from './secretPattern.ts';
import type { SecretRule } from './secretRule.ts';

/** The account key of the storage emulator is the same for everybody (learn.microsoft.com, "Use the Azurite emulator"). */
const EMULATOR = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq';

/** Secrets that the words before them tell. */
const NAMED: readonly SecretPattern[] = [
  {
    name: 'AWS session token',
    source: 'docs.aws.amazon.com/cli, environment variables and configuration files',
    pattern: /aws_?session_?token["']?\s{0,3}(?:=>|[=:])\s{0,3}["']?([A-Za-z0-9/+=]{100,2000})/gi,
  },
  {
    name: 'Azure storage account key',
    source: 'learn.microsoft.com, "Configure Azure Storage connection strings": 64 bytes in base 64',
    pattern: /AccountKey=([A-Za-z0-9+/]{86}==)/g,
    accept: (key) => looksReal(key) && !key.startsWith(EMULATOR),
  },
  {
    name: 'Azure shared access key',
    source: 'learn.microsoft.com, Service Bus and Event Hubs connection strings: 32 bytes in base 64',
    pattern: /SharedAccessKey=([A-Za-z0-9+/]{43}=)/g,
  },
  {
    name: 'Azure shared access signature',
    source: 'learn.microsoft.com, "Create a service SAS": sig is an HMAC-SHA256, beside the version sv',
    hint: /&sig=/,
    pattern: /\bs[vrpet]=[\w%:.&=-]{2,300}?&sig=([A-Za-z0-9%+/_-]{43,80}(?:%3[Dd]|=)?)/g,
  },
  {
    name: 'Npm registry credential',
    source: 'docs.npmjs.com/cli/configuring-npm/npmrc, "Auth related configuration"',
    pattern: /:_(?:authToken|password)\s{0,3}=\s{0,3}["']?([^\s"'$]{8,400})/g,
    accept: (secret) => looksReal(secret) && looksLikePassword(secret),
  },
  {
    name: 'Basic auth credential',
    source: 'RFC 7617; "auth" in docs.docker.com/reference/cli/docker/login; _auth in npmrc',
    hint: /Basic\s|auth/,
    pattern: /(?:\bBasic\s|"auth"\s{0,3}:\s{0,3}"|\b_auth\s{0,3}=\s{0,3}"?)([A-Za-z0-9+/]{12,400}={0,2})(?![\w+/=])/g,
    accept: (encoded) => isUserAndPassword(Buffer.from(encoded, 'base64').toString('latin1')),
  },
  {
    name: 'Netrc password',
    source: 'gnu.org/software/inetutils/manual, "The .netrc file"',
    pattern: /\bmachine\s{1,8}\S{1,200}\s{1,8}login\s{1,8}\S{1,200}\s{1,8}password\s{1,8}(\S{6,200})/g,
    accept: looksLikePassword,
  },
  {
    name: 'Credentials in a URL',
    source: 'RFC 3986, 3.2.1: user information before the host',
    hint: /:\/\/[^\s:@/]{0,100}:[^\s@/]{6,200}@/,
    pattern: /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:@/"'`<>]{0,100}:[^\s@/"'`<>]{6,200}@[\w.:[\]%-]{2,200}/gi,
    accept: (url) => isRealUrl(url),
  },
  {
    name: 'API key',
    source: "the vendors' pages: keys without a form of their own, after a name with the vendor in it",
    pattern:
      /\b(?:heroku|cloudflare|twilio|datadog|okta|fastly|dropbox|circleci|algolia|bitbucket|mailgun|firebase|discord)[\w.-]{0,30}(?:key|token|secret|password)["']?\s{0,3}(?:=>|:=|[=:])\s{0,3}["'`]?([\w-]{24,80})(?![\w.([-])/gi,
    accept: (value) => looksReal(value) && /\d/.test(value) && bitsIn(value) >= 3.2,
  },
  {
    name: 'JSON Web Token',
    source: 'RFC 7515, compact serialization, with a signature',
    pattern: /\beyJ[\w-]{10,2000}\.eyJ[\w-]{10,8000}\.[\w-]{20,1400}(?![\w-])/g,
    accept: isLiveToken,
  },
];

/** Between the lines of a block: newlines, whether escaped or not, quotes, commas, a program's own indentation. */
const BREAK = String.raw`(?:\\[nr]|[^A-Za-z0-9+/=-])`;
const BLOCK = new RegExp(
  [
    String.raw`-----BEGIN (?:[A-Z0-9]{1,20} ){0,2}PRIVATE KEY(?: BLOCK)?-----${BREAK}{0,24}`,
    String.raw`(?:[A-Za-z-]{1,30}: [^\n\\]{0,200}(?:\\[nr]|\s){1,8}){0,5}`,
    String.raw`(?:[A-Za-z0-9+/]{20,20000}={0,2}${BREAK}{0,24}){1,1000}`,
    String.raw`(?:[A-Za-z0-9+/=]{1,20}${BREAK}{1,24}){0,2}(?:-----END [A-Z0-9 ]{1,40}-----)?`,
  ].join(''),
  'g',
);

/** Keys in printable blocks. */
const KEY_BLOCKS: readonly SecretPattern[] = [
  {
    name: 'Private key',
    source: 'RFC 7468, RFC 4716 and RFC 9580, 6.2: headers, then base 64; the end may be missing',
    pattern: BLOCK,
    accept: isKeyBlock,
  },
  {
    name: 'PuTTY private key',
    source: 'the.earth.li/~sgtatham/putty, appendix C: the PPK file format',
    pattern:
      /\bPuTTY-User-Key-File-[123]: [\s\S]{1,20000}?Private-Lines: \d{1,4}\s{1,4}((?:[A-Za-z0-9+/=]{4,64}\s{1,4}){1,400})/g,
  },
  {
    name: 'Private key in base 64',
    source: 'kubernetes.io/docs/reference/config-api, client-key-data; a PEM block encoded once more',
    pattern: /\bLS0tLS1CRUdJTi[A-Za-z0-9+/]{100,40000}={0,2}/g,
    accept: (encoded) => / PRIVATE KEY-----/.test(Buffer.from(encoded.slice(0, 120), 'base64').toString('latin1')),
  },
];

export const namedSecrets: readonly SecretRule[] = NAMED.map(patternRule);
export const keyBlocks: readonly SecretRule[] = KEY_BLOCKS.map(patternRule);

/** A line of a key is long and looks like noise; that of a form to fill in does not. */
function isKeyBlock(block: string): boolean {
  const runs = block.match(/[A-Za-z0-9+/]{40,}/g) ?? [];
  return runs.some((run) => bitsIn(run) >= 4);
}

function isUserAndPassword(text: string): boolean {
  const [user, ...rest] = text.split(':');
  return user !== undefined && /^[\x20-\x7e]+:[\x20-\x7e]+$/.test(text) && looksLikePassword(rest.join(':'));
}

/** Hosts that are nobody's: RFC 2606, and the machine itself. */
const NO_HOST =
  /@(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\]|(?:[\w-]+\.)*(?:example(?:\.\w+)?|test|invalid|localhost))(?::|$)/i;

function isRealUrl(url: string): boolean {
  const password = /:\/\/[^:@]*:(.*)@[^@]*$/s.exec(url)?.[1];
  return password !== undefined && looksLikePassword(password) && !NO_HOST.test(url);
}

/** Signed, and neither the sample that every page shows (jwt.io, RFC 7519) nor a key that is public by its role. */
function isLiveToken(token: string): boolean {
  const [header = '', payload = ''] = token.split('.');
  const read = (part: string): string => Buffer.from(part, 'base64url').toString('latin1');
  const [head, claims] = [read(header), read(payload)];
  if (!/^\{.*"alg"\s*:\s*"(?!none")\w+".*\}$/is.test(head) || !/^\{.*\}$/s.test(claims)) return false;
  return !/"sub"\s*:\s*"1234567890"|"name"\s*:\s*"John Doe"|"iss"\s*:\s*"(?:joe|example)|"role"\s*:\s*"anon"/i.test(
    claims,
  );
}
