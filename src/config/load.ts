/** The configuration's file → Config, or everything that is wrong with it. */
import { dirname, resolve } from 'node:path'
import type { Path } from '../definition/error.ts'
import { didYouMean } from '../definition/near-miss.ts'
import type { AddedKeys, Config, Provider } from './config.ts'
import { readAliases } from './sections/aliases.ts'
import { keyHash, readClientList } from './sections/client-list.ts'
import { adminKeys, checkClients, checkKey, clientNames, readClients } from './sections/clients.ts'
import { fillValue, pointer, type Environment, type Gap } from './document/environment.ts'
import { formatTable, type Compile } from './sections/formats.ts'
import type { Written } from './sections/limits.ts'
import { codeFrame } from './document/code-frame.ts'
import { ConfigError, fault, sortedProblems, type Fault } from './problem.ts'
import { readProvider, type ProviderContext } from './sections/providers.ts'
import { anyModel, readPublicModel } from './sections/routes.ts'
import { configFaults } from './schema.ts'
import { checkStrategy, schedulerSettings, serverSettings } from './sections/settings.ts'
import { databaseSettings, isDatabaseUrl } from './sections/database.ts'
import { isStateUrl, NO_STATE_URL, stateSettings } from './sections/state.ts'
import { readSource } from './document/read-source.ts'
import type { Source } from './document/source.ts'
import { isMap } from '../definition/scope.ts'

/** A file that is wrong in more places is wrong as a whole, and placing faults costs time. */
const MOST_PLACED = 200

/**
 * Throws a ConfigError with all problems of the file and of the wire formats that it uses.
 * @param added providers' keys that are not of the file
 */
export function loadConfig(file: string, env: Environment, compile?: Compile, added?: AddedKeys): Config {
  return configOf(readSource(file), env, compile, added)
}

export function configOf(source: Source, env: Environment, compile?: Compile, added: AddedKeys = {}): Config {
  const gaps: Gap[] = []
  const root = filledRoot(source.value, env, gaps)
  const faults = root.faults
  const unsound = new Set(faults.flatMap(partsOf))
  const report = (found: Fault): void => {
    faults.push(found)
    for (const part of partsOf(found)) unsound.add(part)
  }
  /** Does the schema take this part? Only then it is read any further. */
  const sound = (...path: [string] | [string, string]): boolean => !unsound.has(pointer(path))
  for (const { path, names } of gaps) {
    if (path[0] !== 'providers')
      report(fault(path, `${names.join(', ')} is not set; a default is written \${${names[0]}:-default}`))
  }

  const warnings: Fault[] = []
  const warn = (found: Fault): void => void warnings.push(found)
  const formats = formatTable(source, root.section('formats'), compile)
  for (const name of Object.keys(root.section('formats'))) if (sound('formats', name)) formats.compiled(name)

  const { live, leftOut } = readProviders(source, root, gaps, { env, formats, report, warn, added }, sound)
  const declared = new Set(Object.keys(root.section('providers')))
  const hint = (name: string): string => (faults.length < MOST_PLACED ? didYouMean(name, [...declared]) : '')
  const context = { live, declared, folder: resolve(dirname(source.file)), report, hint }
  const models = Object.entries(root.section('models')).flatMap(([name, written]) =>
    sound('models', name) ? (readPublicModel(name, written, context) ?? []) : [],
  )
  const providers = [...live.values()]
  const auto = Object.hasOwn(root.section('models'), 'auto') ? undefined : anyModel(models, providers)

  const all = auto ? [...models, auto] : models
  const aliases = readAliases(root.section('aliases'), Object.keys(root.section('models')), all, report)

  const isListed = sound('clients') && sound('groups')
  const list = readClientList(isListed ? root.section('clients') : {}, isListed ? root.section('groups') : {}, report)
  const clients = sound('scheduler', 'clients')
    ? readClients(root.section('scheduler')['clients'], ['scheduler', 'clients'], report)
    : {}
  if (sound('server', 'api_keys')) {
    const given = root.section('server')['api_keys']
    const names = clientNames(given ?? env['BALANCED_CALL_API_KEYS'] ?? '', report)
    const isMeant = given !== undefined || (env['BALANCED_CALL_API_KEYS'] ?? '').trim() !== ''
    // of a map, each client without a key is told by itself
    if (isMeant && names.size === 0 && (!isMap(given) || Object.keys(given).length === 0)) {
      const what = Array.isArray(given) && given.length === 0 ? 'an empty list' : 'a value without a key'
      report(fault(['server', 'api_keys'], `${what} lets anyone call: give a key, or leave api_keys out`))
    }
    for (const [key, client] of names) {
      const other = list.hashes.get(keyHash(key))
      if (other !== undefined && other !== client)
        report(fault(['clients', other], `${client} of server.api_keys has one of these keys, too`, 'key'))
    }
    checkClients(clients, new Set([...names.values(), ...list.accesses.keys()]), ['scheduler', 'clients'], report)
    const admins = sound('server', 'admin_keys') ? adminKeys(root.section('server')['admin_keys'], env, report) : []
    for (const key of admins) checkKey(key, ['server', 'admin_keys'], report)
    const shared = admins
      .map((key) => names.get(key) ?? list.hashes.get(keyHash(key)))
      .find((client) => client !== undefined)
    // both from the environment: it may be a stand-in that has one value for all
    if (shared !== undefined && (given ?? root.section('server')['admin_keys']) !== undefined)
      report(fault(['server', 'admin_keys'], `${shared} has one of these keys, too: an administrator's is its own`))
  }
  for (const name of Object.keys(list.specs))
    if (Object.hasOwn(clients, name))
      report(
        fault(['scheduler', 'clients', name], `${name} has its share and limits under clients: say them there`, 'key'),
      )
  checkStrategy(root.section('scheduler')['strategy'], context.folder, ['scheduler', 'strategy'], report)

  const state = stateSettings(root.section('state'), env)
  if (state === undefined && Object.keys(root.section('state')).length > 0)
    report(fault(['state'], 'needs a url, here or as BALANCED_CALL_STATE_URL'))
  if (state && sound('state') && !isStateUrl(state.url)) report(fault(['state', 'url'], NO_STATE_URL))

  const database = databaseSettings(root.section('database'), env)
  if (database === undefined && Object.keys(root.section('database')).length > 0)
    report(fault(['database'], 'needs a url, here or as BALANCED_CALL_DATABASE_URL'))
  if (database && sound('database') && !isDatabaseUrl(database.url))
    report(fault(['database', 'url'], 'it is no URL: characters such as @ and / in a password are written as %40, %2F'))

  const problems = [...faults.slice(0, MOST_PLACED).map((each) => codeFrame(source, each)), ...formats.problems]
  if (problems.length > 0) throw new ConfigError(sortedProblems(problems))
  return {
    file: source.file,
    text: source.text,
    added,
    warnings: sortedProblems(warnings.slice(0, MOST_PLACED).map((each) => codeFrame(source, each))),
    files: [source.file, ...formatFiles(source.file, root.section('formats'))],
    server: serverSettings(root.section('server'), env, context.folder, list),
    scheduler: {
      ...schedulerSettings(root.section('scheduler'), context.folder),
      ...(Object.keys({ ...clients, ...list.specs }).length > 0 && { clients: { ...clients, ...list.specs } }),
      ...(Object.keys(list.groups).length > 0 && { groups: list.groups }),
    },
    ...(state && { state }),
    ...(database && { database }),
    providers,
    leftOut,
    models: all,
    aliases,
  }
}

