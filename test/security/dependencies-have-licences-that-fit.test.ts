// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Permissive: they ask for no more than their notice. */
const ALLOWED: ReadonlySet<string> = new Set([
  'Apache-2.0',
  'MIT',
  'MIT-0',
  'ISC',
  '0BSD',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'Unlicense',
  'CC0-1.0',
])

interface LockedPackage {
  license?: string
  dev?: boolean
}

const ROOT = join(__dirname, '../..')

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as T
}

/** What users install with us: not what we are built and tested with. */
function installedPackages(): [path: string, locked: LockedPackage][] {
  const { packages } = readJson<{ packages: Record<string, LockedPackage> }>('package-lock.json')
  return Object.entries(packages).filter(([path, { dev }]) => path !== '' && !dev)
}

/** Whether an SPDX expression can be met by allowed licences alone. */
function fits(expression: string | undefined): boolean {
  if (expression === undefined) return false
  return expression
    .replace(/[()]/g, ' ')
    .split(/\sOR\s/)
    .some((choice) => choice.split(/\sAND\s/).every((licence) => ALLOWED.has(licence.trim())))
}

test.each([
  ['MIT', true],
  ['(MIT OR GPL-3.0-only)', true],
  ['(MIT AND BSD-3-Clause)', true],
  ['(MIT AND GPL-3.0-only)', false],
  ['GPL-3.0-only', false],
  ['SEE LICENSE IN LICENSE.md', false],
  ['UNLICENSED', false],
  [undefined, false],
])('%s: %p', (expression, expected) => {
  expect(fits(expression)).toBe(expected)
})

test('every package that comes with ours', () => {
  const packages = installedPackages()
  expect(packages.length).toBeGreaterThan(20)
  const others = packages
    .filter(([, { license }]) => !fits(license))
    .map(([path, { license }]) => `${path}: ${license}`)
  expect(others).toEqual([])
})

test('and says the same itself', () => {
  const manifests = installedPackages().filter(([path]) => existsSync(join(ROOT, path)))
  expect(manifests.length).toBeGreaterThan(20)
  for (const [path, { license }] of manifests) {
    const manifest = readJson<LockedPackage>(`${path}/package.json`)
    expect([path, manifest.license]).toEqual([path, license])
  }
})

test('ours is the one that the project has', () => {
  expect(readJson<LockedPackage>('package.json').license).toBe('Apache-2.0')
  expect(readFileSync(join(ROOT, 'LICENSE'), 'utf8')).toContain('Apache License')
})
