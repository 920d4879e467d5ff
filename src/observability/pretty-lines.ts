/** Lines of the log for people: coloured, a request on one line; the fields that only programs want are left out. */
import { prettyFactory } from 'pino-pretty'
import { dollarsText } from '../chat/price.ts'

interface Output {
  isTTY?: boolean
  write(text: string): unknown
}

/** Takes lines of JSON as the log writes them. */
export function createPrettyLines(output: Output): (line: string) => void {
  const pretty = prettyFactory({
    colorize: output.isTTY === true && process.env['NO_COLOR'] === undefined,
    translateTime: 'SYS:HH:MM:ss',
    hideObject: true,
    messageFormat: (line) => (line['msg'] === 'chat' ? request(line) : message(line)),
  })
  return (lines) => {
    for (const line of lines.split('\n')) if (line !== '') output.write(pretty(line) ?? '')
  }
}

/** `fast → sandbox/sandbox, 312 ms, 12 + 40 tokens`, and only what was out of the usual behind it. */
function request(line: Record<string, unknown>): string {
  const { model, provider, upstream_model, outcome, total_ms, input_tokens, output_tokens, attempts, resumed } = line
  const parts = [provider === undefined ? String(model) : `${model} → ${provider}/${upstream_model}`]
  if (outcome !== 'ok') parts.push(String(outcome))
  parts.push(`${Math.round(Number(total_ms))} ms`)
  if (output_tokens !== undefined) parts.push(`${input_tokens ?? '?'} + ${output_tokens} tokens`)
  if (line['cost'] !== undefined) parts.push(`$${dollarsText(Number(line['cost']))}`)
  if (Number(attempts) > 1) parts.push(`${attempts} attempts`)
  if (resumed) parts.push(`resumed ${resumed} times`)
  if (line['error'] !== undefined) parts.push(text(line['error']))
  return parts.join(', ')
}

function message({ msg, level: _level, time: _time, ...rest }: Record<string, unknown>): string {
  const fields = Object.entries(rest).map(([name, value]) => `${name}=${text(value)}`)
  return [String(msg ?? ''), ...fields].join(' ')
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
