/** What all shipped definitions have in common: they compile, link to their vendor, have cases, and stay small. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { shippedNames } from '../../src/config/sections/formats.ts'
import { formatFile, formatsWithCases, shipped } from './cases.ts'

/** Bases that others extend, the one OpenAI-like wire whose parts have a form of their own, and OpenAI's other wire. */
const LARGER = new Set(['openai-compatible', 'mistral', 'openai-responses'])

const texts = shippedNames().map((name) => [name, readFileSync(formatFile(name), 'utf8')] as const)

test.each(texts)('%s compiles, says where its vendor documents it, and has cases', (name, text) => {
  expect(shipped(name).name).toBe(name)
  if (name !== 'openai-compatible') expect(text.split('request:')[0]).toMatch(/^# .*\n?(# )?.*https:\/\//)
  expect(formatsWithCases()).toContain(name)
})

const likes = texts.filter(([, text]) => String((parse(text) as { extends?: string }).extends).startsWith('openai'))

test.each(likes.filter(([name]) => !LARGER.has(name)))('%s says in twenty lines what it does otherwise', (_, text) => {
  // what the format says of its provider beside the wire is not counted
  const lines = text.split('\n').filter((line) => !/^\s*(#|$)|^(cache_per_key|assumes_output|estimate):/.test(line))
  expect(lines.length).toBeLessThanOrEqual(20)
})
