/** The configuration's file for the page: shown with its secrets masked, checked, and changed where its owner allows it. */
import { createHash } from 'node:crypto'
import { chmodSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { GatewayError } from '../chat/error.ts'
import type { ConfigDesk } from '../api/console/config-file.ts'
import type { ConfigProblem } from '../api/console/page-answers.ts'
import type { Config } from '../config/config.ts'
import { configOf } from '../config/load.ts'
import { ConfigError } from '../config/problem.ts'
import { hideSecrets, restoreSecrets } from '../config/document/hidden-secrets.ts'
import { parseSource } from '../config/document/read-source.ts'
import { createRedactor } from '../observability/redact.ts'
import type { Reloads } from '../runtime/reloads.ts'

/** @param config what is served @param reloads absent where it is never read anew */
export function createConfigDesk(
  config: Config,
  reloads: Reloads | undefined,
  env: NodeJS.ProcessEnv = process.env,
): ConfigDesk {
  const { file } = config
  const editable = config.server.ui === 'edit' && reloads !== undefined
  /** A text from the page may name any variable: what is told of it names it again, and never its value. */
  const redact = createRedactor(new Map(Object.entries(env).map(([name, value = '']) => [value, `\${${name}}`])))

  /** A file that is no YAML by now is shown as what is served. */
  function current(): { text: string; lines: string[] } {
    const text = readIfThere(file) ?? config.text
    try {
      return { text, lines: hideSecrets(parseSource(file, text)) }
    } catch {
      return { text, lines: hideSecrets(parseSource(file, config.text)) }
    }
  }

  /** What a text from the page stands for, and what is wrong with it. */
  function read(shown: string): { text?: string; problems: ConfigProblem[] } {
    const restored = restoreSecrets(parseSource(file, current().text), shown)
    if (restored.text === undefined) {
      const message = 'a secret of this line is hidden here: change the line in the file itself'
      return { problems: [{ line: restored.line, column: 1, message, excerpt: '' }] }
    }
    try {
      configOf(parseSource(file, restored.text), env)
      return { text: restored.text, problems: [] }
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      return {
        problems: error.problems
          .map((problem) => shownOf(problem, config.files))
          .map((shown) => ({ ...shown, message: redact(shown.message), excerpt: redact(shown.excerpt) })),
      }
    }
  }

  return {
    read: () => {
      const { text, lines } = current()
      return { file, text: lines.join('\n'), version: versionOf(text), editable }
    },
    check: (shown) => read(shown).problems,
    async apply(shown, version) {
      if (!editable || !reloads)
        throw new GatewayError('permission', 'The file is not changed from here: its owner sets server.ui to edit.', {
          code: 'config_read_only',
        })
      const before = current().text
      if (versionOf(before) !== version)
        throw new GatewayError('conflict', 'The file was changed meanwhile: load it again.', { code: 'config_changed' })
      const { text, problems } = read(shown)
      if (text === undefined) return problems
      replaceFile(file, text)
      const { refused } = await reloads.reload()
      if (!refused) return []
      replaceFile(file, before)
      await reloads.reload()
      return [{ line: 1, column: 1, message: redact(refused.why), excerpt: '' }]
    },
  }
}

/** Lines of other files than those that are served already are not shown: a text may name any. */
function shownOf({ file, line, column, message, excerpt }: ConfigError['problems'][number], files: string[]) {
  const isKnown = files.includes(file)
  return { line: isKnown ? line : 1, column, message, excerpt: isKnown ? excerpt : '' }
}

/** Whole or not at all, with the rights that it had. Throws a GatewayError. */
function replaceFile(file: string, text: string): void {
  try {
    const target = realpathSync(file)
    const beside = `${target}.${process.pid}.new`
    try {
      writeFileSync(beside, text, { mode: 0o600, flag: 'wx' })
      chmodSync(beside, statSync(target).mode)
      renameSync(beside, target)
    } finally {
      rmSync(beside, { force: true })
    }
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : ''
    throw new GatewayError('conflict', `The configuration's file cannot be written${code}.`, { cause })
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '')
  } catch {
    return undefined
  }
}

function versionOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}
