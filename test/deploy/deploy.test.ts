/** What stands in deploy/ and the Dockerfile: checked by promtool and systemd where they are, and against what the server says. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { KINDS } from '../../src/chat/error.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8')
const has = (command: string): boolean => spawnSync(command, ['--version']).status === 0

function check(command: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: path.join(ROOT, 'deploy'), encoding: 'utf8' })
  return status === 0 ? 'good' : stdout + stderr
}

describe('the rules and the dashboard', () => {
  it.skipIf(!has('promtool'))('are good, says promtool, and fire when they should', () => {
    expect(check('promtool', 'check', 'rules', 'alerts.yaml')).toBe('good')
    expect(check('promtool', 'test', 'rules', 'alerts.test.yaml')).toBe('good')
    expect(check('promtool', 'check', 'config', '--syntax-only', 'prometheus.yaml')).toBe('good')
  })

  it('ask for metrics that the server has', () => {
    const page = read('test/observability/metrics.golden.txt')
    const known = new Set(
      [...page.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name = '', type]) =>
        type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
      ),
    )
    // absent while nothing has a price
    known.add('balanced_call_cost_dollars_total')
    const asked = `${read('deploy/alerts.yaml')}${read('deploy/grafana/dashboard.json')}`.match(
      /\b(balanced_call|process)_[a-z_]+/g,
    )
    expect([...new Set(asked)].filter((name) => !known.has(name))).toEqual([])
    expect(asked?.length).toBeGreaterThan(20)
  })

  it('name outcomes that there are', () => {
    const lists = [...read('deploy/alerts.yaml').matchAll(/outcome=~"([^"]+)"/g)].flatMap(([, list = '']) =>
      list.split('|'),
    )
    expect(lists.length).toBeGreaterThan(5)
    expect(lists.filter((kind) => !Object.hasOwn(KINDS, kind))).toEqual([])
  })

  it('show each panel on its own place', () => {
    const { panels } = JSON.parse(read('deploy/grafana/dashboard.json')) as {
      panels: { id: number; gridPos: { x: number; y: number; w: number } }[]
    }
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    expect(new Set(panels.map(({ gridPos: { x, y } }) => `${x} ${y}`)).size).toBe(panels.length)
    expect(panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true)
  })
})

describe('the container', () => {
  it('is nobody special, keeps its data in a volume, and says whether it lives', () => {
    const lines = read('Dockerfile').split('\n')
    expect(lines).toContain('USER 1000:1000')
    expect(lines).toContain('VOLUME /data')
    expect(read('Dockerfile')).toMatch(/HEALTHCHECK[^\n]*\\\n[^\n]*\/health/)
    // the last stage: nothing that writes comes after the user
    expect(lines.slice(lines.indexOf('USER 1000:1000')).some((line) => line.startsWith('RUN'))).toBe(false)
  })

  it('runs with a read-only root and no capability, and shows its ports to this machine alone', () => {
    const { services } = parse(read('deploy/compose.yaml')) as {
      services: Record<string, { read_only?: boolean; cap_drop?: string[]; ports?: string[] }>
    }
    expect(services['gateway']).toMatchObject({ read_only: true, cap_drop: ['ALL'], volumes: ['data:/data'] })
    const ports = Object.values(services).flatMap((service) => service.ports ?? [])
    expect(ports.length).toBeGreaterThan(0)
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([])
  })
})

it.skipIf(!has('systemd-analyze'))('the unit is one that systemd takes', () => {
  expect(check('systemd-analyze', 'verify', './balanced-call.service')).toBe('good')
})
