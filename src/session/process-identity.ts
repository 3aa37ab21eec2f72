// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** Which process a writer is, as others see it. */
export interface ProcessIdentity {
  readonly host: string
  readonly pid: number
  /**
   * Names the space in which `pid` means something: one boot of one kernel and
   * one pid namespace. A host name is not enough: containers share names, and a
   * restarted host counts its pids anew. Absent where the system has no such thing.
   */
  readonly pidScope?: string
}

let own: ProcessIdentity | undefined

export function ownIdentity(): ProcessIdentity {
  own ??= { host: hostname(), pid: process.pid, pidScope: readPidScope() }
  return own
}

/**
 * Whether the process is known to be gone: it ran where we run, and there is
 * none of its number any more. False means "can't tell".
 */
export function isKnownDead(identity: ProcessIdentity): boolean {
  const { pidScope } = ownIdentity()
  if (pidScope === undefined || identity.pidScope !== pidScope) return false
  try {
    process.kill(identity.pid, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

function readPidScope(): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return undefined // not Linux
  }
}
