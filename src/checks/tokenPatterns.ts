import { patternRule, type SecretPattern } from './secretPattern.ts';
import type { SecretRule } from './secretRule.ts';

/** Tokens that a prefix tells, where nothing but the prefix needs to be known. */
const PREFIXED: readonly SecretPattern[] = [
  {
    name: 'AWS access key id',
    source: 'AWS IAM user guide, "Unique identifiers": AKIA and ASIA name keys; base 32',
    pattern: /\b(?:AKIA|ASIA)[A-Z2-7]{16}\b/g,
  },
  {
    name: 'GitLab token',
    source: 'docs.gitlab.com/security/tokens, "Token prefixes"; routable tokens end in .NN.NNNNNNNNN',
    pattern:
      /\bgl(?:pat|oas|dt|rt|rtr|cbt|ptt|ft|imt|agent|wt|soat|ffct)-[\w-]{20,300}(?:\.[0-9a-z]{2}\.[0-9a-z]{9})?/g,
  },
  {
    name: 'Bitbucket app password',
    source: 'support.atlassian.com, app passwords begin with ATBB',
    pattern: /\bATBB[A-Za-z0-9]{32}\b/g,
  },
  {
    name: 'Atlassian API token',
    source: 'support.atlassian.com, API and repository access tokens: ATATT3, ATCTT3 with a checksum',
    pattern: /\bAT[AC]TT3xF[\w=-]{60,300}/g,
  },
  {
    name: 'PyPI token',
    source: 'pypi.org/help, "API tokens": a macaroon for pypi.org or test.pypi.org after pypi-',
    pattern: /\bpypi-AgE(?:IcHlwaS5vcmc|NdGVzdC5weXBpLm9yZ)[\w-]{50,400}/g,
  },
  {
    name: 'RubyGems API key',
    source: 'guides.rubygems.org/api-key-scopes',
    pattern: /\brubygems_[a-f0-9]{48}\b/g,
  },
  {
    name: 'crates.io token',
    source: 'github.com/rust-lang/crates.io, token.rs: cio and 32 characters',
    pattern: /\bcio[A-Za-z0-9]{32}\b/g,
  },
  {
    name: 'NuGet API key',
    source: 'docs.github.com, supported secret scanning patterns: nuget_api_key',
    pattern: /\boy2[a-z0-9]{43}\b/g,
  },
  {
    name: 'Docker organization token',
    source: 'docs.docker.com/enterprise/security/access-tokens',
    pattern: /\bdckr_oat_[\w-]{27,32}/g,
  },
  {
    name: 'Slack token',
    source: 'api.slack.com/authentication/token-types; app tokens whole, rotation, tokens of the client',
    pattern: /\bxapp-\d-[A-Z0-9]{8,14}-\d{10,14}-[a-f0-9]{64}|\bxox(?:e\.xox[bp]|e|c|d|s)-[A-Za-z0-9%-]{20,400}/g,
  },
  {
    name: 'Slack workflow webhook',
    source: 'api.slack.com/workflows/triggers/webhook',
    pattern: /https:\/\/hooks\.slack\.com\/(?:workflows|triggers)\/[A-Z0-9]{6,14}\/[A-Za-z0-9/]{30,80}/g,
  },
  {
    name: 'Discord bot token',
    source: 'discord.com/developers/docs/reference: id, time and signature in base 64',
    pattern: /\b[MNO][A-Za-z0-9]{23,27}\.[\w-]{6}\.[\w-]{27,38}(?![\w-])/g,
  },
  {
    name: 'Discord webhook',
    source: 'discord.com/developers/docs/resources/webhook',
    pattern: /https:\/\/(?:\w+\.)?discord(?:app)?\.com\/api\/(?:v\d+\/)?webhooks\/\d{17,20}\/[\w-]{60,80}/g,
  },
  {
    name: 'Telegram bot token',
    source: 'core.telegram.org/bots/api, "Authorizing your bot"',
    hint: /:AA/,
    pattern: /(?<![\w:])\d{8,10}:AA[\w-]{33}(?![\w-])/g,
  },
  {
    name: 'Square token',
    source: 'developer.squareup.com/docs/build-basics/access-tokens',
    pattern: /\b(?:sq0atp-[\w-]{22}|sq0csp-[\w-]{43}|EAAA[\w-]{60})(?![\w-])/g,
  },
  {
    name: 'Stripe webhook secret',
    source: 'docs.stripe.com/webhooks',
    pattern: /\bwhsec_[A-Za-z0-9+/]{32,64}/g,
  },
  {
    name: 'SendGrid API key',
    source: 'docs.sendgrid.com: SG., 22 and 43 characters of base64url',
    pattern: /\bSG\.[\w-]{22}\.[\w-]{43}(?![\w-])/g,
  },
  {
    name: 'Brevo API key',
    source: 'developers.brevo.com/docs/getting-started',
    pattern: /\bxkeysib-[a-f0-9]{64}-[A-Za-z0-9]{16}\b/g,
  },
  {
    name: 'Mailgun API key',
    source: 'documentation.mailgun.com, API keys: the old form, and the one with two checks',
    hint: /-[0-9a-f]{8}-[0-9a-f]{8}(?![\w-])|key-[0-9a-f]{32}/,
    pattern: /\b(?:key-[0-9a-f]{32}|[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8})\b/g,
  },
  {
    name: 'Mailchimp API key',
    source: 'mailchimp.com/developer: 32 hex digits and the data centre',
    hint: /-us\d/,
    pattern: /\b[0-9a-f]{32}-us\d{1,2}\b/g,
  },
  {
    name: 'Twilio API key',
    source: 'twilio.com/docs/iam/api-keys: SK and 32 hex digits',
    pattern: /\bSK[0-9a-f]{32}\b/g,
  },
  {
    name: 'OpenAI API key',
    source: 'platform.openai.com: keys whose length the library does not know',
    pattern: /\bsk-(?:proj-|svcacct-|admin-)?[\w-]{20,80}T3BlbkFJ[\w-]{20,80}(?![\w-])/g,
  },
  {
    name: 'OpenRouter API key',
    source: 'openrouter.ai/docs/api-reference/authentication',
    pattern: /\bsk-or-v1-[0-9a-f]{64}\b/g,
  },
  {
    name: 'Anthropic API key',
    source: 'docs.anthropic.com/en/api/admin-api: admin keys and OAuth tokens',
    pattern: /\bsk-ant-(?:admin|oat|ort)\d\d-[\w-]{60,128}(?![\w-])/g,
  },
  {
    name: 'Google API key',
    source: 'cloud.google.com/docs/authentication/api-keys: AIza and 35 characters',
    pattern: /\bAIza[\w-]{35}(?![\w-])/g,
  },
  {
    name: 'Google OAuth client secret',
    source: 'docs.github.com, supported secret scanning patterns: google_oauth_client_secret',
    pattern: /\bGOCSPX-[\w-]{28}(?![\w-])/g,
  },
  {
    name: 'Google OAuth token',
    source: 'developers.google.com/identity/protocols/oauth2: access and refresh tokens',
    pattern: /(?<![\w/])(?:ya29\.[\w-]{60,1000}|1\/\/0[\w-]{60,120})/g,
  },
  {
    name: 'Firebase server key',
    source: 'firebase.google.com/docs/cloud-messaging: the key of the legacy API',
    pattern: /\bAAAA[\w-]{7}:APA91b[\w-]{130,160}/g,
  },
  {
    name: 'Azure client secret',
    source: 'learn.microsoft.com, Entra application secrets: 7 or 8 characters with Q~ after the digit',
    pattern: /(?<![\w~.-])[\w~.-]{3}\dQ~[\w~.-]{31,34}(?![\w~.-])/g,
  },
  {
    name: 'Heroku API key',
    source: 'devcenter.heroku.com/changelog-items/2974: HRKU-AA',
    pattern: /\bHRKU-AA[\w-]{58}(?![\w-])/g,
  },
  {
    name: 'DigitalOcean token',
    source: 'docs.digitalocean.com/reference/api: dop, doo and dor, 64 hex digits',
    pattern: /\bdo[opr]_v1_[a-f0-9]{64}\b/g,
  },
  {
    name: 'Cloudflare origin CA key',
    source: 'developers.cloudflare.com/fundamentals/api/get-started/ca-keys',
    pattern: /\bv1\.0-[a-f0-9]{24}-[a-f0-9]{146}\b/g,
  },
  {
    name: 'Notion integration token',
    source: 'developers.notion.com/docs/authorization: the form before ntn_',
    pattern: /\bsecret_[A-Za-z0-9]{43}\b/g,
  },
  {
    name: 'Airtable token',
    source: 'airtable.com/developers/web/api/authentication',
    pattern: /\bpat[A-Za-z0-9]{14}\.[a-f0-9]{64}\b/g,
  },
  {
    name: 'Sentry token',
    source: 'docs.sentry.io/api/auth: sntrys_ and sntryu_',
    pattern: /\bsntry(?:s_eyJ[\w+/=-]{80,400}|u_[a-f0-9]{64})/g,
  },
  {
    name: 'Netlify token',
    source: 'docs.github.com, supported secret scanning patterns: netlify_personal_access_token',
    pattern: /\bnf[pcoub]_[A-Za-z0-9]{36}\b/g,
  },
  {
    name: 'Supabase key',
    source: 'supabase.com/docs/guides/api/api-keys: sbp_ and sb_secret_',
    pattern: /\b(?:sbp_[a-f0-9]{40}|sb_secret_[\w-]{22}_[\w-]{8})\b/g,
  },
  {
    name: 'Postman API key',
    source: 'docs.github.com, supported secret scanning patterns: postman_api_key',
    pattern: /\bPMAK-[a-f0-9]{24}-[a-f0-9]{34}\b/g,
  },
  {
    name: 'Terraform Cloud token',
    source: 'developer.hashicorp.com/terraform/cloud-docs/users-teams-organizations/api-tokens',
    hint: /\.atlasv1\./,
    pattern: /\b[A-Za-z0-9]{14}\.atlasv1\.[\w-]{60,70}(?![\w-])/g,
  },
  {
    name: 'Pulumi token',
    source: 'docs.github.com, supported secret scanning patterns: pulumi_access_token',
    pattern: /\bpul-[a-f0-9]{40}\b/g,
  },
  {
    name: 'New Relic key',
    source: 'docs.newrelic.com/docs/apis/intro-apis/new-relic-api-keys: NRAK',
    pattern: /\bNRAK-[A-Z0-9]{27}\b/g,
  },
  {
    name: 'age secret key',
    source: 'age-encryption.org/v1: Bech32 with AGE-SECRET-KEY-',
    pattern: /\bAGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}\b/g,
  },
];

export const tokens: readonly SecretRule[] = PREFIXED.map(patternRule);
