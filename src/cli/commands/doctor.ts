/** `doctor`: looks at everything that a gateway needs here, and says what to do about what is wrong. */
import { styleText } from 'node:util'
import { standAside } from '../../app/sandbox-fallback.ts'
import type { Config } from '../../config/config.ts'
import { loadConfig } from '../../config/load.ts'
import { ConfigError } from '../../config/problem.ts'
import { configFile, readOptions, readPort, refuseMore } from '../command-line.ts'
import { bad, good, warning, type Finding } from '../doctor/finding.ts'
import { dataFolder, port, readers, secretKeyFile } from '../doctor/machine.ts'
import { noProviders, reach } from '../doctor/reach.ts'
import { wrongPaths } from '../doctor/wrong-path.ts'
import { sharedDatabase } from '../doctor/shared-database.ts'
import { checkEnvironmentUrls } from '../environment-urls.ts'
import { envFileOf, readEnvFile } from '../env-file.ts'

const OPTIONS = {
  config: { type: 'string' },
  port: { type: 'string' },
  host: { type: 'string' },
  data: { type: 'string' },
  env: { type: 'string' },
  json: { type: 'boolean' },
} as const

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readOptions(args, OPTIONS)
  refuseMore(positionals, 0)
  const file = configFile(values.config)
  const environment = { ...readEnvFile(envFileOf(values.env)), ...process.env }
  checkEnvironmentUrls(environment)
  const read = configuration(file, environment)
  const findings = [read.finding]
  const { config } = read
  if (config) {
    const { server, providers, warnings } = config
    const number = readPort(values.port ?? process.env['PORT'] ?? String(server.port ?? 9000))
    const host = values.host ?? process.env['HOST'] ?? server.host ?? '127.0.0.1'
    const data = values.data ?? (process.env['BALANCED_CALL_DATA'] || server.data)
    findings.push(
      ...warnings.map(({ line, message }) => warning('configuration', `line ${line}: ${message}`, `Mend ${file}.`)),
      readers(file, holdsKeys(config)),
      dataFolder(data),
      ...(data === undefined || config.database ? [] : [secretKeyFile(data) ?? []].flat()),
      ...(await sharedDatabase(config.database, environment)),
      await port(host, number, isOurs),
      ...(providers.length === 0 ? [noProviders()] : await reach(config, { fetch, wall: Date.now })),
      ...(await wrongPaths(config, fetch)),
    )
  }
  if (values.json === true) console.log(JSON.stringify({ findings }))
  else for (const finding of findings) console.log(lineOf(finding))
  return findings.some(({ status }) => status === 'bad') ? 1 : 0
}

function configuration(file: string, environment: NodeJS.ProcessEnv): { finding: Finding; config?: Config } {
  try {
    const config = standAside(loadConfig(file, environment))
    const { providers, leftOut, models } = config
    const count = `${providers.length} ${providers.length === 1 ? 'provider' : 'providers'} live, ${leftOut.length} without a key, ${models.length} public models`
    return { finding: good('configuration', `${file}: ${count}`), config }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return { finding: bad('configuration', error.message, `Mend ${file}; balanced-call check looks at it again.`) }
  }
}

/** Keys of providers that stand in the text, and are not filled in from variables. */
function holdsKeys({ providers, text }: Config): boolean {
  return providers.some(({ keys }) =>
    keys.some(({ secret }) =>
      Object.values(typeof secret === 'string' ? [secret] : secret).some(
        (part) => part.length >= 8 && text.includes(part),
      ),
    ),
  )
}

/** Only a gateway's health has these. */
async function isOurs(origin: string): Promise<boolean> {
  try {
    const said: unknown = await (await fetch(`${origin}/health`, { signal: AbortSignal.timeout(2000) })).json()
    return typeof said === 'object' && said !== null && 'in_flight' in said && 'queued' in said
  } catch {
    return false
  }
}

const SIGNS = { good: styleText('green', '✓'), warning: styleText('yellow', '!'), bad: styleText('red', '✗') }

function lineOf({ about, status, found, advice }: Finding): string {
  return `${SIGNS[status]} ${about}: ${found}${advice === undefined ? '' : `\n    ${advice}`}`
}
