/** Files that people get wrong, one fault each (or two): `§` marks the place, and the message that must stand there. */

export interface BrokenFile {
  what: string
  text: string
  /** One for each mark, in the order of the file; the whole message. */
  messages: string[]
}

/** A provider that is right, for files whose fault is elsewhere. */
export const PROVIDER = 'providers:\n  openai: { format: openai, base_url: "https://api.openai.com/v1", keys: [k] }\n'

const inProvider = (lines: string): string =>
  `providers:\n  openai:\n    format: openai\n    base_url: https://api.openai.com/v1\n${lines}\n`
const withLimits = (limits: string): string => inProvider(`    limits: ${limits}`)

const YAML: BrokenFile[] = [
  {
    what: 'an empty file',
    text: '§',
    messages: ['providers is missing: whom we may call, by a name of your choice. One without a key is left out'],
  },
  {
    what: 'a key twice',
    text: inProvider('    weight: 1\n    §weight: 2'),
    messages: ['this key stands twice in the same map'],
  },
  {
    what: 'a provider twice',
    text: `${PROVIDER}  §openai: { format: openai, base_url: "https://x.example" }`,
    messages: ['this key stands twice in the same map'],
  },
  {
    what: 'two documents',
    text: `${PROVIDER}§---\nproviders: {}`,
    messages: ['a second document begins here; the file must hold one'],
  },
  { what: 'a tab', text: 'providers:\n§\topenai: {}', messages: ['a tab cannot indent YAML, use spaces'] },
  {
    what: 'an unquoted variable in a flow list',
    text: inProvider('    keys: [§${OPENAI_API_KEY}]'),
    messages: ['a ${NAME} inside [ ] or { } needs quotes: "${NAME}"'],
  },
  {
    what: 'an alias without its anchor',
    text: inProvider('    limits: §*free'),
    messages: ['the alias *free has no anchor &free that ends before it'],
  },
  {
    what: 'an alias inside its own anchor',
    text: 'providers: &all { a: §*all }',
    messages: ['the alias *all has no anchor &all that ends before it'],
  },
  {
    what: 'a tag of another language',
    text: inProvider('    weight: §!!python/object 1'),
    messages: ['Unresolved tag: tag:yaml.org,2002:python/object'],
  },
  {
    what: 'a name that poisons',
    text: `${PROVIDER}models: { §__proto__: [openai/x] }`,
    messages: ['the name __proto__ cannot be used'],
  },
  { what: 'a list as a key', text: `${PROVIDER}models: { §[a]: [openai/x] }`, messages: ['a key must be plain text'] },
]

const PROVIDERS: BrokenFile[] = [
  {
    what: 'a section misspelt',
    text: `${PROVIDER}§modles: {}`,
    messages: ['unknown key modles, did you mean models?'],
  },
  {
    what: 'a section misspelt that is needed',
    text: '§provider: {}',
    messages: ['unknown key provider, did you mean providers?'],
  },
  {
    what: 'a key misspelt',
    text: inProvider('    §wieght: 2'),
    messages: ['unknown key wieght, did you mean weight?'],
  },
  { what: 'keys misspelt', text: inProvider('    §kyes: [a]'), messages: ['unknown key kyes, did you mean keys?'] },
  {
    what: 'no base_url',
    text: 'providers:\n  §openai:\n    format: openai',
    messages: ['base_url is missing: a URL such as https://api.example.com/v1'],
  },
  {
    what: 'a base_url without its scheme',
    text: 'providers:\n  a: { format: openai, base_url: §api.openai.com/v1, keyless: true }',
    messages: ['expected a URL such as https://api.example.com/v1'],
  },
  {
    what: 'a base_url with a query',
    text: 'providers:\n  a: { format: openai, base_url: §"https://x.example?key=1", keyless: true }',
    messages: ['expected a URL without ? or #'],
  },
  {
    what: 'an unknown format',
    text: 'providers:\n  a: { format: §antropic, base_url: "https://x.example" }',
    messages: ['unknown format antropic, did you mean anthropic?'],
  },
  {
    what: 'a slash in a name',
    text: 'providers:\n  §a/b: { format: openai, base_url: "https://x.example" }',
    messages: ['expected a name of letters, digits, dots, hyphens and underscores'],
  },
  {
    what: 'a word where a number belongs',
    text: inProvider('    weight: §heavy'),
    messages: ['expected a number, found a text'],
  },
  { what: 'a weight of nothing', text: inProvider('    weight: §0'), messages: ['expected more than 0'] },
  {
    what: 'yes where true belongs',
    text: inProvider('    keyless: §yes'),
    messages: ['expected true or false, found a text'],
  },
  {
    what: 'a key that is a number',
    text: inProvider('    keys: [§12345]'),
    messages: [
      'expected a key, { key, weight, account, limits }, or the parts of a compound credential, found a number',
    ],
  },
  {
    what: 'key: misspelt',
    text: inProvider('    keys:\n      - §kye: abc\n        weight: 2'),
    messages: ['unknown key kye, did you mean key?'],
  },
  {
    what: 'a stranger beside key:',
    text: inProvider('    keys: [{ key: abc, §acount: me }]'),
    messages: ['unknown key acount, did you mean account?'],
  },
  {
    what: 'a line break in a key',
    text: inProvider('    keys: [§"a\\nb"]'),
    messages: ['this key has a line break, a tab or another control character in it: copy it anew'],
  },
  {
    what: 'a header that would smuggle',
    text: inProvider('    headers: { x-a: §"1\\r\\nx-b: 2" }'),
    messages: ['expected a header value of one line'],
  },
  {
    what: 'a blank in the name of a header',
    text: inProvider('    headers: { §"x a": b }'),
    messages: ['expected a header name, and none that frames the message'],
  },
  {
    what: 'a capability misspelt',
    text: inProvider('    models: { gpt: { §visoin: true } }'),
    messages: ['unknown key visoin, did you mean vision?'],
  },
  {
    what: 'a price that lacks half',
    text: inProvider('    models: { gpt: { §price: { input: 1 } } }'),
    messages: ['output is missing: of the answer'],
  },
]

