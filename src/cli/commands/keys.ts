/** `keys`: clients' keys of a gateway that runs: make, list, show, change, rotate, revoke. */
import { dollarsText } from '../../chat/price.ts'
import { didYouMean } from '../../definition/near-miss.ts'
import { table } from '../../format-tools/catalogue/table.ts'
import { adminClient, ADMIN_OPTIONS, askedOf } from '../admin-client.ts'
import { readOptions, refuseMore, UsageError } from '../command-line.ts'

const NUMBERS = ['rpm', 'rpd', 'tpm', 'tpd', 'concurrency', 'usd-day', 'usd-month'] as const

const OPTIONS = {
  ...ADMIN_OPTIONS,
  data: { type: 'string' },
  models: { type: 'string' },
  ...(Object.fromEntries(NUMBERS.map((name) => [name, { type: 'string' }])) as Record<
    (typeof NUMBERS)[number],
    { type: 'string' }
  >),
  limits: { type: 'string' },
  weight: { type: 'string' },
  groups: { type: 'string' },
  expires: { type: 'string' },
  tags: { type: 'string' },
  'max-wait': { type: 'string' },
  overlap: { type: 'string' },
  'log-bodies': { type: 'string' },
} as const

type Values = { [name in keyof typeof OPTIONS]?: (typeof OPTIONS)[name]['type'] extends 'string' ? string : boolean }

interface Shown {
  id: string
  name: string
  status: string
  prefix: string
  created: string
  key?: string
  models?: string | string[]
  limits?: unknown
  expires?: string
  left?: { scope: string; limit: string; level: number; amount: number }[]
  spent?: { day: number; month: number; all: number }
}

const ACTIONS = ['create', 'list', 'show', 'change', 'rotate', 'revoke', 'import'] as const

export async function run(args: string[]): Promise<number> {
  if (args.some((each) => /^--name(=|$)/.test(each)))
    throw new UsageError('the name stands by itself: balanced-call keys create NAME')
  const { values, positionals } = readOptions(args, OPTIONS)
  const [action = 'list', name] = positionals
  if (!ACTIONS.some((each) => each === action))
    throw new UsageError(
      `"${action}" is nothing that keys can do${didYouMean(action, ACTIONS) || `: there are ${ACTIONS.join(', ')}; a key for ${action} is made by balanced-call keys create ${action}`}`,
    )
  refuseMore(positionals, action === 'list' || action === 'import' ? 1 : 2)
  if (action === 'import') return importKeys(values)
  if (action !== 'list' && name === undefined) throw new UsageError(`whose key? balanced-call keys ${action} NAME`)
  const entry = entryOf(values)
  if (action === 'change' && Object.keys(entry).length === 0 && windowsOf(values).length === 0)
    throw new UsageError('change what? `balanced-call keys --help` shows the options')
  const client = adminClient(values)
  const path = `/v1/admin/keys/${encodeURIComponent(name ?? '')}`
  if (action === 'list') {
    const { data } = await askedOf<{ data: Shown[] }>(client, '/v1/admin/keys')
    console.log(values.json ? JSON.stringify(data, null, 2) : listed(data))
    return 0
  }
  const done = await {
    create: () => askedOf<Shown>(client, '/v1/admin/keys', 'POST', { name, ...entry, ...limitsOf(values) }),
    show: () => askedOf<Shown>(client, path),
    async change() {
      // the other limits of before stay
      const { limits } = windowsOf(values).length > 0 ? await askedOf<Shown>(client, path) : {}
      return askedOf<Shown>(client, path, 'PATCH', { ...entry, ...limitsOf(values, limits) })
    },
    rotate: () =>
      askedOf<Shown>(client, `${path}/rotate`, 'POST', values.overlap === undefined ? {} : { overlap: values.overlap }),
    revoke: () => askedOf<Shown>(client, path, 'DELETE'),
  }[action as Exclude<(typeof ACTIONS)[number], 'list' | 'import'>]()
  console.log(values.json ? JSON.stringify(done, null, 2) : described(done))
  return 0
}

/** No server has to run: the folder and the database are read here. */
async function importKeys(values: Values): Promise<number> {
  const { importFromFolder } = await import('../import-keys.ts')
  const { moved, left } = await importFromFolder(values)
  if (values.json) console.log(JSON.stringify({ moved, left }, null, 2))
  else {
    console.log(moved.length === 0 ? 'no keys were copied' : `copied to the database: ${moved.join(', ')}`)
    for (const { name, why } of left) console.log(`left: ${name} (${why})`)
  }
  return left.length === 0 ? 0 : 1
}

