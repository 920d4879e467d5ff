/** Chores on the request that no template can do, named from a format's `prepare`. */
import type { ChatRequest } from '../../chat/request.ts'
import { toolCallIds } from './tool-call-ids.ts'
import { trimLastAnswer } from './trim-last-answer.ts'

/** Made once with its options; gives the request back, changed. */
export type Chore = (options: Record<string, unknown>) => (request: ChatRequest) => ChatRequest

export const CHORES: Record<string, Chore> = {
  'tool-call-ids': toolCallIds,
  'trim-last-answer': trimLastAnswer,
}
