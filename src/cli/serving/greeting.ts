/** What `serve` says once it listens: for people on a terminal, for programs as one line of the log. */
import { styleText } from 'node:util'
import { isSandbox } from '../../app/sandbox-fallback.ts'
import type { Owner } from '../../app/scheduler-owner.ts'
import type { Config } from '../../config/config.ts'
import { chatPools } from '../../config/sections/model-purpose.ts'

type Announce = (log: Owner['log'], address: string, config: Config) => void

export function announce(isTerminal: boolean): Announce {
  return (log, address, config) => {
    if (isTerminal) console.log(greeting(address, config))
    // whoever waits for this line finds it at every level
    else if (log.isLevelEnabled('info')) log.info(listed(config), oneLine(address, config))
    else console.log(oneLine(address, config))
  }
}

/** What became of the file: at the start, and whenever it was read anew. */
export function logConfig(log: Owner['log'], { warnings, leftOut }: Config): void {
  for (const { file, line, column, message } of warnings.slice(0, MOST_WARNINGS))
    log.warn(`${file}:${line}:${column}  ${message}`)
  if (warnings.length > MOST_WARNINGS)
    log.warn(`${warnings.length - MOST_WARNINGS} warnings more: balanced-call check tells all`)
  // most providers of the catalogue wait for a key that this user will never have: their reasons are for who asks
  if (leftOut.length === 0 || !log.isLevelEnabled('debug')) return
  const reasons = Object.fromEntries(leftOut.map(({ name, reason }) => [name, reason]))
  log.debug({ left_out: reasons }, `${leftOut.length} providers are left out`)
}

const MOST_WARNINGS = 10

function listed(config: Config): { providers: string[]; models: string[]; left_out: number } {
  return {
    providers: config.providers.map(({ name }) => name),
    models: config.models.map(({ model }) => model),
    left_out: config.leftOut.length,
  }
}

function oneLine(address: string, config: Config): string {
  const { providers, models } = listed(config)
  return `balanced-call on ${address}/v1 · providers: ${some(providers)} · models: ${some(models)}`
}

function greeting(address: string, config: Config): string {
  const { providers, leftOut } = config
  const live = providers.map((each) => (isSandbox(each) ? `${each.name} (built in, invents its answers)` : each.name))
  const models = config.models.map(({ model }) => model)
  const body = JSON.stringify({
    model: chatPools(config.models)[0] ?? 'auto',
    messages: [{ role: 'user', content: 'Hello' }],
  })
  const label = (text: string): string => styleText('dim', text.padEnd(11))
  const more = leftOut.length === 0 ? [] : [`${label('')}${leftOut.length} more with a key: balanced-call providers`]
  return [
    '',
    `  ${styleText('bold', `balanced-call on ${styleText('cyan', `${address}/v1`)}`)}`,
    '',
    ...[`${label('providers')}${some(live)}`, ...more, `${label('models')}${some(models)}`].map((line) => `  ${line}`),
    '',
    `  curl ${address}/v1/chat/completions -H 'content-type: application/json' \\`,
    `    -d '${body}'`,
    '',
  ].join('\n')
}

function some(names: string[]): string {
  if (names.length === 0) return 'none'
  return names.length > 12 ? `${names.slice(0, 12).join(', ')} and ${names.length - 12} more` : names.join(', ')
}
