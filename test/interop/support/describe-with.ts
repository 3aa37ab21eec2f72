// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** What a block of tests needs of the machine. */
export interface Need {
  readonly what: string
  readonly isThere: boolean
  /** Whether a build machine may lack it. Default false. */
  readonly isOptional?: boolean
}

/**
 * `describe`, or `describe.skip` where something is missing, and says so. On a build
 * machine (`CI`) that is an error: it would prove nothing and look green.
 */
export function describeWith(
  { what, isThere, isOptional = false }: Need,
  name: string,
  tests: () => void,
): void {
  if (isThere) return describe(name, tests)
  if (isCi() && !isOptional) throw new Error(`CI is set, and ${what} is missing`)
  // Jest names what it skips only when it runs a single file.
  process.stderr.write(`  SKIPPED: ${name}: ${what} is missing\n`)
  describe.skip(name, tests)
}

function isCi(): boolean {
  return !['', '0', 'false'].includes(process.env.CI ?? '')
}
