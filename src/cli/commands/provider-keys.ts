/** `provider-keys`: keys of providers that are added to a gateway that runs: add, list, test, disable, enable, remove. */
import { text } from 'node:stream/consumers'
import { table } from '../../format-tools/catalogue/table.ts'
import { adminClient, ADMIN_OPTIONS, askedOf } from '../admin-client.ts'
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

const ACTIONS = ['add', 'list', 'test', 'disable', 'enable', 'remove'] as const
const PATH = '/v1/admin/provider-keys'

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readOptions(args, OPTIONS)
  const [action = 'list', name = ''] = positionals
  if (!ACTIONS.some((each) => each === action))
    throw new UsageError(`"${action}" is nothing that provider-keys can do: there are ${ACTIONS.join(', ')}`)
  refuseMore(positionals, action === 'list' ? 1 : 2)
  if (action !== 'list' && name === '')
    throw new UsageError(
      action === 'add' ? 'of which provider?' : 'which key? `balanced-call provider-keys list` tells',
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
  } else {
    const done = await {
      add: async () => askedOf<Shown>(client, PATH, 'POST', { provider: name, ...(await keyOf(values)) }),
      disable: () => askedOf<Shown>(client, `${one}/disable`, 'POST'),
      enable: () => askedOf<Shown>(client, `${one}/enable`, 'POST'),
      remove: () => askedOf<Shown>(client, one, 'DELETE'),
    }[action as 'add' | 'disable' | 'enable' | 'remove']()
    print(done, `${done.name}: ${done.status}${done.why === undefined ? '' : ` (${done.why})`}`)
  }
  return 0
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
