/** `--help`, of all commands or of one, and `--version`. */
import { COMMANDS, type Command } from './commands/index.ts'

export const EXIT_CODES = {
  0: 'done',
  1: 'refused, or something that was checked is wrong: the message says what',
  70: 'a defect of balanced-call: please report it with the stack that is shown',
}

export function generalHelp(): string {
  return [
    'balanced-call: many LLM keys behind one endpoint',
    '',
    'Usage: balanced-call [command] [options]',
    '',
    ...columns(Object.entries(COMMANDS).map(([name, { summary }]) => [name, summary])),
    '',
    ...columns([
      ['COMMAND --help', "a command's options, with an example"],
      ['--version', 'the version'],
    ]),
    '',
    'Environment: BALANCED_CALL_CONFIG, PORT, HOST, BALANCED_CALL_DATA, BALANCED_CALL_WORKERS, LOG_LEVEL,',
    'LOG_FORMAT (pretty or json; by itself pretty on a terminal)',
    '',
    'Exit codes:',
    ...columns(Object.entries(EXIT_CODES).map(([code, meaning]) => [code, meaning])),
  ].join('\n')
}

export function commandHelp({ summary, usage, options, example }: Command): string {
  return [
    `${summary[0]?.toUpperCase()}${summary.slice(1)}.`,
    '',
    `Usage: balanced-call ${usage}`,
    '',
    ...columns(Object.entries(options)),
    '',
    `Example: ${example}`,
  ].join('\n')
}

function columns(rows: (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, meaning]) => `  ${name.padEnd(width)}  ${meaning}`)
}
