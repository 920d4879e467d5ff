/** Faults as Ollama tells them, in an answer and as a line of a stream: `{ error: text }`. */
import { messageOf, type ErrorKind, type GatewayError } from '../../chat/error.ts'
import type { ErrorShape } from '../inbound/inbound-api.ts'

export const ollamaErrors: ErrorShape = {
  owns: (path) => path.startsWith('/api/'),
  body: (error) => ({ status: error.status, body: errorOf(error) }),
}

/** Words that clients look for in the text, which is all that they are told. */
const WORDS: Partial<Record<ErrorKind, string>> = {
  unknown_model: 'model not found',
  context_length: 'the input length exceeds the context length',
}

export function errorOf(error: GatewayError): { error: string } {
  const message = messageOf(error)
  const words = WORDS[error.kind]
  return { error: words === undefined || message.toLowerCase().includes(words) ? message : `${words}: ${message}` }
}
