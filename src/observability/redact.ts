/** The one sink for secrets: whatever leaves the process as a log line, error or page goes through here first. */

/** Shorter than this a secret would be found in innocent text; no provider's key is. */
export const SHORTEST = 8

export type Redact = (text: string) => string

/**
 * Replaces each known secret by `[name]`. One pass over the text, whatever the number of secrets: a bitmap of first two
 * characters rules out nearly every position.
 * @param secrets from secret value to the name that may be shown
 */
export function createRedactor(secrets: ReadonlyMap<string, string>): Redact {
  const byStart = new Map<string, { secret: string; name: string }[]>()
  const pairs = new Uint8Array(65_536)
  for (const [secret, name] of secrets) {
    if (secret.length < SHORTEST) continue
    const written = [
      secret,
      ...inAddress(secret),
      JSON.stringify(secret).slice(1, -1),
      ...inHex(secret),
      ...inBase64(secret),
    ]
    for (const form of new Set(written)) {
      if (form.length < SHORTEST) continue
      const start = form.slice(0, SHORTEST)
      const list = byStart.get(start) ?? []
      list.push({ secret: form, name })
      // of two that begin alike the longer one is meant
      list.sort((a, b) => b.secret.length - a.secret.length)
      byStart.set(start, list)
      pairs[pairOf(form, 0)] = 1
    }
  }
  if (byStart.size === 0) return (text) => text
  return (text) => {
    let out = ''
    let from = 0
    for (let i = 0; i + SHORTEST <= text.length; i++) {
      if (pairs[pairOf(text, i)] === 0) continue
      const found = byStart.get(text.slice(i, i + SHORTEST))?.find(({ secret }) => text.startsWith(secret, i))
      if (!found) continue
      out += `${text.slice(from, i)}[${found.name}]`
      from = i + found.secret.length
      i = from - 1
    }
    return from === 0 ? text : out + text.slice(from)
  }
}

/** The digits behind a percent sign have either case. */
function inAddress(secret: string): string[] {
  const text = encodeURIComponent(secret)
  return [text, text.replaceAll(/%../g, (escape) => escape.toLowerCase())]
}

function inHex(secret: string): string[] {
  const text = Buffer.from(secret).toString('hex')
  return [text, text.toUpperCase()]
}

/** As it stands inside of a longer text in base64, which may begin at any of three places: without its ends, which others share. */
function inBase64(secret: string): string[] {
  const bytes = Buffer.from(secret)
  return [0, 1, 2].flatMap((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64')
    const own = text.slice(Math.ceil((shift * 4) / 3), Math.floor(((shift + bytes.length) * 4) / 3))
    return [own, own.replaceAll('+', '-').replaceAll('/', '_')]
  })
}

function pairOf(text: string, at: number): number {
  return ((text.charCodeAt(at) & 0xff) << 8) | (text.charCodeAt(at + 1) & 0xff)
}
