/** The log line of one request, piece by piece: JSON of a record made for it, and searched as a whole, costs three times that. */
import type { RequestRecord } from '../gateway/request-record.ts'
import type { Redact } from './redact.ts'

/**
 * The same as JSON of the record between `level` and `time` and its message. Secrets are looked for in what others have
 * written: not in numbers, names of fields, and words of ours.
 */
export function requestLine(level: string, time: number, record: RequestRecord, redact: Redact): string {
  let line = `{"level":"${level}","time":"${isoTime(time)}"`
  if (record.id !== undefined) line += `,"id":${quoted(record.id, redact)}`
  if (record.client !== undefined) line += `,"client":${quoted(record.client, redact)}`
  line += `,"model":${quoted(record.model, redact)},"stream":${record.stream},"outcome":"${record.outcome}"`
  if (record.provider !== undefined) line += `,"provider":${quoted(record.provider, redact)}`
  if (record.upstream_model !== undefined) line += `,"upstream_model":${quoted(record.upstream_model, redact)}`
  if (record.key !== undefined) line += `,"key":${quoted(record.key, redact)}`
  line += `,"attempts":${counted(record.attempts)}`
  if (record.resumed !== undefined) line += `,"resumed":${counted(record.resumed)}`
  line += `,"queue_ms":${counted(record.queue_ms)}`
  if (record.first_ms !== undefined) line += `,"first_ms":${counted(record.first_ms)}`
  line += `,"total_ms":${counted(record.total_ms)}`
  if (record.input_tokens !== undefined) line += `,"input_tokens":${counted(record.input_tokens)}`
  if (record.output_tokens !== undefined) line += `,"output_tokens":${counted(record.output_tokens)}`
  if (record.cached_tokens !== undefined) line += `,"cached_tokens":${counted(record.cached_tokens)}`
  if (record.cache_write_tokens !== undefined) line += `,"cache_write_tokens":${counted(record.cache_write_tokens)}`
  if (record.reasoning_tokens !== undefined) line += `,"reasoning_tokens":${counted(record.reasoning_tokens)}`
  if (record.cost !== undefined) line += `,"cost":${counted(Number(record.cost.toFixed(9)))}`
  if (record.warnings !== undefined) line += `,"warnings":${redact(JSON.stringify(record.warnings))}`
  if (record.error !== undefined) line += `,"error":${redact(JSON.stringify(record.error))}`
  return `${line},"msg":"chat"}\n`
}

/** All that JSON takes as it is, of ASCII. */
const PLAIN = /^[ !#-[\]-~]*$/

function quoted(text: string, redact: Redact): string {
  return redact(PLAIN.test(text) ? `"${text}"` : JSON.stringify(text))
}

/** JSON knows only finite numbers. */
function counted(value: number): string {
  return Number.isFinite(value) ? String(value) : 'null'
}

/** The second that was written last, to the point before its milliseconds: most lines come many a second. */
let second = Number.NaN
let beforePoint = ''

function isoTime(time: number): string {
  const now = Math.floor(time / 1000)
  if (now !== second) {
    second = now
    beforePoint = new Date(now * 1000).toISOString().slice(0, -4)
  }
  return `${beforePoint}${String(time - now * 1000).padStart(3, '0')}Z`
}
