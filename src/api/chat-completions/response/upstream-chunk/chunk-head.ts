import { isRecord } from '../../json-value.ts'

/** What stands around the choices: the same on every chunk, and once on a completion. */
export interface AnswerHead {
  id?: string
  /** Seconds since the epoch. */
  created?: number
  system_fingerprint?: string
  service_tier?: string
  /** Top-level fields that OpenAI does not know, such as citations, and `moderation`: later wins, told at the end. */
  extra: Record<string, unknown>
}

const TIERS = new Set(['auto', 'default', 'flex', 'scale', 'priority', 'fast'])

/** Reads the fields around the choices of an upstream's chunk or completion. True when the head changed. */
export function readHead(chunk: Record<string, unknown>, head: AnswerHead): boolean {
  let isChanged = false
  for (const key in chunk) {
    const value = chunk[key]
    if (value === null || value === undefined || value === '') continue
    switch (key) {
      case 'choices':
      case 'usage':
      case 'object':
      case 'model':
      case 'error':
      case 'obfuscation': // padding against traffic analysis, of the upstream's own stream
        break
      case 'id':
        if (head.id === undefined && typeof value === 'string') [head.id, isChanged] = [value, true]
        break
      case 'created':
        if (head.created === undefined && isTime(value)) [head.created, isChanged] = [value, true]
        break
      case 'system_fingerprint':
        if (value !== head.system_fingerprint && typeof value === 'string') {
          ;[head.system_fingerprint, isChanged] = [value, true]
        }
        break
      case 'service_tier':
        if (value !== head.service_tier && typeof value === 'string' && TIERS.has(value)) {
          ;[head.service_tier, isChanged] = [value, true]
        }
        break
      case 'metadata':
        if (isRecord(value) && Object.values(value).every((item) => typeof item === 'string')) head.extra[key] = value
        break
      case 'moderation':
        if (isRecord(value) && isVerdict(value['input']) && isVerdict(value['output'])) head.extra[key] = value
        break
      default:
        head.extra[key] = value
    }
  }
  return isChanged
}

/** OpenAI's moderation of one side: results, or why there are none. */
function isVerdict(value: unknown): boolean {
  if (!isRecord(value)) return false
  if (value['type'] === 'error') return typeof value['code'] === 'string' && typeof value['message'] === 'string'
  return value['type'] === 'moderation_results' && typeof value['model'] === 'string' && Array.isArray(value['results'])
}

function isTime(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) < 1e11
}
