import { GatewayError } from '../../chat/error.ts'

/**
 * A fault that was found in the chat body which a request became, in the words of the client's API: its fields have other names
 * there, and the messages other places.
 * @param names by the chat body's name; a name of the list of messages stands for all within
 */
export function inOwnWords(fault: unknown, names: Readonly<Record<string, string>>): unknown {
  if (!(fault instanceof GatewayError) || fault.kind === 'internal') return fault
  const { kind, status, type, code, param, extra } = fault
  const rename = (text: string): string => {
    let out = text.replaceAll(MESSAGE_PATH, 'messages')
    for (const name in names) out = out.replaceAll(new RegExp(`(?<![\\w.])${name}\\b`, 'g'), names[name] ?? name)
    return out
  }
  return new GatewayError(kind, rename(fault.message), {
    status,
    type,
    code,
    param: param === null ? null : rename(param),
    extra,
  })
}

/** One message of the chat body is not one of the client's. */
const MESSAGE_PATH = /\bmessages(\[\d+\][\w.[\]]*|\.[\w.[\]]+)/g
