import { createHmac, generateKeyPairSync } from 'node:crypto';

/** One text that holds a secret, or looks as if: `secret` is what must not be left of it. */
export interface Sample {
  readonly kind: string;
  readonly text: string;
  readonly secret: string;
}

const DIGITS = '0123456789';
const HEX = `${DIGITS}abcdef`;
const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const ALNUM = `${LOWER}${LOWER.toUpperCase()}${DIGITS}`;
const URL64 = `${ALNUM}-_`;
const B64 = `${ALNUM}+/`;
const B32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/**
 * Noise, the same in each run. No sample is written down whole: prefix and noise are put together here, so that no scanner
 * finds a secret in this file.
 */
export class Noise {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  of(alphabet: string, length: number): string {
    let text = '';
    while (text.length < length) text += alphabet[this.#next() % alphabet.length] ?? '';
    return text;
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.#next() & 0xff));
  }

  /** xorshift, 32 bits. */
  #next(): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    this.#state >>>= 0;
    return this.#state >>> 3;
  }
}

const j = (...parts: readonly string[]): string => parts.join('');

/** Secrets of many kinds, as they stand in files: each must be found. */
export function plantedSecrets(seed: number): readonly Sample[] {
  const noise = new Noise(seed);
  const hex = (length: number): string => noise.of(HEX, length);
  const alnum = (length: number): string => noise.of(ALNUM, length);
  const url64 = (length: number): string => noise.of(URL64, length - 1) + noise.of(ALNUM, 1);
  const b64 = (length: number): string => noise.of(B64, length - 1) + noise.of(ALNUM, 1);
  const password = (): string => `${noise.of(LOWER, 4)}-${noise.of(ALNUM, 8)}${noise.of(DIGITS, 2)}`;
  const all: Sample[] = [];
  const plant = (kind: string, secret: string, text: (secret: string) => string = (it) => `token = "${it}"`): void => {
    all.push({ kind, secret, text: text(secret) });
  };
  const pem = (kind: 'rsa' | 'ec' | 'ed25519', type: 'pkcs1' | 'pkcs8' | 'sec1'): string => pemOf(kind, type);
  const uuid = (): string => [8, 4, 4, 4, 12].map(hex).join('-');

  plant('AWS access key id', j('AK', 'IA', noise.of(B32, 16)), (it) => `aws_access_key_id = ${it}`);
  plant('AWS temporary key id', j('AS', 'IA', noise.of(B32, 16)), (it) => `AWS_ACCESS_KEY_ID=${it}`);
  plant('AWS secret key', b64(40), (it) => j('aws_secret_', `access_key = ${it}`));
  plant('AWS secret key in JSON', b64(40), (it) => j('{"Secret', `AccessKey": "${it}"}`));
  plant('AWS session token', b64(360), (it) => j('AWS_SESSION_', `TOKEN="${it}"`));
  plant('GitHub classic', j('gh', 'p_', alnum(36)));
  plant('GitHub OAuth', j('gh', 'o_', alnum(36)));
  plant('GitHub user to server', j('gh', 'u_', alnum(36)));
  plant('GitHub app installation', j('gh', 's_', alnum(36)));
  plant('GitHub refresh', j('gh', 'r_', alnum(36)));
  plant('GitHub fine-grained', j('github', '_pat_', alnum(22), '_', alnum(59)));
  plant('GitLab personal', j('gl', 'pat-', url64(20)));
  plant('GitLab routable', j('gl', 'pat-', url64(27), '.01.', noise.of(LOWER + DIGITS, 9)));
  plant('GitLab runner', j('gl', 'rt-', url64(20)));
  plant('Bitbucket app password', j('AT', 'BB', alnum(32)));
  plant('Atlassian', j('ATA', 'TT3xFfGF0', url64(171), '=', hex(8).toUpperCase()));
  plant('npm', j('np', 'm_', alnum(36)));
  plant('npmrc', j(alnum(8), '-', uuid()), (it) => j('//registry.internal/:_auth', `Token=${it}`));
  plant('PyPI', j('pypi-', 'AgEIcHlwaS5vcmc', url64(150)));
  plant('RubyGems', j('ruby', 'gems_', hex(48)));
  plant('crates.io', j('ci', 'o', alnum(32)));
  plant('NuGet', j('oy', '2', noise.of(LOWER + DIGITS, 43)));
  plant('Docker Hub', j('dckr', '_pat_', url64(27)));
  plant('Docker config', Buffer.from(`builder:${password()}`).toString('base64'), (it) => `"auth": "${it}"`);
  plant('Slack bot', j('xo', 'xb-', noise.of(DIGITS, 12), '-', noise.of(DIGITS, 12), '-', alnum(24)));
  plant('Slack user', j('xo', 'xp-', noise.of(DIGITS, 12), '-', noise.of(DIGITS, 12), '-', hex(32)));
  plant('Slack app', j('xa', 'pp-1-A', noise.of(B32, 10), '-', noise.of(DIGITS, 13), '-', hex(64)));
  plant(
    'Slack webhook',
    j('https://hooks.', 'slack.com/services/T', noise.of(B32, 8), '/B', noise.of(B32, 8), '/', alnum(24)),
  );
  plant('Discord bot', j('MT', alnum(24), '.', url64(6), '.', url64(38)));
  plant('Discord webhook', j('https://discord', '.com/api/webhooks/', noise.of('123456789', 18), '/', url64(68)));
  plant('Telegram', j(noise.of('123456789', 10), ':', 'AA', url64(33)));
  plant('Stripe live', j('sk', '_live_', alnum(24)));
  plant('Stripe live, long', j('sk', '_live_51', alnum(97)));
  plant('Stripe restricted', j('rk', '_live_', alnum(30)));
  plant('Stripe webhook', j('wh', 'sec_', alnum(32)));
  plant('Square', j('sq0', 'atp-', url64(22)));
  plant('Shopify', j('shp', 'at_', hex(32)));
  plant('SendGrid', j('S', 'G.', url64(22), '.', url64(43)));
  plant('Mailgun', j('ke', 'y-', hex(32)));
  plant('Mailgun, checked', j(hex(32), '-', hex(8), '-', hex(8)));
  plant('Mailchimp', j(hex(32), '-us', '14'));
  plant('Brevo', j('xkey', 'sib-', hex(64), '-', alnum(16)));
  plant('Twilio key', j('S', 'K', hex(32)));
  plant('Twilio auth token', hex(32), (it) => j('TWILIO_AUTH_', `TOKEN=${it}`));
  plant('OpenAI, old', j('s', 'k-', alnum(20), 'T3Blbk', 'FJ', alnum(20)));
  plant('OpenAI project', j('s', 'k-proj-', url64(74), 'T3Blbk', 'FJ', url64(74)));
  plant('Anthropic', j('sk-', 'ant-api03-', url64(93), 'AA'));
  plant('Anthropic admin', j('sk-', 'ant-admin01-', url64(93), 'AA'));
  plant('OpenRouter', j('sk-', 'or-v1-', hex(64)));
  plant('Groq', j('gs', 'k_', alnum(52)));
  plant('Hugging Face', j('h', 'f_', noise.of(LOWER + LOWER.toUpperCase(), 34)));
  plant('Google API key', j('AI', 'za', url64(35)));
  plant('Google OAuth secret', j('GOC', 'SPX-', url64(28)));
  plant('Google access token', j('ya', '29.', url64(140)));
  plant('Firebase server key', j('AAAA', url64(7), ':APA', '91b', url64(134)));
  plant('GCP service account', pem('rsa', 'pkcs8'), (it) =>
    JSON.stringify({ type: 'service_account', private_key_id: hex(40), private_key: it, client_email: 'a@b.iam' }),
  );
  plant('Azure storage', j(b64(86), '=='), (it) =>
    j('DefaultEndpointsProtocol=https;AccountName=x;Account', `Key=${it};`),
  );
  plant('Azure service bus', j(b64(43), '='), (it) => j('Endpoint=sb://x/;SharedAccess', `Key=${it}`));
  plant('Azure SAS', j(encodeURIComponent(b64(43)), '%3D'), (it) =>
    j('?sv=2024-08-04&ss=b&srt=sco&sp=rl&s', `ig=${it}`),
  );
  plant('Azure client secret', j(alnum(3), '8', 'Q~', alnum(34)));
  plant('Heroku', j('HRKU-', 'AA', url64(58)));
  plant('Heroku, old', uuid(), (it) => j('HEROKU_API_', `KEY=${it}`));
  plant('DigitalOcean', j('do', 'p_v1_', hex(64)));
  plant('Cloudflare', j('cf', 'ut_', alnum(40), hex(8)));
  plant('Cloudflare, old', j(alnum(38), '7x'), (it) => j('CLOUDFLARE_API_', `TOKEN: "${it}"`));
  plant('Cloudflare origin CA', j('v1', '.0-', hex(24), '-', hex(146)));
  plant('Linear', j('lin', '_api_', alnum(40)));
  plant('Notion', j('nt', 'n_', noise.of(DIGITS, 11), alnum(35)));
  plant('Notion, old', j('sec', 'ret_', alnum(43)));
  plant('Figma', j('fi', 'gd_', url64(40)));
  plant('Vault', j('hv', 's.', url64(95)));
  plant('Terraform Cloud', j(alnum(14), '.atlas', 'v1.', url64(67)));
  plant('Databricks', j('da', 'pi', hex(32)));
  plant('Grafana', j('gl', 'sa_', alnum(32), '_', hex(8)));
  plant('Sentry', j('sn', 'tryu_', hex(64)));
  plant('New Relic', j('NR', 'AK-', noise.of(B32, 27)));
  plant('Supabase', j('sb', 'p_', hex(40)));
  plant('Airtable', j('pa', 't', alnum(14), '.', hex(64)));
  plant('1Password', j('op', 's_', onePassword(noise)));
  plant('age', j('AGE-SECRET-', 'KEY-1', noise.of('QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L', 58)));
  plant('PEM RSA', pem('rsa', 'pkcs1'), (it) => it);
  plant('PEM EC', pem('ec', 'sec1'), (it) => it);
  plant('PEM Ed25519', pem('ed25519', 'pkcs8'), (it) => it);
  plant('PEM encrypted', pem('rsa', 'pkcs8').replaceAll('PRIVATE KEY', 'ENCRYPTED PRIVATE KEY'), (it) => it);
  plant(
    'OpenSSH',
    block('OPENSSH PRIVATE KEY', Buffer.concat([Buffer.from('openssh-key-v1\0'), noise.bytes(380)])),
    (it) => it,
  );
  plant(
    'PGP',
    j(block('PGP PRIVATE KEY BLOCK', noise.bytes(700)).replace('-----\n', '-----\nComment: a key\n\n')),
    (it) => it,
  );
  plant('PuTTY', wrapped(noise.bytes(190).toString('base64')), (it) =>
    j(
      'PuTTY-User-Key-',
      `File-3: ssh-ed25519\nEncryption: none\nComment: k\nPublic-Lines: 1\n${b64(64)}\nPrivate-Lines: 4\n${it}\nPrivate-MAC: ${hex(64)}`,
    ),
  );
  plant('kubeconfig', Buffer.from(pem('rsa', 'pkcs1')).toString('base64'), (it) => `    client-key-data: ${it}`);
  plant('basic auth URL', password(), (it) => `curl https://deploy:${it}@git.internal.net/x.git`);
  plant('basic auth header', Buffer.from(`ci:${password()}`).toString('base64'), (it) =>
    j('Authorization: Ba', `sic ${it}`),
  );
  plant('postgres URL', password(), (it) => `DATABASE_URL="postgres://app:${it}@db.internal.net:5432/app"`);
  plant('mongodb URL', password(), (it) => `mongodb+srv://app:${it}@cluster0.abcde.mongodb.net/app`);
  plant('redis URL', password(), (it) => `redis://:${it}@cache.internal.net:6379/0`);
  plant('amqp URL', `p%40${password()}`, (it) => `amqps://app:${it}@mq.internal.net`);
  plant('netrc', password(), (it) => `machine git.internal.net\n  login ci\n  password ${it}`);
  plant('JWT', jwt({ sub: hex(8), exp: 4_102_444_800 }, noise));
  return all;
}