/** What the options say, as under `clients:`; what is empty is taken away. */
function entryOf(values: Values): Record<string, unknown> {
  const entry: Record<string, unknown> = {}
  for (const name of ['models', 'groups', 'tags'] as const) {
    const text = values[name]
    if (text !== undefined) entry[name] = text === '' ? null : text.split(',').map((each) => each.trim())
  }
  if (values.weight !== undefined) entry['weight'] = values.weight === '' ? null : numberIn(values.weight)
  if (values.expires !== undefined) entry['expires'] = values.expires || null
  if (values['max-wait'] !== undefined) entry['max_wait'] = values['max-wait'] || null
  if (values['log-bodies'] !== undefined) entry['log_bodies'] = yesOrNo('--log-bodies', values['log-bodies'])
  return entry
}

type Window = Record<string, unknown>

/** What stands beside an amount and limits nothing by itself. */
const BESIDE = new Set(['per', 'resets', 'shape', 'burst', 'charge', 'scope'])

/** Those that have options of their own: without an amount where it is taken away. */
function windowsOf(values: Values): { metric: string; per?: string; amount?: string | number }[] {
  return NUMBERS.flatMap((name) => {
    const text = values[name]
    const [metric = '', per] = name.split('-')
    if (text === undefined) return []
    return [{ metric, ...(per && { per }), ...(text !== '' && { amount: numberIn(text) }) }]
  })
}

/** All limits that there are to be, with those of before that have no option here. */
function limitsOf(values: Values, before: unknown = []): { limits?: unknown } {
  if (values.limits !== undefined && windowsOf(values).length > 0)
    throw new UsageError('--limits are all of them: put what the other option says into its JSON')
  if (values.limits !== undefined) return { limits: values.limits === '' ? null : limitsIn(values.limits) }
  const given = windowsOf(values)
  if (given.length === 0) return {}
  const kept = ([before].flat() as Window[]).map((window) =>
    Object.fromEntries(
      Object.entries(window).filter(
        ([name]) => !given.some(({ metric, per }) => metric === name && per === window['per']),
      ),
    ),
  )
  const limits = [
    ...kept.filter((window) => Object.keys(window).some((name) => !BESIDE.has(name))),
    ...given.flatMap(({ metric, per, amount }) =>
      amount === undefined ? [] : [{ [metric]: amount, ...(per && { per, resets: '00:00 UTC' }) }],
    ),
  ]
  return { limits: limits.length > 0 ? limits : null }
}

/** What is none, such as `100k`, is for the server to read. */
function numberIn(text: string): number | string {
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : text
}

function yesOrNo(option: string, text: string): boolean {
  if (text === 'yes' || text === 'no') return text === 'yes'
  throw new UsageError(`${option} is yes or no`)
}

function limitsIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new UsageError(`--limits is JSON, such as '[{"usd":5,"per":"day"}]'`, { cause })
  }
}

function listed(keys: readonly Shown[]): string {
  if (keys.length === 0) return 'no keys were made: balanced-call keys create NAME'
  const rows = keys.map(({ name, status, prefix, models, expires = '-', spent }) => [
    name,
    status,
    `${prefix}…`,
    models === undefined ? 'all' : [models].flat().join(','),
    expires,
    `$${dollarsText(spent?.month ?? 0)}`,
  ])
  return table(['client', 'status', 'key', 'models', 'expires', 'spent this month'], rows)
}

function described({ key, left = [], spent, ...facts }: Shown): string {
  const told = Object.entries(facts)
    .filter(([name]) => name !== 'object')
    .map(([name, value]) => `${name.padEnd(12)}${typeof value === 'string' ? value : JSON.stringify(value)}`)
  for (const { scope, limit, level, amount } of left)
    told.push(`${'left'.padEnd(12)}${scope}, ${limit}: ${dollarsText(level)} of ${dollarsText(amount)}`)
  if (spent)
    told.push(
      `${'spent'.padEnd(12)}$${dollarsText(spent.day)} today, $${dollarsText(spent.month)} this month, $${dollarsText(spent.all)} in all`,
    )
  if (key !== undefined) told.push('', 'The key, which is not shown again:', key)
  return told.join('\n')
}
