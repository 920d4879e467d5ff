/** `check [FILE]`: what is wrong with a configuration or a wire format, with line and caret; else what it amounts to. */
import type { Config } from '../../config/config.ts'
import { configFacts, describeConfig } from '../../config/describe.ts'
import { checkFormatFile } from '../../config/sections/formats.ts'
import { configOf } from '../../config/load.ts'
import { ConfigError, printedProblem } from '../../config/problem.ts'
import { readSource } from '../../config/document/read-source.ts'
import { priceListEdition } from '../../prices/price-list.ts'
import { checkEnvironmentUrls } from '../environment-urls.ts'
import { configFile, readOptions, refuseMore } from '../command-line.ts'

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readOptions(args, { config: { type: 'string' }, json: { type: 'boolean' } })
  refuseMore(positionals, 1)
  const file = configFile(positionals[0] ?? values.config)
  if (values.json !== true) return check(file)
  try {
    return await checkForPrograms(file)
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause
    console.log(JSON.stringify({ file, ok: false, problems: cause.problems }, null, 2))
    return 1
  }
}

/** The same as JSON. Throws a ConfigError. */
async function checkForPrograms(file: string): Promise<number> {
  const source = readSource(file)
  if (isFormat(source.value)) {
    checkFormatFile(file)
    console.log(JSON.stringify({ file, ok: true, kind: 'format' }))
    return 0
  }
  checkEnvironmentUrls(process.env)
  const config = configOf(source, process.env)
  const { state, database } = await servers(config)
  const ok = state?.isThere !== false && database?.isThere !== false
  const told = { file, ok, kind: 'configuration', ...configFacts(config), warnings: config.warnings }
  const more = { prices: priceListEdition(), ...(state && { state }), ...(database && { database }) }
  console.log(JSON.stringify({ ...told, ...more }, null, 2))
  return told.ok ? 0 : 1
}

/** For people. Throws a ConfigError. */
async function check(file: string): Promise<number> {
  const source = readSource(file)
  if (isFormat(source.value)) {
    checkFormatFile(file)
    console.log(`${file}: a wire format without a fault`)
    return 0
  }
  const { name, version, date } = priceListEdition()
  checkEnvironmentUrls(process.env)
  const config = configOf(source, process.env)
  console.log(describeConfig(config))
  console.log(`\nprices that the file does not give: ${name} ${version}${date === undefined ? '' : ` of ${date}`}`)
  for (const each of config.warnings) console.log(`\nwarning: ${printedProblem(each)}`)
  const named = Object.values(await servers(config))
  for (const { text } of named) console.log(`\n${text}`)
  return named.every(({ isThere }) => isThere) ? 0 : 1
}

interface Described {
  isThere: boolean
  text: string
}

/** What replicas share, as far as it is named. Their clients are loaded only then. */
async function servers({ state, database }: Config): Promise<{ state?: Described; database?: Described }> {
  return {
    ...(state && { state: await (await import('../../replicas/describe-state.ts')).describeState(state) }),
    ...(database && {
      database: await (await import('../../store/postgres/describe-database.ts')).describeDatabase(database),
    }),
  }
}

/** A wire format says how to ask or how to read an answer; a configuration names providers. */
function isFormat(root: unknown): boolean {
  if (typeof root !== 'object' || root === null || 'providers' in root) return false
  return ['request', 'response', 'stream', 'extends'].some((key) => key in root)
}