/** What looks like a secret and is none: none must be found. */
export function lookAlikes(seed: number): readonly Sample[] {
  const noise = new Noise(seed);
  const hex = (length: number): string => noise.of(HEX, length);
  const b64 = (length: number): string => noise.of(B64, length);
  const alnum = (length: number): string => noise.of(ALNUM, length);
  const uuid = (): string => [8, 4, 4, 4, 12].map(hex).join('-');
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const spki = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const like = (kind: string, text: string): Sample => ({ kind, text, secret: '' });
  return [
    like('md5', `"etag": "${hex(32)}"`),
    like('sha1', `commit ${hex(40)}`),
    like('sha256', `sha256:${hex(64)}`),
    like('sha512', hex(128)),
    like('git index line', `index ${hex(40)}..${hex(40)} 100644`),
    like('abbreviated git ids', `${hex(7)} Merge ${hex(9)} into ${hex(9)}`),
    like('git submodule', `160000 commit ${hex(40)}\tvendor/lib`),
    like('uuid', `id = "${uuid()}"`),
    like('uuids in a row', Array.from({ length: 50 }, uuid).join('\n')),
    like('npm integrity', `"integrity": "sha512-${b64(86)}=="`),
    like('lock file', Array.from({ length: 80 }, () => `    integrity: sha512-${b64(86)}==`).join('\n')),
    like('yarn checksum', `checksum: 10c0/${hex(128)}`),
    like('pip hash', `--hash=sha256:${hex(64)}`),
    like('go.sum', `golang.org/x/net v0.30.0 h1:${b64(43)}=`),
    like('cargo checksum', `checksum = "${hex(64)}"`),
    like('nix hash', `hash = "sha256-${b64(43)}=";`),
    like('subresource integrity', `<script integrity="sha384-${b64(64)}" crossorigin>`),
    like('AWS example key id', j('AWS_ACCESS_KEY_ID=AKIA', 'IOSFODNN7EXAMPLE')),
    like('AWS example secret', j('aws_secret_access_key = wJalrXUtnFEMI', '/K7MDENG/bPxRfiCYEXAMPLEKEY')),
    like('AWS account and arn', 'arn:aws:iam::123456789012:role/deploy'),
    like('angle brackets', j('GITHUB_TOKEN=<your-', 'token>')),
    like('xs', j('token: gh', 'p_', 'x'.repeat(36))),
    like('Stripe xs', j('sk', '_test_', 'x'.repeat(24))),
    like('npmrc variable', j('//registry.npmjs.org/:_auth', 'Token=${NPM_TOKEN}')),
    like('changeme', 'password: changeme'),
    like('postgres placeholder', 'postgres://user:password@localhost:5432/db'),
    like('postgres example host', 'postgres://app:s3cr3tpw99@db.example.com/app'),
    like('URL with variables', 'https://${USER}:${PASSWORD}@git.internal.net/x'),
    like('URL template', 'mongodb://{{user}}:{{password}}@{{host}}/db'),
    like('URL with a port and an at', 'https://internal.net:8443/@scope/package@1.2.3'),
    like('ssh URL', 'git@github.com:owner/repo.git and ssh://git@github.com/owner/repo'),
    like(
      'jwt.io',
      j(
        'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.',
        'eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ',
        '.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c',
      ),
    ),
    like('JWT without signature', jwt({ sub: 'ada' }, noise).replace(/[^.]*$/, '')),
    like('public anon JWT', jwt({ role: 'anon', iss: 'supabase' }, noise)),
    like('PEM public key', spki),
    like('certificate', block('CERTIFICATE', noise.bytes(800))),
    like(
      'certificate in base 64',
      `certificate-authority-data: ${Buffer.from(block('CERTIFICATE', noise.bytes(800))).toString('base64')}`,
    ),
    like('PGP public key', block('PGP PUBLIC KEY BLOCK', noise.bytes(600))),
    like('ssh public key', `ssh-ed25519 AAAA${b64(64)} ada@laptop`),
    like(
      'PEM in prose',
      'The file begins with -----BEGIN RSA PRIVATE KEY----- and ends with -----END RSA PRIVATE KEY-----.',
    ),
    like(
      'PEM to fill in',
      '-----BEGIN PRIVATE KEY-----\nput the key of your service account in this place please\n-----END PRIVATE KEY-----',
    ),
    like('PEM of dots', '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq...\n-----END PRIVATE KEY-----'),
    like('PEM constant', "const HEAD = '-----BEGIN PRIVATE KEY-----'; const TAIL = '-----END PRIVATE KEY-----';"),
    like('image', `![](data:image/png;base64,${b64(60_000)})`),
    like(
      'wasm in base 64',
      `const wasm = '${Buffer.concat([Buffer.from('\0asm'), noise.bytes(40_000)]).toString('base64')}';`,
    ),
    like('source map', `"mappings":"${Array.from({ length: 4000 }, () => noise.of(B64, 5)).join(',')}"`),
    like('minified code', minified(noise)),
    like('long hex', Array.from({ length: 200 }, () => hex(64)).join('\n')),
    like('environment read', "const token = process.env.GITHUB_TOKEN; const secret = os.environ['SECRET_ACCESS_KEY'];"),
    like('secret by name', "secretKeyRef: { name: 'database-credentials', key: 'password' }"),
    like('function call', 'const twilioAuthToken = readTokenFromTheVaultOfTheTeam2(context);'),
    like('type', 'interface Options { readonly apiKey: string; readonly cloudflareToken?: string }'),
    like('regex of a token', '/gh[pousr]_[A-Za-z0-9]{36}|AKIA[A-Z0-9]{16}|xox[bp]-[0-9]{12}/'),
    like('prefix alone', "if (key.startsWith('sk-ant-api03-') || key.startsWith('github_pat_'))"),
    like('doc comment', ' * Send it as `Authorization: Bearer <token>`, or as `Basic base64(user:password)`.'),
    like('snake case', 'sk_live_mode_is_switched_on_by_the_operator_of_the_shop'),
    like('CSS', '.key-0d1f2a{color:#a1b2c3}.hf_header{background:#0a0b0c}'),
    like('phone and time', '1234567890:AAPL is at 172.11 on 2026-11-24T16:41:07.000Z'),
    like('email list', Array.from({ length: 40 }, () => `${alnum(8)}@internal.net`).join('\n')),
  ];
}

