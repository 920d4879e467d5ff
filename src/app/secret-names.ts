/** What must never be shown, and what may be in its place. */
import type { Config } from '../config/config.ts'

/** From each secret to its name. */
export function secretNames(config: Config): Map<string, string> {
  const names = new Map<string, string>()
  for (const provider of config.providers) {
    for (const { name, secret } of provider.keys) {
      if (typeof secret === 'string') names.set(secret, name)
      else
        for (const [part, value] of Object.entries(secret)) if (part !== 'region') names.set(value, `${name}.${part}`)
    }
    for (const [header, value] of Object.entries(provider.headers)) {
      if (/auth|key|token|secret|cookie/i.test(header)) names.set(value, `${provider.name}.headers.${header}`)
    }
  }
  for (const [key, client] of config.server.client_names) names.set(key, client)
  for (const key of config.server.admin_keys) names.set(key, 'admin')
  for (const part of ['state', 'database'] as const) {
    const url = config[part]?.url
    if (url === undefined) continue
    const { password, searchParams } = new URL(url)
    for (const each of [password, plain(password), searchParams.get('password')]) if (each) names.set(each, part)
  }
  return names
}

function plain(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