const LIMITS: BrokenFile[] = [
  {
    what: 'a short limit misspelt',
    text: withLimits('{ §rmp: 30 }'),
    messages: ['unknown key rmp, did you mean rpm?'],
  },
  {
    what: 'an amount in words',
    text: withLimits('{ rpm: §thirty }'),
    messages: ['expected a number such as 30 or "250k"'],
  },
  {
    what: 'a window without its length',
    text: withLimits('\n      - §tokens: 5'),
    messages: ['per is missing: second, minute, hour, day, week, month, or a duration such as 90s'],
  },
  {
    what: 'a window of nothing',
    text: withLimits('[§{ per: day }]'),
    messages: ['this window limits nothing: say requests, tokens, concurrency, …'],
  },
  {
    what: 'a length misspelt',
    text: withLimits('[{ requests: 5, per: §huor }]'),
    messages: ['expected second, minute, hour, day, week, month, or a duration such as 90s, did you mean hour?'],
  },
  {
    what: 'a time zone misspelt',
    text: withLimits('[{ requests: 5, per: day, resets: "00:00 §America/Los_Angles" }]'),
    messages: ['unknown time zone America/Los_Angles, did you mean America/Los_Angeles?'],
  },
  {
    what: 'a time of day that is none',
    text: withLimits('[{ requests: 5, per: day, resets: §"24:00 UTC" }]'),
    messages: ['expected a time of day and a time zone, such as "00:00 America/Los_Angeles"'],
  },
  {
    what: 'a reset for a window that no calendar has',
    text: withLimits('[{ requests: 5, per: §90s, resets: "00:00" }]'),
    messages: ['a window that resets by the clock is per hour, day, week or month'],
  },
  {
    what: 'a bucket that resets',
    text: withLimits('[{ requests: 5, per: day, resets: "00:00", shape: §bucket }]'),
    messages: ['a window that resets by the clock is calendar, not bucket'],
  },
  {
    what: 'a scope misspelt',
    text: withLimits('[{ requests: 5, per: day, scope: §acount }]'),
    messages: ['expected key, key-model, account, account-model, provider, model or client, did you mean account?'],
  },
]

const MODELS: BrokenFile[] = [
  {
    what: 'a route to an unknown provider',
    text: `${PROVIDER}models:\n  fast:\n    - §opnai/gpt-5-mini`,
    messages: ['unknown provider opnai, did you mean openai?'],
  },
  {
    what: 'a route to nothing like it',
    text: `${PROVIDER}models: { fast: [§somewhere/x] }`,
    messages: ['unknown provider somewhere; there are openai'],
  },
  {
    what: 'a route without a model',
    text: `${PROVIDER}models: { fast: §openai }`,
    messages: ['expected provider/upstream-model; which model of openai?'],
  },
  {
    what: 'a route without a provider',
    text: `${PROVIDER}models: { fast: [§gpt-5-mini] }`,
    messages: ['expected provider/upstream-model, such as openai/gpt-5-mini'],
  },
  {
    what: 'to: misspelt',
    text: `${PROVIDER}models: { fast: [{ §ot: openai/x }] }`,
    messages: ['unknown key ot, did you mean to?'],
  },
  {
    what: 'a model without routes',
    text: `${PROVIDER}models: { fast: §[] }`,
    messages: ['expected a list of provider/upstream-model, found a list with too few entries'],
  },
  {
    what: 'a strategy misspelt',
    text: `${PROVIDER}models: { fast: { routes: [openai/x], strategy: §cheepest } }`,
    messages: [
      'expected weighted-fair, least-loaded, lowest-latency, cheapest or use-it-or-lose-it, did you mean cheapest?',
    ],
  },
  {
    what: 'a tier below the first',
    text: `${PROVIDER}models: { fast: [{ to: openai/x, tier: §-1 }] }`,
    messages: ['expected 0 or more'],
  },
]

const SETTINGS: BrokenFile[] = [
  {
    what: 'a duration with a blank',
    text: `${PROVIDER}server: { timeouts: { idle: §30 sec } }`,
    messages: ['expected milliseconds, or a duration such as "30s" or "1m30s"'],
  },
  {
    what: 'a phase misspelt',
    text: `${PROVIDER}server: { timeouts: { §frist_byte: 30s } }`,
    messages: ['unknown key frist_byte, did you mean first_byte?'],
  },
  {
    what: 'a size without its unit',
    text: `${PROVIDER}server: { max_body: §32 megs }`,
    messages: ['expected bytes, or a size such as "32MiB"'],
  },
  {
    what: 'a variable that is not set',
    text: `${PROVIDER}server: { port: §"\${PORT}" }`,
    messages: ['PORT is not set; a default is written ${PORT:-default}'],
  },
  {
    what: 'client keys from a variable that is not set',
    text: `${PROVIDER}server: { api_keys: [§"\${CLIENTS}"] }`,
    messages: ['CLIENTS is not set; a default is written ${CLIENTS:-default}'],
  },
  {
    what: 'two faults on one line',
    text: `${PROVIDER}scheduler: { §max_wiat: 1s, max_queue: §lots }`,
    messages: ['unknown key max_wiat, did you mean max_wait?', 'expected a whole number, found a text'],
  },
]

export const BROKEN_FILES: BrokenFile[] = [...YAML, ...PROVIDERS, ...LIMITS, ...MODELS, ...SETTINGS]