function pemOf(kind: 'rsa' | 'ec' | 'ed25519', type: 'pkcs1' | 'pkcs8' | 'sec1'): string {
  if (kind === 'rsa' && type === 'pkcs1')
    return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type, format: 'pem' }).toString();
  if (kind === 'ec' && type === 'sec1')
    return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type, format: 'pem' }).toString();
  const { privateKey } =
    kind === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ed25519');
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function wrapped(base64: string): string {
  return base64.replace(/.{64}(?=.)/g, '$&\n');
}

function block(name: string, bytes: Buffer): string {
  return `-----BEGIN ${name}-----\n${wrapped(bytes.toString('base64'))}\n-----END ${name}-----\n`;
}

function jwt(claims: object, noise: Noise): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${signed}.${createHmac('sha256', noise.bytes(32)).update(signed).digest('base64url')}`;
}

function onePassword(noise: Noise): string {
  const account = {
    email: `${noise.of(LOWER, 12)}@1passwordserviceaccounts.com`,
    muk: { alg: 'A256GCM', k: noise.of(URL64, 43) },
  };
  const text = JSON.stringify({ ...account, srpX: noise.of(HEX, 64), userAuth: { method: 'SRPg-4096' } });
  return Buffer.from(text.replace(/\}\}$/, `${' '.repeat((4 - (text.length % 3)) % 3)}}}`)).toString('base64');
}

/** Short names, operators and strings in one long line. */
function minified(noise: Noise): string {
  const name = (): string => noise.of(LOWER, 2);
  return Array.from(
    { length: 5000 },
    () =>
      `function ${name()}(${name()},${name()}){return ${name()}.${name()}("${noise.of(ALNUM, 12)}")||{key:${name()},token:${name()}.token}}`,
  ).join('');
}
