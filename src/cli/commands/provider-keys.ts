/** `provider-keys`: keys of providers that are added to a gateway that runs; any key of it can be tested, switched, cooled and weighed. */
import { text } from 'node:stream/consumers'
import { table } from '../../format-tools/catalogue/table.ts'
import { adminClient, ADMIN_OPTIONS, askedOf, type AdminClient } from '../admin-client.ts'
import { readOptions, refuseMore, UsageError } from '../command-line.ts'

const OPTIONS = {
  ...ADMIN_OPTIONS,
  'from-env': { type: 'string' },
  weight: { type: 'string' },
  account: { type: 'string' },
  limits: { type: 'string' },
  model: { type: 'string' },
} as const

type Values = { [name in 'from-env' | 'weight' | 'account' | 'limits']?: string }

interface Shown {
  id: string
  name: string
  provider: string
  masked: string
  status: string
  reason?: string
  why?: string
}

const ACTIONS = ['add', 'list', 'test', 'disable', 'enable', 'cool', 'weigh', 'remove'] as const
/** What the scheduler does with any key, and what it is told beside its name. */
const ADJUSTED: Record<string, (text: string) => object> = {
  disable: () => ({}),
  enable: () => ({}),
  cool: (text) => ({ seconds: secondsIn(text) }),
  weigh: (text) => ({ weight: weightIn(text) }),
}
const WITH_VALUE = ['cool', 'weigh']
const PATH = '/v1/admin/provider-keys'

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readOptions(args, OPTIONS)
  const [action = 'list', name = '', value = ''] = positionals
  if (!ACTIONS.some((each) => each === action))
    throw new UsageError(`"${action}" is nothing that provider-keys can do: there are ${ACTIONS.join(', ')}`)
  if (action === 'add' && value !== '')
    throw new UsageError(
      'a key on the command line is seen by others, and kept by shells: send it by standard input, or name a variable with --from-env',
    )
  refuseMore(positionals, action === 'list' ? 1 : WITH_VALUE.includes(action) ? 3 : 2)
  if (action !== 'list' && name === '')
    throw new UsageError(
      action === 'add'
        ? 'of which provider?'
        : 'which key? `balanced-call status` shows them all, `balanced-call provider-keys list` those that were added',
    )
  const client = adminClient(values)
  const one = `${PATH}/${encodeURIComponent(name)}`
  const print = (done: object, told: string): void => console.log(values.json ? JSON.stringify(done, null, 2) : told)
  if (action === 'list') {
    const { data } = await askedOf<{ data: Shown[] }>(client, PATH)
    print(data, listed(data))
  } else if (action === 'test') {
    const body = values.model === undefined ? {} : { model: values.model }
    const done = await askedOf<Tested>(client, `${one}/test`, 'POST', body)
    print(done, tested(done))
    return done.ok ? 0 : 1
  } else if (ADJUSTED[action]) {
    const body = ADJUSTED[action](value)
    const path = `/v1/scheduler/keys/${encodeURIComponent(await nameOf(client, name))}/${action}`
    const done = await askedOf<Adjusted>(client, path, 'POST', body)
    print(done, adjusted(done))
  } else {
    const done = await (action === 'add'
      ? askedOf<Shown>(client, PATH, 'POST', { provider: name, ...(await keyOf(values)) })
      : askedOf<Shown>(client, one, 'DELETE'))
    print(done, `${done.name}: ${done.status}${done.why === undefined ? '' : ` (${done.why})`}`)
  }
  return 0
}

interface Adjusted {
  key: string
  state: string
  until?: number
  weight: number
  configuredWeight?: number
}

function adjusted({ key, state, until, weight, configuredWeight }: Adjusted): string {
  const rest = until === undefined ? '' : ` until ${new Date(until).toISOString().slice(0, 19)}Z`
  const before = configuredWeight === undefined ? '' : ` (${configuredWeight} in the configuration)`
  return `${key}: ${state}${rest}, weight ${weight}${before}`
}

/** Of a key that was added its id may be said. */
async function nameOf(client: AdminClient, given: string): Promise<string> {
  if (given.includes('#')) return given
  const { data } = await askedOf<{ data: Shown[] }>(client, PATH)
  return data.find(({ id }) => id === given)?.name ?? given
}

const UNITS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 }

function secondsIn(text: string): number {
  if (text === '0') return 0
  const [, count, unit = ''] = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text) ?? []
  if (count !== undefined) return Number(count) * (UNITS[unit] ?? 0)
  throw new UsageError('for how long? balanced-call provider-keys cool KEY 10m (30s, 10m, 2h, 1d; 0 ends it)')
}

function weightIn(text: string): number | null {
  if (text === 'configured') return null
  if (/^\d+(\.\d+)?$/.test(text) && Number(text) > 0) return Number(text)
  throw new UsageError(
    'how much? balanced-call provider-keys weigh KEY 3 (relative to the other keys, above 0; or the word configured)',
  )
}

interface Tested {
  ok: boolean
  model?: string
  ms?: number
  limits?: string
  why?: string
}

function tested({ ok, model = '', ms = 0, limits, why }: Tested): string {
  const more = why ?? limits
  return `${ok ? 'ok' : 'FAIL'}, ${model} in ${ms} ms${more === undefined ? '' : `: ${more}`}`
}

/** A command line is seen by others, and kept by shells: the key comes by a variable, or by standard input. */
async function keyOf(values: Values): Promise<object> {
  const { 'from-env': variable, weight, account, limits } = values
  const given = variable === undefined ? await text(process.stdin) : (process.env[variable] ?? '')
  const written = given.trim()
  if (written === '')
    throw new UsageError(
      variable === undefined
        ? 'send the key by standard input, or name a variable with --from-env'
        : `${variable} is not set`,
    )
  return {
    key: written.startsWith('{') ? parsed('the key', written) : written,
    ...(weight !== undefined && { weight: /^\d+(\.\d+)?$/.test(weight) ? Number(weight) : weight }),
    ...(account !== undefined && { account }),
    ...(limits !== undefined && { limits: parsed('--limits', limits) }),
  }
}

function parsed(what: string, json: string): unknown {
  try {
    return JSON.parse(json)
  } catch (cause) {
    throw new UsageError(`${what} is no JSON`, { cause })
  }
}

function listed(keys: readonly Shown[]): string {
  if (keys.length === 0) return 'no keys were added: balanced-call provider-keys add PROVIDER < key.txt'
  const rows = keys.map(({ name, masked, status, why, reason }) => [name, masked, status, why ?? reason ?? ''])
  return table(['key', '', 'status', 'why'], rows)
}