/** The parts of the file, down to one provider or model, that a fault is within. */
function partsOf({ path }: Fault): string[] {
  return [1, 2].filter((depth) => depth <= path.length).map((depth) => pointer(path.slice(0, depth)))
}

function formatFiles(file: string, formats: Record<string, unknown>): string[] {
  return Object.values(formats).flatMap((written) =>
    typeof written === 'string' ? [resolve(dirname(file), written)] : [],
  )
}

interface Root {
  faults: Fault[]
  /** A part of the file as a map, whatever is there. */
  section(name: string): Record<string, unknown>
}

/** Definitions are not filled: their `${…}` are holes of a template. */
function filledRoot(value: unknown, env: Environment, gaps: Gap[]): Root {
  const filled = new Set<string>()
  let root = value
  if (isMap(value)) {
    root = Object.fromEntries(
      Object.entries(value).map(([key, part]) => [
        key,
        key === 'formats' ? part : fillValue(part, env, [key], gaps, filled),
      ]),
    )
  }
  const empty = new Set(gaps.map(({ path }) => pointer(path)))
  const faults = configFaults(root ?? {}, filled).filter(({ path }) => !empty.has(pointer(path)))
  const section = (name: string): Record<string, unknown> => {
    const part = isMap(root) && Object.hasOwn(root, name) ? root[name] : undefined
    return isMap(part) ? part : {}
  }
  return { faults, section }
}

function readProviders(
  source: Source,
  root: Root,
  gaps: Gap[],
  context: ProviderContext,
  sound: (...path: [string, string]) => boolean,
): { live: Map<string, Provider>; leftOut: Config['leftOut'] } {
  const live = new Map<string, Provider>()
  const leftOut: Config['leftOut'] = []
  const written = (source.value as { providers?: Record<string, Written> } | null)?.providers ?? {}
  const lacking = Map.groupBy(
    gaps.filter(({ path }) => needed(path)),
    ({ path }) => String(path[1]),
  )
  for (const [name, provider] of Object.entries(root.section('providers'))) {
    if (!sound('providers', name)) continue
    const missing = (lacking.get(name) ?? []).flatMap(({ names }) => names)
    const outcome = readProvider(name, provider as Written, written[name]?.['keys'], [...new Set(missing)], context)
    if (outcome && 'provider' in outcome) live.set(name, outcome.provider)
    else if (outcome) leftOut.push({ name, reason: outcome.reason })
  }
  return { live, leftOut }
}

/** A key may be missing, the others serve; what stands beside a key may not. */
function needed(path: Path): boolean {
  return path[0] === 'providers' && (path[2] !== 'keys' || ['weight', 'account', 'limits'].includes(String(path[4])))
}
