/** Words and numbers in the language of the reader. */
import { createKept } from './state.ts'
import { EN } from './words/en.ts'
import { ZH } from './words/zh.ts'

export type Word = keyof typeof EN

export const language = createKept('language', navigator.language.startsWith('zh') ? 'zh' : 'en')

/** `{name}` in a text is replaced by what is given for it. */
export function t(word: Word, values: Record<string, string | number> = {}): string {
  const words = language.get() === 'zh' ? ZH : EN
  return words[word].replaceAll(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole))
}

/** A word of the server's, such as a state, in the reader's language where there is one. */
export function known(prefix: string, name: string): string {
  const word = `${prefix}.${name}`
  return word in EN ? t(word as Word) : name.replaceAll('_', ' ')
}

function locale(): string {
  return language.get() === 'zh' ? 'zh-CN' : 'en-GB'
}

/** Short: 1.2k. */
export function amount(value: number): string {
  const digits = Math.abs(value) < 10 && !Number.isInteger(value) ? 1 : 0
  if (Math.abs(value) < 10_000) return value.toLocaleString(locale(), { maximumFractionDigits: digits })
  return value.toLocaleString('en-GB', { notation: 'compact', maximumFractionDigits: 1 })
}

export function dollars(value: number): string {
  const digits = value !== 0 && Math.abs(value) < 0.01 ? 6 : 2
  return `$${value.toLocaleString(locale(), { minimumFractionDigits: 2, maximumFractionDigits: digits })}`
}

/** @param ms milliseconds */
export function duration(ms: number): string {
  if (ms < 1000) return t('time.ms', { n: Math.max(0, Math.round(ms)) })
  if (ms < 10_000) return t('time.s', { n: (ms / 1000).toFixed(1) })
  if (ms < 120_000) return t('time.s', { n: Math.round(ms / 1000) })
  if (ms < 7_200_000) return t('time.min', { n: Math.round(ms / 60_000) })
  return ms < 172_800_000
    ? t('time.h', { n: Math.round(ms / 3_600_000) })
    : t('time.d', { n: Math.round(ms / 86_400_000) })
}

/** Of the next moment of something: whole seconds. */
export function countdown(ms: number): string {
  return ms <= 0 ? t('time.now') : duration(Math.max(1000, Math.ceil(ms / 1000) * 1000))
}

export function clock(at: number): string {
  return new Date(at).toLocaleTimeString(locale(), { hour12: false })
}

export function day(at: number): string {
  return new Date(at).toLocaleDateString(locale(), { month: 'short', day: 'numeric' })
}

export function moment(at: number): string {
  return new Date(at).toLocaleString(locale(), { dateStyle: 'medium', timeStyle: 'medium', hour12: false })
}

const PERIODS: Record<string, Word> = {
  '1': 'period.second',
  '60': 'period.minute',
  '3600': 'period.hour',
  '86400': 'period.day',
  '604800': 'period.week',
}

/** `requests/60s` for people. */
export function limitName(limit: string): string {
  const [metric = '', period] = limit.split('/')
  const name = known('metric', metric)
  if (period === undefined) return name
  const seconds = period.replace(/s$/, '')
  const word = PERIODS[seconds]
  if (word) return `${name} / ${t(word)}`
  if (Number(seconds) >= 28 * 86_400 && Number(seconds) <= 31 * 86_400) return `${name} / ${t('period.month')}`
  return `${name} / ${duration(Number(seconds) * 1000)}`
}
