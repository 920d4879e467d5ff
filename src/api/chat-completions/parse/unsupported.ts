import { GatewayError } from '../../../chat/error.ts'

/** Something that OpenAI may know and this server does not. @param what `a tool of type "x"` */
export function unsupported(what: string, param: string): GatewayError {
  return new GatewayError('unsupported', `This server does not know ${what}; leave it out.`, { param })
}
