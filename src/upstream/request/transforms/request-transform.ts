import type { ChatRequest } from '../../../chat/request.ts'

/** Made once with its options; gives the request back, changed. What a client would miss is added to the warnings. */
export type RequestTransform = (
  options: Record<string, unknown>,
) => (request: ChatRequest, warnings: string[]) => ChatRequest
