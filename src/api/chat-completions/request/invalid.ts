import { GatewayError } from '../../../chat/error.ts'

/** A request that OpenAI would refuse as well. @param param which field, as OpenAI writes it: `messages[0].content` */
export function invalid(message: string, param: string, code: string | null = null): GatewayError {
  return new GatewayError('invalid_request', message, { param, code })
}
