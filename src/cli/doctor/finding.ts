/** One thing that was looked at, how it is, and what to do about it. */

export interface Finding {
  about: string
  status: 'good' | 'warning' | 'bad'
  /** One sentence. */
  found: string
  /** What to do, where something is to be done. */
  advice?: string
}

export function good(about: string, found: string): Finding {
  return { about, status: 'good', found }
}

export function warning(about: string, found: string, advice: string): Finding {
  return { about, status: 'warning', found, advice }
}

export function bad(about: string, found: string, advice: string): Finding {
  return { about, status: 'bad', found, advice }
}
