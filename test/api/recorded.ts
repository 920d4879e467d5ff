import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const shared = fileURLToPath(new URL('../../../shared/', import.meta.url))

/** Recorded traffic and OpenAI's schema lie beside the project on machines where it is built; a bare clone has neither. */
export const isRecordedHere = existsSync(`${shared}fixtures`)
export const openaiSchemaFile = `${shared}openai.schema.json`

export interface Recording {
  id: string
  provider: string
  family: string
  stream: boolean
  status: number
  request: Record<string, unknown> | null
  response?: Record<string, unknown>
  response_text?: string
  gold: Gold
}

export interface Gold {
  text?: string
  reasoning?: string | null
  tool_calls?: { id: string; name: string; arguments: unknown }[]
  finish?: string
  usage?: { input?: number; output?: number; cached?: number }
  error?: { message?: string }
}

export function recordings(family: string): Recording[] {
  if (!isRecordedHere) return []
  const folder = `${shared}fixtures/`
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(folder + name, 'utf8')) as Recording)
    .filter((recording) => recording.family === family)
}

/** The events of a recorded stream and whether it held the terminator. */
export function eventsOf(text: string): { chunks: Record<string, unknown>[]; terminated: boolean } {
  const data = text
    .split(/\r?\n/)
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice(5).trim())
  const chunks = data.filter((line) => line !== '[DONE]').map((line) => JSON.parse(line) as Record<string, unknown>)
  return { chunks, terminated: data.includes('[DONE]') }
}
